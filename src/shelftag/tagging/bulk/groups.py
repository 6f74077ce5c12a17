"""Groups of neighbouring slots: what one task of the stage `scores` takes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shelftag.tagging.bulk.names import HASHES


@dataclass(frozen=True)
class Group:
    """Slots [first, end)."""

    index: int
    first: int
    end: int
    names: int
    """At most so many: those of all pieces, of which some may be the same."""

    def hashes(self, bits: int) -> tuple[int, int]:
        """The hashes of its names: [first, end)."""
        return self.first * HASHES >> bits, self.end * HASHES >> bits


def groups(slots: Sequence[Sequence[int]], most_names: int) -> list[Group]:
    """All slots, in groups of at most `most_names` where a slot has not more by itself.

    Args:
        slots: names in each slot, of each piece.
    """
    totals = np.sum(np.asarray(slots, np.int64), axis=0).tolist()
    found: list[Group] = []
    first, names = 0, 0
    for slot, count in enumerate(totals):
        if names and names + count > most_names:
            found.append(Group(len(found), first, slot, names))
            first, names = slot, 0
        names += count
    if names:
        found.append(Group(len(found), first, len(totals), names))
    return found
