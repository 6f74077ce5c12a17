"""What a worker was fed: no batch of its rank is lost, and none comes twice or out of its turn."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shelftag.errors import AccountingError
from shelftag.training.batches import Rows


@dataclass
class Fed:
    """The batches at first, first + workers, ... below stop, as they arrive."""

    rank: int
    workers: int
    first: int
    """Position of the first batch."""
    stop: int
    batches: int = 0
    """Those that have arrived."""
    rows: int = 0
    """Examples in them."""
    left_at: int | None = None
    """The step after which it ended, short of `stop`, since a machine was to go."""

    def take(self, position: int, rows: Rows) -> None:
        """Count a batch.

        Raises:
            AccountingError: it is not the next one.
        """
        expected = self.first + self.batches * self.workers
        if position != expected:
            raise _lost(f"rank {self.rank} was fed batch {position} in place of {expected}")
        self.batches += 1
        self.rows += len(rows)

    def check(self) -> None:
        """Raises: AccountingError: not all have arrived."""
        expected = len(range(self.first, self.stop, self.workers))
        if self.batches != expected:
            raise _lost(f"rank {self.rank} was fed {self.batches} batches of {expected}")


def counted(stream: Iterable[tuple[int, Rows]], fed: Fed) -> Iterator[tuple[int, Rows]]:
    """The same, counted.

    Raises:
        AccountingError: a batch is missing, or out of its turn.
    """
    for position, rows in stream:
        fed.take(position, rows)
        yield position, rows


def feed_account(ranks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What all workers were fed together, and each of them.

    Args:
        ranks: the fields of each rank's `Fed`.

    Raises:
        AccountingError: the batches of the run were not fed once each, or a rank is missing.
    """
    workers, stop = ranks[0]["workers"], ranks[0]["stop"]
    first = min(rank["first"] for rank in ranks)
    batches = sum(rank["batches"] for rank in ranks)
    if sorted(rank["rank"] for rank in ranks) != list(range(workers)) or batches != stop - first:
        raise _lost(f"{len(ranks)} of {workers} workers were fed {batches} of {stop - first}")
    return {
        "first_batch": first,
        "batches": batches,
        "rows": sum(rank["rows"] for rank in ranks),
        "rows_by_rank": [rank["rows"] for rank in sorted(ranks, key=lambda one: one["rank"])],
    }


def _lost(problem: str) -> AccountingError:
    return AccountingError(problem, "this is a defect of shelftag or Ray: report it")
