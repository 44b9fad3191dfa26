"""The one way by which time enters: a row is copied in when its date has come, and not before.

A history is made of buffers that hold the past and nothing else. Whatever a policy does with it, the future is not
there to be found.
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
from statefolio.backtest.market_tables import STAYS, Table

_FIRST_ROOM = 64


class _Known:
    """The rows of a table that are known by now, in a buffer that grows."""

    def __init__(self, names: pd.Index, unit: Any) -> None:
        self._names = names
        self._values = np.zeros((_FIRST_ROOM, len(names)))
        self._dates = np.zeros(_FIRST_ROOM, dtype=unit)
        self.count = 0

    def append(self, values: Array, dates: npt.NDArray[Any]) -> None:
        """Copy rows in."""
        last = self.count + len(values)
        if last > len(self._values):
            self._values = _with_room(self._values[: self.count], 2 * last)
            self._dates = _with_room(self._dates[: self.count], 2 * last)
        for room, rows in ((self._values, values), (self._dates, dates)):
            room.flags.writeable = True
            room[self.count : last] = rows
            room.flags.writeable = False
        self.count = last

    def view(self) -> "_View":
        """What is known now; it does not change when more becomes known."""
        return _View(self._values[: self.count], self._dates[: self.count], self._names)


@dataclass(frozen=True, eq=False)
class _View:
    values: Array
    dates: npt.NDArray[Any]
    names: pd.Index

    @property
    def frame(self) -> pd.DataFrame:
        """A frame of its own at every call, so that a column set in one does not reach another policy."""
        index = pd.DatetimeIndex(self.dates, name="date", copy=False)
        return pd.DataFrame(self.values, index=index, columns=self.names.view(), copy=False)


@dataclass(frozen=True, eq=False)
class KnownHistory:
    """Everything known at the close of `date`; see `statefolio.portfolio.policy.History`."""

    date: pd.Timestamp
    active: pd.Index
    shared: dict[Hashable, Any]
    views: Mapping[str, _View]
    other_views: Mapping[str, _View]

    @property
    def returns(self) -> pd.DataFrame:
        """Simple returns (date x asset) in decimals, cash rate included; NaN where not observed."""
        return self.views["returns"].frame

    @property
    def excess_returns(self) -> pd.DataFrame:
        """Simple returns (date x asset) less the cash rate."""
        return self.views["excess_returns"].frame

    @property
    def factors(self) -> pd.DataFrame | None:
        """Factor returns (date x factor), as they came."""
        return self.views["factors"].frame if "factors" in self.views else None

    @property
    def cash_rate(self) -> "pd.Series[float]":
        """What a unit of cash earns on each date."""
        return self.views["cash_rate"].frame["cash_rate"]

    @property
    def dollar_volumes(self) -> pd.DataFrame | None:
        """Currency traded (date x asset)."""
        return self.views["dollar_volumes"].frame if "dollar_volumes" in self.views else None

    @property
    def others(self) -> Mapping[str, pd.DataFrame]:
        """What else the market holds, by name, each cut at `date`."""
        return MappingProxyType({name: view.frame for name, view in self.other_views.items()})


class Gate:
    """Lets the rows of a market through, date by date.

    Parameters
    ----------
    market
        All of it; a history never refers to it.
    shared
        What the policies of a run computed before, where the run continues.
    """

    def __init__(self, market: Market, shared: dict[Hashable, Any] | None = None) -> None:
        tables = market.tables
        returns, rate = tables.returns, tables.cash_rate[:, None]
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
        self._known = {name: _room_for(table) for name, table in self._sources.items()}
        self._known_others = {name: _room_for(table) for name, table in tables.others.items()}
        self._moments = {name: table.dates.to_numpy() for name, table in (self._sources | dict(tables.others)).items()}
        self._last_seen = np.full(len(returns.names), -1)
        self.shared: dict[Hashable, Any] = {} if shared is None else shared

    @property
    def row(self) -> int:
        """Row of the market's last known date; -1 before the first."""
        return self._known["returns"].count - 1

    def advance(self, row: int) -> None:
        """Let everything through that is known at the close of a row's date."""
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
        """Which assets have been seen, and have not left (N,)."""
        tables, row = self._tables, self.row
        gone = (tables.last_dates != STAYS) & (tables.last_dates <= row)
        lost = row - self._last_seen >= tables.delisted_after
        listed: npt.NDArray[np.bool_] = (self._last_seen >= 0) & ~gone & ~lost
        return listed

    def history(self) -> KnownHistory:
        """What a policy may see now."""
        returns = self._tables.returns
        return KnownHistory(
            date=returns.dates[self.row],
            active=returns.names[self.active()],
            shared=self.shared,
            views={name: known.view() for name, known in self._known.items()},
            other_views={name: known.view() for name, known in self._known_others.items()},
        )


def _room_for(table: Table) -> _Known:
    return _Known(table.names, table.dates.to_numpy().dtype)


def _with_room(values: npt.NDArray[Any], rows: int) -> npt.NDArray[Any]:
    room = np.zeros((rows, *values.shape[1:]), dtype=values.dtype)
    room[: len(values)] = values
    return room
