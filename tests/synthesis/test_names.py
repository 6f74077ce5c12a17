"""Names are distinct; twins have each other's words in another order."""

import numpy as np
import pytest

from shelftag.catalog.split import token_set
from shelftag.synthesis import vocabulary
from shelftag.synthesis.names import names_of
from shelftag.synthesis.shelves import aisles


def names_in(aisle: int, n: int, seed: int = 0) -> list[str]:
    ids = np.full(n, aisle, dtype=np.int32)
    made: list[str] = names_of(ids, np.arange(n), np.random.default_rng(seed)).to_pylist()
    return made


@pytest.mark.parametrize("aisle", [24, 68, 126])
def test_many_names_of_one_aisle_are_distinct(aisle: int) -> None:
    names = names_in(aisle, 30_000)
    assert len(set(names)) == len(names)
    assert all(name == " ".join(name.split()) for name in names)


def test_names_follow_from_the_seed() -> None:
    assert names_in(24, 100) == names_in(24, 100)
    assert names_in(24, 100) != names_in(24, 100, seed=1)


def test_twins_differ_by_the_order_of_their_words() -> None:
    n = 4_000
    twin_of = np.arange(n)
    twin_of[: n // 2] = np.arange(n // 2, n)
    aisle = np.random.default_rng(0).integers(1, 100, size=n).astype(np.int32)[twin_of]
    names = names_of(aisle, twin_of, np.random.default_rng(1)).to_pylist()
    keys = [token_set(name) for name in names]
    same = sum(keys[row] == keys[row + n // 2] for row in range(n // 2))
    assert len(set(names)) == n
    assert same > n // 4  # the others have no taste to move, and are single products


def test_most_nouns_are_the_aisles_own() -> None:
    own = set(vocabulary.split("yogurt, kefir, greek yogurt, yogurt drink, lowfat yogurt"))
    names = names_in(120, 1_000)
    assert sum(any(noun in name for noun in own) for name in names) > 600


def test_every_aisle_has_nouns_and_tastes() -> None:
    for pool in (vocabulary.nouns(), vocabulary.tastes()):
        assert len(pool.length) == len(aisles()) == 134
        assert min(pool.length) >= 1
        assert sum(pool.length) == len(pool.words)
    assert all(
        len(set(pool)) == len(pool) for pool in (vocabulary.brands(), vocabulary.qualities())
    )


def test_inch_marks_are_written_as_in_the_public_file() -> None:
    assert any(name.endswith('\\"') for name in names_in(111, 2_000))
    assert not any('"' in name for name in names_in(24, 2_000))
