"""Computes out-of-block residuals: each block of dates at the loadings that the other dates give."""

import numpy as np

from statefolio._arrays.types import Array
from statefolio.diagnostics.blocks import Starts, block_lengths, block_scores, block_second_moments
from statefolio.diagnostics.least_squares import LeastSquares, inverses


def jackknife_residuals(fit: LeastSquares, regressors: Array, starts: Starts) -> Array:
    """Residuals (T, N) on the dates of each block B at the loadings b_(-B) of an asset's other dates, r - X b_(-B).

    Least-squares residuals are too small where a block influences the fit, most in volatile times, and bootstrap
    residuals would be too. With G = X'X over all dates, G_B the same over the block and g_B = X'e over the block,
    b - b_(-B) = (G - G_B)^-1 g_B. Bell and McCaffrey (2002), Survey Methodology 28, introduce this correction. Where a
    block holds all dates of an asset, its residuals are not changed.
    """
    scores = block_scores(fit.residuals, regressors, starts)
    known = ~np.isnan(fit.residuals)
    whole = known.all(axis=0)
    moved = np.empty(scores.shape)
    for columns, shown in ((whole, np.ones((len(known), 1))), (~whole, known[:, ~whole].astype(float))):
        if not columns.any():
            continue
        parts = block_second_moments(regressors, shown, starts)
        others = inverses(parts.sum(axis=0) - parts)
        moved[:, columns] = (np.nan_to_num(others) @ scores[:, columns, :, None])[..., 0]
    residuals = fit.residuals.copy()
    for place, column in enumerate(regressors.T):
        residuals += column[:, None] * np.repeat(moved[:, :, place], block_lengths(starts, len(residuals)), axis=0)
    return residuals
