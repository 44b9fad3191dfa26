"""Splits a test into years, and into calm and stress by the volatility known the day before."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from statefolio._arrays.types import Array
from statefolio.validation.equal_accuracy import diebold_mariano, standard_error
from statefolio.validation.losses import LOSSES, date_series

MEMORY = 0.94
"""Decay factor per date of squared market returns (RiskMetrics)."""

WINDOW = 750
SHARE = 1.0 / 3.0
FEWEST = 60
"""Least number of volatilities to compare with; with fewer the date is calm."""


@dataclass(frozen=True, eq=False)
class Stress:
    """Volatility known before each date, and whether it makes it a date of stress."""

    volatility: pd.Series
    stressed: pd.Series


def find_stress(returns: Array, dates: pd.DatetimeIndex) -> Stress:
    """Find the dates of stress, where the volatility of the market before the date is high.

    Parameters
    ----------
    returns : (T, N)
        NaN where nothing was observed.
    dates : DatetimeIndex

    Returns
    -------
    Stress
        The volatility at t is the root of the exponentially weighted mean (factor .94) of squared cross-sectional
        mean returns up to t-1. The date is one of stress if it is in the top third of the volatilities of
        the last 750 dates, including its own. Both are known before the date.
    """
    count = np.isfinite(returns).sum(axis=1)
    market = np.where(count > 0, np.nansum(returns, axis=1) / np.maximum(count, 1), np.nan)
    weighted = pd.Series(market**2, index=dates).ewm(alpha=1.0 - MEMORY, ignore_na=True).mean()
    volatility = np.sqrt(weighted).shift(1).rename("volatility")
    edge = volatility.rolling(WINDOW, min_periods=FEWEST).quantile(1.0 - SHARE)
    return Stress(volatility, (volatility > edge).rename("stressed"))


def losses_by_period(losses: xr.Dataset, stress: Stress, benchmark: str, lags: int | str | None = None) -> pd.DataFrame:
    """Average losses by year, in calm and in stress, and test the difference from a benchmark.

    Parameters
    ----------
    losses : Dataset (model, date, asset)
        From `losses_dataset`.
    stress : Stress
        On all dates of the losses.
    benchmark : str
        Name of a model.
    lags : "newey-west", optional
        As for `diebold_mariano`; a number would be too large for short periods.

    Returns
    -------
    DataFrame
        One row per loss, period and model: `dates`, `mean` and its `standard_error`; `difference` from the
        benchmark's mean and the `p_value` of its Diebold-Mariano test, NaN for the benchmark.
    """
    rows = []
    for loss in LOSSES:
        series = date_series(losses, loss)
        for period, where in _periods(pd.DatetimeIndex(series.index), stress).items():
            part = series[where]
            for model in series.columns:
                found = diebold_mariano(part[model] - part[benchmark], lags)
                other = {"difference": found.difference, "p_value": found.p_value}
                mean = {"mean": part[model].mean(), "standard_error": standard_error(part[model].to_numpy(), lags)}
                rows.append({"loss": loss, "period": period, "model": model, "dates": len(part), **mean, **other})
    return pd.DataFrame(rows)


def _periods(dates: pd.DatetimeIndex, stress: Stress) -> dict[str, Array]:
    stressed = stress.stressed.reindex(dates).to_numpy(dtype=bool)
    found = {str(year): np.asarray(dates.year == year) for year in dates.year.unique()}
    both = {"calm": ~stressed, "stress": stressed}
    return found | {name: where for name, where in both.items() if where.any()}
