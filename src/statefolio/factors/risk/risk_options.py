"""The options of FactorRisk, checked and turned into what it works with."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays import Array, listed
from statefolio.exceptions import DataTypeError, InputError
from statefolio.factors.adapters.regime import RegimeCovariance
from statefolio.factors.alignment import check_names
from statefolio.factors.base import LoadingsModel
from statefolio.factors.risk.factor_covariance import (
    ExponentialCovariance,
    FactorCovariance,
    FactorMean,
    GivenCovariance,
)

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
            raise InputError(
                f"{name} is {given}; {' or '.join(map(repr, words))}, or a {kind.__name__} was expected. Pass one of them."
            )
    for name in ("volatility_half_life", "correlation_half_life"):
        value = getattr(risk, name)
        if not isinstance(value, int | float | np.number) or isinstance(value, bool) or not value > 0.0:
            raise InputError(f"{name}={value!r}; a positive number of dates was expected. Pass e.g. 40.")
    least = risk.min_observations
    if least is not None and (not isinstance(least, int | np.integer) or isinstance(least, bool) or least < 1):
        raise InputError(f"min_observations={least!r}; a whole number above zero was expected. Pass e.g. 60.")
    if risk.groups is not None and not isinstance(risk.groups, pd.Series):
        raise DataTypeError(f"groups is a {type(risk.groups).__name__}; a Series by asset was expected. Label them.")
    if risk.loadings is not None and not isinstance(risk.loadings, LoadingsModel):
        raise DataTypeError(
            f"loadings is a {type(risk.loadings).__name__}; a model of loadings was expected. Pass e.g. KalmanLoadings()."
        )


def start_covariance(risk: Any, factors: pd.Index) -> FactorCovariance:
    """The estimator of Omega that the options ask for, before its first date."""
    given = risk.factor_covariance
    if isinstance(given, pd.DataFrame):
        return GivenCovariance(_given_covariance(given, factors))
    if given == "regime":
        return RegimeCovariance.empty(risk.volatility_half_life, risk.correlation_half_life)
    return ExponentialCovariance.empty(len(factors), risk.volatility_half_life, risk.correlation_half_life)


def given_mean(given: Any, factors: pd.Index, running: FactorMean) -> Array:
    """mu: the running mean, zeros, or what was given."""
    if not isinstance(given, pd.Series):
        return running.mean() if given == "mean" else np.zeros(len(factors))
    check_names(given.index, factors, "factor_mean")
    values = _numbers(given, "factor_mean").loc[factors].to_numpy()
    if not np.isfinite(values).all():
        raise InputError("factor_mean has NaN or infinite values; finite numbers were expected. Fill them first.")
    mean: Array = values
    return mean


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
    values: Array = _numbers(given, "factor_covariance").loc[factors, factors].to_numpy()
    if not np.isfinite(values).all():
        raise InputError("factor_covariance has NaN or infinite values; a covariance was expected. Fill them first.")
    return values


def _numbers(given: Any, name: str) -> Any:
    if not given.index.is_unique:
        raise InputError(f"{name} has a name twice; each was expected once. Drop one.")
    try:
        return given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataTypeError(f"{name} holds something that is no number; numbers were expected. Convert it.") from error
