"""Where the model is worse than its average: products of one kind, the worst first."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelftag.catalog.split import words
from shelftag.evaluation.intervals import Interval, share_interval
from shelftag.evaluation.scope import Result

SHORT, LONG = 2, 7
"""Names of at most so many words, and of at least so many."""

CUES = ("organic", "frozen")
"""Words that mostly give a department away, and mislead where they do not."""

RARE_SHARE = 0.02
"""Departments with a smaller share of the train products are rare."""


class Slice(Result):
    """Test products of one kind."""

    name: str
    rows: int
    accuracy: float | None
    """None where there are no such products."""
    interval: Interval | None
    review: float | None
    """Share of them that is for review."""


@dataclass(frozen=True)
class Learned:
    """What the train split is known by."""

    names: Sequence[str]
    labels: NDArray[np.int64]
    """Positions of their departments, [train products]."""


def slices(
    names: Sequence[str],
    labels: NDArray[np.int64],
    correct: NDArray[np.bool_],
    review: NDArray[np.bool_],
    learned: Learned,
) -> tuple[Slice, ...]:
    """Score kinds of n test products, worst accuracy first and empty ones last.

    Args:
        names: [n], as the catalog has them.
        labels: positions of the departments they are filed under, [n].
        correct: whether each was chosen right, [n].
        review: whether each is for review, [n].
    """
    found = [_slice(name, rows, correct, review) for name, rows in _kinds(names, labels, learned)]
    return tuple(sorted(found, key=lambda one: 2.0 if one.accuracy is None else one.accuracy))


def _slice(
    name: str, rows: NDArray[np.bool_], correct: NDArray[np.bool_], review: NDArray[np.bool_]
) -> Slice:
    if not rows.any():
        return Slice(name=name, rows=0, accuracy=None, interval=None, review=None)
    return Slice(
        name=name,
        rows=int(rows.sum()),
        accuracy=float(correct[rows].mean()),
        interval=share_interval(correct[rows]),
        review=float(review[rows].mean()),
    )


def _kinds(
    names: Sequence[str], labels: NDArray[np.int64], learned: Learned
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    parts = [words(name) for name in names]
    lengths = np.array([len(one) for one in parts])
    yield f"short names, {SHORT} words at most", lengths <= SHORT
    yield f"long names, {LONG} words and more", lengths >= LONG
    known, mostly = _learned_words(learned)
    yield (
        "first word not in train",
        _rows(not known.issuperset(one[:1]) for one in parts),
    )
    yield "every word in train", _rows(known.issuperset(one) for one in parts)
    yield "letters beyond ASCII", _rows(not name.isascii() for name in names)
    for cue in CUES:
        holds = _rows(cue in one for one in parts)
        yield f'"{cue}", filed unlike most such', holds & (labels != mostly[cue])
    counts = np.bincount(learned.labels, minlength=int(labels.max(initial=0)) + 1)
    rare = counts < RARE_SHARE * len(learned.labels)
    yield f"departments under {RARE_SHARE:.0%} of train", rare[labels]


def _learned_words(learned: Learned) -> tuple[set[str], dict[str, int]]:
    """The words of train names, and the department of most that hold each of `CUES`.

    -1 for a cue that no name holds.
    """
    known = set[str]()
    held: dict[str, Counter[int]] = {cue: Counter() for cue in CUES}
    for name, label in zip(learned.names, learned.labels.tolist(), strict=True):
        parts = words(name)
        known.update(parts)
        for cue in held.keys() & parts:
            held[cue][label] += 1
    return known, {cue: max(each, key=each.__getitem__, default=-1) for cue, each in held.items()}


def _rows(found: Iterator[bool]) -> NDArray[np.bool_]:
    return np.fromiter(found, np.bool_)
