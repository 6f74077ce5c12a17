"""Which departments a free answer names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.evaluation.free_generation import Kind, count_answers, read_answer

DEPARTMENTS = ("canned goods", "dairy", "dairy eggs", "dry goods pasta", "eggs", "pets", "non-food")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("dairy eggs", "one"),
        (" Dairy  EGGS.\n", "one"),
        ("The department is dry goods pasta", "one"),
        ("pets pets pets", "one"),
        ("non - food", "one"),
        ("dairy, eggs", "one"),  # as near to "dairy eggs" as words can tell
        ("pets, canned goods", "several"),
        ("eggs dairy", "several"),
        ("dairy eggs dairy", "several"),
        ("", "none"),
        ("  ...", "none"),
        ("goods", "unknown"),
        ("petshop", "unknown"),
        ("canned pasta", "unknown"),
    ],
)
def test_an_answer_is_read_by_whole_names(answer: str, kind: Kind) -> None:
    assert read_answer(answer, DEPARTMENTS) == kind


@given(st.lists(st.sampled_from(DEPARTMENTS), min_size=1, max_size=4))
def test_lists_of_departments(named: list[str]) -> None:
    """In a sentence each: no name is read into the next."""
    expected = "one" if len(set(named)) == 1 else "several"
    assert read_answer(" | and then | ".join(named), DEPARTMENTS) == expected


@given(st.lists(st.text(max_size=20), min_size=1, max_size=10), st.data())
def test_every_answer_is_counted_once(answers: list[str], data: st.DataObject) -> None:
    size = len(answers)
    ended = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
    counts = count_answers(answers, ended, DEPARTMENTS)
    assert counts.one + counts.several + counts.none + counts.unknown == counts.answers == size
    assert counts.ended == sum(ended)


def test_the_rate_is_of_all_that_is_not_one_department() -> None:
    answers = ["pets", "pets, eggs", "", "nonsense", "dairy"]
    counts = count_answers(answers, [True] * 4 + [False], DEPARTMENTS)
    assert (counts.one, counts.several, counts.none, counts.unknown) == (2, 1, 1, 1)
    assert counts.multi_department_rate == pytest.approx(0.6)
    assert counts.ended == 4
