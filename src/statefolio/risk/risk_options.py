"""The options of FactorRisk, checked and turned into what it works with."""

from copy import copy
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from statefolio._arrays.frames import read_labels
from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio._options import is_number, is_whole
from statefolio.exceptions import DataTypeError, InputError, NotFittedError
from statefolio.loadings.alignment import check_names
from statefolio.loadings.base import LoadingsModel
from statefolio.risk.factor_covariance import (
    ExponentialCovariance,
    FactorCovariance,
    FactorMean,
    GivenCovariance,
)
from statefolio.risk.factor_forecast import FactorForecast
from statefolio.risk.regime import RegimeCovariance
from statefolio.risk.residual import ResidualStructure
from statefolio.risk.residual_structure import NoStructure, ResidualFactors

_CHOICES: dict[str, tuple[tuple[str, ...], type]] = {
    "factor_covariance": (("ewma", "regime"), pd.DataFrame),
    "idiosyncratic": (("shrunk", "model"), pd.Series),
    "factor_mean": (("mean", "zero"), pd.Series),
}


def check_options(risk: Any) -> None:
    """Raise InputError or DataTypeError for the first option that cannot be used."""
    for name, (words, kind) in _CHOICES.items():
        value = getattr(risk, name)
        if not (isinstance(value, kind) or (isinstance(value, str) and value in words)):
            given = repr(value) if isinstance(value, str) else f"a {type(value).__name__}"
            raise InputError(f"{name} is {given}; {' or '.join(map(repr, words))}, or a {kind.__name__} was expected.")
    for name in ("volatility_half_life", "correlation_half_life"):
        value = getattr(risk, name)
        if not is_number(value) or not value > 0.0:
            raise InputError(f"{name}={value!r}; a positive number of dates was expected. Pass e.g. 40.")
    if isinstance(risk.factor_covariance, str) and risk.factor_covariance == "regime":
        _check_finite_half_lives(risk)
    shrinkage = risk.correlation_shrinkage
    if not is_number(shrinkage) or not 0.0 <= shrinkage <= 1.0:
        raise InputError(f"correlation_shrinkage={shrinkage!r}; a number from 0 to 1 was expected. Pass e.g. 0.05.")
    extra = risk.long_run_weight
    if not is_number(extra) or not 0.0 <= extra < np.inf:
        raise InputError(f"long_run_weight={extra!r}; a number, 0 or more, was expected. Pass e.g. 0.08.")
    least = risk.min_observations
    if least is not None and (not is_whole(least) or least < 1):
        raise InputError(f"min_observations={least!r}; a whole number above zero was expected. Pass e.g. 60.")
    _check_groups(risk.groups)
    if risk.loadings is not None and not isinstance(risk.loadings, LoadingsModel):
        raise DataTypeError(
            f"loadings is a {type(risk.loadings).__name__}; a model of loadings was expected, e.g. KalmanLoadings()."
        )


def _check_groups(groups: Any) -> None:
    if groups is None:
        return
    if not isinstance(groups, pd.Series):
        raise DataTypeError(f"groups is a {type(groups).__name__}; a Series by asset was expected. Label them.")
    if not groups.index.is_unique:
        again = groups.index[groups.index.duplicated()].unique()
        raise InputError(f"groups names {listed(list(again))} twice; each asset was expected once. Drop repeats.")


def _check_finite_half_lives(risk: Any) -> None:
    for name in ("volatility_half_life", "correlation_half_life"):
        if np.isinf(getattr(risk, name)):
            raise InputError(
                f"{name} is infinite; a finite one was expected, for the regime-adjusted estimator has no other. Pass "
                "a long one, or factor_covariance='ewma'."
            )


def start_structure(risk: Any) -> ResidualStructure:
    """What the options ask for as residual structure, unfitted."""
    asked = risk.residual_structure
    if asked is None:
        return NoStructure()
    if isinstance(asked, str):
        if asked != "factors":
            raise InputError(
                f"residual_structure={asked!r}; 'factors', None or an estimator such as SectorBlocks(sectors) was "
                "expected. Pass one of them."
            )
        return ResidualFactors()
    if isinstance(asked, type) or not all(hasattr(asked, name) for name in ("get_params", "fit")):
        kind = f"the class {asked.__name__}" if isinstance(asked, type) else f"a {type(asked).__name__}"
        raise DataTypeError(
            f"residual_structure is {kind}; 'factors', None or an estimator was expected. Pass e.g. "
            "SectorBlocks(sectors)."
        )
    structure: ResidualStructure = clone(asked)
    return structure


def start_forecast(risk: Any, factors: pd.Index) -> FactorForecast:
    """What the options ask for as mu and Omega, before the first date."""
    asked, mean = risk.factor_covariance, risk.factor_mean
    half_lives = (float(risk.volatility_half_life), float(risk.correlation_half_life))
    covariance: FactorCovariance
    if isinstance(asked, pd.DataFrame):
        covariance = GivenCovariance(_given_covariance(asked, factors))
    elif asked == "regime":
        covariance = RegimeCovariance.empty(*half_lives)
    else:
        covariance = ExponentialCovariance.empty(
            len(factors), half_lives, float(risk.correlation_shrinkage), float(risk.long_run_weight)
        )
    around_zero = isinstance(mean, str) and mean == "zero"
    given = np.zeros(len(factors)) if around_zero else None
    if isinstance(mean, pd.Series):
        check_names(mean.index, factors, "factor_mean")
        given = _numbers(mean, "factor_mean").loc[factors].to_numpy()
        if not np.isfinite(given).all():
            raise InputError("factor_mean has NaN or infinite values; finite numbers were expected. Fill them first.")
    return FactorForecast(factors, FactorMean(np.zeros(len(factors))), covariance, given, around_zero)


def prefit_model(model: LoadingsModel | None, returns: Any) -> LoadingsModel:
    """A copy of the model that came fitted: going on leaves the user's own as it is."""
    if model is None or not model.__sklearn_is_fitted__():
        raise NotFittedError("prefit=True came without a fitted model; one was expected as loadings. Fit it first.")
    dates, assets = read_labels(returns, "returns")
    odd = assets.symmetric_difference(model.assets_)
    if len(odd):
        raise InputError(
            f"returns and the fitted model differ in their assets ({listed(list(odd))}); those of the fit were "
            "expected. Pass the data it was fitted on."
        )
    if dates[-1] != model.last_date_:
        raise InputError(
            f"returns ends on {show(dates[-1])}; {show(model.last_date_)}, the last date the model has seen, was "
            "expected. Pass the data it was fitted on."
        )
    return copy(model)


def given_variance(given: Any, assets: pd.Index, learned: Array) -> Array:
    """Observation variances (N,): the model's, or those given."""
    if not isinstance(given, pd.Series):
        return learned
    absent = assets.difference(given.index, sort=False)
    if len(absent):
        raise InputError(
            f"idiosyncratic lacks {len(absent)} assets (first: {absent[0]!r}); a variance for each was expected. "
            "Name every one."
        )
    values: Array = _numbers(given, "idiosyncratic").loc[assets].to_numpy()
    bad = ~(values > 0.0) | np.isinf(values)
    if bad.any():
        raise InputError(
            f"idiosyncratic of {listed(list(assets[bad]))} is negative, zero or not finite; positive variances were "
            "expected. Correct them."
        )
    return values


def _given_covariance(given: pd.DataFrame, factors: pd.Index) -> Array:
    check_names(given.index, factors, "factor_covariance's index")
    check_names(given.columns, factors, "factor_covariance")
    if not given.columns.is_unique:
        raise InputError("factor_covariance has a name twice; each was expected once. Drop one.")
    values: Array = _numbers(given, "factor_covariance").loc[factors, factors].to_numpy()
    if not np.isfinite(values).all():
        raise InputError("factor_covariance has NaN or infinite values; a covariance was expected. Fill them first.")
    return values


def _numbers(given: Any, name: str) -> Any:
    if not given.index.is_unique:
        raise InputError(f"{name} has a name twice; each was expected once. Drop one.")
    try:
        if np.iscomplexobj(given.to_numpy()):
            raise TypeError("complex numbers")
        return given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataTypeError(f"{name} holds something that is no number; numbers were expected. Convert it.") from error
