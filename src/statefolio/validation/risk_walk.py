"""Factor risk walked forward through a test: forecast, hold, see what came, continue."""

from typing import Any

import pandas as pd
from sklearn.base import clone

from statefolio._arrays.dates import split_row
from statefolio._arrays.frames import read_values
from statefolio._options import is_whole
from statefolio.exceptions import DataTypeError, InputError
from statefolio.risk.factor_risk import FactorRisk
from statefolio.validation.covariance_forecast import CovarianceForecast
from statefolio.validation.covariance_scores import CovarianceScores, score_covariances


def walk_risk(
    risk: FactorRisk, returns: Any, factors: Any, test_from: Any, refit_every: Any = 21
) -> dict[pd.Timestamp, CovarianceForecast]:
    """Covariances that a factor risk model would have forecast through a test.

    Parameters
    ----------
    risk : FactorRisk
        Not fitted; it is cloned.
    returns, factors : DataFrame
        As for `FactorRisk.fit`. Hyper-parameters are tuned on the dates before the test and held.
    test_from : date
        First date of the test.
    refit_every : int
        Dates that a covariance is held before the model continues over them by `partial_fit`.

    Returns
    -------
    dict
        Forecasts by the first date they are for, from data up to the date before.
    """
    if not isinstance(risk, FactorRisk):
        raise DataTypeError(f"risk is a {type(risk).__name__}; a FactorRisk was expected. Pass e.g. FactorRisk().")
    if risk.prefit:
        raise InputError(
            "risk has prefit=True, so what it learned may come from the test; a model to fit was expected. Pass "
            "FactorRisk(loadings) with prefit=False."
        )
    if not is_whole(refit_every) or refit_every < 1:
        raise InputError(
            f"refit_every={refit_every!r}; a whole number of dates, 1 or more, was expected. Pass e.g. 21."
        )
    r, f = _frame(returns, "returns"), _frame(factors, "factors")
    dates = pd.DatetimeIndex(r.index)
    first = split_row(dates, test_from, "test_from")
    model = clone(risk).fit(r.iloc[:first], f.loc[: dates[first - 1]])
    forecasts = {dates[first]: _forecast(model)}
    for row in range(first + refit_every, len(dates), refit_every):
        new = dates[row - refit_every : row]
        model.partial_fit(r.loc[new], f.loc[(f.index > model.last_date_) & (f.index <= new[-1])])
        forecasts[dates[row]] = _forecast(model)
    return forecasts


def validate_risk(
    risk: FactorRisk,
    returns: Any,
    factors: Any,
    test_from: Any,
    refit_every: int = 21,
    portfolios: Any = None,
    random_portfolios: int = 100,
    seed: int = 0,
) -> CovarianceScores:
    """Walk a factor risk model forward through a test and score every covariance on the returns that came.

    Parameters
    ----------
    risk, returns, factors, test_from, refit_every
        As for `walk_risk`.
    portfolios, random_portfolios, seed
        As for `score_covariances`.

    Returns
    -------
    CovarianceScores
    """
    forecasts = walk_risk(risk, returns, factors, test_from, refit_every)
    return score_covariances(forecasts, returns, portfolios, random_portfolios, seed=seed)


def _frame(table: Any, name: str) -> pd.DataFrame:
    values, dates, columns = read_values(table, name)
    return pd.DataFrame(values, index=dates, columns=columns)


def _forecast(model: FactorRisk) -> CovarianceForecast:
    return CovarianceForecast(model.assets_, model.covariance_)
