"""Near duplicates: those that comparing every pair finds, no more and no fewer."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.tables import near_duplicates as module
from shelftag.tables.near_duplicates import near_duplicates
from shelftag.tables.trigrams import in_common, trigram_sets

WORDS = ("organic", "greek", "yogurt", "vanilla", "日本茶です", "2", "milk", "bananas", "😀😀😀!")
names = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join) | st.text("ab ", max_size=8)


def trigrams(name: str) -> set[str]:
    return {name[i : i + 3] for i in range(len(name) - 2)}


def near(one: str, other: str) -> bool:
    shared, union = trigrams(one) & trigrams(other), trigrams(one) | trigrams(other)
    return 5 * len(shared) >= 4 * len(union) > 0


@st.composite
def spoiled(draw: st.DrawFn, name: str) -> str:
    """A name with up to three characters put in, changed or taken out."""
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(name)))
        name = name[:at] + draw(st.sampled_from(("", "x"))) + name[at + draw(st.integers(0, 1)) :]
    return name


@given(st.data(), st.lists(names, max_size=12), st.lists(names, max_size=6))
def test_as_comparing_every_pair(
    data: st.DataObject, train: list[str], held_out: list[str]
) -> None:
    held_out += [data.draw(spoiled(name)) for name in train]
    check(held_out, train)


def check(held_out: list[str], train: list[str]) -> None:
    found = near_duplicates(held_out, train)
    assert len(found) == len(held_out)
    for name, match in zip(held_out, found, strict=True):
        if match < 0:
            assert not any(near(name, other) for other in train), name
        else:
            assert near(name, train[match]), (name, train[match])


@pytest.mark.parametrize("name", ["", "a", "ab", "😀"])
def test_a_name_without_trigrams_is_near_to_none(name: str) -> None:
    assert near_duplicates([name], [name]).tolist() == [-1]


def test_the_limit_is_inclusive() -> None:
    nine, ten = "abcdefghijk", "abcdefghijkl"
    assert near_duplicates([ten], [nine]).tolist() == [0]
    eight_of_ten, seven_of_nine = "abcdefghij", "abcdefghi"
    assert near_duplicates([eight_of_ten, seven_of_nine], [ten]).tolist() == [0, -1]


def test_long_names_of_like_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many candidates for each name, in steps of a few pairs and names."""
    monkeypatch.setattr(module, "NAMES_PER_STEP", 7)
    monkeypatch.setattr(module, "PAIRS_PER_STEP", 16)
    random = Random(0)
    made = [" ".join(random.choices(WORDS[:8], k=random.randint(5, 30))) for _ in range(300)]
    check(made[:60] + [f"{name} x" for name in made[60:70]], made[60:])


def test_names_that_are_all_alike_are_matched_without_trying_all_pairs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = [f"the very same organic vanilla yogurt with fruit, number {i}" for i in range(4_000)]
    pairs, compare = [], module._compare

    def counted(*arguments: object) -> None:
        pairs.append(len(arguments[1]))  # type: ignore[arg-type]
        compare(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_compare", counted)
    found = near_duplicates(made[:1_000], made[1_000:])
    assert (found >= 0).all()
    assert sum(pairs) < 3_000_000 / 4


def test_trigrams_in_common() -> None:
    sets = trigram_sets(["banana", "bananas", "cab", "ab"])
    assert sets.sizes.tolist() == [3, 4, 1, 0]
    shared = in_common(sets, np.array([0, 0, 1, 3]), np.array([1, 2, 1, 0]))
    assert shared.tolist() == [3, 0, 4, 0]
