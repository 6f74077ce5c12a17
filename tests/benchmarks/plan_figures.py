"""Predictions beside measurements: what bench_plan reports."""

from dataclasses import dataclass
from typing import Any

from shelftag.sizing.ranges import Range


@dataclass(frozen=True)
class Compared:
    """One job."""

    size: float
    seconds: float
    core_seconds: float
    """Of all its processes: what other work on the machine changes least."""
    plan: Range
    """Seconds by the plan, with the constants as they stand."""
    fixed: Range
    """What of that does not grow."""

    @property
    def inside(self) -> bool:
        return self.plan.low <= self.seconds <= self.plan.high


def predicted(runs: list[Compared]) -> list[float]:
    """Seconds of each job, from the first, tiny one and the second, 1x.

    What grows, grows as the plan says (prepare in rounds of pieces); what a unit takes, and what
    does not grow, are those of the two jobs.
    """
    tiny, one = runs[:2]
    grown = [run.plan.likely - run.fixed.likely for run in runs]
    slope = max(0.0, one.seconds - tiny.seconds) / (grown[1] - grown[0])
    return [tiny.seconds + slope * (more - grown[0]) for more in grown]


def predicted_cores(runs: list[Compared]) -> list[float]:
    """Core-seconds of each job, from the same two: a line through them."""
    tiny, one = runs[:2]
    slope = (one.core_seconds - tiny.core_seconds) / (one.size - tiny.size)
    return [tiny.core_seconds + slope * (run.size - tiny.size) for run in runs]


def error(guess: float, found: float) -> float:
    """Percent by which a guess is too high."""
    return round(100 * (guess / found - 1), 1)


def figures(found: dict[str, list[Compared]]) -> dict[str, Any]:
    """As in the table; errors in percent, of 3x and 10x, the plan's of 1x too."""
    return {name: _figures(runs) for name, runs in found.items()}


def _figures(runs: list[Compared]) -> dict[str, Any]:
    seconds, cores = [run.seconds for run in runs], [run.core_seconds for run in runs]
    plans = [run.plan.likely for run in runs]
    return {
        "sizes": [run.size for run in runs],
        "seconds": _rounded(seconds),
        "core_seconds": _rounded(cores),
        "plan_seconds": _rounded(plans),
        "plan_error_percent": _errors(plans, seconds)[1:],
        "inside_range": [run.inside for run in runs[1:]],
        "from_1x_seconds": _rounded(predicted(runs)),
        "from_1x_error_percent": _errors(predicted(runs), seconds)[2:],
        "from_1x_core_seconds": _rounded(predicted_cores(runs)),
        "from_1x_core_error_percent": _errors(predicted_cores(runs), cores)[2:],
    }


def _errors(guesses: list[float], found: list[float]) -> list[float]:
    return [error(guess, one) for guess, one in zip(guesses, found, strict=True)]


def _rounded(values: list[float]) -> list[float]:
    return [round(value, 2) for value in values]
