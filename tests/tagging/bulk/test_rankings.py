"""A Ranking comes out of its columns as it went in, also in parts and in another order."""

import numpy as np
import pyarrow as pa
from hypothesis import given

from shelftag.tagging.bulk.rankings import COLUMNS, ranking_columns, ranking_of
from shelftag.tagging.tagger import Ranking
from tests.tagging.made_rankings import rankings


def as_lists(ranking: Ranking) -> tuple[list[object], ...]:
    """Candidates without what only fills their rows up."""
    candidates: list[object] = [
        [one for one in row if one >= 0] for row in ranking.candidates.tolist()
    ]
    return (
        ranking.departments.tolist(),
        ranking.confidence.tolist(),
        ranking.review.tolist(),
        candidates,
    )


@given(rankings())
def test_round_trip(made: tuple[Ranking, list[str]]) -> None:
    ranking, _ = made
    columns = ranking_columns(ranking)
    back = ranking_of(columns)
    assert as_lists(back) == as_lists(ranking)
    assert [getattr(back, one).dtype for one in ("departments", "confidence", "candidates")] == [
        *(np.int64, np.float32, np.int64)
    ]
    assert tuple(columns.column_names) == COLUMNS
    order = list(range(len(columns)))[::-1]
    turned = pa.concat_tables([columns.slice(0, 2), columns.slice(2)]).take(
        pa.array(order, "int64")
    )
    assert as_lists(ranking_of(turned)) == tuple(one[::-1] for one in as_lists(ranking))
