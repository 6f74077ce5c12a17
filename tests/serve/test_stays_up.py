"""It stays up: copies killed, Runs and settings changed, under a load whose every request counts.

Printed are what was sent and what came back (`pytest -s -m slow tests/serve/test_stays_up.py`).
"""

import json
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import yaml

from shelftag.artifacts import Run
from tests.network import free_port
from tests.serve.deployed import (
    CONFIG,
    apply,
    config_of,
    copies,
    deploy,
    is_settled,
    kill,
    variant,
    wait_for,
)
from tests.serve.steady_load import steady_load
from tests.soak import part

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

TWO: dict[str, Any] = {"replicas": 2, "cpus_per_replica": 0.5}
"""Two copies on two cores, and room for a third beside them."""
LOAD_S = part(120)
KILL_EVERY_S = 5
REDEPLOYS = part(20)
RESTART_EVERY = 4


@pytest.fixture(scope="module")
def port(ray_here: None) -> Iterator[int]:  # noqa: ARG001
    from ray import serve as ray_serve

    number = free_port()
    ray_serve.start(http_options={"host": "127.0.0.1", "port": number})
    yield number
    ray_serve.shutdown()


@pytest.fixture(scope="module")
def runs(tiny_run: Run, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One to begin with, and one for each redeploy: the same weights, another calibration."""
    root = tmp_path_factory.mktemp("runs")
    return [variant(tiny_run, root / f"run{i}", i / REDEPLOYS).path for i in range(REDEPLOYS + 1)]


def test_copies_are_killed(port: int, runs: list[Path]) -> None:
    """One retry is the client's: what a killed copy was at work on comes back as 500."""
    deploy_two(runs[0], port)
    url, kills = f"http://127.0.0.1:{port}", 0
    with steady_load(url, retries=1) as outcomes:
        end = time.monotonic() + LOAD_S
        while time.monotonic() < end or kills < 5:
            time.sleep(KILL_EVERY_S)
            wait_for(running(2), 300)
            kill(min(copies()))
            kills += 1
    print(f"\n{kills} copies killed: {outcomes}")
    assert outcomes.lost == {}
    assert outcomes.sent > LOAD_S * 50


def test_runs_and_thresholds_change(port: int, runs: list[Path]) -> None:
    """No retry: a redeploy loses nothing. Most are in place, every fourth starts new copies."""
    base = runs[0]
    deploy_two(base, port)
    seconds: dict[bool, list[float]] = {True: [], False: []}
    with steady_load(f"http://127.0.0.1:{port}") as outcomes:
        start = time.monotonic()
        for number, run in enumerate(runs[1:], 1):
            began, before, restart = time.monotonic(), copies(), number % RESTART_EVERY == 0
            base = run if restart else base
            live = {"threshold": number / REDEPLOYS} | ({} if restart else {"run": str(run)})
            deploy_two(base, port, live=live)
            seconds[restart].append(time.monotonic() - began)
            assert (copies() == before) != restart
            assert json.loads(end(begin(port))[1])["model"] == Run(run).manifest().fingerprint
        wait_for(lambda: time.monotonic() > start + LOAD_S, LOAD_S)
    restarts, changes = seconds[True], seconds[False]
    print(
        f"\n{len(restarts)} redeploys with new copies ({statistics.mean(restarts):.1f} s each) "
        f"and {len(changes)} in place ({statistics.mean(changes):.1f} s): {outcomes}"
    )
    assert outcomes.lost == {}
    assert len(outcomes.models) == len(runs)


def test_copies_follow_the_queue(port: int, runs: list[Path]) -> None:
    """serve/config.yaml's autoscaling, sooner: up under load, back down after it."""
    config = config_of(runs[0], port, cpus_per_replica=0.5, batch_wait_s=0.4)
    (shipped,) = yaml.safe_load(CONFIG.read_text())["applications"][0]["deployments"]
    delays: dict[str, float] = {
        "min_replicas": 1,
        "max_replicas": 3,
        "initial_replicas": 1,
        "downscale_delay_s": 5,
    }
    delays["target_ongoing_requests"] = 0.25  # a fast machine has hardly two open at a time
    scaling = shipped["autoscaling_config"] | delays
    config["applications"][0]["deployments"][0]["autoscaling_config"] = scaling
    deploy(config)
    url, seen = f"http://127.0.0.1:{port}", []
    for per_s, wanted in ((150, 3), (1, 1)):
        start = time.monotonic()
        with steady_load(url, per_s=per_s) as outcomes:
            wait_for(running(wanted), 300)
            seen.append(f"{per_s}/s: {wanted} copies after {time.monotonic() - start:.0f} s")
        assert outcomes.lost == {}
    print("\n" + ", ".join(seen))


def test_a_damaged_run_leaves_the_old_version_serving(
    port: int, runs: list[Path], tmp_path: Path
) -> None:
    from ray import serve as ray_serve

    deploy_two(runs[0], port)
    before = copies()
    with steady_load(f"http://127.0.0.1:{port}") as outcomes:
        apply(config_of(tmp_path / "nowhere", port, **TWO))
        wait_for(lambda: ray_serve.status().applications["shelftag"].status == "DEPLOY_FAILED", 300)
        message = ray_serve.status().applications["shelftag"].message
        time.sleep(2)
    assert f"{tmp_path / 'nowhere'} is not a folder" in message
    assert copies() == before
    assert outcomes.lost == {}
    assert list(outcomes.models) == [Run(runs[0]).manifest().fingerprint]


def test_sigterm_lets_what_was_accepted_be_answered(tiny_run: Run) -> None:
    port = free_port()
    command = [sys.executable, "-m", "pipelines", "serve", "--run", str(tiny_run.path)]
    command += ["--port", str(port), "scaling.object_store_gb=0.2"]
    command += ["scaling.threads_per_worker=1", "tagging.cache_size=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "serving" in process.stdout.readline()
        many = ["rye bread " * 1_999] * 200  # seconds of work
        asked = [begin(port, *many)] + [begin(port) for _ in range(31)]
        asked += [begin(port, *many)]
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        began = time.monotonic()
        assert [end(each)[0] for each in asked] == [200] * len(asked)
        print(f"\nthe last was answered {time.monotonic() - began:.1f} s after SIGTERM")
        assert process.wait(120) == 0
    with pytest.raises(ConnectionRefusedError):
        begin(port)


def deploy_two(run: Path, port: int, *, live: dict[str, Any] | None = None) -> None:
    """Two copies, and none of before: one may be leaving, or be killed and not missed yet."""
    deploy(config_of(run, port, live=live, **TWO))
    wait_for(running(2), 300)


def running(wanted: int) -> Callable[[], bool]:
    """Whether there are so many copies, and no more to come or go."""
    return lambda: is_settled() and len(copies()) == wanted


def begin(port: int, *descriptions: str) -> HTTPConnection:
    """A request that is sent, its answer not read yet: a product, or one for each description."""
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    described = [{"name": "Rye Bread", "description": each} for each in descriptions]
    body = json.dumps({"products": described or [{"name": "Rye Bread"}]})
    connection.request("POST", "/v1/tag", body, {"content-type": "application/json"})
    return connection


def end(connection: HTTPConnection) -> tuple[int, bytes]:
    """Its status and body."""
    with closing(connection):
        answer = connection.getresponse()
        return answer.status, answer.read()
