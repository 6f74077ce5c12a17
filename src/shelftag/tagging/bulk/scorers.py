"""How many actors score the names of a job, and with how many threads each."""

from collections.abc import Sequence
from dataclasses import dataclass

from shelftag.artifacts import Tags
from shelftag.config.scaling import ScalingConfig
from shelftag.tagging.bulk.groups import Group
from shelftag.tagging.bulk.names import read_of_all
from shelftag.tagging.bulk.scores import together

NAMES_FOR_A_LOAD = 100_000
"""Loading a small model takes a core as long as scoring so many names."""
MOST_LOOKED_AT = 64
"""Files that are read to tell how many names there are; a job of more is large."""


@dataclass(frozen=True)
class Scorers:
    """Actors, at most, and the threads of each."""

    most: int
    threads: int
    is_asked: bool
    """Whether `scaling.tagging_actors` says how many, whatever there is to do."""


def scorers(scaling: ScalingConfig, *, is_small: bool) -> Scorers:
    """As configured; else one, but of a small model on a CPU (one with a forward pass of its own)
    as many as it would have threads: alone on its core each scores a third more than threads
    that wait for each other's Python."""
    if scaling.tagging_actors is not None:
        return Scorers(scaling.tagging_actors, scaling.threads_per_worker, True)
    if scaling.use_gpu or not is_small:
        return Scorers(1, scaling.threads_per_worker, False)
    return Scorers(scaling.threads_per_worker, 1, False)


def worth(asked: Scorers, work: Sequence[Group], files: Sequence[str], out: Tags) -> int:
    """Actors for so much work: as many as asked for, else no more than pay for their loading."""
    names = sum(group.names for group in work)
    if asked.is_asked or asked.most == 1 or not names:
        return asked.most
    if len(files) <= MOST_LOOKED_AT:  # pieces may all have the same names: told from some slots
        first = work[0]
        slots = range(first.first, first.end)
        some = together(read_of_all(files, slots, out))
        names = names * len(some.table) // first.names
    return min(asked.most, 1 + names // NAMES_FOR_A_LOAD)
