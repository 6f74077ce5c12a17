"""What `train` refuses before it starts."""

from pathlib import Path

import pytest

from shelftag.artifacts import Dataset, Leakage
from shelftag.errors import InputError
from shelftag.training.rules import check_trainable
from tests import tiny

KNOWN_PURCHASES = Leakage(held_out=100, test_purchases=1_000, test_purchases_known=11)
KNOWN_PRODUCTS = Leakage(held_out=1_000, token_set=27, test_purchases=1_000)


def with_leakage(folder: Path, leakage: Leakage) -> Dataset:
    dataset = tiny.write_dataset(folder)
    update = {"leakage": leakage, "split_protocol": "product"}
    dataset.publish(dataset.manifest().model_copy(update=update))
    return dataset


@pytest.mark.parametrize(
    ("leakage", "words"),
    [(KNOWN_PURCHASES, "1.1% .*test purchases"), (KNOWN_PRODUCTS, "2.7% .*held-out products")],
)
def test_a_dataset_that_leaks_is_refused_unless_that_is_meant(
    tmp_path: Path, leakage: Leakage, words: str
) -> None:
    dataset = with_leakage(tmp_path / "dataset", leakage)
    rule = rf"{words} .*data\.split = product.* 1% .*train\.allow_leakage=true"
    with pytest.raises(InputError, match=rule):
        check_trainable(tiny.CONFIG, dataset)
    check_trainable(tiny.config("train.allow_leakage=true"), dataset)


def test_a_share_at_the_limit_is_allowed(tmp_path: Path) -> None:
    leakage = Leakage(held_out=100, token_set=1, test_purchases=100, test_purchases_known=1)
    check_trainable(tiny.CONFIG, with_leakage(tmp_path / "dataset", leakage))
