"""What a market is made of, checked at the door."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.dates import read_date
from statefolio._arrays.frames import read_values
from statefolio._arrays.panel import make_panel
from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio._options import is_number, is_whole
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError

STAYS = -1


@dataclass(frozen=True, eq=False)
class Table:
    """Values by date and name; nothing may be written to them.

    Attributes
    ----------
    values : (T, N) array
    dates : DatetimeIndex
    names : Index
    """

    values: Array
    dates: pd.DatetimeIndex
    names: pd.Index

    def __post_init__(self) -> None:
        self.values.flags.writeable = False

    def until(self, date: pd.Timestamp) -> "Table":
        """A copy that ends at a date."""
        count = int(self.dates.searchsorted(date, side="right"))
        return Table(self.values[:count].copy(), self.dates[:count].copy(), self.names)

    @property
    def frame(self) -> pd.DataFrame:
        """The same as a frame, without a copy."""
        return pd.DataFrame(self.values, index=self.dates, columns=self.names, copy=False)


@dataclass(frozen=True, eq=False)
class MarketTables:
    """T dates, N assets, K factors.

    Attributes
    ----------
    returns : Table (T, N)
        Simple returns in decimals, NaN where not observed.
    cash_rate : (T,) array
    factors : Table (T, K), optional
    dollar_volumes : Table (T, N), optional
    last_dates : (N,) array of int
        Row of the last date before a delisting that was announced, else `STAYS`.
    delisting_return : (N,) array
    delisted_after : int
    others : mapping of Table
    """

    returns: Table
    cash_rate: Array
    factors: Table | None
    dollar_volumes: Table | None
    last_dates: npt.NDArray[np.int64]
    delisting_return: Array
    delisted_after: int
    others: Mapping[str, Table] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for values in (self.cash_rate, self.last_dates, self.delisting_return):
            values.flags.writeable = False


def read_market(
    returns: Any,
    factors: Any,
    cash_rate: Any,
    dollar_volumes: Any,
    delistings: Any,
    delisting_return: Any,
    delisted_after: Any,
    others: Any,
) -> MarketTables:
    """Check everything a market is made of; arguments are those of `Market`.

    Raises
    ------
    DataTypeError, InputError, UnknownNameError
        If something cannot be used as it came.
    """
    assets, design = _returns_and_factors(returns, factors)
    _check_no_total_loss(assets)
    if not is_whole(delisted_after) or delisted_after < 1:
        raise InputError(f"delisted_after={delisted_after!r}; a whole number of dates was expected. Pass e.g. 21.")
    return MarketTables(
        returns=assets,
        factors=design,
        cash_rate=_by_date(cash_rate, assets.dates),
        dollar_volumes=None if dollar_volumes is None else _volumes(dollar_volumes, assets),
        last_dates=_last_rows(delistings, assets),
        delisting_return=by_asset(delisting_return, assets.names, "delisting_return", least=-1.0),
        delisted_after=int(delisted_after),
        others={} if others is None else _others(others),
    )


def by_asset(given: Any, assets: pd.Index, name: str, least: float = 0.0) -> Array:
    """A number for every asset, from one number or a Series (or mapping) that names each asset.

    Raises
    ------
    DataTypeError, InputError, UnknownNameError
        If it holds anything but numbers from `least` on, or leaves an asset out.
    """
    if is_number(given):
        values = np.full(len(assets), float(given))
    elif isinstance(given, pd.Series | Mapping):
        values = _matched(pd.Series(given), assets, name)
    else:
        raise DataTypeError(f"{name} is a {type(given).__name__}; a number or a Series by asset was expected.")
    if not (np.isfinite(values) & (values >= least)).all():
        worst = values[~(np.isfinite(values) & (values >= least))][0]
        raise InputError(f"{name} holds {worst:g}; numbers from {least:g} on were expected. Correct it.")
    return values


def _matched(given: "pd.Series[float]", assets: pd.Index, name: str) -> Array:
    if not given.index.is_unique:
        again = list(given.index[given.index.duplicated()])
        raise InputError(f"{name} names {listed(again)} twice; each asset was expected once. Drop one of them.")
    absent = assets[~assets.isin(given.index)]
    if len(absent):
        raise UnknownNameError(
            f"{name} lacks {listed(list(absent))}; every asset of the market was expected. "
            f"Use {name}.reindex(returns.columns, fill_value=...)."
        )
    try:
        return np.array(given.reindex(assets).to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError) as error:
        raise DataTypeError(f"{name} has dtype {given.dtype}; numbers were expected. Convert it.") from error


def _returns_and_factors(returns: Any, factors: Any) -> tuple[Table, Table | None]:
    if factors is None:
        return Table(*read_values(returns, "returns", units=True)), None
    panel = make_panel(returns, factors, intercept=False, check_design=False, fill=False)
    assets = Table(np.ascontiguousarray(panel.returns), panel.dates, panel.assets)
    return assets, Table(panel.regressors, panel.dates, panel.factors)


def _check_no_total_loss(returns: Table) -> None:
    below = returns.values < -1.0
    if below.any():
        rows, places = np.nonzero(below)
        raise InputError(
            f"returns has {len(rows)} values below -1 (first: {returns.names[places[0]]!r} on "
            f"{show(returns.dates[rows[0]])}); no asset can lose more than all. Correct them, or use returns.clip(-1)."
        )


def _by_date(rate: Any, dates: pd.DatetimeIndex) -> Array:
    """The cash rate on every date of the returns."""
    if is_number(rate):
        values = np.full(len(dates), float(rate))
    elif isinstance(rate, pd.Series):
        table = Table(*read_values(rate.to_frame("cash_rate"), "cash_rate", units=True))
        rows = table.dates.get_indexer(dates)
        if (rows < 0).any():
            raise InputError(
                f"cash_rate lacks {int((rows < 0).sum())} dates of returns (first: {show(dates[rows < 0][0])}); all of "
                "them were expected. Use cash_rate.reindex(returns.index).ffill()."
            )
        values = table.values[rows, 0].copy()
    else:
        raise DataTypeError(f"cash_rate is a {type(rate).__name__}; a number or a Series by date was expected.")
    if not np.isfinite(values).all():
        first = show(dates[~np.isfinite(values)][0])
        raise InputError(f"cash_rate is not finite on {first}; a number on every date was expected. Fill it.")
    return values


def _volumes(volumes: Any, returns: Table) -> Table:
    values, dates, names = read_values(volumes, "dollar_volumes")
    absent = returns.names[~returns.names.isin(names)]
    if len(absent):
        raise UnknownNameError(f"dollar_volumes lacks {listed(list(absent))}; every asset of returns was expected.")
    missing = returns.dates[~returns.dates.isin(dates)]
    if len(missing):
        raise InputError(
            f"dollar_volumes lacks {len(missing)} dates of returns (first: {show(missing[0])}); all of them were "
            "expected. Use dollar_volumes.reindex(returns.index)."
        )
    own = values[np.ix_(dates.get_indexer(returns.dates), names.get_indexer(returns.names))]
    if (own < 0.0).any():
        raise InputError("dollar_volumes has negative values; amounts of currency were expected. Correct them.")
    return Table(np.ascontiguousarray(own), returns.dates, returns.names)


def _last_rows(delistings: Any, returns: Table) -> npt.NDArray[np.int64]:
    """Row of each announced last date; between two dates of the market the earlier counts, after its end none."""
    rows = np.full(len(returns.names), STAYS)
    if delistings is None:
        return rows
    if not isinstance(delistings, pd.Series | Mapping):
        raise DataTypeError(f"delistings is a {type(delistings).__name__}; a Series of dates by asset was expected.")
    for asset, last in dict(delistings).items():
        if asset not in returns.names:
            raise UnknownNameError(f"delistings names {asset!r}, which returns lacks; its assets were expected.")
        if pd.isna(last):
            continue
        place = returns.names.get_loc(asset)
        moment = read_date(last, f"delistings[{asset!r}]")
        row = int(returns.dates.searchsorted(moment, side="right")) - 1
        later = np.flatnonzero(~np.isnan(returns.values[max(row + 1, 0) :, place]))
        if len(later):
            first = show(returns.dates[max(row + 1, 0) + later[0]])
            raise InputError(
                f"{asset!r} is delisted after {show(last)} but has a return on {first}; none was expected. Set its "
                "later returns to NaN, or correct the date."
            )
        if row >= 0 and moment <= returns.dates[-1]:
            rows[place] = row
    return rows


def _others(others: Any) -> dict[str, Table]:
    if not isinstance(others, Mapping):
        raise DataTypeError(f"others is a {type(others).__name__}; a mapping of frames by name was expected.")
    return {name: Table(*read_values(frame, f"others[{name!r}]")) for name, frame in others.items()}
