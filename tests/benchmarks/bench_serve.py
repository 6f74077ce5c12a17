"""The endpoint beside a no-op on the same ingress, and beside FastAPI and a pipeline: `make
bench-serve`.

Rounds of short stretches, the rivals in turn, so that a busy neighbour slows all alike; figures are
medians over rounds. The load generator shares the cores. The name cache is off but in the row that
says so.

    python -m tests.benchmarks.bench_serve --run run --names products.csv
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cluster.ingress import haproxy_environment
from shelftag.catalog.text import text
from shelftag.config import Config, load_config
from tests.benchmarks.load import Load, run_load, tag_requests
from tests.benchmarks.quiet import say
from tests.benchmarks.serve_batches import (
    Batches,
    ask_batches,
    bare_tagger,
    batch_summary,
    tag_bare,
)
from tests.benchmarks.serve_report import PIPELINE, report, summary
from tests.benchmarks.trained_run import read_names, trained
from tests.network import free_port, wait_until_open

INGRESSES = ("python", "haproxy")
CONNECTIONS, BATCH, CACHED_NAMES = 32, 256, 1_000
SETTINGS = ("tagging.cache_size=0", "serve.cpus_per_replica=0.5", "scaling.object_store_gb=0.5")


def main() -> None:
    """Measure both ingresses, each in a process of its own, and print it all."""
    options = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    options.add_argument("--work", type=Path, default=Path("build/bench-serve"))
    options.add_argument("--run", type=Path, help="a Run, in place of one trained for this")
    options.add_argument("--names", type=Path, help="CSV with product_name")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=5, help="of one stretch")
    options.add_argument("--ingress", choices=INGRESSES, help="measure this one, in this process")
    chosen = options.parse_args()
    if chosen.ingress:
        print(json.dumps(_measure(chosen)))
        return
    run, names = (chosen.run, chosen.names) if chosen.run else trained(chosen.work)
    more = [f"--run={run}", f"--names={names}"]
    report({ingress: _in_a_process(ingress, more) for ingress in INGRESSES})


def _in_a_process(ingress: str, more: Sequence[str]) -> dict[str, Any]:
    """The environment chooses the ingress, before Ray is imported."""
    say(f"ingress {ingress}")
    with TemporaryDirectory(prefix="haproxy-") as folder:
        more_variables = haproxy_environment(Path(folder)) if ingress == "haproxy" else {}
        return _done(ingress, more, more_variables)


def _done(ingress: str, more: Sequence[str], variables: Mapping[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_serve", *sys.argv[1:], *more]
    done = subprocess.run(
        [*command, "--ingress", ingress],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _measure(chosen: argparse.Namespace) -> dict[str, Any]:
    from cluster.local import ray_session

    config = load_config(overrides=[*SETTINGS, f"serve.port={free_port()}"])
    cached = load_config(overrides=[*SETTINGS[1:], f"serve.port={config.serve.port}"])
    names = read_names(chosen.names)
    with ray_session(config.scaling):
        from tests.benchmarks.serve_apps import start

        start(chosen.run.absolute(), config, cached)
        with _pipeline(chosen.run, chosen.work) as pipeline_port:
            singles = _singles(config.serve.port, pipeline_port, names, chosen)
        return {"singles": singles, "batches": _batches(config, names, chosen)}


def _singles(port: int, pipeline_port: int, names: Sequence[str], chosen: Any) -> dict[str, Any]:
    """One name a request, 32 connections; the rivals in turn."""
    few = names[:CACHED_NAMES]  # the cache holds them after the first round
    rivals = {
        "no-op": (port, tag_requests("/no-op/v1/tag", names, 1)),
        "shelftag": (port, tag_requests("/shelftag/v1/tag", names, 1)),
        "shelftag, cached names": (port, tag_requests("/cached/v1/tag", few, 1)),
        PIPELINE: (pipeline_port, tag_requests("/v1/tag", names, 1)),
    }
    loads: dict[str, list[Load]] = {rival: [] for rival in rivals}
    for number in range(chosen.rounds + 1):
        for rival, (at, requests) in rivals.items():
            load = run_load(at, requests[number::7], CONNECTIONS, chosen.seconds)
            if number:  # the first round warms up
                loads[rival].append(load)
                say(f"  {rival}: {load.rps:,.0f} requests/s, p99 {load.latency_ms(99):.0f} ms")
    return {rival: summary(of_rival) for rival, of_rival in loads.items()}


def _batches(config: Config, names: Sequence[str], chosen: Any) -> dict[str, Any]:
    """256 names a request, beside the bare Tagger in this process: seconds of wall and of core."""
    tagger, rivals = bare_tagger(chosen.run, config), {}
    texts = [text(name) for name in names]
    port, rounds = config.serve.port, range(chosen.rounds + 1)
    requests = {
        name: tag_requests(f"/{name}/v1/tag", names, BATCH) for name in ("no-op", "shelftag")
    }
    found: dict[str, list[Batches]] = {"bare Tagger": [], **{name: [] for name in requests}}
    for number in rounds:
        found["bare Tagger"].append(tag_bare(tagger, texts[number * BATCH :], chosen.seconds))
        for name, asked in requests.items():
            found[name].append(ask_batches(port, asked[number::7], chosen.seconds))
    for name, batches in found.items():
        rivals[name] = batch_summary(batches[1:])  # the first round warms up
        say(f"  {name}: {rivals[name]}")
    return rivals


@contextmanager
def _pipeline(run: Path, work: Path) -> Iterator[int]:
    """FastAPI and a pipeline over the Run's merged model; gives its port."""
    model, port = work / "merged", free_port()
    if not (model / "manifest.json").is_file():
        words = ["export", "--run", str(run), "--out", str(model), "--merge"]
        subprocess.run([sys.executable, "-m", "pipelines", *words], check=True, stdout=sys.stderr)
    module = "tests.benchmarks.peers.fastapi_pipeline"
    with subprocess.Popen([sys.executable, "-m", module, str(model), str(port)]) as process:
        try:
            wait_until_open(port)
            yield port
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
