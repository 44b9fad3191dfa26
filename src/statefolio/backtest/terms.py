"""From when to when, with how much, at which costs: checked once for all accounts of a run."""

from typing import Any

from statefolio._arrays.dates import row_from, rows_through
from statefolio._arrays.text import span
from statefolio._options import is_number, is_whole
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
    periods_per_year: Any,
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
    if costs is not None and not isinstance(costs, TradingCosts):
        raise DataTypeError(f"costs is a {type(costs).__name__}; TradingCosts were expected. Use TradingCosts(0.001).")
    if not is_whole(lag) or lag < 1:
        raise InputError(
            f"lag={lag!r}; a whole number of dates from 1 on was expected. With no lag, weights earn the return they "
            "were computed from."
        )
    for name, given in (("capital", capital), ("periods_per_year", periods_per_year)):
        if not is_number(given) or not 0.0 < given < float("inf"):
            raise InputError(f"{name}={given!r}; a number above 0 was expected.")
    dates = market.dates
    first = row_from(dates, start, "start")
    stop = rows_through(dates, end, "end")
    if stop <= first:
        asked = f"{'the first date' if start is None else start} to {'the last' if end is None else end}"
        raise InputError(
            f"the run was to go from {asked}, where the market ({span(dates)}) has no date; one at least was expected."
        )
    return Terms(market, costs or TradingCosts(), first, stop, float(capital), int(lag), float(periods_per_year))
