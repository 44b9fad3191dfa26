"""What a back-test runs on: returns and what else was known, date by date."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import read_date
from statefolio._arrays.text import show, span
from statefolio._arrays.types import Array
from statefolio.backtest.market_tables import STAYS, MarketTables, Table, read_market
from statefolio.exceptions import InputError


class Market:
    """Returns of assets, and what else a policy may know on each date. It cannot be changed.

    Parameters
    ----------
    returns : DataFrame (date x asset)
        Simple total returns in decimals, from one close to the next; NaN where not observed. They may be excess
        returns with `cash_rate` 0: the account is then one of excess returns.
    factors : DataFrame (date x factor), optional
        Factor returns on (at least) the same dates.
    cash_rate : float or Series by date, default 0
        What a unit of cash earns on a date, in decimals.
    dollar_volumes : DataFrame (date x asset), optional
        Currency traded.
    delistings : Series of dates by asset, optional
        Last date of an asset that leaves; its position is closed on the next date of the market. One after the last
        date of the market is not known yet.
    delisting_return : float or Series by asset, default 0
        What a position earns when it is closed: -1 loses all.
    delisted_after : int, default 21
        An asset held without a return for this many dates on end counts as delisted: nothing later is needed to say so.
    others : mapping of DataFrame, optional
        What else a policy may see, by name, each with dates of its own: those on which it was known.

    Raises
    ------
    DataTypeError, InputError, UnknownNameError
        If something cannot be used as it came.
    """

    def __init__(
        self,
        returns: Any,
        factors: Any = None,
        *,
        cash_rate: "float | pd.Series[float]" = 0.0,
        dollar_volumes: Any = None,
        delistings: "pd.Series[Any] | Mapping[Any, Any] | None" = None,
        delisting_return: "float | pd.Series[float]" = 0.0,
        delisted_after: int = 21,
        others: Mapping[str, Any] | None = None,
    ) -> None:
        self._tables = read_market(
            returns, factors, cash_rate, dollar_volumes, delistings, delisting_return, delisted_after, others
        )

    @classmethod
    def of_tables(cls, tables: MarketTables) -> "Market":
        """A market of tables that were checked before."""
        market = cls.__new__(cls)
        object.__setattr__(market, "_tables", tables)
        return market

    def __setattr__(self, name: str, value: Any) -> None:
        if "_tables" in self.__dict__:
            raise AttributeError(f"a Market cannot be changed; {name!r} was to be set. Make another one.")
        object.__setattr__(self, name, value)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __repr__(self) -> str:
        return f"Market({len(self.dates)} dates, {span(self.dates)}; {len(self.assets)} assets)"

    @property
    def tables(self) -> MarketTables:
        """The arrays behind the names."""
        return self._tables

    @property
    def dates(self) -> pd.DatetimeIndex:
        """Dates of the returns."""
        return self._tables.returns.dates

    @property
    def assets(self) -> pd.Index:
        """Names of the assets."""
        return self._tables.returns.names

    @property
    def returns(self) -> pd.DataFrame:
        """Simple returns (date x asset), read-only."""
        return self._tables.returns.frame

    @property
    def excess_returns(self) -> pd.DataFrame:
        """Simple returns less the cash rate (date x asset)."""
        return self.returns.sub(self.cash_rate, axis=0)

    @property
    def factors(self) -> pd.DataFrame | None:
        """Factor returns (date x factor), read-only."""
        return None if self._tables.factors is None else self._tables.factors.frame

    @property
    def cash_rate(self) -> "pd.Series[float]":
        """What a unit of cash earns on each date."""
        return pd.Series(self._tables.cash_rate, index=self.dates, name="cash_rate", copy=False)

    @property
    def dollar_volumes(self) -> pd.DataFrame | None:
        """Currency traded (date x asset), read-only."""
        return None if self._tables.dollar_volumes is None else self._tables.dollar_volumes.frame

    @property
    def delistings(self) -> "pd.Series[Any]":
        """Last dates of the assets that were said to leave."""
        leaves = self._tables.last_dates != STAYS
        last = self.dates[self._tables.last_dates[leaves]]
        return pd.Series(last, index=self.assets[leaves], name="last_date")

    @property
    def delisting_return(self) -> "pd.Series[float]":
        """What a position in each asset earns when it is closed by a delisting."""
        return pd.Series(self._tables.delisting_return, index=self.assets, name="delisting_return", copy=False)

    @property
    def delisted_after(self) -> int:
        """Dates on end without a return after which an asset counts as delisted."""
        return self._tables.delisted_after

    @property
    def others(self) -> Mapping[str, pd.DataFrame]:
        """What else there is, by name, read-only."""
        return MappingProxyType({name: table.frame for name, table in self._tables.others.items()})

    def until(self, date: Any) -> "Market":
        """A copy that knows nothing after a date; delistings that had not happened are not known either."""
        return Market.of_tables(_cut(self._tables, read_date(date, "date", last=True)))

    def perturbed_after(self, date: Any, seed: int = 0) -> "Market":
        """A copy with the same past and another future: every number after a date is drawn anew.

        Which returns are missing is drawn anew as well, and delistings after the date are forgotten. Dates stay.
        """
        return Market.of_tables(_perturb(self._tables, read_date(date, "date", last=True), np.random.default_rng(seed)))


def _cut(tables: MarketTables, date: pd.Timestamp) -> MarketTables:
    returns = tables.returns.until(date)
    count = len(returns.dates)
    if count == 0:
        first = show(tables.returns.dates[0])
        raise InputError(f"the market was to end at {show(date)}; it begins on {first}. Pass a date from then on.")
    return MarketTables(
        returns=returns,
        factors=None if tables.factors is None else tables.factors.until(date),
        cash_rate=tables.cash_rate[:count].copy(),
        dollar_volumes=None if tables.dollar_volumes is None else tables.dollar_volumes.until(date),
        last_dates=np.where(tables.last_dates < count, tables.last_dates, STAYS),
        delisting_return=tables.delisting_return,
        delisted_after=tables.delisted_after,
        others={name: table.until(date) for name, table in tables.others.items()},
    )


def _perturb(tables: MarketTables, date: pd.Timestamp, draw: np.random.Generator) -> MarketTables:
    count = int(tables.returns.dates.searchsorted(date, side="right"))
    returns = _drawn_anew(tables.returns, date, draw)
    values = returns.values.copy()
    values[count:] = np.maximum(values[count:], -0.9)
    values[count:][draw.random(values[count:].shape) < 0.1] = np.nan
    cash_rate = tables.cash_rate.copy()
    cash_rate[count:] += 1e-4 * draw.random(len(cash_rate) - count)
    return MarketTables(
        returns=Table(values, returns.dates, returns.names),
        factors=None if tables.factors is None else _drawn_anew(tables.factors, date, draw),
        cash_rate=cash_rate,
        dollar_volumes=None if tables.dollar_volumes is None else _scaled_anew(tables.dollar_volumes, date, draw),
        last_dates=np.where(tables.last_dates < count, tables.last_dates, STAYS),
        delisting_return=tables.delisting_return,
        delisted_after=tables.delisted_after,
        others={name: _drawn_anew(table, date, draw) for name, table in tables.others.items()},
    )


def _drawn_anew(table: Table, date: pd.Timestamp, draw: np.random.Generator) -> Table:
    """Rows after a date from a normal law with each column's scale."""
    count = int(table.dates.searchsorted(date, side="right"))
    values = table.values.copy()
    values[count:] = draw.standard_normal(values[count:].shape) * _scale(values)
    return Table(values, table.dates, table.names)


def _scaled_anew(table: Table, date: pd.Timestamp, draw: np.random.Generator) -> Table:
    """Amounts after a date times a lognormal; where there is none, each column's scale takes its place."""
    count = int(table.dates.searchsorted(date, side="right"))
    values = table.values.copy()
    later = np.where(values[count:] > 0.0, values[count:], _scale(values))
    values[count:] = later * draw.lognormal(sigma=0.5, size=later.shape)
    return Table(values, table.dates, table.names)


def _scale(values: Array) -> Array:
    """Root mean square of each column; .01 where that is nothing."""
    known = ~np.isnan(values)
    squares = np.where(known, values, 0.0) ** 2
    scale = np.sqrt(squares.sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    return np.asarray(np.where(scale > 0.0, scale, 0.01))
