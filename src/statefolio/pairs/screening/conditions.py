"""Computes condition numbers of the prices of many baskets: how much their assets are alike.

Prices are centred and scaled to one length, on the dates with all prices of the basket. Of a pair with correlation r
the condition number is sqrt((1 + |r|) / (1 - |r|)).
"""

import numpy as np

from statefolio._arrays.types import Array
from statefolio.pairs.screening.baskets import Members

_AT_ONCE = 256


def condition_numbers(prices: Array, members: Members) -> Array:
    """Return the condition number (M,) of each basket; infinite for constant prices, NaN without two dates.

    Parameters
    ----------
    prices : (T, N) array
        NaN where there is no price.
    members : (M, k) array of int
        Columns of each basket.
    """
    found = np.full(len(members), np.nan)
    whole = np.logical_and.reduce(np.isfinite(prices), axis=0)
    correlation = _correlations(prices[:, whole, None].swapaxes(1, 2))[0]
    place = np.cumsum(whole) - 1
    complete = whole[members].all(axis=1)
    own = place[members[complete]]
    found[complete] = _conditions(correlation[own[:, :, None], own[:, None, :]])
    rows = np.flatnonzero(~complete)
    for first in range(0, len(rows), _AT_ONCE):
        here = rows[first : first + _AT_ONCE]
        found[here] = _conditions(_correlations(prices[:, members[here]]))
    return found


def _correlations(prices: Array) -> Array:
    """Return the correlations (M, k, k) of prices (T, M, k), on the dates with all k."""
    known = np.isfinite(prices).all(axis=2, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(known, prices, 0.0).sum(axis=0) / known.sum(axis=0)
        away = np.where(known, prices - mean, 0.0)
        away /= np.sqrt((away * away).sum(axis=0))
    x = away.transpose(1, 0, 2)
    found: Array = x.swapaxes(1, 2) @ x
    return found


def _conditions(correlation: Array) -> Array:
    """Return the condition numbers of the prices with correlations (M, k, k)."""
    known = np.logical_and.reduce(np.isfinite(correlation), axis=(1, 2), keepdims=True)
    roots = np.linalg.eigvalsh(np.where(known, correlation, np.eye(correlation.shape[1])))
    with np.errstate(divide="ignore"):
        found: Array = np.sqrt(roots[:, -1] / np.maximum(roots[:, 0], 0.0))
    return np.where(known[:, 0, 0], found, np.nan)
