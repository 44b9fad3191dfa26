import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.decomposition import FactorAnalysis as OfSklearn

from statefolio.risk.factor_analysis import FactorAnalysis, fit_factor_analysis, log_density


def sample(dates=400, assets=12, factors=2, gaps=0.0, seed=0):
    rng = np.random.default_rng(seed)
    loadings = rng.normal(0, 0.6, (assets, factors))
    values = rng.normal(size=(dates, factors)) @ loadings.T + rng.normal(0, 0.7, (dates, assets))
    values[rng.random(values.shape) < gaps] = np.nan
    return values, loadings


def covariance_of(found: FactorAnalysis):
    return found.loadings @ found.loadings.T + np.diag(found.specific)


def test_same_maximum_as_sklearn():
    values, _ = sample()
    values -= values.mean(axis=0)
    other = OfSklearn(2, tol=1e-10, max_iter=20_000, svd_method="lapack").fit(values)
    ours = covariance_of(fit_factor_analysis(values, np.ones(len(values)), 2, 1_500))
    np.testing.assert_allclose(ours, other.get_covariance(), rtol=1e-4, atol=1e-5)


def test_step_with_gaps_and_weights_is_the_textbook_one():
    """One step asset by asset and date by date, as Rubin and Thayer write it, with gaps and weights."""
    values, _ = sample(dates=30, assets=5, gaps=0.2, seed=1)
    weights = np.linspace(0.2, 1.0, 30)
    before, after = (fit_factor_analysis(values, weights, 2, steps) for steps in (3, 4))
    L, psi = before
    cross, moments = np.zeros((5, 2)), np.zeros((5, 2, 2))
    squares, weight = np.zeros(5), np.zeros(5)
    for w, z in zip(weights, values, strict=True):
        o = ~np.isnan(z)
        covariance = np.linalg.inv(np.eye(2) + L[o].T @ np.diag(1 / psi[o]) @ L[o])
        mean = covariance @ L[o].T @ (z[o] / psi[o])
        for i in np.flatnonzero(o):
            cross[i] += w * z[i] * mean
            moments[i] += w * (np.outer(mean, mean) + covariance)
            squares[i] += w * z[i] ** 2
            weight[i] += w
    loadings = np.array([np.linalg.solve(moments[i], cross[i]) for i in range(5)])
    specific = np.maximum((squares - (loadings * cross).sum(axis=1)) / weight, 0.05 * squares / weight)
    np.testing.assert_allclose(after.loadings, loadings, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(after.specific, specific, rtol=1e-10)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_log_density_is_that_of_the_observed_part(count):
    values, _ = sample(dates=40, assets=6, gaps=0.25, seed=2)
    values[7] = np.nan
    found = fit_factor_analysis(values, np.ones(40), count)
    expected = np.zeros(40)
    for t, z in enumerate(values):
        o = ~np.isnan(z)
        if o.any():
            expected[t] = multivariate_normal(np.zeros(o.sum()), covariance_of(found)[np.ix_(o, o)]).logpdf(z[o])
    np.testing.assert_allclose(log_density(found, values), expected, rtol=1e-10, atol=1e-12)


def test_likelihood_never_falls():
    values, _ = sample(gaps=0.1, seed=3)
    weights = np.ones(len(values))
    totals = [log_density(fit_factor_analysis(values, weights, 2, steps), values).sum() for steps in range(12)]
    assert np.all(np.diff(totals) > -1e-8)
    assert totals[-1] > totals[0] + 1.0


def test_more_assets_than_dates_and_a_column_never_seen():
    values, _ = sample(dates=20, assets=40, factors=1, seed=4)
    values[:, 3] = np.nan
    found = fit_factor_analysis(values, np.ones(20), 2)
    assert np.isfinite(found.loadings).all()
    assert (found.specific > 0).all()
    assert not found.loadings[3].any()


def test_dates_with_the_same_gaps_are_combined_exactly():
    """Rows that are compressed by pattern of gaps give the same result as rows that are not."""
    values, _ = sample(dates=60, assets=8, seed=5)
    values[:25, 2] = np.nan
    values[:, 6] = values[:, 5]  # second moments without full rank
    values[40, 0] = np.nan
    weights = np.linspace(0.2, 1.0, 60)
    often = fit_factor_analysis(values, weights, 2)
    apart = np.array_split(np.arange(60), 20)
    marked = np.full((60, 8 + len(apart)), np.nan)
    marked[:, :8] = values
    for column, part in enumerate(apart, 8):
        marked[part, column] = 0.0
    found = fit_factor_analysis(marked, weights, 2)
    np.testing.assert_allclose(covariance_of(often), covariance_of(found)[:8, :8], rtol=1e-6, atol=1e-8)
