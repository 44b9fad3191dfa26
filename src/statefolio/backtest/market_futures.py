"""Cuts the data of a market at a date, or replaces the data after it by random numbers."""

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio.backtest.market_tables import NOT_DELISTED, MarketTables, Table
from statefolio.exceptions import InputError


def cut(tables: MarketTables, date: pd.Timestamp) -> MarketTables:
    """Return a copy without anything after a date."""
    returns = tables.returns.until(date)
    count = len(returns.dates)
    if count == 0:
        first = show(tables.returns.dates[0])
        raise InputError(
            f"date must not be before the market's first date, {first}, got {show(date)}. Pass a later one."
        )
    return MarketTables(
        returns=returns,
        factors=None if tables.factors is None else tables.factors.until(date),
        cash_rate=tables.cash_rate[:count].copy(),
        dollar_volumes=None if tables.dollar_volumes is None else tables.dollar_volumes.until(date),
        last_dates=np.where(tables.last_dates < count, tables.last_dates, NOT_DELISTED),
        delisting_return=tables.delisting_return,
        delisted_after=tables.delisted_after,
        others={name: table.until(date) for name, table in tables.others.items()},
        spans_gap=None if tables.spans_gap is None else tables.spans_gap[:count],
        prices=None if tables.prices is None else tables.prices.until(date),
        dividends=None if tables.dividends is None else tables.dividends.until(date),
    )


def perturb(tables: MarketTables, date: pd.Timestamp, draw: np.random.Generator) -> MarketTables:
    """Return a copy with random numbers after a date."""
    count = int(tables.returns.dates.searchsorted(date, side="right"))
    returns = _redrawn(tables.returns, date, draw)
    values = returns.values.copy()
    values[count:] = np.maximum(values[count:], -0.9)
    values[count:][draw.random(values[count:].shape) < 0.1] = np.nan
    cash_rate = tables.cash_rate.copy()
    cash_rate[count:] += 1e-4 * draw.random(len(cash_rate) - count)
    return MarketTables(
        returns=Table(values, returns.dates, returns.names),
        factors=None if tables.factors is None else _redrawn(tables.factors, date, draw),
        cash_rate=cash_rate,
        dollar_volumes=None if tables.dollar_volumes is None else _rescaled(tables.dollar_volumes, date, draw),
        last_dates=np.where(tables.last_dates < count, tables.last_dates, NOT_DELISTED),
        delisting_return=tables.delisting_return,
        delisted_after=tables.delisted_after,
        others={name: _redrawn(table, date, draw) for name, table in tables.others.items()},
        spans_gap=tables.spans_gap,
        prices=None if tables.prices is None else _grown(tables.prices, values, count),
        dividends=None if tables.dividends is None else _rescaled(tables.dividends, date, draw),
    )


def _grown(prices: Table, returns: Array, count: int) -> Table:
    """Replace the prices from row `count` on by those that the returns lead to."""
    values = prices.values.copy()
    values[count:] = values[max(count - 1, 0)] * np.cumprod(1.0 + np.nan_to_num(returns[count:]), axis=0)
    return Table(values, prices.dates, prices.names)


def _redrawn(table: Table, date: pd.Timestamp, draw: np.random.Generator) -> Table:
    """Replace the rows after a date by normal random numbers with the scale of each column."""
    count = int(table.dates.searchsorted(date, side="right"))
    values = table.values.copy()
    values[count:] = draw.standard_normal(values[count:].shape) * _scale(values)
    return Table(values, table.dates, table.names)


def _rescaled(table: Table, date: pd.Timestamp, draw: np.random.Generator) -> Table:
    """Multiply amounts after a date by lognormal random numbers; a missing amount is replaced by its column's scale."""
    count = int(table.dates.searchsorted(date, side="right"))
    values = table.values.copy()
    later = np.where(values[count:] > 0.0, values[count:], _scale(values))
    values[count:] = later * draw.lognormal(sigma=0.5, size=later.shape)
    return Table(values, table.dates, table.names)


def _scale(values: Array) -> Array:
    """Return the root mean square of each column; 0.01 if it is zero."""
    known = ~np.isnan(values)
    squares = np.where(known, values, 0.0) ** 2
    scale = np.sqrt(squares.sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    return np.asarray(np.where(scale > 0.0, scale, 0.01))
