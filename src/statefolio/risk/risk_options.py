"""Checks the options of FactorRisk, and creates the estimators they select."""

from copy import copy
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_labels
from statefolio._arrays.text import listed, show, shown
from statefolio._arrays.types import Array
from statefolio._estimator import clone
from statefolio._options import Kind, Number, OneOf, Whole, check_options
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
from statefolio.risk.residual_correlation import DynamicResiduals, ShrunkResiduals
from statefolio.risk.residual_structure import NoStructure, ResidualFactors

_SERIES = Kind(pd.Series, "a Series by asset", "pd.Series({'AAPL': 0.0002})")
_MEAN = Kind(pd.Series, "a Series by factor", "pd.Series({'market': 0.0003})")
_MATRIX = Kind(pd.DataFrame, "a DataFrame (factor x factor)", "factors.cov()")
_HALF_LIFE = Number(above=0.0, infinite=True, example=40)
_STRUCTURES: dict[str, type[Any]] = {
    "factors": ResidualFactors,
    "shrunk": ShrunkResiduals,
    "dynamic": DynamicResiduals,
}
RULES = {
    "factor_covariance": OneOf("ewma", "regime") | _MATRIX,
    "idiosyncratic": OneOf("shrunk", "model") | _SERIES,
    "factor_mean": OneOf("mean", "zero") | _MEAN,
    "volatility_half_life": _HALF_LIFE,
    "correlation_half_life": _HALF_LIFE,
    "correlation_shrinkage": Number(at_least=0.0, at_most=1.0, example=0.05),
    "long_run_weight": Number(at_least=0.0, example=0.08),
    "horizon": Whole(at_least=1, example=21),
    "min_observations": Whole(at_least=1, example=60) | None,
    "groups": Kind(pd.Series, "a Series by asset", "pd.Series({'AAPL': 'Technology'})") | None,
    "loadings": Kind(LoadingsModel, "a model of loadings", "KalmanLoadings()") | None,
}


def check_risk_options(risk: Any) -> None:
    """Raise InputError or DataTypeError for the first invalid option."""
    check_options(risk, RULES)
    if isinstance(risk.factor_covariance, str) and risk.factor_covariance == "regime":
        for name in ("volatility_half_life", "correlation_half_life"):
            if np.isinf(getattr(risk, name)):
                raise InputError(
                    f"{name} must be finite with factor_covariance='regime', got inf. Pass e.g. {name}=250, or "
                    "factor_covariance='ewma'."
                )
    if risk.groups is not None and not risk.groups.index.is_unique:
        again = risk.groups.index[risk.groups.index.duplicated()].unique()
        raise InputError(f"groups must name each asset once, got {listed(list(again))} twice. Drop repeats.")


def make_structure(risk: Any) -> ResidualStructure:
    """Create the estimator of residual structure that the options select, unfitted."""
    given = risk.residual_structure
    if given is None:
        return NoStructure()
    if isinstance(given, str):
        if given not in _STRUCTURES:
            raise _not_a_structure(InputError, given)
        named: ResidualStructure = _STRUCTURES[given]()
        return named
    if isinstance(given, type) or not all(hasattr(given, name) for name in ("get_params", "fit")):
        raise _not_a_structure(DataTypeError, given)
    structure: ResidualStructure = clone(given)
    return structure


def _not_a_structure(error: type[InputError | DataTypeError], given: Any) -> InputError | DataTypeError:
    return error(
        f"residual_structure must be 'factors', 'shrunk', 'dynamic', None or an unfitted estimator, got "
        f"{shown(given)}. Pass e.g. residual_structure=SectorBlocks(sectors)."
    )


def make_forecast(risk: Any, factors: pd.Index) -> FactorForecast:
    """Create the forecast of mu and Omega that the options select, before the first date."""
    given_omega, mean = risk.factor_covariance, risk.factor_mean
    half_lives = (float(risk.volatility_half_life), float(risk.correlation_half_life))
    covariance: FactorCovariance
    if isinstance(given_omega, pd.DataFrame):
        covariance = GivenCovariance(_given_covariance(given_omega, factors))
    elif given_omega == "regime":
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
            raise InputError("factor_mean must be finite, got NaN or infinite values. Fill them first.")
    return FactorForecast(factors, FactorMean(np.zeros(len(factors))), covariance, given, around_zero)


def copy_fitted_model(model: LoadingsModel | None, returns: Any) -> LoadingsModel:
    """Copy a fitted model, so that `partial_fit` does not change the user's; check that returns fit it."""
    if model is None or not model.__sklearn_is_fitted__():
        got = "None" if model is None else f"an unfitted {type(model).__name__}"
        raise NotFittedError(f"loadings must be fitted with prefit=True, got {got}. Fit it first.")
    dates, assets = read_labels(returns, "returns")
    odd = assets.symmetric_difference(model.assets_)
    if len(odd):
        raise InputError(
            f"returns must have the assets of the fitted model, got other ones (different: {listed(list(odd))}). Pass "
            "the data it was fitted on."
        )
    if dates[-1] != model.last_date_:
        raise InputError(
            f"returns must end on {show(model.last_date_)}, the last date of the fitted model, got "
            f"{show(dates[-1])}. Pass the data it was fitted on."
        )
    return copy(model)


def given_variance(given: Any, assets: pd.Index, learned: Array) -> Array:
    """Observation variances (N,): the model's, or the given ones."""
    if not isinstance(given, pd.Series):
        return learned
    absent = assets.difference(given.index, sort=False)
    if len(absent):
        raise InputError(
            f"idiosyncratic must have a variance for each asset, got {len(absent)} without (first: {absent[0]!r}). "
            "Add them."
        )
    values: Array = _numbers(given, "idiosyncratic").loc[assets].to_numpy()
    bad = ~(values > 0.0) | np.isinf(values)
    if bad.any():
        raise InputError(
            f"idiosyncratic must be positive and finite, got other values for {listed(list(assets[bad]))}. Correct "
            "them."
        )
    return values


def _given_covariance(given: pd.DataFrame, factors: pd.Index) -> Array:
    check_names(given.index, factors, "factor_covariance's index")
    check_names(given.columns, factors, "factor_covariance")
    if not given.columns.is_unique:
        raise InputError("factor_covariance must have each factor once in its columns, got duplicates. Drop them.")
    values: Array = _numbers(given, "factor_covariance").loc[factors, factors].to_numpy()
    if not np.isfinite(values).all():
        raise InputError("factor_covariance must be finite, got NaN or infinite values. Fill them first.")
    return values


def _numbers(given: Any, name: str) -> Any:
    if not given.index.is_unique:
        raise InputError(f"{name} must have each name once in its index, got duplicates. Drop them.")
    try:
        if np.iscomplexobj(given.to_numpy()):
            raise TypeError("complex numbers")
        return given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataTypeError(f"{name} must hold numbers, got other values. Convert them with pd.to_numeric.") from error
