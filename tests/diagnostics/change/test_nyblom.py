"""Nyblom's statistics: a slow loop, statsmodels, published critical values."""

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.diagnostic import breaks_hansen

from statefolio.diagnostics.change.condensed import block_edges, condense
from statefolio.diagnostics.change.drawn_scores import draw_scores
from statefolio.diagnostics.change.nyblom import joint_p_value, limit_draws, nyblom, single_p_values
from statefolio.diagnostics.change.walk_spectrum import draw, spectrum

DATES, STATES, ASSETS = 400, 3, 70
PUBLISHED_SINGLE = {0.10: 0.353, 0.05: 0.470, 0.01: 0.748}  # Hansen 1992, table 1, one coefficient
PUBLISHED_JOINT = {2: 0.749, 3: 1.01, 4: 1.24, 7: 1.90}  # the same, 5 %


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(DATES), rng.standard_normal((DATES, STATES - 1))])
    sigma = np.exp(0.3 * rng.standard_normal((DATES, ASSETS)))
    Y = X @ rng.standard_normal((STATES, ASSETS)) + sigma * rng.standard_normal((DATES, ASSETS))
    Y[rng.random(Y.shape) < 0.1] = np.nan
    Y[:150, 3] = np.nan
    return X, Y, sigma


def slow(X, y, sigma):
    known = np.isfinite(y)
    W = X[known] / sigma[known, None]
    e = y[known] / sigma[known] - W @ np.linalg.lstsq(W, y[known] / sigma[known], rcond=None)[0]
    S, V, single, joint = np.zeros(STATES), (W * e[:, None]).T @ (W * e[:, None]), np.zeros(STATES), 0.0
    for row, error in zip(W, e, strict=True):
        S = S + row * error
        single += S**2 / V.diagonal()
        joint += S @ np.linalg.solve(V, S)
    return single / len(e), joint / len(e)


def test_statistics_are_those_of_a_loop_over_dates(panel):
    X, Y, sigma = panel
    condensed = condense(X, Y, sigma, block_edges(DATES, 25))
    found = nyblom(X, condensed.residuals, sigma)
    for i in (0, 3, ASSETS - 1):
        single, joint = slow(X, Y[:, i], sigma[:, i])
        np.testing.assert_allclose(found.single[:, i], single, rtol=1e-10)
        assert found.joint[i] == pytest.approx(joint, rel=1e-10)


def test_joint_statistic_against_statsmodels():
    """Statsmodels' statistic also tests whether the variance is constant, by e^2 minus its mean."""
    rng = np.random.default_rng(1)
    X = np.column_stack([np.ones(300), rng.standard_normal((300, 2))])
    y = X @ [0.1, 1.0, 2.0] + rng.standard_normal(300)
    fit = sm.OLS(y, X).fit()
    theirs, _ = breaks_hansen(fit)
    found = nyblom(X, fit.resid[:, None], np.ones((300, 1)))
    scores = np.column_stack([X * fit.resid[:, None], fit.resid**2 - np.mean(fit.resid**2)])
    whole = np.trace(np.linalg.solve(scores.T @ scores, np.cumsum(scores, 0).T @ np.cumsum(scores, 0))) / 300
    assert theirs == pytest.approx(whole, rel=1e-10)
    inner = scores[:, :3]
    ours = np.trace(np.linalg.solve(inner.T @ inner, np.cumsum(inner, 0).T @ np.cumsum(inner, 0))) / 300
    assert found.joint[0] == pytest.approx(ours, rel=1e-10)


@pytest.mark.parametrize(("level", "value"), PUBLISHED_SINGLE.items())
def test_published_value_of_one_coefficient_where_information_grows_evenly(level, value):
    rng = np.random.default_rng(2)
    X = np.column_stack([np.ones(4000), rng.standard_normal(4000)])
    moments = (X[:, :, None] * X[:, None, :]).reshape(40, 100, 2, 2).sum(axis=1)
    draws = draw(20_000, 39, 0)
    scale = moments.sum(axis=0).diagonal()[:, None] * 40
    found = single_p_values(np.full((2, 1), value), spectrum(moments)[None], scale, np.array([3998.0]), draws)
    np.testing.assert_allclose(found, level, rtol=0.15)


@pytest.mark.parametrize(("coefficients", "value"), PUBLISHED_JOINT.items())
def test_published_values_of_several_coefficients(coefficients, value):
    drawn = limit_draws(coefficients, draw(8_000, 30 * coefficients, 0))
    assert np.mean(drawn > value) == pytest.approx(0.05, abs=0.008)


def test_uneven_information_moves_critical_values():
    """If a factor is large in a tenth of the dates only, the published 5 % value rejects too rarely."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((1000, 1)) * np.where(np.arange(1000) < 900, 0.05, 3.0)[:, None]
    moments = (X[:, :, None] * X[:, None, :]).reshape(40, 25, 1, 1).sum(axis=1)
    scale = moments.sum(axis=0).diagonal()[:, None] * 40
    draws = draw(5000, 39, 0)
    p = single_p_values(np.full((1, 1), 0.470), spectrum(moments)[None], scale, np.array([999.0]), draws)
    assert p[0, 0] < 0.01


def test_p_values_are_uniform_where_loadings_are_constant(panel):
    X, Y, sigma = panel
    condensed = condense(X, Y, sigma, block_edges(DATES, 16))
    noise = np.random.default_rng(4).standard_normal((*condensed.values.shape[:2], 400))
    found = nyblom(X, condensed.residuals, sigma)
    joint = np.array([joint_p_value(float(v), draw_scores(condensed, i, noise)) for i, v in enumerate(found.joint)])
    moments, _ = condensed.moments()
    spectra = np.array([spectrum(one) for one in moments])
    scale = moments.sum(axis=1).diagonal(axis1=1, axis2=2).T * moments.any(axis=(2, 3)).sum(axis=1)
    single = single_p_values(found.single, spectra, scale, condensed.observed - STATES, draw(1000, 60, 0))
    for p in (joint, single.ravel()):
        assert 0.35 < np.mean(p) < 0.65
        assert np.mean(p < 0.05) < 0.13
        assert np.mean(p < 0.5) > 0.35


def test_a_moving_loading_is_detected(panel):
    X, Y, sigma = panel
    walk = np.cumsum(np.random.default_rng(5).standard_normal(DATES)) * 0.1
    condensed = condense(X, Y + (X[:, 1] * walk)[:, None], sigma, block_edges(DATES, 25))
    found = nyblom(X, condensed.residuals, sigma)
    assert np.mean(found.single[1] > 0.470) > 0.7
    assert np.mean(found.single[1]) > 3 * np.mean(found.single[2])
