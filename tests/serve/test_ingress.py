"""What a client gets from Serve's Python proxy, and from HAProxy, where things go wrong."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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

LONG = [{"name": f"Rye Bread {i}", "description": "rye bread " * 1_999} for i in range(100)]
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
        everyone = [self.process, *self.process.children(recursive=True)]
        return {
            (each.name(), socket.laddr.ip, socket.laddr.port)
            for each in everyone
            for socket in each.net_connections("tcp")
            if socket.status == psutil.CONN_LISTEN
        }


@pytest.fixture(scope="module", params=["python", "haproxy"])
def endpoint(request: pytest.FixtureRequest, tiny_run: Run) -> Iterator[Endpoint]:
    port, metrics, statistics = free_port(), free_port(), free_port()
    words = ["serve", "--run", str(tiny_run.path), "--port", str(port), *SETTINGS]
    words += [f"serve.ingress={request.param}"]
    ports = {"RAY_SERVE_HAPROXY_METRICS_PORT": metrics, "RAY_SERVE_HAPROXY_STATS_PORT": statistics}
    with subprocess.Popen(
        [sys.executable, "-m", "pipelines", *words],
        stdout=subprocess.PIPE,
        text=True,
        env=psutil.Process().environ() | {name: str(value) for name, value in ports.items()},
    ) as process:
        assert process.stdout
        assert "serving" in process.stdout.readline()
        yield Endpoint(request.param, port, psutil.Process(process.pid), (metrics, statistics))
        start = time.monotonic()
        process.terminate()
        assert process.wait(120) == 0
        print(f"{request.param}: stopped in {time.monotonic() - start:.1f} s")


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
    with ThreadPoolExecutor(24) as clients:
        answers = list(clients.map(lambda _: endpoint.ask(), range(24)))
    statuses = Counter(answer.status_code for answer in answers)
    print(f"{endpoint.ingress}: full queue {dict(statuses)}")
    assert set(statuses) == {200, 503}
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert refused.headers["Retry-After"] == "7"
    assert "serve.max_queued_names" in refused.json()["detail"]


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
