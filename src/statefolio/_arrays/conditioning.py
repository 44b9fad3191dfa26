"""Measures how collinear the columns of an array are."""

import numpy as np

from statefolio._arrays.types import Array

COLLINEAR = 1e7
"""Condition number above which columns count as collinear: rounding errors hide what tells coefficients apart."""

NEARLY_COLLINEAR = 1e4
"""Condition number above which coefficients are so uncertain that a warning says so."""

ZERO = 1e-14


def condition_number(columns: Array) -> float:
    """Return the largest singular value over the smallest of columns (T, K) scaled to length 1; infinite if it is zero.

    Of fewer rows than columns it is infinite.
    """
    if len(columns) < columns.shape[1]:
        return np.inf
    singular, _ = scaled_svd(columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(singular[0] / singular[-1])


def shown_condition(number: float) -> str:
    """Return a condition number as a phrase."""
    return "condition number infinite" if np.isinf(number) else f"condition number {number:.2g}"


def scaled_svd(columns: Array) -> tuple[Array, Array]:
    """Return singular values and right singular vectors (rows) of columns scaled to length 1.

    Singular values within rounding error of zero are set to zero.
    """
    size = np.abs(columns).max(axis=0)
    safe = columns / np.where(size > 0.0, size, 1.0)
    length = np.linalg.norm(safe, axis=0)
    _, singular, right = np.linalg.svd(safe / np.where(length > 0.0, length, 1.0), full_matrices=False)
    singular[singular <= ZERO * len(columns) * singular[0]] = 0.0
    return singular, right
