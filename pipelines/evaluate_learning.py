"""What more labels would bring, and which to ask for: curves, and label_next.csv.

train, test products --> linear models --> learning curve, active learning - proven order -.
unlabelled products  --> Tagger ---------> probabilities -------------------- label_next.csv
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shelftag.artifacts import Dataset, Run
from shelftag.catalog.departments import Departments
from shelftag.config import Config
from shelftag.evaluation.active import Order, simulate
from shelftag.evaluation.label_next import label_next, near_duplicates, write_label_next
from shelftag.evaluation.learning import Learning
from shelftag.evaluation.learning_curve import Pool, learning_curve
from shelftag.evaluation.rows import Rows, read_rows
from shelftag.model.linear_pool import linear_pool
from shelftag.training.examples import texts_of

MAX_TRAIN_ROWS = 40_000
MAX_TEST_ROWS = 10_000
"""Products the curves are made of: a million would take hours to say the same."""

USUAL_ORDER: Order = "margin"
"""Where none was proven better than random, or none was tried."""


class Likely(Protocol):
    """What is asked of a Tagger here."""

    departments: Departments

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Calibrated, [len(texts), departments]."""


def learning(run: Run, dataset: Dataset, tagger: Likely, config: Config) -> Learning | None:
    """Write RUN/evaluation/label_next.csv, in the order that both curves were measured to find.

    With `evaluation.learning_curve = false` nothing is measured, and the order is the usual one.
    """
    seed = config.train.seed
    if not config.evaluation.learning_curve:
        _write_label_next(run, dataset, tagger, USUAL_ORDER, seed)
        return None
    train = read_rows(dataset, "train", seed, at_most=MAX_TRAIN_ROWS)
    test = read_rows(dataset, "test", seed, at_most=MAX_TEST_ROWS)
    pool, groups = _pool(train, test, seed)
    active = simulate(pool, groups, seed)
    order = (active and active.proven) or USUAL_ORDER
    return Learning(
        curve=learning_curve(pool, seed),
        active=active,
        order=order,
        to_label=_write_label_next(run, dataset, tagger, order, seed),
        trained_of=train.scope.of,
        train_rows=train.scope.rows,
    )


def _pool(train: Rows, test: Rows, seed: int) -> tuple[Pool, NDArray[np.int64]]:
    """Both splits one below the other, and which of their names are near-duplicates."""
    texts = texts_of(train.table) + texts_of(test.table)
    names = train.table["name"].to_pylist() + test.table["name"].to_pylist()
    labels = np.concatenate([train.labels, test.labels])
    buyable = np.arange(len(train.labels))
    pool = Pool(
        labels=labels,
        train=buyable,
        test=np.arange(len(train.labels), len(labels)),
        scope=test.scope,
        learn=linear_pool(texts, labels, buyable, len(test.scope.labels), seed),
    )
    return pool, near_duplicates(names)


def _write_label_next(run: Run, dataset: Dataset, tagger: Likely, order: Order, seed: int) -> int:
    """Rank the products whose department is not known; returns how many are in the file."""
    table = pq.read_table(dataset.products_file, filters=pc.field("split") == "unlabelled")
    rows = label_next(
        table["id"].to_pylist(),
        table["name"].to_pylist(),
        tagger.probabilities(texts_of(table)),
        tagger.departments.names,
        order,
        seed,
    )
    write_label_next(rows, run.evaluation_dir / "label_next.csv")
    return len(rows)
