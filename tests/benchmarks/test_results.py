"""The ratios are those of the figures in the table."""

import json

from tests.benchmarks.engines import OURS, WARM
from tests.benchmarks.measured import Measured
from tests.benchmarks.results import DUCKDB, Result, figures


def result(*seconds: float, peak: int, written: int) -> Result:
    timed = tuple(Measured(second, 0) for second in seconds)
    return Result(Measured(0, peak), timed, written)


RESULTS = {
    OURS: result(10.0, 40.0, 12.0, peak=2_500_000_000, written=300),
    WARM: result(7.0, 20.0, 8.0, peak=1, written=300),
    DUCKDB: result(10.0, 20.0, 8.0, peak=1, written=400),
}


def test_wall_ratios_are_medians_over_rounds() -> None:
    reported = figures(RESULTS, {})
    assert reported["wall_ratio_duckdb"] == 1.5  # of 1, 2 and 1.5; the medians' ratio is 1.2
    assert reported["wall_ratio_duckdb_warm"] == 1.0
    assert reported["bytes_ratio_duckdb"] == 0.75
    assert reported["peak_gb"] == 2.5
    assert reported["tables_equal"] is True
    assert json.loads(json.dumps(reported)) == reported


def test_one_difference_is_not_equal() -> None:
    assert figures(RESULTS, {DUCKDB: ["reordered"]})["tables_equal"] is False
