"""Evaluated Runs without a model: what `compare` and `drift` read."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from shelftag.artifacts import Run, write_json
from shelftag.evaluation.predictions import Origin, Predictions, write_predictions
from tests.evaluation.made import LABELS, manifest


def predictions(
    filed: Sequence[str],
    chosen: Sequence[str],
    run: str = "a" * 32,
    labels: tuple[str, ...] = LABELS,
    names: Sequence[str] | None = None,
    confidence: float = 0.9,
) -> Predictions:
    """One product each; ids count from 0, and names from `product 0`."""
    rows = len(filed)
    table = pa.table(
        {
            "id": pa.array(range(rows), pa.int64()),
            "name": names or [f"product {row}" for row in range(rows)],
            "department": list(filed),
            "split": ["test"] * rows,
            "chosen": list(chosen),
            "confidence": pa.array(np.full(rows, confidence), pa.float32()),
            "status": ["tagged"] * rows,
            "purchases": pa.array([1] * rows, pa.int64()),
        }
    )
    origin = Origin(
        run=run,
        dataset="d" * 32,
        labels=labels,
        protocol="token_set",
        train_share=0.8,
        valid_share=0.1,
    )
    return Predictions(origin, table)


def evaluated(folder: Path, made: Predictions, vocabulary: Sequence[str] = ()) -> Run:
    """A Run with these predictions, that has learned from these words."""
    run = Run(folder)
    run.begin()
    run.publish(manifest().model_copy(update={"fingerprint": made.origin.run}))
    write_predictions(run, made)
    run.linear_dir.mkdir()
    write_json(run.linear_dir / "vocabulary.json", {"words": list(vocabulary)})
    return run
