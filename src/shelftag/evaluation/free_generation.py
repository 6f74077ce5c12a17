"""How free answers are read: which name one department, and which none, several or unknown ones.

answer -> its words -> departments named in them, the longest names first -> a kind -> shares
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from shelftag.evaluation.scope import Result, Scope

Kind = Literal["one", "several", "none", "unknown"]


class FreeAnswers(Result):
    """Counts of a model's answers, by what they name."""

    answers: int
    one: int
    """They name one department, once or again, whatever stands around it."""
    several: int
    """They name two departments or more."""
    none: int
    """They have no words."""
    unknown: int
    """They have words, and none of the departments."""
    ended: int
    """They ended by themselves, and were not cut."""

    @property
    def multi_department_rate(self) -> float:
        """Share of answers that are not exactly one department of the label set."""
        return 1 - self.one / self.answers


class FreeGeneration(Result):
    """The same products, asked for freely, and through the Scorer."""

    scope: Scope
    before: FreeAnswers
    """The base, before tuning."""
    tuned: FreeAnswers
    scorer: FreeAnswers
    """The tags: the closed set leaves no other answer, and this is counted all the same."""


def count_answers(
    answers: Iterable[str], ended: Sequence[bool], departments: Sequence[str]
) -> FreeAnswers:
    """Read and count answers; `ended` says of each whether it ended by itself."""
    kinds = Counter(read_answer(answer, departments) for answer in answers)
    return FreeAnswers(
        answers=len(ended),
        one=kinds["one"],
        several=kinds["several"],
        none=kinds["none"],
        unknown=kinds["unknown"],
        ended=sum(ended),
    )


def department_of(answer: str, departments: Sequence[str]) -> int:
    """Position of the one department an answer names; -1 where it does not name just one."""
    names = [_words(name) for name in departments]
    named = _named(_words(answer), sorted(names, key=len, reverse=True))
    return names.index(next(iter(named))) if len(named) == 1 else -1


def read_answer(answer: str, departments: Sequence[str]) -> Kind:
    """What an answer names, by whole words and in any case.

    A name inside a longer name does not count: "dairy eggs" names no department "eggs".
    """
    words = _words(answer)
    if not words:
        return "none"
    named = _named(words, sorted(map(_words, departments), key=len, reverse=True))
    if not named:
        return "unknown"
    return "one" if len(named) == 1 else "several"


def _named(words: tuple[str, ...], names: list[tuple[str, ...]]) -> set[tuple[str, ...]]:
    found, place = set[tuple[str, ...]](), 0
    while place < len(words):
        here = next((name for name in names if name and words[place:][: len(name)] == name), ())
        if here:
            found.add(here)
        place += max(1, len(here))
    return found


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.casefold()))
