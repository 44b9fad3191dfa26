import numpy as np
import pytest
import statsmodels.api as sm

from statefolio.diagnostics.blocks import block_starts
from statefolio.diagnostics.least_squares import inverses, least_squares
from statefolio.diagnostics.specification.jackknife import jackknife_residuals


@pytest.fixture
def panel(returns, factors):
    kept = returns.drop(columns=["A3", "A4"]).to_numpy()
    return kept, np.column_stack([np.ones(len(kept)), factors.to_numpy()])


def test_against_statsmodels_asset_by_asset(panel):
    Y, X = panel
    fit = least_squares(Y, X)
    for i in (0, 1, 2, 20):
        rows = ~np.isnan(Y[:, i])
        theirs = sm.OLS(Y[rows, i], X[rows]).fit()
        np.testing.assert_allclose(fit.loadings[i], theirs.params, rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(fit.standard_error[i], theirs.bse, rtol=1e-10)
        np.testing.assert_allclose(fit.residuals[rows, i], theirs.resid, rtol=1e-9, atol=1e-15)
        assert np.isnan(fit.residuals[~rows, i]).all()
        assert fit.count[i] == rows.sum()


def test_singular_matrices_are_nan_and_affect_no_other():
    whole = np.array([[2.0, 1.0], [1.0, 3.0]])
    found = inverses(np.stack([whole, np.ones((2, 2)), np.zeros((2, 2)), 1e-12 * whole]))
    np.testing.assert_allclose(found[0], np.linalg.inv(whole))
    np.testing.assert_allclose(found[3], np.linalg.inv(1e-12 * whole))
    assert np.isnan(found[1:3]).all()


def test_jackknife_residuals_are_those_of_fits_without_the_block(panel):
    Y, X = panel
    starts = block_starts(len(Y), 25)
    found = jackknife_residuals(least_squares(Y, X), X, starts)
    whole = Y.copy()
    whole[np.isnan(whole)] = 0.003
    without_gaps = jackknife_residuals(least_squares(whole, X), X, starts)
    for data, residuals in ((Y, found), (whole, without_gaps)):
        for i in (0, 1, 5):
            for start in starts:
                block = np.arange(start, min(start + 25, len(Y)))
                others = np.setdiff1d(np.flatnonzero(~np.isnan(data[:, i])), block)
                loadings = np.linalg.lstsq(X[others], data[others, i], rcond=None)[0]
                np.testing.assert_allclose(residuals[block, i], data[block, i] - X[block] @ loadings, atol=1e-13)
