"""The split is fixed for ever: these values must not change with any version."""

from hashlib import blake2b
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.catalog.split import Shares, split_of, thresholds, token_key, token_set, words

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


def test_words_keep_their_order() -> None:
    assert words("Vanilla  Greek-YOGURT_2%") == ["vanilla", "greek", "yogurt", "2"]


@pytest.mark.parametrize("shares", [Shares(), Shares(0.5, 0.3)])
def test_shares(shares: Shares) -> None:
    splits = [split_of(f"name {i}", shares) for i in range(20_000)]
    for split, share in zip(("train", "valid", "test"), [*shares, 1 - sum(shares)], strict=True):
        assert abs(splits.count(split) / len(splits) - share) < 0.01  # type: ignore[arg-type]


def test_the_bounds_are_the_decimals_as_they_are_written() -> None:
    for shares, tenths in ((Shares(0.8, 0.1), (8, 9)), (Shares(0.7, 0.1), (7, 8))):
        for bound, tenth in zip(thresholds(shares), tenths, strict=True):
            assert 10 * (bound - 1) < tenth * 2**64 <= 10 * bound
    assert 0.7 + 0.1 < 0.8  # what summing as floats would make of it


def test_a_point_on_the_bound_is_past_it(monkeypatch: pytest.MonkeyPatch) -> None:
    point = int.from_bytes(blake2b(b"name", digest_size=8).digest(), "big")
    for bounds, split in (
        ((point + 1, point + 2), "train"),
        ((point, point + 1), "valid"),
        ((point - 1, point), "test"),
    ):
        monkeypatch.setattr("shelftag.catalog.split.thresholds", lambda _, bounds=bounds: bounds)
        assert split_of("name") == split


def test_a_name_without_letters_is_its_own_key() -> None:
    assert token_key("¿?") != token_key("!!") != ""
    assert token_key("Tea, red") == "red tea"
