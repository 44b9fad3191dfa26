"""Tests of the Sharpe ratio's standard error against Ledoit and Wolf's formula in full, and a bootstrap."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statefolio.challenge.scoring.feedback import compare
from statefolio.challenge.scoring.sharpe_difference import linearised_sharpe
from statefolio.validation.equal_accuracy import diebold_mariano


def returns_of(seed, dates=400):
    """Two correlated series whose volatility clusters and whose returns are autocorrelated."""
    draw = np.random.default_rng(seed)
    noise = draw.standard_t(6, size=(dates, 2)) @ np.array([[1.0, 0.5], [0.0, 0.8]])
    level = np.exp(0.3 * np.convolve(draw.standard_normal(dates), np.ones(10) / 3, mode="same"))
    moved = noise * level[:, None]
    moved[1:] += 0.2 * moved[:-1]
    return 0.01 * moved + 0.0005


def ledoit_wolf(r, s):
    """The delta method with the 4 x 4 long-run covariance of r, s, r^2 and s^2 (their section 3.1), Bartlett kernel."""
    y = np.column_stack([r, s, r**2, s**2])
    mean = y.mean(axis=0)
    a, b, c, d = mean
    gradient = np.array(
        [c / (c - a * a) ** 1.5, -d / (d - b * b) ** 1.5, -0.5 * a / (c - a * a) ** 1.5, 0.5 * b / (d - b * b) ** 1.5]
    )
    z, T = y - mean, len(y)
    L = int(np.sqrt(T))
    psi = z.T @ z / T
    for lag in range(1, L + 1):
        gamma = z[lag:].T @ z[:-lag] / T
        psi += (1.0 - lag / (L + 1)) * (gamma + gamma.T)
    difference = a / np.sqrt(c - a * a) - b / np.sqrt(d - b * b)
    return difference, np.sqrt(gradient @ psi @ gradient / T)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_ledoit_and_wolfs_standard_error(seed):
    r, s = returns_of(seed).T
    difference, error = ledoit_wolf(r, s)
    found = diebold_mariano(linearised_sharpe(r) - linearised_sharpe(s))
    assert found.difference == pytest.approx(difference, rel=1e-10)
    assert found.standard_error == pytest.approx(error, rel=1e-10)
    b = (int(np.sqrt(len(r))) + 1) / len(r)
    dates = pd.bdate_range("2020", periods=len(r))
    compared = compare("portfolio", pd.Series(r, index=dates), pd.Series(s, index=dates))
    assert compared.statistic == pytest.approx(difference / error * np.sqrt(1.0 - b), rel=1e-10)


def test_it_is_near_that_of_a_bootstrap():
    """A circular block bootstrap of the difference of two Sharpe ratios, blocks of 20 dates."""
    r, s = returns_of(7, dates=2_000).T
    draw, T, block = np.random.default_rng(1), len(r), 20
    found = []
    for _ in range(2_000):
        rows = (draw.integers(0, T, T // block)[:, None] + np.arange(block)).ravel() % T
        x, y = r[rows], s[rows]
        found.append(x.mean() / x.std() - y.mean() / y.std())
    assert ledoit_wolf(r, s)[1] == pytest.approx(np.std(found), rel=0.12)


def test_it_has_its_nominal_size():
    """Differences without skill are above two standard errors about as often as a normal variable."""
    beyond = []
    for seed in range(400):
        r, s = returns_of(1_000 + seed, dates=252).T
        beyond.append(diebold_mariano(linearised_sharpe(r) - linearised_sharpe(s)).statistic > 2.0)
    assert 0.005 <= np.mean(beyond) <= 0.05  # .023 of a normal variable


@settings(max_examples=30)
@given(st.floats(1e-3, 1e3), st.integers(0, 100))
def test_scaling_returns_changes_nothing(scale, seed):
    r = returns_of(seed, dates=100)[:, 0]
    assert linearised_sharpe(scale * r) == pytest.approx(linearised_sharpe(r), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("returns", [[], [0.01], [0.01, 0.01, 0.01], [0.01, np.nan], [0.0, np.inf]])
def test_undefined_ratios_are_none(returns):
    assert linearised_sharpe(returns) is None
