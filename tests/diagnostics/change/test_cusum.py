"""Cumulative sums: statsmodels, published boundaries, size."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.stats.diagnostic import breaks_cusumolsresid, recursive_olsresiduals

import statefolio as sf
from statefolio.diagnostics.change.cusum import (
    boundary,
    crossing_level,
    crossing_probability,
    cusum,
    cusum_of_squares,
)


@pytest.fixture(scope="module")
def regression():
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(300), rng.standard_normal((300, 2))])
    return X, X @ [0.1, 1.0, -1.0] + rng.standard_normal(300)


@pytest.mark.parametrize(("probability", "value"), [(0.01, 1.143), (0.05, 0.948), (0.10, 0.850)])
def test_published_boundaries(probability, value):
    """Brown, Durbin and Evans 1975, page 154."""
    assert crossing_level(probability) == pytest.approx(value, abs=6e-4)
    assert crossing_probability(value) == pytest.approx(probability, rel=0.01)


def test_path_and_boundary_against_statsmodels(regression):
    X, y = regression
    theirs = sm.RecursiveLS(y, X).fit()
    w = theirs.resid_recursive[3:]
    found = cusum(w[:, None])
    np.testing.assert_allclose(found.path[:, 0], theirs.cusum, rtol=1e-8)
    upper = theirs._cusum_significance_bounds(0.05, points=np.arange(4, 301))[1]
    line = boundary(w[:, None], crossing_level(0.05))[:, 0]
    np.testing.assert_allclose(line, upper, rtol=0.01)


def test_residual_cusum_against_statsmodels(regression):
    X, y = regression
    residuals = sm.OLS(y, X).fit().resid
    statistic, _, _ = breaks_cusumolsresid(residuals, ddof=0)
    found = cusum(residuals[:, None])
    scale = np.sqrt(299 / 300)
    assert np.abs(found.path).max() / np.sqrt(300) / scale == pytest.approx(statistic, rel=1e-10)


def test_innovations_of_expanding_least_squares_are_recursive_residuals(regression):
    X, y = regression
    dates = pd.bdate_range("2010-01-04", periods=300, name="date")
    factors = pd.DataFrame(X[:, 1:] / 100, index=dates, columns=["a", "b"])
    model = sf.StaticLoadings().fit(pd.DataFrame({"asset": y / 100}, index=dates), factors)
    theirs = recursive_olsresiduals(sm.OLS(y, X).fit(), skip=60)[0]
    np.testing.assert_allclose(100 * model.innovations_["innovation"].to_numpy()[100:, 0], theirs[-200:], atol=1e-8)


def test_squares_are_capped_and_centred():
    z = np.random.default_rng(1).standard_normal((500, 1))
    z[100] = 50.0
    u = np.minimum(z[:, 0] ** 2, 9.0)
    path = np.cumsum(u - u.mean()) / u.std()
    found = cusum_of_squares(z)
    np.testing.assert_allclose(found.path[:, 0], path, atol=1e-10)
    assert found.statistic[0] == pytest.approx((np.abs(path).max() + 0.5826) / np.sqrt(500))


def test_gaps_and_late_listings_count_only_what_was_observed():
    z = np.random.default_rng(2).standard_normal((400, 2))
    known = np.random.default_rng(3).random(400) < 0.6
    known[:100] = False
    z[~known, 1] = np.nan
    alone = cusum(z[known][:, [1]])
    both = cusum(z)
    assert both.statistic[1] == pytest.approx(alone.statistic[0], rel=1e-12)
    assert both.p_value[1] == pytest.approx(alone.p_value[0], rel=1e-12)
    assert np.isnan(both.path[:100, 1]).all()
    assert known.nonzero()[0][alone.worst[0]] == both.worst[1]
    assert np.isnan(cusum(np.full((10, 1), np.nan)).statistic[0])


@pytest.mark.parametrize("tails", [np.inf, 6.0])
@pytest.mark.parametrize("test", [cusum, cusum_of_squares])
def test_size(test, tails):
    rng = np.random.default_rng(4)
    z = rng.standard_normal((500, 2000)) if np.isinf(tails) else rng.standard_t(tails, (500, 2000))
    assert 0.035 < np.mean(test(z).p_value < 0.05) < 0.065


def test_a_drift_and_a_change_of_variance_are_detected():
    rng = np.random.default_rng(5)
    z = rng.standard_normal((500, 300))
    assert np.mean(cusum(z + 0.3 * (np.arange(500) > 250)[:, None]).p_value < 0.05) > 0.6
    louder = cusum_of_squares(z * np.where(np.arange(500) > 250, 1.5, 1.0)[:, None])
    assert np.mean(louder.p_value < 0.05) > 0.9
    assert abs(np.median(louder.worst) - 250) < 25
