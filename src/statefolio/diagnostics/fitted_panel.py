"""What is diagnosed: returns and factors that came through the door, and assets nothing can be asked of left out."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.base import clone

from statefolio._arrays.panel import make_panel
from statefolio._arrays.types import Array
from statefolio._options import is_number, is_whole
from statefolio.diagnostics.least_squares import LeastSquares, least_squares
from statefolio.exceptions import DataTypeError, InputError
from statefolio.loadings.base import LoadingsModel

FEWEST = 60
"""Returns an asset needs, beside three a loading."""
_EXACT = 1e-12


@dataclass(frozen=True, eq=False)
class FittedPanel:
    """Returns of the assets that are asked about, their regressors and least squares over all dates.

    Attributes
    ----------
    returns : (T, N) array
        NaN where not observed; every date has a return.
    regressors : (T, K) array
        The constant comes first.
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
    """Check two frames, regress each asset on a constant and the factors, and leave out whom nothing can be asked of.

    Raises
    ------
    InputError
        If no asset is left, or a frame cannot be used.
    """
    panel = make_panel(returns, factors, intercept=True)
    rows = np.flatnonzero(~np.isnan(panel.returns).all(axis=1))
    values, regressors = panel.returns[rows], panel.regressors[rows]
    fit = least_squares(values, regressors)
    reasons = _reasons(values, fit, max(FEWEST, 3 * regressors.shape[1]))
    kept = reasons == ""
    if not kept.any():
        raise InputError(
            f"returns has {len(kept)} assets and none that can be diagnosed with {regressors.shape[1]} loadings "
            f"(first: {panel.assets[0]!r}, {reasons[0]}); longer histories were expected. Pass more dates or fewer "
            "factors."
        )
    excluded = pd.DataFrame({"reason": reasons[~kept]}, index=panel.assets[~kept].rename("asset"))
    return FittedPanel(
        values[:, kept], regressors, panel.dates[rows], panel.assets[kept], panel.factors, _select(fit, kept), excluded
    )


def _reasons(values: Array, fit: LeastSquares, needed: int) -> Any:
    """Why each asset is left out; empty where it stays."""
    with np.errstate(invalid="ignore"):
        still = np.fmax.reduce(values, axis=0) <= np.fmin.reduce(values, axis=0)
        exact = fit.variance <= _EXACT * np.nanvar(np.where(fit.count > 0, values, 0.0), axis=0)
    short = np.array([f"{n} returns, fewer than the {needed} needed" for n in fit.count], dtype=object)
    conditions = [fit.count < needed, still, np.isnan(fit.inverse).any(axis=(1, 2)), exact]
    found = ["returns do not vary", "factors are collinear on its dates", "the factors explain it exactly"]
    return np.select(conditions, [short, *(np.full(len(short), text, dtype=object) for text in found)], default="")


def _select(fit: LeastSquares, kept: Any) -> LeastSquares:
    return LeastSquares(
        fit.loadings[kept], fit.residuals[:, kept], fit.inverse[kept], fit.count[kept], fit.variance[kept]
    )


def ensure_fitted(model: LoadingsModel, returns: Any, factors: Any) -> LoadingsModel:
    """The model itself where it has been fitted, else a clone of it fitted here."""
    if not isinstance(model, LoadingsModel):
        raise DataTypeError(
            f"model is a {type(model).__name__}; a model of loadings was expected. Pass e.g. KalmanLoadings()."
        )
    if model.__sklearn_is_fitted__():
        return model
    found: LoadingsModel = clone(model).fit(returns, factors)
    return found


def check_level(level: Any) -> float:
    """Check the share of sound models that a verdict may condemn."""
    if not is_number(level) or not 0.0 < level < 1.0:
        raise InputError(f"level={level!r}; a number between 0 and 1 was expected. Pass e.g. 0.05.")
    return float(level)


def check_count(value: Any, name: Literal["replications", "block_length", "window", "step", "seed"], least: int) -> int:
    """Check a whole number."""
    if not is_whole(value) or value < least:
        raise InputError(f"{name}={value!r}; a whole number of at least {least} was expected. Pass a larger one.")
    return int(value)
