"""Learns how much of the forecast alphas is realised, for longs and shorts apart, from past dates alone."""

from dataclasses import dataclass

import numpy as np

from statefolio._arrays.types import Array
from statefolio.portfolio.views.alpha_sources import AlphaPaths

PRIOR_DEVIATION = 0.5
PRIOR_CORRELATION = 0.5
LEAST_DATES = 252
_MOST_SURPRISE = 5.0


@dataclass(frozen=True, eq=False)
class SideScales:
    """Posterior of the scales (long, short), and the number of dates behind it.

    Attributes
    ----------
    mean : (2,) array
    covariance : (2, 2) array
    dates : int
    """

    mean: Array
    covariance: Array
    dates: int


def side_sums(paths: AlphaPaths) -> Array:
    """Return each date's weighted squares and products by side, (T, 4): x'W x long, short, and x'W r long, short.

    x is the forecast alpha on its side, r the realised return within five standard deviations of it, W the inverse
    variances.
    """
    return weighted_sums(paths.mean, paths)


def weighted_sums(alphas: Array, paths: AlphaPaths) -> Array:
    """Return the sums of `side_sums` for the alphas (T, N) of other dates."""
    deviation = np.sqrt(paths.noise)
    error = np.clip(paths.realised - paths.mean, -_MOST_SURPRISE * deviation, _MOST_SURPRISE * deviation)
    seen = np.isfinite(error) & np.isfinite(alphas) & (paths.noise > 0.0)
    x = np.where(seen, alphas, 0.0)
    r = np.where(seen, paths.mean + error, 0.0)
    w = np.where(seen, 1.0 / np.where(seen, paths.noise, 1.0), 0.0)
    sides = [np.maximum(x, 0.0), np.minimum(x, 0.0)]
    return np.column_stack(
        [(w * side * side).sum(axis=1) for side in sides] + [(w * side * r).sum(axis=1) for side in sides]
    )


def side_scales(sums: Array) -> SideScales:
    """Regress realised returns on forecast alphas by side, pooled by a prior.

        r_it = k_long max(a_it, 0) + k_short min(a_it, 0) + e_it        k ~ N(1, D^2 [[1, c], [c, 1]]),  D = c = 1/2

    Least squares weighted by inverse variances, with the covariance V of the slopes clustered by date, as residuals of
    one date move together (Liang and Zeger 1986, Biometrika 73). The posterior of k counts V as known. With less than
    a year of dates it is the prior; a side that no alpha was on learns from the other one through the prior.

    Parameters
    ----------
    sums : (T, 4) array
        Of `side_sums`, any number of dates.
    """
    used = sums[(sums[:, :2] > 0.0).any(axis=1)]
    prior = PRIOR_DEVIATION**2 * np.array([[1.0, PRIOR_CORRELATION], [PRIOR_CORRELATION, 1.0]])
    squares, products = used[:, :2], used[:, 2:]
    on = np.flatnonzero(squares.sum(axis=0) > 0.0)
    if len(used) < LEAST_DATES or not len(on):
        return SideScales(np.ones(2), prior, len(used))
    total = squares[:, on].sum(axis=0)
    slope = products[:, on].sum(axis=0) / total
    scores = (products[:, on] - squares[:, on] * slope) / total
    covariance = scores.T @ scores + prior[np.ix_(on, on)]
    gain = np.linalg.solve(covariance, prior[on]).T
    return SideScales(np.ones(2) + gain @ (slope - 1.0), prior - gain @ prior[on], len(used))
