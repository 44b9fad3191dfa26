"""The start that a panel's assets suggest for one that tuning has not seen: empirical Bayes.

An asset listed after tuning has loadings like those of the others. It starts from a normal distribution, independent by
loading: the median of the others' constant loadings by least squares, and `WIDTH` times the deviation of these loadings
about it beyond their sampling errors, or half their sampling error where that is more. The factor makes room for an
asset unlike the others, and costs little. Alpha has mean zero, and no such factor: the alphas that last are small.
"""

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.ordinary_least_squares import OLSFit
from statefolio.kalman.specification import DISCOUNT, Floats

WIDTH = 3.0
"""Standard deviations of the start, in deviations between the assets of the panel."""

LEAST_ASSETS = 8
"""Assets from which on a panel suggests a start."""

_LEAST_ERROR, _LEAST_HISTORY = 0.5, 0.5


def suggest_start(ols: OLSFit, constant: NDArray[np.bool_]) -> Floats | None:
    """Return means and standard deviations of the first loadings, (2, K); None where too few assets suggest any.

    Parameters
    ----------
    ols : OLSFit
        Constant loadings; those of an asset count from half of the longest history on.
    constant : (K,) array
        The loading on a constant, whose mean is zero.
    """
    known = np.isfinite(ols.variance).all(axis=0)
    if not known.any():
        return None
    known &= ols.observations >= _LEAST_HISTORY * ols.observations[known].max()
    if np.count_nonzero(known) < LEAST_ASSETS:
        return None
    loadings, errors = ols.mean[:, known], np.mean(ols.variance[:, known], axis=1)
    mean = np.where(constant, 0.0, np.median(loadings, axis=1))
    between = np.mean((loadings - mean[:, None]) ** 2, axis=1) - errors
    deviation = np.sqrt(np.maximum(between, _LEAST_ERROR**2 * errors))
    return np.stack([mean, np.where(constant, 1.0, WIDTH) * deviation])


def start_of(origin: Floats, noise: int, level: Floats) -> tuple[Floats, Floats]:
    """Return means (N, K) and covariances (N, K, K) of starts at `origin` (2, K), for assets with these levels (N,)."""
    mean, deviation = origin
    covariance = np.repeat(np.diag(deviation**2)[None], level.size, axis=0)
    if noise == DISCOUNT:  # in units of the level
        covariance /= level[:, None, None]
    return np.repeat(mean[None], level.size, axis=0), covariance
