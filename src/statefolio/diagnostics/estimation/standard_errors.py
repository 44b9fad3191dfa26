"""Estimates standard errors of least-squares loadings: Newey and West's, and by block bootstrap."""

import numpy as np

from statefolio._arrays.types import Array
from statefolio.diagnostics.blocks import block_scores, block_second_moments, block_starts
from statefolio.diagnostics.least_squares import LeastSquares, inverses

_ASSETS_AT_ONCE = 128


def newey_west_lags(count: int) -> int:
    """Number of autocovariances: 4 (T / 100)^(2/9), Newey and West (1994)."""
    return int(4.0 * (count / 100.0) ** (2.0 / 9.0))


def newey_west_errors(fit: LeastSquares, regressors: Array) -> Array:
    """Standard errors (N, K) of least-squares loadings, robust to autocorrelation and changing variance.

    (X'X)^-1 S (X'X)^-1 T / (T - K), where S is the Bartlett-weighted sum of the autocovariances of x e over the
    dates an asset was observed, from statsmodels. Newey and West (1987), Econometrica 55.
    """
    from statsmodels.stats.sandwich_covariance import S_hac_simple

    errors = np.empty(fit.loadings.shape)
    known = ~np.isnan(fit.residuals)
    states = regressors.shape[1]
    for place, (inverse, count) in enumerate(zip(fit.inverse, fit.count, strict=True)):
        rows = known[:, place]
        scores = regressors[rows] * fit.residuals[rows, place][:, None]
        middle = S_hac_simple(scores, nlags=newey_west_lags(int(count)))
        variance = np.diagonal(inverse @ middle @ inverse) * count / (count - states)
        errors[place] = np.sqrt(np.maximum(variance, 0.0))
    return errors


def block_bootstrap(
    returns: Array, regressors: Array, block_length: int, replications: int, rng: np.random.Generator
) -> Array:
    """Standard errors (N, K) of loadings from blocks of dates drawn with replacement, for all assets together.

    Blocks do not overlap (Carlstein 1986, Annals of Statistics 14): their moments are summed once and a draw is a
    product of matrices. A draw with fewer than three returns per loading of an asset is left out for that asset.

    Parameters
    ----------
    returns, regressors : (T, N) and (T, K) array
        Returns are NaN where not observed.
    block_length, replications : int
        Dates in a block, and draws.
    """
    starts = block_starts(len(returns), block_length)
    blocks, states = len(starts), regressors.shape[1]
    drawn = rng.integers(0, blocks, (replications, blocks))
    weights = np.zeros((replications, blocks))
    np.add.at(weights, (np.arange(replications)[:, None], drawn), 1.0)
    right = block_scores(returns, regressors, starts).reshape(blocks, -1)
    moments = (weights @ right).reshape(replications, -1, states)
    known = ~np.isnan(returns)
    errors = np.empty((returns.shape[1], states))
    whole = known.all(axis=0)
    if whole.any():
        squares = np.tensordot(weights, block_second_moments(regressors, np.ones((len(returns), 1)), starts), 1)
        errors[whole] = _spread(squares, moments[:, whole])
    for group in np.array_split(np.flatnonzero(~whole), -(-np.count_nonzero(~whole) // _ASSETS_AT_ONCE) or 1):
        squares = np.tensordot(weights, block_second_moments(regressors, known[:, group].astype(float), starts), 1)
        errors[group] = _spread(squares, moments[:, group])
    return errors


def _spread(squares: Array, moments: Array) -> Array:
    """Standard deviation of (X'X)^-1 X'r over the draws with enough returns, (N, K)."""
    states = moments.shape[2]
    enough = squares[:, :, 0, 0] >= 3 * states
    inverse = inverses(np.where(enough[:, :, None, None], squares, np.eye(states)))
    loadings = (inverse @ moments[..., None])[..., 0]
    used = enough[:, :, None] & ~np.isnan(loadings)
    count = used.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(used, loadings, 0.0).sum(axis=0) / count
        squared = np.where(used, (loadings - mean) ** 2, 0.0).sum(axis=0)
        spread: Array = np.where(count > 1, np.sqrt(squared / (count - 1)), np.nan)
    return spread
