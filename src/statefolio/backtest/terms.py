"""From when to when, with how much, at which costs: checked once for all accounts of a run."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays import show, span
from statefolio.backtest.book import Terms
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.exceptions import DataTypeError, InputError


def make_terms(
    market: Market,
    start: Any,
    end: Any,
    costs: TradingCosts | None,
    capital: Any,
    lag: Any,
    periods_a_year: Any,
) -> Terms:
    """Find the rows of a run, and check its numbers.

    Raises
    ------
    DataTypeError
        If the market is no `Market`.
    InputError
        If there are not enough dates, or a number cannot be used.
    """
    if not isinstance(market, Market):
        raise DataTypeError(f"market is a {type(market).__name__}; a Market was expected. Use Market(returns).")
    if isinstance(lag, bool) or not isinstance(lag, int | np.integer) or lag < 1:
        raise InputError(
            f"lag={lag!r}; a whole number of dates from 1 on was expected. With no lag, weights earn the return they "
            "were computed from."
        )
    for name, given in (("capital", capital), ("periods_a_year", periods_a_year)):
        number = isinstance(given, int | float | np.number) and not isinstance(given, bool)
        if not number or not 0.0 < given < np.inf:
            raise InputError(f"{name}={given!r}; a number above 0 was expected.")
    dates = market.dates
    first = 0 if start is None else int(dates.searchsorted(pd.Timestamp(start)))
    stop = len(dates) if end is None else int(dates.searchsorted(pd.Timestamp(end), side="right"))
    if stop <= first:
        asked = f"{'the first date' if start is None else show(start)} to {'the last' if end is None else show(end)}"
        raise InputError(
            f"the run was to go from {asked}, where the market ({span(dates)}) has no date; one at least was expected."
        )
    return Terms(market, costs or TradingCosts(), first, stop, float(capital), int(lag), float(periods_a_year))
