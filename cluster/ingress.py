"""HAProxy in front of Ray Serve, in place of Serve's own Python proxy.

    client --> HAProxy (C, all cores) --> replicas' own HTTP ports

Ray reads all of this from the environment when it starts, here and on every node of a cluster, so
on a cluster the same variables are set before `ray start`. What is set already is left.
"""

import os
import tempfile
from pathlib import Path


def use_haproxy() -> None:
    """Have the next Ray of this process put HAProxy in front; call before it starts."""
    folder = Path(tempfile.mkdtemp(prefix="haproxy-"))  # its own: Ray's default is one for all
    for name, value in haproxy_environment(folder).items():
        os.environ.setdefault(name, value)


def haproxy_environment(folder: Path) -> dict[str, str]:
    """The variables; HAProxy's files go to a folder that nobody else uses."""
    return {
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(folder / "haproxy.cfg"),
        "RAY_SERVE_HAPROXY_SOCKET_PATH": str(folder / "admin.sock"),
        "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": str(folder / "metrics.sock"),
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(folder),
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(folder / "server-state"),
        # How long a copy that leaves is kept reachable: HAProxy here knows within a second.
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "3",
    }
