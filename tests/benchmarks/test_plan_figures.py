"""Predictions from a tiny job and 1x, beside jobs whose times are known."""

import pytest

from shelftag.sizing.ranges import Range
from tests.benchmarks.plan_figures import Compared, figures, predicted, predicted_cores

START, UNIT = 8.0, 2.0
"""Seconds that the made jobs take: at the start, and a unit."""


def job(size: float, units: float, seconds: float) -> Compared:
    """The plan believes in 5 s of start and 1 s a unit."""
    return Compared(size, seconds, 3 * size + 10, Range(4, 5 + units, 40), Range(5, 5, 5))


RUNS = [job(size, size, START + UNIT * size) for size in (0.01, 1, 3, 10)]


def test_two_jobs_give_start_and_unit_whatever_the_constants_were() -> None:
    assert predicted(RUNS) == pytest.approx([run.seconds for run in RUNS])
    assert predicted_cores(RUNS) == pytest.approx([run.core_seconds for run in RUNS])


def test_rounds_of_pieces_are_the_plans() -> None:
    """3x that goes in two rounds takes as long as two units."""
    runs = [*RUNS[:2], job(3, 2, START + UNIT * 2), RUNS[3]]
    assert predicted(runs) == pytest.approx([run.seconds for run in runs])


def test_errors_are_of_what_was_not_used() -> None:
    found = figures({"prepare": [*RUNS[:3], job(10, 10, 14.0)]})["prepare"]
    assert found["from_1x_error_percent"] == [0, 100]
    assert found["plan_error_percent"] == [-40, -42.9, 7.1]
    assert found["inside_range"] == [True, True, True]
