"""What a return's noise was like around its date, for tests that look at all dates.

    sigma_t^2 = sum over s != t of memory^|s - t| min(e_s^2, 9 s^2_s) / sum of memory^|s - t|

with e the residuals of constant loadings and s^2 the same in a first pass; their mean square counts as one more date,
and sigma^2 is a twenty-fifth of it at least. The date's own residual is left out, so that given the others' sizes its
sign is still even, and sums of x_t e_t / sigma_t^2 keep a mean of zero and the variance that they show.
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
        Weight of a date beside that of the one nearer by a day.
    """
    square = np.nan_to_num(residuals**2)
    seen = np.isfinite(residuals).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = square.sum(axis=0) / seen.sum(axis=0)
    first = _around(np.minimum(square, CAP * mean), seen, mean, memory)
    return _around(np.minimum(square, CAP * first), seen, mean, memory)


def _around(square: Array, seen: Array, mean: Array, memory: float) -> Array:
    """Weighted means of what lies on both sides, with a date of the mean itself so that none is empty."""
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
