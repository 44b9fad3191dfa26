"""Estimates the signal-to-noise and persistence of the filter in `ratio_filter.py`."""

from typing import NamedTuple

import numpy as np

from statefolio._arrays.types import Array
from statefolio.portfolio.views.ratio_filter import stationary

HALF_LIVES = (5.0, 10.0, 21.0, 42.0, 69.0, 126.0, 252.0, 504.0, 1260.0)
_GRID = 21
_LEAST, _MOST = 1e-6, 0.3
_PASSES = 3


class Tuned(NamedTuple):
    """phi, and the stationary variance of the mean divided by that of the noise, by asset (N,)."""

    phi: Array
    spread: Array


def tune_means(returns: Array, level: Array, phi: float | None, pooled: bool) -> Tuned:
    """Maximise the likelihood over the spread s (and phi, if it is None), for all assets together or for each.

    Assets count as independent given the parameters: pooled, this is a composite likelihood (Varin, Reid and Firth
    2011, Statistica Sinica 21), whose maximum is consistent whatever the returns' correlation. s = 0, a constant and
    known mean, is always among the candidates: in daily returns it is often the maximum.

    Parameters
    ----------
    returns : (T, N) array
    level : (N,) array
        The level that means revert to.
    phi : float or None
        None: the best of those with the half-lives of `HALF_LIVES`.
    pooled : bool
    """
    tried = np.array([phi] if phi is not None else [0.5 ** (1.0 / dates) for dates in HALF_LIVES])
    spread, score = _best_spread(returns, level, tried, pooled)
    best = score.argmin(axis=0), np.arange(returns.shape[1])
    return Tuned(tried[best[0]], spread[best])


def prior_spread(returns: Array, level: Array) -> float:
    """Variance of assets' means around `level` divided by that of the noise, by the method of moments; at least 0.

    An average of n returns has variance h (s + 1/n), so that s is the mean of (average - level)^2 / h - 1/n: the
    empirical Bayes estimate of James and Stein's shrinkage (Efron and Morris 1973, JASA 68; DerSimonian and Laird 1986
    for unequal n). Correlation between assets makes it less precise, but not biased.
    """
    known = ~np.isnan(returns)
    count = known.sum(axis=0)
    used = count > 2
    if not used.any():
        return 0.0
    filled = np.where(known, returns, 0.0)[:, used]
    n = count[used]
    average = filled.sum(axis=0) / n
    variance = (np.where(known[:, used], returns[:, used] - average, 0.0) ** 2).sum(axis=0) / (n - 1)
    used_level = level[used]
    moved = np.where(variance > 0.0, (average - used_level) ** 2 / np.where(variance > 0.0, variance, 1.0) - 1.0 / n, 0)
    return float(max(moved.mean(), 0.0))


def _best_spread(returns: Array, level: Array, phi: Array, pooled: bool) -> tuple[Array, Array]:
    """Spread and score (P, N) for each phi (P,), on a logarithmic grid refined around its best point."""
    shape = (len(phi), returns.shape[1])

    def scored(spread: Array) -> Array:
        score = stationary(level, phi[None, :, None], spread).scores(returns)
        return np.broadcast_to(score.sum(axis=-1, keepdims=True), score.shape) if pooled else score

    low, high = np.full(shape, np.log(_LEAST)), np.full(shape, np.log(_MOST))
    for _ in range(_PASSES):
        grid = np.linspace(low, high, _GRID)
        score = scored(np.exp(grid))
        at = score.argmin(axis=0)[None]
        low = np.take_along_axis(grid, np.maximum(at - 1, 0), axis=0)[0]
        high = np.take_along_axis(grid, np.minimum(at + 1, _GRID - 1), axis=0)[0]
    found, spread = np.take_along_axis(score, at, axis=0)[0], np.exp(np.take_along_axis(grid, at, axis=0)[0])
    still = scored(np.zeros((1, *shape)))[0]
    return np.where(still <= found, 0.0, spread), np.minimum(still, found)
