"""The endpoint on a cluster of three nodes, one of which is killed under load.

Its Run stands on an object store, from which each copy of the endpoint has it.
"""

import time
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
from tests.object_store import ObjectStore
from tests.pipelines.preparing import stage
from tests.serve.deployed import copies, wait_for
from tests.serve.steady_load import steady_load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NAMES = ["Rye Bread", "Organic Milk", "Cat Litter", "Ice Cream", "  rye BREAD", "日本", "x" * 900]
SETTINGS = ("serve.replicas=2", "serve.cpus_per_replica=1", "scaling.threads_per_worker=1")


def ask(port: int) -> list[dict[str, Any]]:
    products = [{"name": name} for name in NAMES]
    answer = httpx.post(f"http://127.0.0.1:{port}/v1/tag", json={"products": products}, timeout=30)
    assert answer.status_code == 200, answer.text
    tags: list[dict[str, Any]] = answer.json()["tags"]
    return tags


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


def test_a_killed_node_loses_no_request(
    tiny_run: Run, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One retry is the client's, as for a killed copy."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    uri = store.uri(f"{store.bucket('shop')}/run")
    copy(check_source(place_of(tiny_run.path)), place_of(uri))
    port = free_port()
    with stage() as here:
        file = here.folder / "cluster.json"
        cluster = here.start("-m", "tests.pipelines.three_nodes", str(file))
        assert cluster.wait_until(file.is_file), cluster.output
        found = read_json(file)
        words = ("--run", uri, "--port", str(port))
        address = f"scaling.address={found['address']}"
        serve = here.start("-m", "pipelines", "serve", *words, *SETTINGS, address)
        assert serve.wait_until(lambda: "serving" in serve.output), serve.output
        check_same(ask(port), tiny_run)
        nodes = [psutil.Process(pid) for pid in found["raylets"]]
        victim = next(node for node in nodes if copies(node.pid))
        lost = copies(victim.pid)
        with steady_load(f"http://127.0.0.1:{port}", per_s=50, retries=1) as outcomes:
            time.sleep(3)
            lose(victim)
            wait_for(lambda: len(copies(cluster.process.pid) - lost) == 2, 120)
            time.sleep(5)
        print(f"\na node of three killed: {outcomes}")
        assert outcomes.lost == {}
        assert outcomes.retried <= outcomes.sent / 10
        check_same(ask(port), tiny_run)
        serve.process.terminate()
        assert serve.exit_code() == 0, serve.output
