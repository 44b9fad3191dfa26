"""Sums the attribution of returns over periods, with bands."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from statefolio._options import OneOf, check
from statefolio.loadings.results import HALF_BAND

_PERIODS = {"year": "Y", "month": "M", "all": ""}


def attribution_by_period(earned: xr.Dataset, period: Any = "year") -> pd.DataFrame:
    """Sum the contributions of factors to a portfolio's return by calendar period, with 95 % bands.

    The band takes the errors of different dates as uncorrelated. Errors of a loading last for many dates, but they
    enter times factor returns that are close to white noise, so the sum of their squares is right on average.

    Parameters
    ----------
    earned : Dataset
        From `attribute_return`.
    period : {"year", "month", "all"}

    Returns
    -------
    DataFrame
        One row per period and factor: contribution, standard_error, lower, upper. Contributions of a period sum to
        the sum of the portfolio's returns.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.iloc[:500, :10], demo.factors.iloc[:500]
    >>> model = sf.RollingLoadings(120).fit(returns, factors)
    >>> earned = sf.risk.attribute_return(model, {"AAPL": 0.5, "JNJ": 0.5}, returns, factors)
    >>> table = sf.risk.attribution_by_period(earned)
    >>> year = table.loc["2015", "contribution"]
    >>> print(f"market {year['market']:.1%}, residual {year['residual']:.1%}")
    market -0.6%, residual -2.2%
    """
    check("period", period, OneOf(*_PERIODS))
    dates = pd.DatetimeIndex(earned.indexes["date"])
    labels = np.full(len(dates), "all") if period == "all" else dates.to_period(_PERIODS[period]).astype(str)
    names = earned.indexes["factor"]
    value = pd.DataFrame(earned["contribution"].to_numpy(), columns=names).groupby(labels, sort=False).sum()
    square = pd.DataFrame(earned["contribution_standard_error"].to_numpy() ** 2, columns=names)
    error = square.groupby(labels, sort=False).sum() ** 0.5
    table = pd.DataFrame({"contribution": value.stack(), "standard_error": error.stack()})
    table["lower"] = table["contribution"] - HALF_BAND * table["standard_error"]
    table["upper"] = table["contribution"] + HALF_BAND * table["standard_error"]
    return table.rename_axis(["period", "factor"])
