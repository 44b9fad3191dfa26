"""Reveals a market to policies date by date: a row is copied into the history once its date is reached.

A history consists of buffers that contain the past only, so a policy cannot find the future in it.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.backtest.market import Market
from statefolio.backtest.market_tables import NOT_DELISTED, Table

_FIRST_CAPACITY = 64


class _Buffer:
    """The known rows of a table, in arrays that grow."""

    def __init__(self, table: Table) -> None:
        self._names = table.names
        self._values = np.zeros((_FIRST_CAPACITY, len(table.names)))
        self._dates = np.zeros(_FIRST_CAPACITY, dtype=table.dates.to_numpy().dtype)
        self.count = 0

    def append(self, values: Array, dates: npt.NDArray[Any]) -> None:
        """Copy rows in."""
        last = self.count + len(values)
        if last > len(self._values):
            self._values = _enlarged(self._values[: self.count], 2 * last)
            self._dates = _enlarged(self._dates[: self.count], 2 * last)
        for target, rows in ((self._values, values), (self._dates, dates)):
            target.flags.writeable = True
            target[self.count : last] = rows
            target.flags.writeable = False
        self.count = last

    def view(self) -> "_View":
        """Return the rows known now; later rows do not change it."""
        return _View(self._values[: self.count], self._dates[: self.count], self._names)


@dataclass(frozen=True, eq=False)
class _View:
    values: Array
    dates: npt.NDArray[Any]
    names: pd.Index

    @property
    def frame(self) -> pd.DataFrame:
        """A new DataFrame on every access, so that a column set in one does not reach another policy."""
        index = pd.DatetimeIndex(self.dates, name="date", copy=False)
        return pd.DataFrame(self.values, index=index, columns=self.names.view(), copy=False)


@dataclass(frozen=True, eq=False)
class KnownHistory:
    """Everything known at the close of `date`; implements `statefolio.portfolio.policy.History`."""

    date: pd.Timestamp
    active: pd.Index
    shared: dict[Hashable, Any]
    views: Mapping[str, _View]
    other_views: Mapping[str, _View]

    @property
    def returns(self) -> pd.DataFrame:
        """Simple returns of one date each (date x asset) in decimals, cash rate and dividends included.

        NaN where not observed, and for a return across dates without a price.
        """
        return self.views["returns"].frame

    @property
    def excess_returns(self) -> pd.DataFrame:
        """Simple returns (date x asset) minus the cash rate."""
        return self.views["excess_returns"].frame

    @property
    def factors(self) -> pd.DataFrame | None:
        """Factor returns (date x factor), as in the market; a date on which a factor is missing has NaN only."""
        return self.views["factors"].frame if "factors" in self.views else None

    @property
    def cash_rate(self) -> "pd.Series[float]":
        """Return of cash on each date."""
        return self.views["cash_rate"].frame["cash_rate"]

    @property
    def dollar_volumes(self) -> pd.DataFrame | None:
        """Traded volume in currency (date x asset)."""
        return self.views["dollar_volumes"].frame if "dollar_volumes" in self.views else None

    @property
    def others(self) -> Mapping[str, pd.DataFrame]:
        """The market's other tables by name, each up to `date`."""
        return MappingProxyType({name: view.frame for name, view in self.other_views.items()})


class PointInTimeData:
    """Gives policies the part of a market that is known on a date.

    Parameters
    ----------
    market
        The whole market; a history holds no reference to it.
    shared
        What the policies of a run computed earlier, if the run is continued.
    """

    def __init__(self, market: Market, shared: dict[Hashable, Any] | None = None) -> None:
        tables = market.tables
        returns, rate = tables.returns, tables.cash_rate[:, None]
        if tables.spans_gap is not None or tables.dividends is not None:
            returns = Table(tables.one_date_returns, returns.dates, returns.names)
        self._sources = {
            "returns": returns,
            "excess_returns": Table(returns.values - rate, returns.dates, returns.names),
            "cash_rate": Table(rate, returns.dates, pd.Index(["cash_rate"])),
        }
        if tables.factors is not None:
            self._sources["factors"] = tables.factors
        if tables.dollar_volumes is not None:
            self._sources["dollar_volumes"] = tables.dollar_volumes
        self._tables = tables
        self._known = {name: _Buffer(table) for name, table in self._sources.items()}
        self._known_others = {name: _Buffer(table) for name, table in tables.others.items()}
        self._last_seen = np.full(len(returns.names), -1)
        self.shared: dict[Hashable, Any] = {} if shared is None else shared

    @property
    def row(self) -> int:
        """Row of the last known date of the market; -1 before the first."""
        return self._known["returns"].count - 1

    def advance(self, row: int) -> None:
        """Add everything that is known at the close of a row's date."""
        first, last = self.row + 1, row + 1
        if first == last:
            return
        for name, table in self._sources.items():
            self._known[name].append(table.values[first:last], table.dates.to_numpy()[first:last])
        date = self._tables.returns.dates[row]
        for name, table in self._tables.others.items():
            known = self._known_others[name]
            count = int(table.dates.searchsorted(date, side="right"))
            known.append(table.values[known.count : count], table.dates.to_numpy()[known.count : count])
        seen = ~np.isnan(self._tables.returns.values[first:last])
        latest = last - 1 - np.argmax(seen[::-1], axis=0)
        self._last_seen = np.where(seen.any(axis=0), latest, self._last_seen)

    def active(self) -> npt.NDArray[np.bool_]:
        """Return which assets are listed and not delisted (N,)."""
        tables, row = self._tables, self.row
        announced = (tables.last_dates != NOT_DELISTED) & (tables.last_dates <= row)
        silent = row - self._last_seen >= tables.delisted_after
        active: npt.NDArray[np.bool_] = (self._last_seen >= 0) & ~announced & ~silent
        return active

    def history(self) -> KnownHistory:
        """Return what a policy may see now."""
        returns = self._tables.returns
        return KnownHistory(
            date=returns.dates[self.row],
            active=returns.names[self.active()],
            shared=self.shared,
            views={name: known.view() for name, known in self._known.items()},
            other_views={name: known.view() for name, known in self._known_others.items()},
        )


def _enlarged(values: npt.NDArray[Any], rows: int) -> npt.NDArray[Any]:
    larger = np.zeros((rows, *values.shape[1:]), dtype=values.dtype)
    larger[: len(values)] = values
    return larger
