"""The bare Tagger on a CPU: names a second, what its parts take, other forms: `make bench-tagger`.

Over a Run and its Dataset, else over ones made here: of the real catalog with
SHELFTAG_REAL_CATALOG, else of made names. No name is remembered, and tokens are counted. Core time
is told beside the clock's, which busy neighbours slow.

    python -m tests.benchmarks.bench_tagger --run RUN --dataset DATASET --threads 2
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from shelftag.artifacts import Dataset, Run
from shelftag.config.tagging import TaggingConfig
from tests.benchmarks.bench_nano import prepare, train_here
from tests.benchmarks.quiet import say
from tests.benchmarks.tagger_forms import compare_forms, core_us

BLOCK = 8_192
"""Names a call, as many as the bulk job gives."""

LATENCIES = (1, 8, 32, 256)
"""Names of a request."""

REQUESTS = 50


def main() -> None:
    """Measure, print the tables, and one JSON line."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--run", type=Path)
    options.add_argument("--dataset", type=Path, help="the one that the Run was trained on")
    options.add_argument("--work", type=Path, default=Path("build/bench-tagger"))
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--names", type=int, default=2 * BLOCK)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    if (chosen.run is None) != (chosen.dataset is None):
        options.error("--run and --dataset go together")
    run, dataset = (Run(chosen.run), Dataset(chosen.dataset)) if chosen.run else _made(chosen.work)
    _report(measure(run, dataset, chosen))


def measure(run: Run, dataset: Dataset, chosen: argparse.Namespace) -> dict[str, Any]:
    """All figures; the Tagger with `--threads`, parts and forms on one core."""
    from shelftag.model.runtime import set_up
    from shelftag.training.examples import texts_of

    texts = list(dict.fromkeys(texts_of(pq.read_table(dataset.products_file))))[: chosen.names]
    set_up(chosen.threads)
    found = {"names": len(texts), "threads": chosen.threads} | speed(run, texts, chosen)
    set_up(threads=1)
    block = texts[:BLOCK]
    parts = core_us(steps(run, block), len(block), chosen.rounds)
    return found | {"parts": parts, "forms": compare_forms(run, dataset, block, chosen.rounds)}


def speed(run: Run, texts: list[str], chosen: argparse.Namespace) -> dict[str, Any]:
    """Names a second in large blocks, and milliseconds of small requests."""
    from shelftag.tagging.tagger import Tagger

    tagger = Tagger.load(run, TaggingConfig(cache_size=0), threads=chosen.threads)
    tagger.rank(texts)  # words are known, as in any process that has tagged for a second
    blocks = [texts[start : start + BLOCK] for start in range(0, len(texts), BLOCK)]
    clock, core = [], []
    for _ in range(chosen.rounds):
        started, used = time.perf_counter(), time.process_time()
        for block in blocks:
            tagger.rank(block)
        clock.append(time.perf_counter() - started)
        core.append(time.process_time() - used)
    return {
        "tagger_names_per_s": round(len(texts) / statistics.median(clock)),
        "tagger_core_us_per_name": round(1e6 * statistics.median(core) / len(texts), 1),
        "latency_ms": {size: _latency_ms(tagger.tag, texts, size) for size in LATENCIES},
    }


def _latency_ms(tag: Callable[[list[str]], Any], texts: list[str], size: int) -> float:
    took = []
    for number in range(REQUESTS):
        start = number * size % max(len(texts) - size, 1)
        started = time.perf_counter()
        tag(texts[start : start + size])
        took.append(time.perf_counter() - started)
    return round(1e3 * statistics.median(took), 2)


def steps(run: Run, texts: list[str]) -> dict[str, Callable[[], Any]]:
    """Those of `Tagger.rank`; what is set in is part of the one above."""
    from shelftag.model.linear_aisles import AisleModel
    from shelftag.model.prefixes import prefixes_of
    from shelftag.tagging.identity import check_run
    from shelftag.tagging.scorer import Scorer
    from shelftag.tagging.tagger import Tagger, load_scorer

    checked, tagger = check_run(run), Tagger.load(run, TaggingConfig(cache_size=0))
    form = replace(checked.form, linear_weight=0.0)
    scorer = load_scorer(run, checked.departments, form, 256)
    assert isinstance(scorer, Scorer)  # without the helper
    encoded, likely = scorer.encode(texts), tagger.probabilities(texts)
    batches = np.array_split(encoded.sorted_rows(), -(-len(texts) // 256))
    found: dict[str, Callable[[], Any]] = {
        "Tagger.rank": lambda: tagger.rank(texts),
        "  Llama": lambda: scorer.logits(texts),
        "    tokens": lambda: scorer.encode(texts),
        "    tree of beginnings": lambda: [prefixes_of(encoded, rows) for rows in batches],
        "  ranking": lambda: tagger.ranked(likely),
    }
    if checked.form.linear_weight:
        aisles = AisleModel.load(run.linear_aisles_dir)
        found["  linear model of aisles"] = lambda: aisles.decision(texts)
    return found


def _made(work: Path) -> tuple[Run, Dataset]:
    from shelftag.config import load_config
    from shelftag.model.runtime import set_up

    prepare(work, "default")
    run, dataset = Run(work / "run"), Dataset(work / "default")
    if not run.is_complete:
        say("no --run is given: one is trained, which takes minutes")
        set_up(threads=1)
        train_here(load_config(overrides=["train.save_steps=9999"]), dataset, run.path)
    return run, dataset


def _report(found: dict[str, Any]) -> None:
    print(
        f"{found['tagger_names_per_s']:,} names/s with {found['threads']} threads, "
        f"{found['tagger_core_us_per_name']} core-microseconds a name"
    )
    print("a request of " + ", ".join(f"{n}: {ms} ms" for n, ms in found["latency_ms"].items()))
    print("\ncore-microseconds a name, one thread")
    for name, taken in found["parts"].items():
        print(f"{name:32}{taken:8.2f}")
    print(
        f"\n{'Llama':26}{'core us':>9}{'faster':>8}{'agrees':>9}{'accuracy':>10}  won, lost  moved"
    )
    for name, row in found["forms"].items():
        print(
            f"{name:26}{row['core_us_per_name']:9.1f}{row['times_as_fast']:7.2f}x"
            f"{row['agreement']:9.2%}{row['accuracy']:10.4f}{row['gained']:6}{row['lost']:6}  "
            f"{row['moved_by_batch']:.1e} ({row['changed_by_batch']} departments)"
        )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
