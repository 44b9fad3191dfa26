"""Walks a factor risk model forward through a test and scores its covariance forecasts."""

from typing import Any

import pandas as pd

from statefolio._arrays.dates import split_row
from statefolio._arrays.frames import read_values
from statefolio._estimator import clone
from statefolio._options import Kind, Whole, check
from statefolio._plausible.warn import warned_once
from statefolio.exceptions import InputError
from statefolio.risk.factor_risk import FactorRisk
from statefolio.validation.covariance_forecast import CovarianceForecast
from statefolio.validation.covariance_scores import CovarianceScores, score_covariances


def walk_risk(
    risk: FactorRisk, returns: Any, factors: Any, test_from: Any, refit_every: Any = 21
) -> dict[pd.Timestamp, CovarianceForecast]:
    """Forecast covariances through a test with a factor risk model, without look-ahead.

    Parameters
    ----------
    risk : FactorRisk
        Not fitted; it is cloned.
    returns, factors : DataFrame
        As for `FactorRisk.fit`. Hyper-parameters are tuned on the dates before the test only.
    test_from : date
        First date of the test.
    refit_every : int
        Number of dates that a forecast is for; the model then continues over them by `partial_fit`.

    Returns
    -------
    dict
        Forecasts by the first date they are for, from data up to the date before.
    """
    check("risk", risk, Kind(FactorRisk, "a FactorRisk", "FactorRisk()"))
    if risk.prefit:
        raise InputError(
            "risk must have prefit=False, got prefit=True: its model may be tuned on the test. Pass "
            "FactorRisk(loadings) with prefit=False."
        )
    check("refit_every", refit_every, Whole(at_least=1, example=21))
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


@warned_once()
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
    """Walk a factor risk model forward through a test and score its covariance forecasts out of sample.

    Parameters
    ----------
    risk, returns, factors, test_from, refit_every
        As for `walk_risk`.
    portfolios, random_portfolios, seed
        As for `score_covariances`.

    Returns
    -------
    CovarianceScores

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.loc[:"2016", "AAPL":"JPM"], demo.factors.loc[:"2016"]
    >>> risk = sf.risk.FactorRisk(sf.RollingLoadings(250), residual_structure=None)
    >>> scores = sf.validation.validate_risk(risk, returns, factors, "2016", 63, random_portfolios=20)
    >>> summary = scores.summary()
    >>> print(f"bias of random long-only portfolios {summary.loc['random long-only', 'bias']:.2f}")
    bias of random long-only portfolios 0.95
    """
    forecasts = walk_risk(risk, returns, factors, test_from, refit_every)
    return score_covariances(forecasts, returns, portfolios, random_portfolios, seed=seed)


def _frame(table: Any, name: str) -> pd.DataFrame:
    values, dates, columns = read_values(table, name)
    return pd.DataFrame(values, index=dates, columns=columns)


def _forecast(model: FactorRisk) -> CovarianceForecast:
    return CovarianceForecast(model.assets_, model.covariance_)
