"""A base before tuning: zero-shot."""

import numpy as np

from shelftag.artifacts import Run
from shelftag.config.model import PROMPT
from shelftag.evaluation.free_generation import department_of
from shelftag.tagging.untuned import ask_untuned

TEXTS = ["organic rye bread", "classic milk", "golden dog treats", "frozen peas"] * 5


def test_the_base_answers_within_the_closed_set_and_freely(tiny_run: Run) -> None:
    asked = ask_untuned(tiny_run, TEXTS, PROMPT, batch_size=8)
    again = ask_untuned(tiny_run, TEXTS, PROMPT, batch_size=8)
    assert asked.closed_set.shape == (20,)
    assert set(asked.closed_set.tolist()) <= set(range(4))
    assert np.array_equal(asked.closed_set, again.closed_set)
    assert len(asked.free) == 20
    assert [one.text for one in asked.free] == [one.text for one in again.free]


def test_it_is_not_what_was_tuned(tiny_run: Run) -> None:
    asked = ask_untuned(tiny_run, TEXTS, PROMPT, batch_size=8)
    assert len(set(asked.closed_set[:4].tolist())) < 4  # it cannot tell four departments apart


def test_a_free_answer_counts_where_it_names_one_department() -> None:
    names = ("eggs", "dairy eggs", "pets")
    assert department_of("Dairy Eggs.", names) == 1
    assert department_of("it is pets, or eggs", names) == -1
    assert department_of("nothing", names) == -1
