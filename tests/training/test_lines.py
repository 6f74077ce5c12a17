"""An epoch of order lines has each line of a train product once, and the loss of the study."""

from collections import Counter
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from shelftag.artifacts import Dataset
from shelftag.errors import AccountingError, InputError
from shelftag.training import lines
from shelftag.training.batches import drawn, left_over
from shelftag.training.examples import read_examples
from shelftag.training.lines import (
    LineFile,
    LinesPlan,
    bought_to_train,
    check_lines,
    count_lines,
    grouped,
    read_lines,
    train_ids,
)
from shelftag.training.objective import objective_of
from shelftag.training.rules import check_trainable
from tests import tiny
from tests.training.made_lines import FILES, with_lines, with_sides


@pytest.fixture(scope="module")
def dataset(tiny_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return with_lines(tiny_dataset, tmp_path_factory.mktemp("lines") / "dataset")


def files_of(dataset: Dataset) -> list[LineFile]:
    paths = sorted(map(str, dataset.order_lines_dir.iterdir()))
    return [count_lines(path, train_ids(dataset)) for path in paths]


def plan(dataset: Dataset, size: int, monkeypatch: pytest.MonkeyPatch) -> LinesPlan:
    """A file a part."""
    monkeypatch.setattr(lines, "LINES_PER_PART", 1)
    ids = train_ids(dataset)
    lengths = np.random.default_rng(1).integers(2, 30, len(ids))
    train = tiny.config(f"train.per_device_train_batch_size={size}").train
    return LinesPlan.of(files_of(dataset), ids, lengths, train)


def test_an_epoch_has_every_train_line_once(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = read_examples(dataset, tiny.learned(dataset)[0], "train", count_alpha=1.0)
    whole = plan(dataset, 1, monkeypatch)
    seen = Counter(int(row) for _, rows in drawn(whole, 0, whole.batches_per_epoch) for row in rows)
    assert [seen[i] for i in range(len(examples))] == examples.weights.tolist()
    assert left_over(whole) == 0


@pytest.mark.parametrize("size", [7, 64, 10_000])
def test_what_fills_no_batch_is_counted(
    dataset: Dataset, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LINES_PER_PART", 1 if size < 10_000 else 10_000)
    ids = train_ids(dataset)
    train = tiny.config(f"train.per_device_train_batch_size={size}").train
    cut = LinesPlan.of(files_of(dataset), ids, np.ones(len(ids), np.int64), train)
    batches = [rows for _, rows in drawn(cut, 0, cut.batches_per_epoch)]
    emitted = sum(map(len, batches))
    assert emitted + left_over(cut) == cut.rows_per_epoch == bought_to_train(dataset)
    assert {len(rows) for rows in batches} == {min(size, emitted)}
    assert left_over(cut) < size * FILES


def test_epochs_differ_and_a_resumed_run_goes_on(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = plan(dataset, 16, monkeypatch)
    epochs = range(8)
    assert len({tuple(part for part, _ in cut.parts(epoch)) for epoch in epochs}) > 1
    stop = 2 * cut.batches_per_epoch + 5
    whole = dict(drawn(cut, 0, stop))
    assert sorted(whole) == list(range(stop))
    assert not np.array_equal(whole[0], whole[cut.batches_per_epoch])
    for first in (1, cut.batches_per_epoch - 1, cut.batches_per_epoch + 3):
        resumed = dict(drawn(cut, first, stop, 2))
        assert list(resumed) == list(range(first, stop, 2))
        assert all(np.array_equal(rows, whole[position]) for position, rows in resumed.items())


def test_order_lines_and_weighted_products_have_the_same_expected_loss(
    dataset: Dataset, tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At count_alpha 1, where each train product was bought at least once."""
    departments = tiny.learned(dataset)[0]
    examples = read_examples(dataset, departments, "train", count_alpha=1.0)
    objective = objective_of(tiny.config(), str(tiny_base), departments, examples)
    model = objective.model().eval()
    batch = objective.batch(np.arange(len(examples)), 0)
    del batch["labels"]
    labels = torch.from_numpy(examples.labels)
    with torch.no_grad():
        logits = model(**batch).logits
    losses = torch.nn.functional.cross_entropy(logits, labels, reduction="none").numpy()
    whole = plan(dataset, 1, monkeypatch)
    over_lines = np.mean([losses[rows[0]] for _, rows in drawn(whole, 0, whole.batches_per_epoch)])
    over_products = np.average(losses, weights=examples.weights)
    assert over_lines == pytest.approx(over_products, rel=1e-5)
    assert over_lines != pytest.approx(losses.mean(), rel=1e-5)  # weights do make a difference


def test_by_row_a_line_s_own_side_counts(tiny_dataset: Dataset, tmp_path: Path) -> None:
    copy = with_sides(with_lines(tiny_dataset, tmp_path / "row"))
    (first, *_) = sorted(copy.order_lines_dir.iterdir())
    table = pq.read_table(first)
    ids = set(train_ids(copy).to_pylist())
    sides = zip(table["product_id"].to_pylist(), table["split"].to_pylist(), strict=True)
    expected = [product for product, side in sides if side == "train" and product in ids]
    found = read_lines(count_lines(str(first), train_ids(copy)), train_ids(copy))
    assert train_ids(copy).take(found).to_pylist() == expected


def test_lost_lines_are_found(dataset: Dataset) -> None:
    files = files_of(dataset)
    check_lines(files, dataset)
    with pytest.raises(AccountingError, match="lines, and its manifest"):
        check_lines(files[1:], dataset)
    changed = LineFile(files[0].path, files[0].lines, files[0].to_learn + 1)
    with pytest.raises(AccountingError, match="lines to learn from, and had"):
        read_lines(changed, train_ids(dataset))


def test_small_files_share_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LINES_PER_PART", 10)
    files = [LineFile(str(i), n, n) for i, n in enumerate([4, 5, 3, 12, 9])]
    sizes = [[file.to_learn for file in part] for part in grouped(files)]
    assert sizes == [[4, 5, 3], [12, 9]]
    assert list(chain(*grouped(files))) == files


def test_a_dataset_without_lines_is_refused(tiny_dataset: Dataset) -> None:
    with pytest.raises(InputError, match="0 order lines of train products"):
        check_trainable(tiny.config("train.examples=order_lines"), tiny_dataset)
