"""Estimates the volatility of residuals around each date, from dates on both sides.

    sigma_t^2 = sum over s != t of memory^|s - t| min(e_s^2, 9 s^2_s) / sum of memory^|s - t|

where e are residuals of constant loadings and s^2 is the same estimate in a first pass. The mean squared residual
counts as one more date, and sigma^2 is at least 4 % of it. The date's own residual is left out: given sigma its sign
is then still even, and sums of x_t e_t / sigma_t^2 have mean zero.
"""

import numpy as np

from statefolio._arrays.types import Array

MEMORY = 0.97
CAP = 9.0
FLOOR = 0.04  # of an asset's mean square residual


def local_variance(residuals: Array, memory: float = MEMORY) -> Array:
    """Variance around each date, (T, N), from residuals (T, N); positive, NaN for an asset without any.

    Parameters
    ----------
    residuals : (T, N) array
        NaN where nothing was observed.
    memory : float
        Ratio of the weight of a date to that of the date one closer.
    """
    square = np.nan_to_num(residuals**2)
    seen = np.isfinite(residuals).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = square.sum(axis=0) / seen.sum(axis=0)
    first = _around(np.minimum(square, CAP * mean), seen, mean, memory)
    return _around(np.minimum(square, CAP * first), seen, mean, memory)


def _around(square: Array, seen: Array, mean: Array, memory: float) -> Array:
    """Weighted means over the dates on both sides, with the mean as one more date so that none is empty."""
    total, weight = np.zeros_like(square), np.zeros_like(seen)
    for order in (slice(None), slice(None, None, -1)):
        values, known = square[order], seen[order]
        sums, counts = total[order], weight[order]
        value, count = np.zeros(square.shape[1]), np.zeros(square.shape[1])
        for t in range(len(values)):
            sums[t] += value
            counts[t] += count
            value = memory * (value + values[t])
            count = memory * (count + known[t])
    variance: Array = (total + mean) / (weight + 1.0)
    return np.maximum(variance, FLOOR * mean)
