"""Expected state variances of each asset given its data: a filter that takes them has honest bands.

With the gains g of a filter held, the mean squared error of its loadings moves with phi P phi + Q and
(I - g x') P (I - g x')' + g R g': it is linear in the state variances Q. Its average over a distribution of Q is that
of the mean of Q, and the gains that make it least are those of the Kalman filter with this mean. Where Q is uncertain,
the filter at the expected variances is thus the best linear one, and its covariance is its mean squared error, averaged
over every Q. A filter at the likelihood's maximum takes Q for known instead, and is certain of a loading where the
maximum is at zero.

The posterior of each signal-to-noise ratio s, with the others at their maximum, is integrated over

    z = log(1 + s/c)        c a moderate ratio (coordinates.py)

with a flat prior in z: even in s near zero, in its logarithm above c. Another factor, exponential in s, leaves little
to ratios whose loadings would forget in less than `LEAST_MEMORY` dates: it matters for short histories. Shrinkage adds
its normal prior. The log-likelihood and its exact score are evaluated at some points about the maximum, and are cubic
between them.
"""

import numpy as np

from statefolio.kalman.ordinary_least_squares import MODERATE_PARTS
from statefolio.kalman.specification import Floats

LEAST_MEMORY = 5.0
"""Dates of memory that an expected loading hardly goes below."""

_BELOW, _ABOVE = (2.5, 1.2, 0.5), (0.3, 0.8, 1.8, 3.5)
"""Distances in z, from the maximum, of the points beside it and zero."""

_PARTS = 24
"""Parts of the integral between two points."""


def points_about(mode: Floats) -> Floats:
    """Return the points (P, ...) of z at which a likelihood with a given mode (...) is evaluated, in their order."""
    below = [np.maximum(mode - step, 0.0) for step in _BELOW]
    return np.stack([np.zeros_like(mode), *below, mode, *(mode + step for step in _ABOVE)])


def prior_rate(observations: Floats) -> Floats:
    """Return the rate, in s/c, of the exponential prior for assets with this many observations.

    A moderate ratio has a memory of a fifth of the history, and the memory is proportional to 1/sqrt(s).
    """
    moderate = observations / MODERATE_PARTS
    with np.errstate(divide="ignore"):
        return np.asarray((LEAST_MEMORY / moderate) ** 2)


def expected_ratio(
    z: Floats, value: Floats, slope: Floats, rate: Floats, strength: float = 0.0, anchor: Floats | float = 0.0
) -> Floats:
    """Return the posterior mean of s/c = exp(z) - 1; NaN where the likelihood is no number.

    Parameters
    ----------
    z, value, slope : (P, ...) arrays
        Points in increasing order, the log-likelihood there and its derivative by z.
    rate : array (...)
        Rate of the exponential prior of s/c.
    strength, anchor : float, array (...)
        Precision of a normal prior of z, and its mean.
    """
    share = ((np.arange(_PARTS) + 0.5) / _PARTS).reshape(-1, *[1] * z.ndim)
    width = np.diff(z, axis=0)
    inside = z[:-1] + share * width
    prior = 0.5 * strength * (inside - anchor) ** 2 + rate * np.expm1(inside)
    with np.errstate(invalid="ignore"):  # of a likelihood that is no number
        log = _cubic(share, width, value, slope) - prior
        log = np.where(np.isfinite(log), log, -np.inf)
        weight = width * np.exp(log - log.max(axis=(0, 1)))
        return np.asarray((weight * np.expm1(inside)).sum(axis=(0, 1)) / weight.sum(axis=(0, 1)))


def _cubic(share: Floats, width: Floats, value: Floats, slope: Floats) -> Floats:
    """Return the cubics with given values and slopes at both ends of each interval, at shares of its width.

    A slope much steeper than the interval's is made less steep, as the cubic would overshoot (Fritsch and Carlson 1980,
    SIAM Journal on Numerical Analysis 17); it may rise by a quarter where both ends are equal, as about a maximum.
    """
    rest, steepest = 1.0 - share, 3.0 * np.abs(np.diff(value, axis=0)) + 1.0
    rise, end = (np.clip(width * part, -steepest, steepest) for part in (slope[:-1], slope[1:]))
    ends = rest**2 * (1.0 + 2.0 * share) * value[:-1] + share**2 * (1.0 + 2.0 * rest) * value[1:]
    return np.asarray(ends + share * rest * (rest * rise - share * end))
