"""Checks the arrays of a low-rank covariance and factorises the factor covariance."""

import numpy as np
import numpy.typing as npt

from statefolio._arrays.types import Array
from statefolio.exceptions import InputError

_TOLERANCE = 1e-10
_MOST_UNEQUAL = 1e7


def finite_array(values: npt.ArrayLike, name: str) -> Array:
    """Return a read-only copy of finite values."""
    array = np.array(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise InputError(
            f"{name} must be finite, got {np.count_nonzero(~np.isfinite(array))} values that are NaN or infinite. "
            "Leave out the assets or factors they belong to."
        )
    array.flags.writeable = False
    return array


def factor_root(covariance: Array) -> Array:
    """Return L with L L' = covariance, one column per positive eigenvalue.

    Raises
    ------
    InputError
        If the matrix is not symmetric or has a negative eigenvalue.
    """
    scale = _scale(np.diag(covariance))
    covariance = covariance / np.outer(scale, scale)
    largest = float(np.abs(covariance).max(initial=0.0))
    if not np.allclose(covariance, covariance.T, rtol=0.0, atol=_TOLERANCE * largest):
        raise InputError("factor_covariance must be symmetric, got one that is not symmetric. Check how it was made.")
    values, vectors = np.linalg.eigh(0.5 * (covariance + covariance.T))
    if len(values) and values[0] < -_TOLERANCE * max(largest, values[-1]):
        raise InputError(
            f"factor_covariance must be positive semidefinite, got a negative eigenvalue ({values[0]:g}). Check how it "
            "was made, e.g. whether correlations were estimated pair by pair."
        )
    kept = values > np.finfo(np.float64).eps * len(values) * values[-1] if len(values) else values > 0.0
    root: Array = vectors[:, kept] * np.sqrt(values[kept])
    return root * scale[:, None]


def _scale(variance: Array) -> Array:
    """Standard deviations as powers of two where variances differ so much that rounding of one would drown another."""
    positive = variance[variance > 0.0]
    if not len(positive) or positive.max() <= _MOST_UNEQUAL * positive.min():
        return np.ones(len(variance))
    return np.exp2(np.round(0.5 * np.log2(np.where(variance > 0.0, variance, 1.0))))
