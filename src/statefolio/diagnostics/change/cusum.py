"""Tests cumulative sums of standardised innovations and of their squares for drift and for changing variance.

    W_t = (z_1 + ... + z_t) / s             leaves +-a (sqrt n + 2 t / sqrt n) with probability
                                            2 (1 - Phi(3a) + exp(-4 a^2) Phi(a))
    U_t = sum to t of (u - mean u) / d      u = min(z^2, 9); max |U| / sqrt n is Kolmogorov's

where s and d are the standard deviations of z and u (Brown, Durbin and Evans 1975, Journal of the Royal Statistical
Society B 37). Squares are scaled by their estimated variance, so that tails may be fat (Deng and Perron 2008, Journal
of Econometrics 142). Sums are observed in discrete time: .5826 is added to the largest (Siegmund 1985, Sequential
Analysis).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import kolmogorov, ndtr

from statefolio._arrays.types import Array

CAP = 9.0
_BETWEEN_DATES = 0.5826


class Cusum(NamedTuple):
    """Paths of cumulative sums by asset, and tests of their largest deviation."""

    path: Array  # (T, N) W or U, NaN before an asset's first innovation
    statistic: Array  # (N,) largest a, or largest |U| / sqrt n
    p_value: Array  # (N,)
    worst: NDArray[np.intp]  # (N,) row of the largest deviation
    innovations: Array  # (N,) n


def cusum(z: Array) -> Cusum:
    """Cumulative sums of standardised innovations z (T, N), NaN where there is none."""
    count = np.isfinite(z).sum(axis=0).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(z, axis=0) / count
        s = np.sqrt(np.nansum((z - mean) ** 2, axis=0) / (count - 1.0))
        path = _cumulated(z / s)
        far = (np.abs(path) + _BETWEEN_DATES) / boundary(z, 1.0)
    statistic, worst = _furthest(far)
    return Cusum(path, statistic, crossing_probability(statistic), worst, count)


def cusum_of_squares(z: Array) -> Cusum:
    """Cumulative sums of squared innovations z (T, N), capped at 9, less their mean."""
    u = np.minimum(z**2, CAP)
    count = np.isfinite(u).sum(axis=0).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(u, axis=0) / count
        d = np.sqrt(np.nansum((u - mean) ** 2, axis=0) / count)
        path = _cumulated((u - mean) / d)
        far = (np.abs(path) + _BETWEEN_DATES) / np.sqrt(count)
    statistic, worst = _furthest(far)
    return Cusum(path, statistic, np.where(np.isfinite(statistic), kolmogorov(statistic), np.nan), worst, count)


def boundary(z: Array, a: float) -> Array:
    """The line a (sqrt n + 2 t / sqrt n), (T, N), where t counts an asset's innovations."""
    seen = np.isfinite(z)
    t, n = np.cumsum(seen, axis=0), seen.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        line: Array = a * (np.sqrt(n) + 2.0 * t / np.sqrt(n))
    return line


def crossing_probability(a: Array | float) -> Array:
    """Probability that Brownian motion leaves +-a (sqrt n + 2 t / sqrt n) by t = n."""
    a = np.asarray(a, dtype=float)
    return np.asarray(np.minimum(2.0 * (ndtr(-3.0 * a) + np.exp(-4.0 * a * a) * ndtr(a)), 1.0))


def crossing_level(probability: float) -> float:
    """Return the a that is crossed with this probability."""
    from scipy.optimize import brentq

    return float(brentq(lambda a: float(crossing_probability(a)) - probability, 0.2, 6.0))


def _cumulated(values: Array) -> Array:
    path = np.cumsum(np.nan_to_num(values), axis=0)
    begun = np.maximum.accumulate(np.isfinite(values), axis=0)
    return np.where(begun, path, np.nan)


def _furthest(far: Array) -> tuple[Array, NDArray[np.intp]]:
    known = np.where(np.isfinite(far), far, -1.0)
    worst = np.argmax(known, axis=0)
    statistic = known[worst, np.arange(far.shape[1])]
    return np.where(statistic > 0.0, statistic, np.nan), worst
