"""Weights that are given, and what they would have earned: no Python for each date."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import row_from, rows_through
from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed, show
from statefolio._options import is_number
from statefolio._renamed import renamed
from statefolio.backtest.account import Orders
from statefolio.backtest.answers import MOST_LEVERAGE
from statefolio.backtest.book import NO_ORDER, Book
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.market_tables import Table
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.terms import make_terms
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError

_SUM_TOLERANCE = 1e-6


@renamed("periods_a_year", "periods_per_year")
def simulate(
    weights: Any,
    market: Market,
    *,
    start: Any = None,
    end: Any = None,
    costs: TradingCosts | None = None,
    capital: float = 1_000_000.0,
    lag: int = 1,
    periods_per_year: float = 252.0,
    expected_sum: float | None = None,
    name: str = "weights",
) -> BacktestResult:
    """Run an account on weights that are given.

    Weights dated t were decided at the close of t and are traded `lag` dates later, at the close before; on dates
    without a row nothing is traded and weights drift.

    Parameters
    ----------
    weights : DataFrame (decision date x asset)
        Shares of the value; an asset without a column gets none, what is left of one is cash.
    market : Market
    start, end : date, optional
        Decisions from `start` on, dates until `end`; by default the first decision and the market's last date.
    costs : TradingCosts, optional
        None are charged by default.
    capital : float, default 1,000,000
        In currency.
    lag : int, default 1
        Dates from a decision to the return it first earns.
    periods_per_year : float, default 252
        Dates a year, for annual fees and measures.
    expected_sum : float, optional
        Refuse weights of a date that do not sum to this, to 1e-6.
    name : str
        What the result is called.

    Returns
    -------
    BacktestResult

    Raises
    ------
    InputError, UnknownNameError, DataTypeError
        If weights hold NaN, name what the market lacks, or do not sum to what is expected.
    """
    if not isinstance(market, Market):
        raise DataTypeError(f"market is a {type(market).__name__}; a Market was expected. Use Market(returns).")
    wanted = _read_weights(weights, market, start, end, expected_sum)
    terms = make_terms(market, wanted.dates[0], end, costs, capital, lag, periods_per_year)
    rows = market.dates.get_indexer(wanted.dates)
    due = np.full(terms.stop, NO_ORDER)
    trades = rows + lag
    due[trades[trades < terms.stop]] = np.flatnonzero(trades < terms.stop)
    book = Book(name, terms, Orders(due, wanted.values), list(rows))
    book.settle(terms.stop - 1, terms.market_arrays(), terms.cost_arrays())
    return book.result(terms)


def _read_weights(weights: Any, market: Market, start: Any, end: Any, expected_sum: float | None) -> Table:
    """Weights (D, N) in the market's order, of decisions from `start` to `end`."""
    values, dates, names = read_values(weights, "weights")
    _check_names(dates, names, market)
    first = row_from(dates, start, "start")
    stop = rows_through(dates, end, "end")
    values, dates = values[first:stop], dates[first:stop]
    if len(dates) == 0:
        raise InputError("weights has no date from start to end; one at least was expected. Check start and end.")
    if np.isnan(values.min()):
        unknown = np.isnan(values)
        row, place = np.argwhere(unknown)[0]
        raise InputError(
            f"weights has {int(unknown.sum())} NaN (first: {names[place]!r} on {show(dates[row])}); a number was "
            "expected. Use weights.fillna(0.0) if it means none."
        )
    gross = np.abs(values).sum(axis=1)
    if not (gross <= MOST_LEVERAGE).all():
        row = int(np.argmax(gross))
        raise InputError(
            f"weights of {show(dates[row])} are {gross[row]:.3g} times the value; {MOST_LEVERAGE:g} at most were "
            "expected. Divide them by what they are a share of."
        )
    if expected_sum is not None:
        _check_sums(values, dates, expected_sum)
    if names.equals(market.assets):
        return Table(values, dates, names)
    aligned = np.zeros((len(dates), len(market.assets)))
    aligned[:, market.assets.get_indexer(names)] = values
    return Table(aligned, dates, market.assets)


def _check_names(dates: pd.DatetimeIndex, names: pd.Index, market: Market) -> None:
    absent = names[:0] if names.equals(market.assets) else names[~names.isin(market.assets)]
    if len(absent):
        raise UnknownNameError(
            f"weights names {listed(list(absent))}, which the market lacks; its assets were expected. "
            "Drop them with weights[market.assets.intersection(weights.columns)]."
        )
    strange = dates[market.dates.get_indexer(dates) < 0]
    if len(strange):
        raise InputError(
            f"weights has {len(strange)} dates that the market lacks (first: {show(strange[0])}); dates of its returns "
            "were expected. Use weights.reindex(market.dates, method='ffill') or drop them."
        )


def _check_sums(values: Any, dates: pd.DatetimeIndex, expected_sum: float) -> None:
    if not is_number(expected_sum):
        raise InputError(f"expected_sum={expected_sum!r}; a number was expected. Pass 1.0, or nothing.")
    sums = values.sum(axis=1)
    off = ~(np.abs(sums - expected_sum) <= _SUM_TOLERANCE)
    if off.any():
        raise InputError(
            f"weights of {int(off.sum())} dates do not sum to {expected_sum:g} (first: {sums[off][0]:.8g} on "
            f"{show(dates[off][0])}). Divide them by their sum, or say what they sum to."
        )
