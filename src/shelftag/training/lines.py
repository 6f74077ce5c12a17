"""Order lines as examples: each a product's name and department again, once for each purchase.

    order_lines/*.parquet --count_lines--> parts        once, before the training
    a part --read_lines--> positions of train products --cut--> batches

What a line has of its own teaches nothing here, so that it becomes the position of its product: 4
bytes in place of a text. Only a part is held in memory.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shelftag.artifacts import Dataset
from shelftag.config.train import TrainConfig
from shelftag.errors import AccountingError
from shelftag.training.batches import Rows, cut

LINES_PER_PART = 2**20
"""Lines to learn from that a part has at least: what fills no batch is then next to nothing."""


@dataclass(frozen=True)
class LineFile:
    """One Parquet file of order lines."""

    path: str
    lines: int
    to_learn: int
    """Those of train products; by `data.split=row`, those that are in train themselves."""


@dataclass(frozen=True)
class LinesPlan:
    """An epoch of order lines: every line to learn from once, file after file, mixed in each part.

    Which part comes when is another order each epoch.
    """

    parts_of: tuple[tuple[LineFile, ...], ...]
    """The files of each part."""
    ids: pa.Array
    """Product ids of the examples, [n]."""
    lengths: NDArray[np.int64]
    """Tokens of each example, [n]."""
    batch_size: int
    group_by_length: bool
    seed: int

    @classmethod
    def of(
        cls,
        files: Iterable[LineFile],
        ids: pa.Array,
        lengths: NDArray[np.int64],
        train: TrainConfig,
    ) -> "LinesPlan":
        """The files in parts, by the settings."""
        size = train.per_device_train_batch_size
        return cls(grouped(files), ids, lengths, size, train.group_by_length, train.seed)

    @property
    def rows_per_epoch(self) -> int:
        return sum(file.to_learn for file in chain(*self.parts_of))

    @property
    def batches_per_epoch(self) -> int:
        return sum(self._sizes)

    def parts(self, epoch: int) -> Sequence[tuple[int, int]]:
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.parts_of))
        return [(int(part), self._sizes[part]) for part in order]

    def part(self, epoch: int, part: int) -> list[Rows]:
        """The batches of a part.

        Raises:
            AccountingError: the files have other lines than were counted.
        """
        rng = np.random.default_rng((self.seed, epoch, part))
        rows = np.concatenate([read_lines(file, self.ids) for file in self.parts_of[part]])
        lengths = self.lengths if self.group_by_length else None
        return cut(rng.permutation(rows), lengths, self.batch_size, rng)

    @property
    def _sizes(self) -> list[int]:
        learned = [sum(file.to_learn for file in files) for files in self.parts_of]
        return [max(1, lines // self.batch_size) for lines in learned]


def train_ids(dataset: Dataset) -> pa.Array:
    """Ids of the products that `read_examples` gives for train, in its order, [n]."""
    train = pc.field("split") == "train"
    return pq.read_table(dataset.products_file, columns=["id"], filters=train)[
        "id"
    ].combine_chunks()


def bought_to_train(dataset: Dataset) -> int:
    """Order lines of train products, as `prepare` counted them."""
    train = pc.field("split") == "train"
    table = pq.read_table(dataset.products_file, columns=["purchases"], filters=train)
    return int(pc.sum(table["purchases"]).as_py() or 0)


def count_lines(path: str, ids: pa.Array) -> LineFile:
    """What a file has: `ids` are those of the train products."""
    positions = _positions(path, ids)
    return LineFile(path, len(positions), len(positions) - positions.null_count)


def check_lines(files: Sequence[LineFile], dataset: Dataset) -> None:
    """Hold what was counted against what `prepare` did.

    Raises:
        AccountingError: lines are missing, or too many.
    """
    for what, found, expected in (
        ("lines", sum(file.lines for file in files), dataset.manifest().order_lines["kept"]),
        ("lines to learn from", sum(file.to_learn for file in files), bought_to_train(dataset)),
    ):
        if found != expected:
            raise AccountingError(
                f"{dataset.order_lines_dir} has {found:,} {what}, and its manifest {expected:,}",
                "prepare the Dataset again",
            )


def read_lines(file: LineFile, ids: pa.Array) -> Rows:
    """Position in `ids` of the product of each line to learn from, in the file's order.

    Raises:
        AccountingError: they are not as many as were counted.
    """
    rows: Rows = _positions(file.path, ids).drop_null().to_numpy()
    if len(rows) != file.to_learn:
        raise AccountingError(
            f"{file.path} has {len(rows):,} lines to learn from, and had {file.to_learn:,}",
            "prepare the Dataset again",
        )
    return rows


def grouped(files: Iterable[LineFile]) -> tuple[tuple[LineFile, ...], ...]:
    """Files in parts of at least `LINES_PER_PART` lines to learn from; the last may have fewer.

    One with fewer joins the part before it.
    """
    parts: list[list[LineFile]] = []
    for file in files:
        if parts and sum(one.to_learn for one in parts[-1]) < LINES_PER_PART:
            parts[-1].append(file)
        else:
            parts.append([file])
    if len(parts) > 1 and sum(one.to_learn for one in parts[-1]) < LINES_PER_PART:
        last = parts.pop()
        parts[-1] += last
    return tuple(map(tuple, parts))


def _positions(path: str, ids: pa.Array) -> pa.Array:
    """Of each line its product's position in `ids`, or null where it is not to be learned."""
    has_split = "split" in pq.read_schema(path).names
    columns = ["product_id", *(["split"] if has_split else [])]
    table = pq.read_table(path, columns=columns)
    found = pc.index_in(table["product_id"].cast(ids.type), value_set=ids)
    if has_split:
        is_train = pc.equal(table["split"].cast(pa.string()), "train")
        found = pc.if_else(is_train, found, pa.scalar(None, pa.int32()))
    return found.combine_chunks()
