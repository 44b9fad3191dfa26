"""The forecast track: one-step log score of returns, and QLIKE of the covariance, in one walk over the window."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.backtest.market import Market
from statefolio.challenge.rules.submission import Submission
from statefolio.challenge.rules.windows import ScoreWindow
from statefolio.challenge.scoring.scored_window import ScoredWindow, number
from statefolio.commands.studies.parts.models import make_loadings, make_risk
from statefolio.exceptions import InputError
from statefolio.risk.factor_risk import FactorRisk
from statefolio.validation.covariance_forecast import CovarianceForecast
from statefolio.validation.covariance_scores import score_covariances
from statefolio.validation.equal_accuracy import standard_error

HORIZON = 21
"""Dates that one covariance is for."""
NOT_PREDICTED = (
    "The model must predict every scored return. Assets with enough public returns are scored from the window's first "
    "date: use fewer parameters, or a start that is known."
)


def score_forecast(
    submission: Submission, market: Market, window: ScoreWindow, scored: npt.NDArray[np.bool_], name: str
) -> ScoredWindow:
    """Score the model of a submission.

    Hyper-parameters are tuned up to `window.tune_until`. From the window's first date the model continues date by date
    with them fixed: each return is predicted from the data before its date, and the factors of the date.

    Parameters
    ----------
    submission
        Of the forecast track.
    market
        Without any date after the window.
    window
        The scored dates.
    scored : (N,) array of bool
        Assets whose returns are scored. It is the same for all submissions.
    name
        Of the window.

    Returns
    -------
    ScoredWindow
        The value is the mean log density over all scored returns; the series has one number per date whose mean is
        the value. Details: `qlike`, `dates`, `returns_scored`.
    """
    returns, factors = market.model_data()
    if factors is None:
        raise InputError("data must have factors, got a market without. Name a file of factors in [data].")
    first = int(returns.index.searchsorted(window.first))
    loadings = make_loadings(submission.tables.loadings)
    risk = make_risk(submission.tables.risk, loadings, market.assets, Path())
    risk.fit(returns.iloc[:first], factors.iloc[:first], tune_until=window.tune_until)
    density, forecasts = _walk(risk, returns, factors, first)
    series, count = _by_date(density, returns.iloc[first:], scored)
    value = None if series is None else number(series.mean())
    details = {"qlike": _qlike(forecasts, returns.iloc[first:].loc[:, scored]), "returns_scored": float(count)}
    if series is None or value is None:
        return ScoredWindow("forecast", name, None, details=details, reasons=(NOT_PREDICTED,))
    details["dates"] = float(len(series))
    error = number(standard_error(np.asarray(series, dtype=np.float64)))
    return ScoredWindow("forecast", name, value, error, details, series=series)


def _walk(
    risk: FactorRisk, returns: pd.DataFrame, factors: pd.DataFrame, first: int
) -> tuple[Array, dict[pd.Timestamp, CovarianceForecast]]:
    """Return log densities (T, N) from row `first` on, and covariance forecasts by their first date."""
    densities, forecasts = [], {}
    for row in range(first, len(returns), HORIZON):
        forecasts[returns.index[row]] = CovarianceForecast(risk.assets_, risk.covariance_)
        rows = slice(row, row + HORIZON)
        risk.partial_fit(returns.iloc[rows], factors.iloc[rows])
        densities.append(risk.model_.innovations_["log_density"].to_numpy())
    return np.concatenate(densities), forecasts


def _by_date(
    density: Array, returns: pd.DataFrame, scored: npt.NDArray[np.bool_]
) -> tuple["pd.Series[float] | None", int]:
    """Return the series by date, and the number of returns scored; None where a scored return has no density."""
    known = returns.notna().to_numpy() & scored
    count = int(known.sum())
    if not np.isfinite(density[known]).all() or count == 0:
        return None, count
    sums = np.where(known, density, 0.0).sum(axis=1)
    some = np.asarray(known.any(axis=1))
    dates = pd.DatetimeIndex(returns.index)[some]
    return pd.Series(sums[some] * (some.sum() / count), index=dates, dtype=np.float64), count


def _qlike(forecasts: dict[pd.Timestamp, CovarianceForecast], returns: pd.DataFrame) -> float | None:
    """Return the mean QLIKE of the scored assets; None if a forecast lacks one of them."""
    needed = returns.columns[returns.notna().any()]
    if any(len(needed.difference(forecast.assets)) for forecast in forecasts.values()):
        return None
    return number(score_covariances(forecasts, returns, random_portfolios=0).by_date["qlike"].mean())
