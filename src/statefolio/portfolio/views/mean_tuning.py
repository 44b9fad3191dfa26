"""How much means move: signal-to-noise and persistence of the filter of `ratio_filter.py`, from the data."""

from typing import NamedTuple

import numpy as np

from statefolio._arrays import Array
from statefolio.portfolio.views.ratio_filter import stationary

HALF_LIVES = (5.0, 10.0, 21.0, 42.0, 69.0, 126.0, 252.0, 504.0, 1260.0)
_GRID = 21
_LEAST, _MOST = 1e-6, 0.3
_PASSES = 4


class Tuned(NamedTuple):
    """phi and the stationary variance of the mean over the noise's, by asset (N,)."""

    phi: Array
    spread: Array


def tune_means(returns: Array, level: Array, phi: float | None, pooled: bool) -> Tuned:
    """Maximise the likelihood over the spread s (and phi, where it is None), for all assets together or for each.

    Assets count as independent given the parameters: pooled, this is a composite likelihood (Varin, Reid and Firth
    2011, Statistica Sinica 21), whose maximum is consistent whatever the returns' correlation. s = 0, a mean that is
    known and stands still, is always among those tried: in daily returns it is often the maximum.

    Parameters
    ----------
    returns : (T, N) array
    level : (N,) array
        What means revert to.
    phi : float or None
        None: the best of those with the half-lives of `HALF_LIVES`.
    pooled : bool
    """
    tried = [phi] if phi is not None else [0.5 ** (1.0 / dates) for dates in HALF_LIVES]
    best, chosen, spread = None, np.empty(0), np.empty(0)
    for persistence in tried:
        s, score = _best_spread(returns, level, persistence, pooled)
        if best is None:
            best, chosen, spread = score, np.full(s.shape, persistence), s
            continue
        better = score < best
        best, spread = np.where(better, score, best), np.where(better, s, spread)
        chosen = np.where(better, persistence, chosen)
    return Tuned(chosen, spread)


def prior_spread(returns: Array, level: Array) -> float:
    """Variance of assets' means around `level` over the noise's, by the moments of their averages, at least zero.

    An average of n returns has variance h (s + 1/n), so that s is the mean of (average - level)^2 / h - 1/n: the
    empirical Bayes estimate of James and Stein's shrinkage (Efron and Morris 1973, JASA 68; DerSimonian and Laird 1986
    for unequal n). Correlation between assets leaves it unbiased, and less precise.
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


def _best_spread(returns: Array, level: Array, phi: float, pooled: bool) -> tuple[Array, Array]:
    """Spread (N,) and score (N,): a grid in logarithms, refined around its best."""
    assets = returns.shape[1]
    low, high = np.full(assets, np.log(_LEAST)), np.full(assets, np.log(_MOST))
    zero = stationary(level[None, :], np.array(phi), np.zeros((1, assets))).scores(returns)
    zero = _together(zero, pooled)[0]
    for _ in range(_PASSES):
        grid = np.linspace(low, high, _GRID)
        score = _together(stationary(level[None, :], np.array(phi), np.exp(grid)).scores(returns), pooled)
        at = score.argmin(axis=0)
        columns = np.arange(assets)
        low, high = grid[np.maximum(at - 1, 0), columns], grid[np.minimum(at + 1, _GRID - 1), columns]
    found = score[at, columns]
    still = zero <= found
    return np.where(still, 0.0, np.exp(grid[at, columns])), np.where(still, zero, found)


def _together(score: Array, pooled: bool) -> Array:
    return np.broadcast_to(score.sum(axis=1, keepdims=True), score.shape) if pooled else score
