"""Computes MacKinnon's p-values of many unit-root statistics at once, from the response surfaces in statsmodels."""

import numpy as np
from scipy.special import ndtr

from statefolio._arrays.types import Array

MOST_SERIES = 6
"""Largest number of series for which there is a response surface."""


def p_values(statistics: Array, series: int = 1) -> Array:
    """Return the probability, under a unit root, of statistics as low or lower; the regression has a constant.

    Parameters
    ----------
    statistics : array
        t-values of the level in an augmented Dickey-Fuller regression, or in the second step of Engle and Granger.
    series : int
        1 for an observed series; k for the residual of one series on k - 1 others. At most 6.

    Returns
    -------
    array
        NaN for a statistic that is NaN.

    References
    ----------
    MacKinnon (1994), Journal of Business and Economic Statistics 12.
    """
    from statsmodels.tsa import adfvalues

    at = series - 1
    found = np.asarray(statistics, dtype=float)
    inside = np.clip(found, adfvalues.tau_min_c[at], adfvalues.tau_max_c[at])
    small = ndtr(np.polyval(adfvalues.tau_c_smallp[at][::-1], inside))
    large = ndtr(np.polyval(adfvalues.tau_c_largep[at][::-1], inside))
    p = np.where(inside <= adfvalues.tau_star_c[at], small, large)
    p = np.where(found > adfvalues.tau_max_c[at], 1.0, np.where(found < adfvalues.tau_min_c[at], 0.0, p))
    return np.where(np.isnan(found), np.nan, p)
