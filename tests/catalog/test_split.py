"""The split is fixed for ever: these values must not change with any version."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.catalog.split import split_of, token_set

GOLDEN = {
    "Greek Yogurt Vanilla": ("greek vanilla yogurt", "train"),
    "Vanilla Greek  YOGURT!": ("greek vanilla yogurt", "train"),
    "Jalapeño 2% Milk": ("2 jalapeño milk", "test"),
    "100% Whole_Wheat": ("100 wheat whole", "train"),
    "\uff26\uff35ll width": ("full width", "train"),
    "Straße": ("strasse", "train"),
    "bananas": ("bananas", "train"),
    "Organic Bananas": ("bananas organic", "train"),
    "Soda": ("soda", "train"),
    "Milk": ("milk", "valid"),
}


@pytest.mark.parametrize(("name", "expected"), GOLDEN.items())
def test_golden(name: str, expected: tuple[str, str]) -> None:
    assert (token_set(name), split_of(token_set(name))) == expected


@given(st.lists(st.text(alphabet="abcXYZé日9", min_size=1), min_size=1), st.randoms())
def test_order_case_and_repeats_do_not_matter(words: list[str], random: Random) -> None:
    shuffled = [word.upper() for word in words] + words[:1]
    random.shuffle(shuffled)
    assert token_set(" - ".join(shuffled)) == token_set(" ".join(words))


def test_shares() -> None:
    splits = [split_of(f"name {i}") for i in range(20_000)]
    for split, share in (("train", 0.8), ("valid", 0.1), ("test", 0.1)):
        assert abs(splits.count(split) / len(splits) - share) < 0.01  # type: ignore[arg-type]
