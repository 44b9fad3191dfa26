"""Measures collinearity of factors: variance inflation, condition indices and Belsley's variance shares."""

import numpy as np
import pandas as pd

from statefolio._arrays.conditioning import ZERO, condition_number, scaled_svd
from statefolio._arrays.types import Array

_STILL = 1e-12


def variance_inflation(factors: Array) -> Array:
    """1 / (1 - R^2) of each factor on the constant and the others, (K,).

    The variance of a loading's least-squares estimate grows by this factor because of the other factors. It is
    infinite where they explain the factor exactly, or the factor does not vary.
    """
    still = np.ptp(factors, axis=0) <= _STILL * np.abs(factors).max(axis=0)
    centred = np.where(still, 0.0, factors - factors.mean(axis=0))
    singular, right = scaled_svd(centred)
    with np.errstate(divide="ignore", invalid="ignore"):
        inflation: Array = np.nansum(np.where(np.abs(right.T) > ZERO, right.T**2 / singular**2, 0.0), axis=1)
    inflation[still] = np.inf
    return inflation


def condition_indices(regressors: Array) -> tuple[Array, Array]:
    """Condition indices of regressors (T, K) and each one's share of each coefficient's variance.

    Columns, with the constant, are scaled to length 1 and not centred. An index is the largest singular value divided
    by another. Belsley, Kuh and Welsch (1980), Regression Diagnostics, section 3.2.

    Returns
    -------
    indices : (K,) array
        Increasing from 1; infinite where columns are exactly dependent.
    shares : (K, K) array
        One row per index, one column per coefficient; columns sum to 1.
    """
    singular, right = scaled_svd(regressors)
    with np.errstate(divide="ignore"):
        indices = singular[0] / singular
    least = max(float(singular[0]), np.finfo(float).tiny) * ZERO
    parts = (right / np.maximum(singular, least)[:, None]) ** 2
    shares: Array = parts / parts.sum(axis=0)
    return indices, shares


def collinear_reason(regressors: Array) -> str:
    """Return why loadings on these regressors are not determined, with the condition number over all dates."""
    return f"factors are collinear on its dates (condition number on all dates {condition_number(regressors):.2g})"


def through_time(
    factors: Array, dates: pd.DatetimeIndex, names: pd.Index, window: int, step: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Variance inflation and condition number (with the constant) over windows that end every `step` dates.

    Returns
    -------
    DataFrame, DataFrame
        By the last date of each window: variance inflation with one column per factor, and "condition_number".
    """
    ends = np.arange(len(factors), window - 1, -step)[::-1]
    rows = []
    for end in ends:
        x = factors[end - window : end]
        with_constant = np.column_stack([np.ones(window), x])
        rows.append([condition_number(with_constant), *variance_inflation(x)])
    index, values = dates[ends - 1].rename("date"), np.array(rows)
    return pd.DataFrame(values[:, 1:], index, names), pd.DataFrame(values[:, :1], index, ["condition_number"])
