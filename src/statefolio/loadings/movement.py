"""Measures how far a loading has moved: a range of its settled values."""

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array

SETTLED = 2.0
"""A loading counts as settled on dates where its standard error is at most this many times its median."""
RANGE = (5.0, 95.0)
"""Percentiles between which a loading has moved."""


def settled(standard_error: Array) -> NDArray[np.bool_]:
    """Return on which dates each loading has settled (dates along the first axis)."""
    ordered = np.sort(np.where(np.isfinite(standard_error), standard_error, np.nan), axis=0)  # NaN is sorted last
    count = np.isfinite(ordered).sum(axis=0, keepdims=True)
    below, above = (np.take_along_axis(ordered, place, axis=0) for place in (np.maximum(count - 1, 0) // 2, count // 2))
    return np.asarray(standard_error <= SETTLED * np.where(count > 0, (below + above) / 2, np.nan))


def movement(mean: Array, standard_error: Array) -> Array:
    """Return the 95th less the 5th percentile of each loading (T, K) over its settled dates; NaN if it never settled.

    >>> import numpy as np
    >>> path = np.linspace(0.0, 1.0, 101)[:, None]
    >>> print(movement(path, np.ones((101, 1))).round(2))
    [0.9]
    """
    where = settled(standard_error)
    some = where.any(axis=0)
    moved = np.full(mean.shape[1], np.nan)
    if some.any():
        inside = np.where(where[:, some], mean[:, some], np.nan)
        low, high = np.nanpercentile(inside, RANGE, axis=0)
        moved[some] = high - low
    return moved
