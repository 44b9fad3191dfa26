"""Prepares the data of a diagnosis: a checked panel with least-squares loadings, without assets of too little data."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._estimator import clone
from statefolio._options import Kind, check
from statefolio._plausible.reading import read_panel
from statefolio.diagnostics.least_squares import LeastSquares, least_squares
from statefolio.diagnostics.variance_inflation import collinear_reason
from statefolio.exceptions import InputError, StatefolioWarning
from statefolio.loadings.base import LoadingsModel

FEWEST = 60
"""Least number of returns of an asset; it also needs three per loading."""
_EXACT = 1e-12
_MODEL = Kind(LoadingsModel, "a model of loadings", "KalmanLoadings()")


@dataclass(frozen=True, eq=False)
class FittedPanel:
    """Returns of the assets that are diagnosed, their regressors, and least squares over all dates.

    Attributes
    ----------
    returns : (T, N) array
        NaN where not observed; every date has at least one return.
    regressors : (T, K) array
        The first is the constant.
    dates, assets, factors : Index
        The constant is the factor "alpha".
    fit : LeastSquares
        Least squares of each asset on its own dates.
    excluded : DataFrame
        Index asset, column reason.
    """

    returns: Array
    regressors: Array
    dates: pd.DatetimeIndex
    assets: pd.Index
    factors: pd.Index
    fit: LeastSquares
    excluded: pd.DataFrame


def fit_panel(returns: Any, factors: Any) -> FittedPanel:
    """Check two DataFrames, regress each asset on a constant and the factors, and drop assets with too little data.

    Raises
    ------
    InputError
        If no asset remains, or the data are invalid.
    """
    panel = read_panel(returns, factors, intercept=True)
    rows = np.flatnonzero(~np.isnan(panel.returns).all(axis=1))
    values, regressors = panel.returns[rows], panel.regressors[rows]
    fit = least_squares(values, regressors)
    reasons = _reasons(values, regressors, fit, max(FEWEST, 3 * regressors.shape[1]))
    kept = reasons == ""
    if not kept.any():
        raise InputError(
            f"returns must have at least one asset that can be diagnosed with {regressors.shape[1]} loadings, got "
            f"{len(kept)} that cannot (first: {panel.assets[0]!r}, {reasons[0]}). Pass more dates or fewer factors."
        )
    excluded = pd.DataFrame({"reason": reasons[~kept]}, index=panel.assets[~kept].rename("asset"))
    warn_of_excluded(excluded)
    return FittedPanel(
        values[:, kept], regressors, panel.dates[rows], panel.assets[kept], panel.factors, _select(fit, kept), excluded
    )


def _reasons(values: Array, regressors: Array, fit: LeastSquares, needed: int) -> Any:
    """Return the reason to exclude each asset; empty where it is kept."""
    with np.errstate(invalid="ignore"):
        still = np.fmax.reduce(values, axis=0) <= np.fmin.reduce(values, axis=0)
        exact = fit.variance <= _EXACT * np.nanvar(np.where(fit.count > 0, values, 0.0), axis=0)
    short = np.array([f"{n} returns, fewer than the {needed} needed" for n in fit.count], dtype=object)
    conditions = [fit.count < needed, still, np.isnan(fit.inverse).any(axis=(1, 2)), exact]
    found = ["returns do not vary", collinear_reason(regressors), "the factors explain it exactly"]
    return np.select(conditions, [short, *(np.full(len(short), text, dtype=object) for text in found)], default="")


def warn_of_excluded(excluded: pd.DataFrame) -> None:
    """Warn by name of the assets that a diagnosis leaves out, with the reasons."""
    if not len(excluded):
        return
    named = [f"{asset!r} ({reason})" for asset, reason in excluded["reason"].items()]
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    warnings.warn(
        f"returns should allow a diagnosis of every asset, got {len(named)} that are left out: {', '.join(named[:3])}"
        f"{more}. `excluded` has all reasons. Pass more dates, or drop these assets.",
        StatefolioWarning,
        stacklevel=4,
    )


def _select(fit: LeastSquares, kept: Any) -> LeastSquares:
    return LeastSquares(
        fit.loadings[kept], fit.residuals[:, kept], fit.inverse[kept], fit.count[kept], fit.variance[kept]
    )


def ensure_fitted(model: LoadingsModel, returns: Any, factors: Any) -> LoadingsModel:
    """Return the model if it is fitted, else a fitted clone."""
    check("model", model, _MODEL)
    if model.__sklearn_is_fitted__():
        return model
    found: LoadingsModel = clone(model).fit(returns, factors)
    return found
