"""Which texts are normalized: the time of it must not grow with the square of a text."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.tagging.products import MAX_MARKS, BadProduct, model_input

# Two marks in the wrong order: as one code point each, as a letter that decomposes to a mark, and
# as one mark that decomposes to two.
PAIRS = ("\u0301\u0316", "\u0301\uff9e", "\u0344\u0316", "\u0f73\u0f71")


@pytest.mark.parametrize("pair", PAIRS)
def test_a_description_of_marks_is_refused_in_no_time(pair: str) -> None:
    began = time.process_time()
    with pytest.raises(BadProduct, match="the description has more than 30 combining marks"):
        model_input("x", "a" + pair * 9_999)
    assert time.process_time() - began < 0.3  # normalized, 0.7 to 1.2 s


@pytest.mark.parametrize("name", ["Cre\u0300me bru\u0302le\u0301e", "z" + "\u0300" * MAX_MARKS])
def test_marks_of_real_names_are_taken(name: str) -> None:
    assert model_input(name) == unicodedata.normalize("NFKC", name).casefold()


def test_what_only_looks_like_marks_is_taken() -> None:
    assert model_input("\u2014" * 100 + "\U0001f35e" * 100)


@given(st.lists(st.sampled_from(["a", " ", *"".join(PAIRS)]), max_size=200).map("".join))
def test_no_run_of_marks_is_longer_than_the_limit(marks: str) -> None:
    try:
        model_input("x", marks)
    except BadProduct as problem:
        assert "in a row" in str(problem)  # noqa: PT017
    else:
        kept = "".join("m" if unicodedata.combining(c) else " " for c in decomposed(marks))
        assert max(map(len, kept.split()), default=0) <= 2 * MAX_MARKS


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFKD", text)
