"""Reads cash dividends of price-only series, and warns where returns seem to contain them already."""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio.backtest.market_tables import Table
from statefolio.exceptions import InputError, StatefolioWarning, UnknownNameError

FEWEST_DIVIDENDS = 8
"""Dividends that the check for adjusted prices needs at least."""


def read_dividends(given: Any, returns: Table, last_prices: Array) -> Table:
    """Return the dividends of each date per unit of currency held at the last price (T, N).

    Parameters
    ----------
    given
        Cash per share (date x asset), on the first date without it (the ex-date); NaN or 0 where there is none.
        Dividends before the first or after the last date of the market are left out.
    returns
        The market's returns, of prices that are not adjusted for dividends.
    last_prices
        The last known price before each date (T, N).

    Raises
    ------
    InputError, UnknownNameError, DataTypeError
        If dividends are negative, or on dates or of assets that the market lacks.
    """
    values, dates, names = read_values(given, "dividends")
    unknown = names[~names.isin(returns.names)]
    if len(unknown):
        raise UnknownNameError(f"dividends must name assets of prices, got {listed(list(unknown))}. Drop them.")
    values = np.nan_to_num(values, nan=0.0)
    if (values < 0.0).any() or not np.isfinite(values).all():
        row, place = np.argwhere((values < 0.0) | ~np.isfinite(values))[0]
        raise InputError(
            f"dividends must be finite amounts of at least 0 per share, got {values[row, place]:g} for "
            f"{names[place]!r} on {show(dates[row])}. Correct it."
        )
    inside = (dates >= returns.dates[0]) & (dates <= returns.dates[-1]) & values.any(axis=1)
    rows = returns.dates.get_indexer(dates[inside])
    if (rows < 0).any():
        raise InputError(
            f"dividends must be on dates of prices, got {int((rows < 0).sum())} others (first: "
            f"{show(dates[inside][rows < 0][0])}). Use the first date on which the price is without the dividend."
        )
    paid = np.zeros_like(returns.values)
    paid[np.ix_(rows, returns.names.get_indexer(names))] = values[inside]
    yields = np.divide(paid, last_prices, out=np.zeros_like(paid), where=last_prices > 0.0)
    _check_not_adjusted(returns, yields)
    return Table(yields, returns.dates, returns.names)


def _check_not_adjusted(returns: Table, yields: Array) -> None:
    """Warn if prices do not fall by their dividends: they are adjusted, and dividends would count twice.

    Regresses returns on ex-dates, less the mean return of the other assets, on the dividend yield. The slope is -1 for
    price-only series and 0 for adjusted ones.
    """
    rows, places = np.nonzero((yields > 0.0) & ~np.isnan(returns.values))
    if len(rows) < FEWEST_DIVIDENDS:
        return
    others = np.where((yields == 0.0), returns.values, np.nan)[rows]
    known = ~np.isnan(others)
    common = np.where(known, others, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    x, y = yields[rows, places], returns.values[rows, places] - common
    slope = float(x @ y / (x @ x))
    error = float(np.sqrt(((x * (y - slope * x)) ** 2).sum()) / (x @ x))
    if slope > -0.5 and 1.0 + slope > 3.0 * error:
        warnings.warn(
            f"prices must not be adjusted for dividends where dividends are given, got prices that fall by "
            f"{-100.0 * slope:.0f} % of their dividends on {len(rows)} ex-dates (standard error {100.0 * error:.0f} "
            "%): the account would earn them twice. Pass unadjusted prices, or leave dividends out.",
            StatefolioWarning,
            stacklevel=4,
        )


def last_known(prices: Array) -> Array:
    """Return the last known price at each date (T, N); NaN before the first."""
    frame = pd.DataFrame(np.where(prices > 0.0, prices, np.nan))
    return np.ascontiguousarray(frame.ffill().to_numpy())
