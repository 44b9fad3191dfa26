"""The monitoring of innovations against its formula written out, its size, and what it notices."""

import numpy as np
import pytest

from statefolio.pairs.following.monitoring import (
    CRITICAL,
    GAMMA,
    detector,
    larger,
    long_run_variance,
    more_autocorrelated,
)

DRAW = np.random.default_rng(5)


def test_the_detector_is_its_formula_date_by_date():
    values, known = DRAW.normal(size=130), 90
    before = values[:known]
    deviation = np.sqrt(long_run_variance(before))
    found, total = 0.0, 0.0
    for k in range(1, 41):
        total += values[known + k - 1] - before.mean()
        bound = deviation * known**0.5 * (1 + k / known) * (k / (known + k)) ** 0.45
        found = max(found, total / bound) if k >= 10 else found
    assert detector(values, known) == pytest.approx(found / 2.7992)
    assert detector(values[: known + 9], known) == 0.0
    assert detector(values, 59) is None
    assert detector(np.ones(100), 90) is None


def test_the_long_run_variance_of_an_autoregression():
    values = np.zeros(20_000)
    for t, shock in enumerate(DRAW.normal(size=len(values) - 1)):
        values[t + 1] = 0.6 * values[t] + shock
    assert long_run_variance(values) == pytest.approx(1.0 / 0.4**2, rel=0.15)
    by_hand = values[:16] - values[:16].mean()
    products = [float(by_hand[lag:] @ by_hand[: 16 - lag]) / 16 for lag in range(5)]
    assert long_run_variance(values[:16]) == pytest.approx(
        products[0] + 2.0 * sum((1.0 - lag / 5) * products[lag] for lag in range(1, 5))
    )


def test_the_critical_value_is_that_of_a_brownian_motion():
    """The maximum of W(t) / t^0.45 is above it in 2.5 % of draws."""
    steps = DRAW.normal(size=(4000, 1000)) / np.sqrt(1000)
    times = np.arange(1, 1001) / 1000
    highest = (np.cumsum(steps, axis=1) / times**GAMMA).max(axis=1)
    assert (highest > CRITICAL).mean() == pytest.approx(0.025, abs=0.0075)


@pytest.mark.parametrize("tails", ["normal", "student"])
def test_false_alarms_over_a_year_are_rare(tails):
    """2.5 % with an endless reference; up to 6 % with 1,000 dates."""
    draws = DRAW.normal(size=(400, 1250)) if tails == "normal" else DRAW.standard_t(4, size=(400, 1250))
    for monitor in (larger, more_autocorrelated):
        alarms = np.mean([monitor(z, 1000) > 1.0 for z in draws])
        assert 0.0 < alarms <= 0.07


def test_larger_and_more_autocorrelated_innovations_are_noticed():
    quiet, new = DRAW.normal(size=500), DRAW.normal(size=80)
    assert larger(np.r_[quiet, 1.6 * new], 500) > 1.0
    assert more_autocorrelated(np.r_[quiet, 1.6 * new], 500) < 1.0
    moving = np.zeros(81)
    for t in range(80):
        moving[t + 1] = 0.8 * moving[t] + 0.6 * new[t]
    assert more_autocorrelated(np.r_[quiet, moving], 500) > 1.0
    one_bad_day = np.r_[quiet, new]
    one_bad_day[520] = 40.0
    assert larger(one_bad_day, 500) < 1.0
    with_gaps = np.r_[quiet, 1.6 * new]
    with_gaps[::7] = np.nan
    assert larger(with_gaps, 500) == pytest.approx(
        larger(with_gaps[np.isfinite(with_gaps)], int(np.isfinite(with_gaps[:500]).sum()))
    )
