"""Averages of the next dates: the slow double sums, and the forecast of one date."""

import numpy as np
import pytest

from statefolio.kalman.ahead import forecast_average
from statefolio.kalman.blocks import pad_last
from statefolio.kalman.panel import new_filter
from statefolio.kalman.specification import CONSTANT, DISCOUNT, EWMA, Specification
from statefolio.kalman.triangles import unpack

MULTI = Specification(EWMA, True, True, 6.0, 0.97, 1.0, 0.6, 0.2, 1.1)
SPECS = {
    "two speeds, reverting": MULTI,
    "constant, reverting": Specification(CONSTANT, False, True, np.inf, 1.0, 1.0),
    "random walk": Specification(EWMA, True, False, 6.0, 0.97, 1.0),
    "discounted": Specification(CONSTANT, False, False, np.inf, 1.0, 0.98),
    "conjugate": Specification(DISCOUNT, True, False, np.inf, 0.97, 1.0),
}


def filtered(spec, made):
    panel = made(3)
    options = {"phi": panel.phi, "mean": panel.mean} if spec.reverts else {}
    filter_ = new_filter(spec, panel.state_variance, panel.level, **options)
    filter_.run(panel.X, pad_last(panel.Y, np.nan), store="state")
    return filter_


def slow(spec, filter_, i, horizon, levels, exponents):
    """Mean, covariance and noise of the average: every date and every pair of dates."""
    phi, m = filter_.assets.phi[:, i], filter_.assets.mean[:, i]
    a, P = filter_.state.mean[:, i], unpack(filter_.state.covariance)[i]
    level, fast, w = filter_.state.level[i], filter_.state.fast[i], spec.fast_weight
    slow_part = (level - w * fast) / (1.0 - w)
    own = []
    for _ in range(horizon):
        own.append((1.0 - w) * slow_part + w * fast)
        slow_part += (1.0 - spec.memory) * (own[-1] - slow_part)
        fast += (1.0 - spec.fast_memory) * (own[-1] - fast)
    if spec.noise != EWMA:
        own = [level] * horizon
    unit = own if spec.scales and spec.noise != DISCOUNT else np.ones(horizon)
    steps = [np.diag(filter_.assets.state_variance[:, i]) * r for r in unit]
    steps = [step + P * (1.0 / spec.discount - 1.0) for step in steps]
    mean = np.mean([m + phi**k * (a - m) for k in range(1, horizon + 1)], axis=0)
    total = np.zeros_like(P)
    for k in range(1, horizon + 1):
        for j in range(1, horizon + 1):
            total += np.outer(phi**k, phi**j) * P
            for n in range(1, min(k, j) + 1):
                total += np.outer(phi ** (k - n), phi ** (j - n)) * steps[n - 1]
    common = np.ones(horizon)
    for memory, g, e in zip((0.9, 0.5, 0.98), levels, exponents, strict=False):
        common *= (levels[-1] + memory ** np.arange(horizon) * (g - levels[-1])) ** e
    noise = np.mean(np.array(own) * common)
    if spec.noise == DISCOUNT:
        n = spec.memory * filter_.state.worth[i]
        return mean, total / horizon**2 * level * n / (n - 2.0), noise * n / (n - 2.0)
    return mean, total / horizon**2, noise


@pytest.mark.parametrize("name", SPECS)
def test_averages_are_the_slow_double_sums(made, name):
    spec = SPECS[name]
    filter_, levels, exponents = filtered(spec, made), np.array([1.5, 3.0, 0.8]), np.array([0.2, 0.5, 0.3])
    found = forecast_average(filter_, levels, exponents, 0.3, 12)
    for i in (0, 7, 9, 60):
        for part, expected in zip(found, slow(spec, filter_, i, 12, levels, exponents), strict=True):
            np.testing.assert_allclose(part[i], expected, rtol=1e-9)
    assert np.isnan(found[0][3]).all()  # never observed


@pytest.mark.parametrize("name", SPECS)
def test_a_horizon_of_one_date_is_the_next_date(made, name):
    filter_, levels = filtered(SPECS[name], made), np.array([1.5])
    found = forecast_average(filter_, levels, np.array([0.9]), 0.0, 1)
    for part, expected in zip(found, filter_.forecast(float(levels[0] ** 0.9)), strict=True):
        np.testing.assert_allclose(part, expected, rtol=1e-12)
