"""The endpoint on a cluster of three nodes: one is killed under load, one is told that it must go.

Its Run stands on an object store, from which each copy of the endpoint has it.
"""

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from shelftag.artifacts import Run, place_of, read_json
from shelftag.artifacts.copying import check_source, copy
from shelftag.catalog.text import text
from shelftag.model.shared import SharedBases
from shelftag.tagging.tagger import Tagger
from tests import tiny
from tests.network import free_port
from tests.object_store import object_store
from tests.pipelines.preparing import Running, Stage, stage
from tests.serve.deployed import copies, wait_for
from tests.serve.steady_load import steady_load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NAMES = ["Rye Bread", "Organic Milk", "Cat Litter", "Ice Cream", "  rye BREAD", "日本", "x" * 900]
SETTINGS = ("serve.replicas=2", "serve.cpus_per_replica=1", "scaling.threads_per_worker=1")
NOTICE_S = 30
"""Seconds between a notice and the end of a node: clouds give 30 to 120."""


@dataclass(frozen=True)
class Endpoint:
    """Two copies on three nodes, a process for the cluster and one for the endpoint."""

    here: Stage
    cluster: Running
    file: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self) -> list[dict[str, Any]]:
        products = [{"name": name} for name in NAMES]
        answer = httpx.post(f"{self.url}/v1/tag", json={"products": products}, timeout=30)
        assert answer.status_code == 200, answer.text
        tags: list[dict[str, Any]] = answer.json()["tags"]
        return tags

    def node_with_a_copy(self) -> tuple[psutil.Process, str]:
        """The raylet of one that is not the head, and Ray's id of it."""
        found = read_json(self.file)
        for pid, node in zip(found["raylets"], found["nodes"], strict=True):
            if psutil.pid_exists(pid) and copies(pid):
                return psutil.Process(pid), node
        raise AssertionError("both copies are on the head")

    def has_two_besides(self, lost: set[int]) -> bool:
        return len(copies(self.cluster.process.pid) - lost) == 2


@pytest.fixture(scope="module")
def endpoint(tiny_run: Run) -> Iterator[Endpoint]:
    with stage() as here, object_store(here.folder) as store, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(here.folder / "cache"))
        uri = store.uri(f"{store.bucket('shop')}/run")
        copy(check_source(place_of(tiny_run.path)), place_of(uri))
        file, port = here.folder / "cluster.json", free_port()
        cluster = here.start("-m", "tests.pipelines.three_nodes", str(file))
        assert cluster.wait_until(file.is_file), cluster.output
        address = f"scaling.address={read_json(file)['address']}"
        words = ("--run", uri, "--port", str(port), *SETTINGS, address)
        serve = here.start("-m", "pipelines", "serve", *words)
        assert serve.wait_until(lambda: "serving" in serve.output), serve.output
        yield Endpoint(here, cluster, file, port)
        serve.process.terminate()
        assert serve.exit_code() == 0, serve.output


def check_same(tags: list[dict[str, Any]], run: Run) -> None:
    """They are what one process on one machine gives."""
    expected = Tagger.load(run, tiny.CONFIG.tagging, SharedBases()).tag(list(map(text, NAMES)))
    for tag, wanted in zip(tags, expected, strict=True):
        assert (tag["department"], tag["status"]) == (wanted.department, wanted.status)
        assert tag["confidence"] == pytest.approx(wanted.confidence, abs=1e-3)


def lose(raylet: psutil.Process) -> None:
    """All of a node at once, as a machine goes: without its raylet alone, a copy goes on."""
    node = [raylet, *raylet.children(recursive=True)]
    for process in node:
        process.kill()
    assert not psutil.wait_procs(node[1:], timeout=10)[1]


def test_a_killed_node_loses_no_request(endpoint: Endpoint, tiny_run: Run) -> None:
    """One retry is the client's, as for a killed copy."""
    check_same(endpoint.ask(), tiny_run)
    raylet, _ = endpoint.node_with_a_copy()
    lost = copies(raylet.pid)
    with steady_load(endpoint.url, per_s=50, retries=1) as outcomes:
        time.sleep(3)
        lose(raylet)
        wait_for(lambda: endpoint.has_two_besides(lost), 120)
        time.sleep(5)
    print(f"\na node of three killed: {outcomes}")
    assert outcomes.lost == {}
    check_same(endpoint.ask(), tiny_run)


def test_a_node_that_is_told_to_go_loses_no_request(endpoint: Endpoint, tiny_run: Run) -> None:
    """No retry: Serve starts a copy elsewhere before it ends this one."""
    joined = len(read_json(endpoint.file)["nodes"]) + 1
    endpoint.cluster.process.send_signal(signal.SIGUSR1)
    wait_for(lambda: len(read_json(endpoint.file)["nodes"]) == joined, 60)
    raylet, node = endpoint.node_with_a_copy()
    lost = copies(raylet.pid)
    with steady_load(endpoint.url, per_s=50) as outcomes:
        told = endpoint.here.told_to_go(read_json(endpoint.file)["address"], node, NOTICE_S)
        began = time.monotonic()
        assert told.exit_code() == 0, told.output
        wait_for(lambda: endpoint.has_two_besides(lost) and lost.isdisjoint(alive()), NOTICE_S)
        took = time.monotonic() - began
        if raylet.is_running():
            lose(raylet)
        time.sleep(3)
    print(f"\na node told to go, its copy elsewhere after {took:.0f} s: {outcomes}")
    assert outcomes.lost == {}
    check_same(endpoint.ask(), tiny_run)


def alive() -> set[int]:
    return set(psutil.pids())
