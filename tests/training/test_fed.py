"""A lost batch does not go unnoticed."""

from dataclasses import asdict

import numpy as np
import pytest

from shelftag.errors import AccountingError
from shelftag.training.fed import Fed, counted, feed_account

ROWS = np.arange(4)


def ate(rank: int, positions: list[int]) -> Fed:
    fed = Fed(rank, workers=2, first=10 + rank, stop=17)
    list(counted([(position, ROWS) for position in positions], fed))
    return fed


def test_all_that_came_is_counted() -> None:
    ranks = [ate(0, [10, 12, 14, 16]), ate(1, [11, 13, 15])]
    for rank in ranks:
        rank.check()
    assert feed_account([asdict(rank) for rank in reversed(ranks)]) == {
        "first_batch": 10,
        "batches": 7,
        "rows": 28,
        "rows_by_rank": [16, 12],
    }


@pytest.mark.parametrize("positions", [[10, 14], [12], [10, 10], [11]])
def test_a_batch_out_of_its_turn(positions: list[int]) -> None:
    with pytest.raises(AccountingError, match="rank 0 was fed batch"):
        ate(0, positions)


def test_a_stream_that_ends_early() -> None:
    with pytest.raises(AccountingError, match="rank 1 was fed 2 batches of 3"):
        ate(1, [11, 13]).check()


def test_a_rank_that_is_missing() -> None:
    with pytest.raises(AccountingError, match="1 of 2 workers were fed 4 of 7"):
        feed_account([asdict(ate(0, [10, 12, 14, 16]))])
