"""What confidences are worth: scores, the bands of chance, risk, coverage, candidates."""

from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shelftag.evaluation.calibration_scores import calibration_scores
from shelftag.evaluation.report_trust import trust_drawings, trust_tables
from shelftag.evaluation.selective import MAX_POINTS, NEVER, abstention, risk_coverage, risks_of
from shelftag.evaluation.shares import share
from shelftag.evaluation.smooth_error import CELLS, smooth_errors
from shelftag.evaluation.trust import Trust, score_candidates, trust_of
from tests.evaluation.made import scope

# few levels, so that many rows are of equal confidence
rows = st.lists(
    st.tuples(st.sampled_from([0.25, 0.5, 0.75, 1.0]), st.booleans()), min_size=1, max_size=80
)


def honest(seed: int, n: int = 2_000) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Probabilities [n, 3], and labels drawn from them."""
    rng = np.random.default_rng(seed)
    likely = rng.dirichlet((0.3, 0.3, 0.3), n)
    labels = (rng.random((n, 1)) > likely.cumsum(axis=1)).sum(axis=1)
    return likely.astype(np.float32), labels.clip(max=2)


def bold(likely: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = likely.astype(np.float64) ** 3 + 1e-9
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def made_trust(certified: float = 0.95) -> Trust:
    likely, labels = honest(0, 400)
    return trust_of(
        bold(likely),
        likely,
        labels,
        scope(rows=400),
        way="temperature",
        target_precision=0.9,
        certified=certified,
        nominal=0.8,
        candidates=score_candidates(likely > 0.1, labels, 0.95),
        seed=0,
    )


def test_an_honest_model_is_in_the_bands_and_a_bold_one_is_not() -> None:
    inside = []
    for seed in range(4):
        likely, labels = honest(seed, 600)
        found = calibration_scores(likely, labels, seed)
        inside += [
            found.error.value <= found.error.high,
            found.smooth_error.value <= found.smooth_error.high,
            found.log_loss.low <= found.log_loss.value <= found.log_loss.high,
        ]
        outside = calibration_scores(bold(likely), labels, seed)
        for one in (outside.error, outside.smooth_error, outside.brier):
            assert one.value > one.high
        assert outside.log_loss.value > found.log_loss.value
    assert np.mean(inside) > 0.7


def test_scores_of_a_known_case() -> None:
    likely = np.array([[0.8, 0.1, 0.1], [0.2, 0.2, 0.6]], np.float32)
    found = calibration_scores(likely, np.array([0, 1]), 0)
    assert found.brier.value == pytest.approx((0.06 + 0.04 + 0.64 + 0.36) / 2)
    assert found.log_loss.value == pytest.approx(-np.log([0.8, 0.2]).mean())
    assert found.error.value == pytest.approx((0.2 + 0.6) / 2)
    assert [one.rows for one in found.bins] == [1, 1]


def test_the_smooth_error_of_one_confidence_is_its_gap() -> None:
    residuals = np.zeros((CELLS, 2))
    residuals[60] = 0.3, -0.1
    np.testing.assert_allclose(smooth_errors(residuals), [0.3, 0.1], rtol=0.02)


@given(rows)
def test_the_curve_ends_with_all_rows(made: list[tuple[float, bool]]) -> None:
    confidences, correct = _arrays(made)
    found = risk_coverage(confidences, correct)
    assert found.points[-1].coverage == 1
    assert found.points[-1].risk == pytest.approx(1 - correct.mean())
    assert all(
        a.coverage < b.coverage and a.threshold > b.threshold for a, b in pairwise(found.points)
    )
    for point in found.points:
        covered = confidences >= point.threshold
        assert point.coverage == pytest.approx(covered.mean())
        assert point.risk == pytest.approx(1 - correct[covered].mean())


@given(rows, st.integers(0, 99))
def test_order_of_rows_does_not_change_the_risk(made: list[tuple[float, bool]], seed: int) -> None:
    shuffled = [made[row] for row in np.random.default_rng(seed).permutation(len(made))]
    np.testing.assert_allclose(risks_of(*_arrays(made)), risks_of(*_arrays(shuffled)), atol=1e-12)


def test_a_long_curve_is_thinned() -> None:
    rng = np.random.default_rng(0)
    found = risk_coverage(rng.random(5_000).astype(np.float32), rng.random(5_000) < 0.5)
    assert len(found.points) == MAX_POINTS


def test_nothing_reaches_never() -> None:
    sure, right = np.ones(5, np.float32), np.ones(5, bool)
    assert abstention(sure, right, NEVER).rows == 0
    assert abstention(sure, right, NEVER).precision.value is None
    assert abstention(sure, right, 0.99).precision.value == 1


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (7, 10, 0.3475, 0.9333), (0, 0, 0.0, 1.0)],
)
def test_intervals_of_clopper_and_pearson(right: int, of: int, low: float, high: float) -> None:
    found = share(right, of)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)
    assert found.value == (right / of if of else None)


def test_candidates_are_counted() -> None:
    inside = np.array([[True, False], [True, True], [False, True], [True, False]])
    found = score_candidates(inside, np.array([0, 1, 0, 1]), 0.9)
    assert (found.coverage.value, found.mean_size, found.single) == (0.5, 1.25, 0.75)


@pytest.mark.parametrize("certified", [0.95, NEVER])
def test_the_report_has_figures_and_tables(certified: float) -> None:
    trust = made_trust(certified)
    assert Trust.model_validate_json(trust.model_dump_json()) == trust
    drawings = trust_drawings(trust)
    assert [one.name for one in drawings] == [
        "reliability_before",
        "reliability_after",
        "risk_coverage",
    ]
    for one in drawings:
        assert ElementTree.fromstring(one.svg).attrib["aria-label"]
    assert ("certified" in drawings[-1].svg) == (certified < NEVER)
    thresholds, calibration = trust_tables(trust)
    assert [row[0] for row in thresholds.rows] == ["certified", "nominal", "candidates, 95%"]
    assert thresholds.rows[0][1] == ("0.9500" if certified < NEVER else "none reaches it")
    assert len(calibration.rows) == 4
    for table in (thresholds, calibration):
        assert all(len(row) == len(table.columns) for row in table.rows)


def _arrays(made: list[tuple[float, bool]]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    confidences, correct = zip(*made, strict=True)
    return np.array(confidences, np.float32), np.array(correct)
