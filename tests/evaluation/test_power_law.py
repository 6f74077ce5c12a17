"""Laws that made the points are found again, and none goes below no error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.evaluation.power_law import EXPONENTS, fit_power_laws

SHARES = np.array([1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0])


@given(st.floats(0, 0.2), st.floats(0.01, 0.2), st.sampled_from(list(EXPONENTS)))
def test_a_law_is_found_again(floor: float, reducible: float, exponent: float) -> None:
    noise = np.random.default_rng(0).normal(0, 1e-7, (20, len(SHARES)))
    noise[0] = 0
    laws = fit_power_laws(SHARES, floor + reducible * SHARES**-exponent + noise)
    expected = floor + reducible * 2.0**-exponent
    assert laws.errors(np.array([2.0]))[0, 0] == pytest.approx(expected, abs=2e-4)


@given(st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_errors_never_grow_and_are_never_negative(errors: list[float]) -> None:
    laws = fit_power_laws(SHARES, np.array([errors, errors[::-1]]))
    ahead = laws.errors(np.array([0.01, 1.0, 2.0, 1e6]))
    assert (ahead >= 0).all()
    assert (np.diff(ahead, axis=1) <= 1e-9).all()
