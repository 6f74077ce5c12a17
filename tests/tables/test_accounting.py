"""Rows in = rows out + dropped + rejected, or it is said."""

from collections import Counter

import numpy as np
import pytest

from shelftag.errors import AccountingError, TooManyRejects
from shelftag.tables.accounting import PieceCounts, Tally

ORDER_TABLES = ("prior",)


def tally(*, kept: int = 6, dropped: int = 3, bad: int = 1, read: int = 10) -> Tally:
    counts = PieceCounts(
        table="prior",
        bytes=100,
        read=read,
        kept=kept,
        dropped=dropped,
        reasons=Counter({"order does not exist": bad} if bad else {}),
        parts=["part"],
        rejects_parts=["rejects"] if bad else [],
    )
    sums = Tally(purchases=np.zeros((1, 2), np.int64))
    sums.add_table("products", read=2, merged=2, reasons={})
    sums.add_piece(counts, np.array([[kept, 0]]))
    return sums


def test_ranges_add_up() -> None:
    sums = tally()
    sums.add_piece(PieceCounts.model_validate_json(counts_json()), np.array([[1, 1]]))
    assert (sums.read, sums.rejected, sums.kept, sums.dropped) == (17, 3, 8, 4)
    assert sums.reasons == {"order does not exist": 1, "wrong number of fields": 2}
    assert sums.purchases.tolist() == [[7, 1]]
    assert (sums.parts, sums.rejects_parts) == (["part"], ["rejects"])
    sums.check_balance(ORDER_TABLES, written=8)


def counts_json() -> str:
    return PieceCounts(
        table="prior",
        bytes=50,
        read=5,
        kept=2,
        dropped=1,
        reasons=Counter({"wrong number of fields": 2}),
    ).model_dump_json()


def test_a_balance_holds() -> None:
    tally().check_balance(ORDER_TABLES, written=6)


@pytest.mark.parametrize(
    ("sums", "written", "what"),
    [
        (tally(read=11), 6, "prior: rows read: 11 is not 10"),
        (tally(), 5, "order lines kept: 6 is not 5"),
    ],
)
def test_a_lost_row_is_an_error(sums: Tally, written: int, what: str) -> None:
    with pytest.raises(AccountingError, match=what):
        sums.check_balance(ORDER_TABLES, written)


def test_purchases_are_checked_against_the_files() -> None:
    sums = tally()
    sums.purchases[0, 1] += 1
    with pytest.raises(AccountingError, match="purchases: 7 is not 6"):
        sums.check_balance(ORDER_TABLES, written=6)


def test_rejects_up_to_the_share_are_allowed() -> None:
    tally().check_rejects(1 / 12)
    with pytest.raises(TooManyRejects, match=r"1 of 12 rows .* 0\.08 .*1 x order does not exist"):
        tally().check_rejects(0.08)


def test_no_stop_while_good_rows_may_still_come() -> None:
    tally().check_rejects(0.01, bytes_left=8 * 88)
    with pytest.raises(TooManyRejects):
        tally().check_rejects(0.01, bytes_left=8 * 87)
