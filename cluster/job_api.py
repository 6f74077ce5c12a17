"""Ray's job API, which its dashboard has: a client with deadlines, and what its errors mean.

us --HTTP, Bearer token--> dashboard (127.0.0.1:8265 of the head) --> the head's job agent
"""

import logging
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shelftag.errors import InputError

ADDRESS = "http://127.0.0.1:8265"
"""Of a head on this machine, or at the end of a tunnel."""
VARIABLE = "RAY_API_SERVER_ADDRESS"
OVERRIDES = (VARIABLE, "RAY_ADDRESS")
"""Ray's client takes these in place of the address it is given."""
DEADLINES_S = (5.0, 60.0)
"""To be connected, and to be answered."""
AGENT_PORT = 52365
"""Of the agent that starts jobs, unless `ray start --dashboard-agent-listen-port` names another."""
LOGGERS = (
    "ray.dashboard.modules.dashboard_sdk",
    "ray.dashboard.modules.job.sdk",
    "ray._private.runtime_env.packaging",
)

Deadline = float | tuple[float, float]


def client(address: str, deadline: Deadline) -> Any:
    """Ray's `JobSubmissionClient`, each of whose requests has a deadline; it has none of its own.

    Raises:
        ConnectionError: the dashboard does not answer.
    """
    from ray.job_submission import JobSubmissionClient

    class Client(JobSubmissionClient):  # type: ignore[misc]  # Ray has no types
        def _do_request(self, *words: Any, **more: Any) -> Any:
            return super()._do_request(*words, **{"timeout": deadline} | more)

        def answer(self, path: str) -> Any:
            """What the dashboard says at a path; empty where it has none such."""
            response = self._do_request("GET", path)
            return response.json() if response.ok else {}

    try:
        return Client(address)
    except ValueError as error:  # the GCS knows of none
        raise ConnectionError(str(error)) from None


def connected(address: str | None) -> tuple[Any, str]:
    """A client for a command, and its URL: at an address, or the variable's, or ADDRESS.

    Raises:
        InputError: it is no address, nothing answers there, or the token is not the cluster's.
    """
    url = url_of(address or os.environ.get(VARIABLE) or ADDRESS)
    with reaching(url), _taken_at_its_word():
        return _quiet(client(url, DEADLINES_S)), url


def _quiet(client: Any) -> Any:
    """Without the lines that Ray's client logs of each package and connection."""
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    return client


def url_of(address: str) -> str:
    """The dashboard's URL.

    Raises:
        InputError: it is another kind of address.
    """
    url = address if "://" in address else f"http://{address}"
    if re.fullmatch(r"https?://[^/\s@]+\.?[^\s@]*", url) is None or address == "auto":
        way_out = f"name that of the dashboard, such as {ADDRESS}"
        raise InputError(f"--address {address} is not where jobs are submitted", way_out)
    return url.rstrip("/")


@contextmanager
def _taken_at_its_word() -> Iterator[None]:
    hidden = {name: os.environ.pop(name) for name in OVERRIDES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """What goes wrong between us and the job API, said in one line.

    Raises:
        InputError: nothing answers, or not as Ray does; the token is not the cluster's; or Ray
            cannot do what it is asked.
    """
    from ray.exceptions import AuthenticationError

    try:
        yield
    except AuthenticationError as error:
        raise _unauthenticated(url, "failed" in str(error)) from None
    except OSError as error:  # requests' errors too
        way_out = "see that the cluster runs and its dashboard is reached from here (a tunnel?)"
        raise InputError(f"no Ray answers at {url} ({_line(error)})", way_out) from error
    except (RuntimeError, ValueError) as error:
        way_out = f"see the head's dashboard.log, and that no other Ray there has port {AGENT_PORT}"
        raise InputError(f"Ray at {url} cannot do it ({_line(error)})", way_out) from error


def _line(error: Exception) -> str:
    """What Ray says; of a traceback, its end."""
    lines = (str(error).strip() or type(error).__name__).splitlines()
    return lines[-1 if "Traceback" in str(error) else 0][:300]


def _unauthenticated(url: str, wrong: bool) -> InputError:
    sent = f"403: {_token_source()} is not the cluster's" if wrong else "401: no token was sent"
    way_out = "set RAY_AUTH_TOKEN_PATH to a file that holds the cluster's token"
    if os.environ.get("RAY_AUTH_MODE", "token") != "token":
        way_out += f", and RAY_AUTH_MODE=token (it is {os.environ['RAY_AUTH_MODE']!r})"
    return InputError(f"the cluster at {url} does not let us in ({sent})", way_out)


def _token_source() -> str:
    if "RAY_AUTH_TOKEN" in os.environ:
        return "the token in RAY_AUTH_TOKEN"
    return f"the token in {os.environ.get('RAY_AUTH_TOKEN_PATH', '~/.ray/auth_token')}"


def check_versions(client: Any, url: str) -> None:
    """Refuse a cluster that runs what our code was not tested with.

    Raises:
        InputError: another Ray than here, or another minor version of Python.
    """
    import ray

    told = client.answer("/api/v0/cluster_metadata").get("data", {})
    theirs = (str(told.get("rayVersion", "unknown")), str(told.get("pythonVersion", "unknown")))
    ours = (str(ray.__version__), platform.python_version())
    if theirs[0] != ours[0] or theirs[1].split(".")[:2] != ours[1].split(".")[:2]:
        raise InputError(
            f"the cluster at {url} runs Ray {theirs[0]} with Python {theirs[1]}, "
            f"and here are Ray {ours[0]} and Python {ours[1]}",
            "submit from an environment with the cluster's versions, or start it with ours",
        )


def asks_for_a_token(client: Any) -> bool:
    """Whether the cluster lets in only who has its token."""
    return bool(client.answer("/api/authentication_mode").get("authentication_mode") == "token")


def python_of(client: Any) -> str:
    """The Python that the head's Ray runs in: another may be the first on its PATH."""
    nodes = client.answer("/nodes?view=summary").get("data", {}).get("summary", [])
    heads = [node for node in nodes if node.get("raylet", {}).get("isHeadNode")]
    for word in heads[0].get("cmdline", []) if heads else []:
        if word.startswith("--python_worker_command="):
            return str(word.partition("=")[2].split()[0])
    return "python"
