import numpy as np
import pytest
import statsmodels.api as sm
from arch.bootstrap import CircularBlockBootstrap

from statefolio.diagnostics.estimation.standard_errors import (
    block_bootstrap,
    newey_west_errors,
    newey_west_lags,
)
from statefolio.diagnostics.least_squares import least_squares


@pytest.fixture
def panel(returns, factors):
    kept = returns.drop(columns=["A3", "A4"]).to_numpy()
    return kept, np.column_stack([np.ones(len(kept)), factors.to_numpy()])


def test_newey_west_against_statsmodels(panel):
    Y, X = panel
    errors = newey_west_errors(least_squares(Y, X), X)
    for i in (0, 1, 2, 20):
        rows = ~np.isnan(Y[:, i])
        options = {"maxlags": newey_west_lags(int(rows.sum())), "use_correction": True}
        theirs = sm.OLS(Y[rows, i], X[rows]).fit(cov_type="HAC", cov_kwds=options)
        np.testing.assert_allclose(errors[i], theirs.bse, rtol=1e-10)


def test_bootstrap_against_drawing_rows(panel):
    Y, X = panel
    filled = np.where(np.isnan(Y[:, :1]), 0.004, Y[:, :1])  # an asset without gaps, among others with
    Y = np.column_stack([Y[:, 1:6], filled])
    found = block_bootstrap(Y, X, 20, 30, np.random.default_rng(3))
    drawn = np.random.default_rng(3).integers(0, 13, (30, 13))
    for i in range(6):
        loadings = []
        for blocks in drawn:
            rows = np.concatenate([np.arange(20 * b, 20 * b + 20) for b in blocks])
            rows = rows[~np.isnan(Y[rows, i])]
            if len(rows) >= 9:
                loadings.append(np.linalg.lstsq(X[rows], Y[rows, i], rcond=None)[0])
        np.testing.assert_allclose(found[i], np.std(loadings, axis=0, ddof=1), rtol=1e-8)


def test_bootstrap_against_arch():
    rng = np.random.default_rng(4)
    X = np.column_stack([np.ones(600), rng.standard_normal((600, 2))])
    noise = rng.standard_normal(610)
    Y = X @ np.array([0.1, 1.0, -0.5]) + np.convolve(noise, np.ones(5), "valid")[:600] * np.abs(X[:, 1])
    found = block_bootstrap(Y[:, None], X, 12, 2000, rng)[0]
    theirs = CircularBlockBootstrap(12, Y, X, seed=5)
    covariance = theirs.cov(lambda y, x: np.linalg.lstsq(x, y, rcond=None)[0], reps=1000)
    np.testing.assert_allclose(found, np.sqrt(np.diag(covariance)), rtol=0.15)
    classical = least_squares(Y[:, None], X).standard_error[0]
    assert found[1] > 1.3 * classical[1]


def test_bootstrap_errors_are_as_large_as_estimates_vary():
    """With independent normal errors, bootstrap and classical standard errors agree on average."""
    rng = np.random.default_rng(6)
    X = np.column_stack([np.ones(500), rng.standard_normal((500, 2))])
    Y = rng.standard_normal((500, 60))
    Y[:200, :20] = np.nan
    ratio = block_bootstrap(Y, X, 10, 200, rng) / least_squares(Y, X).standard_error
    np.testing.assert_allclose(ratio.mean(axis=0), 1.0, atol=0.06)
    np.testing.assert_allclose(ratio[:20].mean(), 1.0, atol=0.08)


def test_an_asset_of_few_blocks_has_finite_errors():
    rng = np.random.default_rng(7)
    X = np.column_stack([np.ones(400), rng.standard_normal((400, 2))])
    Y = rng.standard_normal((400, 2))
    Y[60:, 0] = np.nan
    found = block_bootstrap(Y, X, 20, 100, rng)
    assert np.isfinite(found).all()
    assert (found[0] > found[1]).all()
