"""Learned half-lives against sums written out, on simulated alphas whose decay is known, and with the future cut."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

from statefolio.portfolio.views.alpha_sides import remaining_share
from statefolio.portfolio.views.alpha_sources import AlphaPaths
from statefolio.portfolio.views.side_half_lives import (
    HALF_LIVES,
    PRIOR,
    half_life_weights,
    lagged_sums,
    lags_of,
    remaining_shares,
)

LAGS = lags_of(21)
NOTHING = None


def paths(long_half_life, short_half_life, dates=1500, assets=25, gaps=0.0, noise=1e-4):
    """Forecast alphas of random dates and signs, each of which is earned with a decay over the dates to come."""
    rng = np.random.default_rng(3)
    alpha = np.where(rng.random((dates, assets)) < 0.1, rng.normal(0.0, 2e-3, (dates, assets)), 0.0)
    realised = np.sqrt(noise) * rng.normal(size=(dates, assets))
    for lag in range(60):
        decay = np.where(alpha > 0.0, 2.0 ** (-lag / long_half_life), 2.0 ** (-lag / short_half_life))
        realised[lag:] += (decay * alpha)[: dates - lag]
    realised -= realised.mean()  # what all the other alphas earn
    alpha[rng.random(alpha.shape) < gaps] = np.nan
    realised[rng.random(realised.shape) < gaps] = np.nan
    index, names = pd.bdate_range("2000-01-03", periods=dates), pd.Index(range(assets))
    return AlphaPaths(index, names, alpha, realised, np.full(alpha.shape, noise), np.zeros(alpha.shape))


def test_the_decay_of_each_side_is_found():
    weights = half_life_weights(lagged_sums(paths(5.0, 42.0), NOTHING, LAGS)[0], LAGS)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    grid = [*HALF_LIVES, np.inf]
    assert grid[int(weights[0].argmax())] == 5.0
    assert weights[1, :3].sum() < 0.01  # none of ten dates or less
    found = remaining_shares(weights, 21)
    assert found[0] == pytest.approx(remaining_share(5.0, 21), abs=0.05)
    assert found[1] == pytest.approx(remaining_share(42.0, 21), abs=0.1)
    stays = half_life_weights(lagged_sums(paths(1e9, 1e9), NOTHING, LAGS)[0], LAGS)
    assert (stays[:, -1] > 0.5).all()


def test_without_evidence_the_posterior_is_the_prior():
    few = half_life_weights(lagged_sums(paths(5.0, 5.0, dates=200), NOTHING, LAGS)[0], LAGS)
    np.testing.assert_array_equal(few, np.stack([PRIOR, PRIOR]))
    vague = half_life_weights(lagged_sums(paths(5.0, 5.0, dates=400, noise=1e2), NOTHING, LAGS)[0], LAGS)
    np.testing.assert_allclose(vague, np.stack([PRIOR, PRIOR]), atol=0.01)
    assert remaining_shares(few, 1)[0] == pytest.approx(1.0)
    expected = 0.5 + 0.5 * np.mean([remaining_share(each, 21) for each in HALF_LIVES])
    assert remaining_shares(few, 21).tolist() == pytest.approx([expected, expected])


def slow_weights(given, side):
    """The posterior, date by date and asset by asset."""
    rows = []
    for s in range(len(given.dates)):
        row = []
        for lag in LAGS:
            square = product = 0.0
            for i in range(len(given.assets)):
                if s < lag:
                    continue
                a, now = given.mean[s - lag, i], given.mean[s, i]
                error, variance = given.realised[s, i] - now, given.noise[s, i]
                if not (np.isfinite(a) and np.isfinite(error)) or a * side <= 0.0:
                    continue
                r = now + min(max(error, -5.0 * variance**0.5), 5.0 * variance**0.5)
                square, product = square + a * a / variance, product + a * r / variance
            row.append((square, product))
        rows.append(row)
    used = np.array([row for row in rows if any(square > 0.0 for square, _ in row)])
    total = used[:, :, 0].sum(axis=0)
    slopes = used[:, :, 1].sum(axis=0) / total
    scores = [(row[:, 1] - row[:, 0] * slopes) / total for row in used]
    covariance = sum(np.outer(score, score) for score in scores)
    covariance = covariance + 1e-8 * np.diag(np.diag(covariance))
    logs = []
    for half_life in (*HALF_LIVES, np.inf):
        decay = np.array([2.0 ** (-lag / half_life) for lag in LAGS])
        logs.append(multivariate_normal(decay, covariance + 0.25 * np.outer(decay, decay)).logpdf(slopes))
    weights = PRIOR * np.exp(np.array(logs) - max(logs))
    return weights / weights.sum()


def test_the_posterior_equals_a_slow_one_with_gaps_and_misprints():
    given = paths(10.0, 21.0, dates=420, assets=12, gaps=0.05)
    given.realised[300, 0] = 3.0
    weights = half_life_weights(lagged_sums(given, NOTHING, LAGS)[0], LAGS)
    for place, side in enumerate((1.0, -1.0)):
        np.testing.assert_allclose(weights[place], slow_weights(given, side), rtol=1e-8, atol=1e-12)


def test_sums_continue_over_later_dates_also_with_new_assets():
    given = paths(10.0, 21.0, dates=80, assets=6)

    def part(rows, columns):
        cut = [each[rows][:, columns] for each in (given.mean, given.realised, given.noise, given.surprise)]
        return AlphaPaths(given.dates[rows], given.assets[columns], *cut)

    whole, _ = lagged_sums(given, NOTHING, LAGS)
    first, past = lagged_sums(part(slice(0, 30), [0, 1, 2, 3, 4, 5]), NOTHING, LAGS)
    second, past = lagged_sums(part(slice(30, 37), [0, 1, 2, 3, 4, 5]), past, LAGS)
    third, _ = lagged_sums(part(slice(37, 80), [0, 1, 2, 3, 4, 5]), past, LAGS)
    np.testing.assert_array_equal(np.concatenate([first, second, third]), whole)
    _, past = lagged_sums(part(slice(0, 40), [0, 1, 2]), NOTHING, LAGS)
    late, _ = lagged_sums(part(slice(40, 80), [0, 1, 2, 3]), past, LAGS)
    assert (late[0, 1:] == lagged_sums(part(slice(0, 80), [0, 1, 2]), NOTHING, LAGS)[0][40, 1:]).all()
