"""What a client gets from Serve's Python proxy, and from HAProxy, where things go wrong."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import httpx
import psutil
import pytest

from shelftag.artifacts import Run
from tests.network import free_port
from tests.serve.deployed import copies, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SETTINGS = (
    "serve.max_queued_names=4",
    "serve.batch_wait_s=0.5",
    "serve.retry_after_s=7",
    "scaling.object_store_gb=0.2",
    "scaling.threads_per_worker=1",
)

LONG = [{"name": f"Rye Bread {i}", "description": "rye bread " * 1_999} for i in range(300)]
"""A second of work and more, whatever the machine."""

RAYS = ("ray::", "raylet", "gcs_server", "python")
"""Ray's own processes: what is theirs is documented by kind, since the ports are random."""


@dataclass
class Endpoint:
    """`shelftag serve` in a process of its own."""

    ingress: str
    port: int
    process: psutil.Process
    open_ports: tuple[int, ...]
    """Of HAProxy's statistics and metrics."""

    def ask(self, *products: dict[str, str], **more: str) -> httpx.Response:
        body = {"products": products or ({"name": "Rye Bread"},)}
        url = f"http://127.0.0.1:{self.port}/v1/tag"
        return httpx.post(url, json=body, headers=more, timeout=120)

    def listeners(self) -> set[tuple[str, str, int]]:
        """Process, address and port of what listens."""
        found = set()
        for each in (self.process, *self.process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):  # HAProxy is started anew as copies come and go
                found |= {
                    (each.name(), opened.laddr.ip, opened.laddr.port)
                    for opened in each.net_connections("tcp")
                    if opened.status == psutil.CONN_LISTEN
                }
        return found


@pytest.fixture(scope="module", params=["python", "haproxy"])
def endpoint(request: pytest.FixtureRequest, tiny_run: Run) -> Iterator[Endpoint]:
    ports = free_port(), free_port(), free_port()
    with started(request.param, tiny_run, *ports) as process:
        yield Endpoint(request.param, ports[0], psutil.Process(process.pid), ports[1:])
        start = time.monotonic()
        process.terminate()
        assert process.wait(120) == 0
        print(f"{request.param}: stopped in {time.monotonic() - start:.1f} s")


def started(
    ingress: str, run: Run, port: int, metrics: int, statistics: int
) -> "subprocess.Popen[str]":
    """The command, in a process group of its own, when it answers."""
    words = ["serve", "--run", str(run.path), "--port", str(port), *SETTINGS]
    ports = {"RAY_SERVE_HAPROXY_METRICS_PORT": metrics, "RAY_SERVE_HAPROXY_STATS_PORT": statistics}
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines", *words, f"serve.ingress={ingress}"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=psutil.Process().environ() | {name: str(value) for name, value in ports.items()},
    )
    assert process.stdout
    assert "serving" in process.stdout.readline()
    return process


@pytest.mark.parametrize("ingress", ["python", "haproxy"])
def test_a_signal_to_the_whole_group_leaves_nothing(ingress: str, tiny_run: Run) -> None:
    """As systemd and `timeout` send it: Ray's own processes end at once, whatever they started."""
    ports = free_port(), free_port(), free_port()
    with started(ingress, tiny_run, *ports) as process:
        start = time.monotonic()
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(45)  # not the minute that Serve waits for what is gone
        print(f"{ingress}: ended {time.monotonic() - start:.1f} s after SIGTERM to its group")
    for port in ports:
        wait_for(lambda: not is_open(port), 10)  # noqa: B023


def is_open(port: int) -> bool:
    """Whether anything listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_only_what_is_documented_listens_on_all_interfaces(endpoint: Endpoint) -> None:
    listeners = endpoint.listeners()
    print(endpoint.ingress, *sorted(listeners), sep="\n  ")
    assert {ip for _, ip, port in listeners if port == endpoint.port} == {"127.0.0.1"}
    open_to_all = {(name, port) for name, ip, port in listeners if ip in ("0.0.0.0", "::")}
    documented = {("haproxy", port) for port in endpoint.open_ports}
    others = {(name, port) for name, port in open_to_all if not name.startswith(RAYS)}
    assert others == (documented if endpoint.ingress == "haproxy" else set())
    assert [port for _, port in open_to_all if answers_tags(port)] == []
    assert answers_tags(endpoint.port)


def answers_tags(port: int) -> bool:
    """Whether our API is behind a port: one of Ray's speaks another language, or wants a token."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/v1/models", timeout=5)
        kind = answer.headers.get("content-type")  # Ray's metrics answer to every path, in text
        return answer.is_success and kind == "application/json"
    except httpx.HTTPError:
        return False


def test_a_full_queue_is_503_with_retry_after(endpoint: Endpoint) -> None:
    with ThreadPoolExecutor(1) as clients:
        long, statuses = clients.submit(let_in, endpoint), Counter[int]()
        while not long.done() and 503 not in statuses:
            refused = endpoint.ask()
            statuses[refused.status_code] += 1
            time.sleep(0.2)  # with nothing waiting, more than the whole queue is let in
        assert long.result().status_code == 200
    print(f"{endpoint.ingress}: full queue {dict(statuses)}")
    assert set(statuses) <= {200, 503}
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "7")
    assert "serve.max_queued_names" in refused.json()["detail"]


def let_in(endpoint: Endpoint) -> httpx.Response:
    """Of long work, which is refused as long as anything else waits."""
    while (answer := endpoint.ask(*LONG)).status_code == 503:
        pass
    return answer


def test_a_deadline_that_the_client_names_is_408(endpoint: Endpoint) -> None:
    answer = endpoint.ask(*LONG, **{"x-request-timeout-seconds": "0.1"})
    print(f"{endpoint.ingress}: x-request-timeout-seconds {answer.status_code} {answer.text[:100]}")
    assert answer.status_code == 408


def test_a_copy_that_is_killed(endpoint: Endpoint) -> None:
    """What it was at work on is lost; what comes after it waits for the next copy, or is told."""
    (copy,) = copies(endpoint.process.pid)
    with ThreadPoolExecutor(4) as clients:
        asked = clients.submit(endpoint.ask, *LONG)
        time.sleep(0.3)
        psutil.Process(copy).kill()
        during = outcome(asked)
        start = time.monotonic()
        after = outcome(clients.submit(endpoint.ask))
        took = time.monotonic() - start
        print(f"{endpoint.ingress}: killed {during}, then {after} in {took:.1f} s")
        wait_for(lambda: outcome(clients.submit(endpoint.ask)) == "200", 120)
    assert during in {"500", "RemoteProtocolError"}
    # HAProxy may send to the copy that is gone until it has seen that
    allowed = {"200"} if endpoint.ingress == "python" else {"200", "500", "RemoteProtocolError"}
    assert after in allowed


def outcome(asked: "Future[httpx.Response]") -> str:
    """The status, or what came in place of an answer."""
    try:
        return str(asked.result().status_code)
    except httpx.TransportError as error:
        return type(error).__name__
