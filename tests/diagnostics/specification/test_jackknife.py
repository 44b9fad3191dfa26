import numpy as np

from statefolio.diagnostics.blocks import block_starts
from statefolio.diagnostics.least_squares import least_squares
from statefolio.diagnostics.specification.jackknife import jackknife_residuals


def test_residuals_are_those_of_fits_without_their_block():
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(95), rng.standard_normal((95, 2))])
    Y = X @ rng.standard_normal((3, 4)) + rng.standard_normal((95, 4))
    Y[rng.random(Y.shape) < 0.1] = np.nan
    Y[:40, 1] = np.nan
    Y[:, 0] = X @ [0.1, 1.0, -1.0] + rng.standard_normal(95)
    starts = block_starts(95, 10)
    found = jackknife_residuals(least_squares(Y, X), X, starts)
    for asset, y in enumerate(Y.T):
        for start in starts:
            inside = (np.arange(95) >= start) & (np.arange(95) < start + 10)
            others = ~inside & ~np.isnan(y)
            b = np.linalg.lstsq(X[others], y[others], rcond=None)[0]
            np.testing.assert_allclose(found[inside, asset], y[inside] - X[inside] @ b, rtol=1e-9, atol=1e-12)


def test_an_asset_of_one_block_keeps_its_residuals():
    rng = np.random.default_rng(1)
    X = np.column_stack([np.ones(60), rng.standard_normal(60)])
    Y = rng.standard_normal((60, 2))
    Y[20:, 1] = np.nan
    fit = least_squares(Y, X)
    np.testing.assert_array_equal(jackknife_residuals(fit, X, block_starts(60, 20))[:, 1], fit.residuals[:, 1])
