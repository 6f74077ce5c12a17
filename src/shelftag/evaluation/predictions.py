"""What a Run says of each of its test products: RUN/evaluation/predictions.parquet.

`compare` reads two of them, `drift` one, and neither needs the model or the Dataset.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shelftag.artifacts import DatasetManifest, Run, RunManifest
from shelftag.catalog.split import Shares
from shelftag.errors import ArtifactError
from shelftag.evaluation.scope import Result

COLUMNS = ("id", "name", "department", "split", "chosen", "confidence", "status", "purchases")
METADATA = b"shelftag"


class Origin(Result):
    """Whose predictions they are, kept in the metadata of the file."""

    version: int = 1
    run: str
    """Fingerprint of the Run."""
    dataset: str
    """Fingerprint of the Dataset it learned from."""
    labels: tuple[str, ...]
    """Departments it chooses from, in the order of its outputs."""
    protocol: str
    """`token_set`, `product` or `row`."""
    train_share: float
    valid_share: float

    @property
    def shares(self) -> Shares:
        """What the split was drawn with."""
        return Shares(self.train_share, self.valid_share)


@dataclass(frozen=True)
class Predictions:
    """n test products; `table` has COLUMNS, `department` is where they are filed."""

    origin: Origin
    table: pa.Table


def predictions_of(
    run: RunManifest,
    dataset: DatasetManifest,
    products: pa.Table,
    chosen: NDArray[np.int64],
    confidence: NDArray[np.float32],
    review: NDArray[np.bool_],
) -> Predictions:
    """What was chosen for products [n] (rows of products.parquet), as positions [n]."""
    labels = np.array(run.departments)
    data = dataset.config.get("data", {})
    shares = Shares()
    origin = Origin(
        run=run.fingerprint,
        dataset=run.dataset,
        labels=run.departments,
        protocol=dataset.split_protocol,
        train_share=data.get("train_share", shares.train),
        valid_share=data.get("valid_share", shares.valid),
    )
    found = {
        "chosen": pa.array(labels[chosen], pa.string()),
        "confidence": pa.array(confidence, pa.float32()),
        "status": pa.array(np.where(review, "review", "tagged"), pa.string()),
    }
    columns = {name: found[name] if name in found else products[name] for name in COLUMNS}
    return Predictions(origin, pa.table(columns))


def write_predictions(run: Run, predictions: Predictions) -> None:
    """Replace the file at once; the same predictions give the same bytes."""
    metadata = {METADATA: predictions.origin.model_dump_json().encode()}
    table = predictions.table.combine_chunks().replace_schema_metadata(metadata)
    file = run.predictions_file
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}")
    pq.write_table(table, draft, compression="zstd")
    draft.replace(file)


def read_predictions(run: Run) -> Predictions:
    """The predictions of a Run as it is now.

    Raises:
        ArtifactError: the Run is not complete, was not evaluated, was trained again since, or
            the file is none that `evaluate` writes.
    """
    manifest, file = run.manifest(), run.predictions_file
    way_out = f"run `shelftag evaluate --run {run.path} --dataset DATASET` first"
    if not file.is_file():
        raise ArtifactError(f"Run {run.path} has no predictions of its test products", way_out)
    try:
        table = pq.read_table(file)
        origin = Origin.model_validate_json((table.schema.metadata or {})[METADATA])
        table = table.select(list(COLUMNS)).replace_schema_metadata(None)
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ArtifactError(f"{file} holds no predictions ({reason})", way_out) from None
    if origin.run != manifest.fingerprint:
        problem = f"{file} is of Run {origin.run[:8]}, and {run.path} is {manifest.fingerprint[:8]}"
        raise ArtifactError(problem, way_out)
    return Predictions(origin, table)
