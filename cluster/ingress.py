"""HAProxy in front of Ray Serve, in place of Serve's own Python proxy.

    client --> HAProxy (C, all cores) --> replicas' own HTTP ports

Ray reads all of this from the environment when it starts, here and on every node of a cluster, so
on a cluster the same variables are set before `ray start`. What is set already is left.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

VARIABLE = "RAY_SERVE_ENABLE_HA_PROXY"


@contextmanager
def haproxy() -> Iterator[None]:
    """A Ray that starts in the block puts HAProxy in front of Serve; once in a process."""
    # HAProxy's sockets stand in it, and a socket's path has 97 characters at most: not in TMPDIR
    with TemporaryDirectory(prefix="haproxy-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        wanted = haproxy_environment(Path(folder))
        added = {name: value for name, value in wanted.items() if name not in os.environ}
        os.environ.update(added)
        try:
            yield
        finally:
            for name in added:
                del os.environ[name]
            end_those_of(Path(folder))


def end_those_of(folder: Path) -> None:
    """End what is left of HAProxy: where Ray was killed, it goes on listening."""
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            if str(folder).encode() in command.read_bytes():
                os.kill(int(command.parent.name), signal.SIGTERM)


def haproxy_environment(folder: Path) -> dict[str, str]:
    """The variables; its files go to a folder of its own, where Ray's default is one for all."""
    return {
        VARIABLE: "1",
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(folder / "haproxy.cfg"),
        "RAY_SERVE_HAPROXY_SOCKET_PATH": str(folder / "admin.sock"),
        "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": str(folder / "metrics.sock"),
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(folder),
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(folder / "server-state"),
        # How long a copy that leaves is kept reachable: HAProxy here knows within a second.
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "3",
    }
