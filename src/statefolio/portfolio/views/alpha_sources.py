"""Reads alphas out of a fitted view: on every date with the returns that followed, and for the next date."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import shown
from statefolio._arrays.types import Array
from statefolio.exceptions import DataTypeError, InputError
from statefolio.loadings.base import LoadingsModel
from statefolio.portfolio.views.alpha_posterior import alpha_posterior
from statefolio.portfolio.views.factor_premia import FactorPremia
from statefolio.portfolio.views.kalman_mean import KalmanMean
from statefolio.portfolio.views.observation_noise import variances
from statefolio.portfolio.views.view import Forecast


@dataclass(frozen=True, eq=False)
class AlphaPaths:
    """Alphas of T dates and N assets, each from the dates before its own; NaN where there is none.

    Attributes
    ----------
    dates, assets
    mean : (T, N) array
        Posterior mean of the alpha, in decimals per date.
    realised : (T, N) array
        The return without what factors explain: alpha plus noise.
    noise : (T, N) array
        Variance of `realised`.
    surprise : (T, N) array
        Idiosyncratic return divided by its predicted standard deviation.
    """

    dates: pd.DatetimeIndex
    assets: pd.Index
    mean: Array
    realised: Array
    noise: Array
    surprise: Array


@dataclass(frozen=True, eq=False)
class Alphas:
    """Alphas of N assets on the next date.

    Attributes
    ----------
    mean, variance : (N,) arrays
        Of their posterior.
    idiosyncratic : (N,) array
        Variance of the return that factors do not explain.
    """

    mean: Array
    variance: Array
    idiosyncratic: Array


def check_source(view: Any) -> None:
    """Raise an error unless alphas of both signs can be read out of this unfitted view."""
    if not isinstance(view, KalmanMean | FactorPremia):
        raise DataTypeError(
            f"view must be a FactorPremia or a KalmanMean, got {shown(view)}. Pass FactorPremia(alpha='both')."
        )
    if isinstance(view, FactorPremia) and (view.alpha != "both" or view.alpha_confidence != 0.5):
        raise InputError(
            "view must have alphas of both signs and all confidences, as each side has its own here, got "
            f"FactorPremia(alpha={view.alpha!r}, alpha_confidence={view.alpha_confidence!r}). Pass "
            "FactorPremia(alpha='both'), and long_confidence and short_confidence."
        )


def alpha_paths(view: FactorPremia | KalmanMean, returns: pd.DataFrame, risk: Any) -> AlphaPaths:
    """Return the alphas of the dates of the view's last call.

    Parameters
    ----------
    view
        Fitted.
    returns : DataFrame (T, N)
        Of that call.
    risk : FactorRisk or None
        As it was passed to the view; its loadings' innovations are the idiosyncratic returns of a `KalmanMean`.
    """
    if isinstance(view, FactorPremia):
        return _of_premia(view)
    mean = view.predicted_
    realised = returns.reindex(index=mean.index, columns=mean.columns).to_numpy(dtype=np.float64)
    noise = view.predicted_variance_.to_numpy() + variances(view.observation_covariance_)
    surprise = (realised - mean.to_numpy()) / np.sqrt(noise)
    model = getattr(risk, "model_", None)
    if model is not None:
        error, variance = _innovations(model)
        z = pd.DataFrame(error / np.sqrt(variance), model.innovations_.indexes["date"], model.assets_)
        surprise = z.reindex(index=mean.index, columns=mean.columns).to_numpy()
    return AlphaPaths(pd.DatetimeIndex(mean.index), mean.columns, mean.to_numpy(), realised, noise, surprise)


def _of_premia(view: FactorPremia) -> AlphaPaths:
    model = view.model_
    error, variance = _innovations(model)
    alpha = model.loadings_.isel(factor=0).transpose("date", "asset")
    estimate, doubt = alpha["predicted"].to_numpy(), alpha["predicted_variance"].to_numpy()
    mean = np.full(estimate.shape, np.nan)
    known = np.isfinite(estimate) & np.isfinite(doubt)
    for t in np.flatnonzero(known.any(axis=1)):
        at = known[t]
        mean[t, at] = alpha_posterior(estimate[t, at], doubt[t, at], view.alpha_prior).mean
    dates = pd.DatetimeIndex(model.innovations_.indexes["date"])
    return AlphaPaths(dates, model.assets_, mean, error + estimate, variance, error / np.sqrt(variance))


def _innovations(model: LoadingsModel) -> tuple[Array, Array]:
    """Errors of a model's predictions (T, N), and their variances."""
    found = model.innovations_.transpose("date", "asset")
    variance = found["innovation_variance"].to_numpy()
    return found["innovation"].to_numpy(), np.where(variance > 0.0, variance, np.nan)


def alphas_ahead(view: FactorPremia | KalmanMean, forecast: Forecast, risk: Any) -> Alphas:
    """Return the alphas behind a forecast of the view, in the order of its assets."""
    model = getattr(risk, "model_", None)
    if model is None:
        idiosyncratic = np.asarray(risk.covariance_.diagonal)[risk.assets_.get_indexer(forecast.assets)]
    else:
        idiosyncratic = model.next_["observation_variance"].to_numpy()[model.assets_.get_indexer(forecast.assets)]
    if isinstance(view, KalmanMean):
        return Alphas(np.asarray(forecast.mean, dtype=np.float64), forecast.covariance.asset_variance, idiosyncratic)
    parts = view.parts(risk.model_)
    places = parts.assets.get_indexer(forecast.assets)
    return Alphas(parts.alpha[places], parts.alpha_variance[places], idiosyncratic)
