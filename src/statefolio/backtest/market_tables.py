"""Validates the data of a market and converts them to arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.dates import read_date
from statefolio._arrays.frames import read_values
from statefolio._arrays.panel import make_panel
from statefolio._arrays.text import listed, show, shown
from statefolio._arrays.types import Array
from statefolio._options import Kind, Whole, check, is_number
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError

NOT_DELISTED = -1
RULES = {
    "delisted_after": Whole(at_least=1, example=21),
    "delistings": Kind((pd.Series, Mapping), "a Series of dates by asset", "pd.Series({'A': '2021-06-30'})") | None,
    "others": Kind(Mapping, "a mapping of DataFrames by name", "{'rates': rates}") | None,
}


@dataclass(frozen=True, eq=False)
class Table:
    """Values by date and name, read-only.

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
        """Return a copy that ends at a date."""
        count = int(self.dates.searchsorted(date, side="right"))
        return Table(self.values[:count].copy(), self.dates[:count].copy(), self.names)

    @property
    def frame(self) -> pd.DataFrame:
        """The table as a DataFrame, without a copy."""
        return pd.DataFrame(self.values, index=self.dates, columns=self.names, copy=False)


@dataclass(frozen=True, eq=False)
class MarketTables:
    """Data of a market with T dates, N assets and K factors.

    Attributes
    ----------
    returns : Table (T, N)
        Simple returns in decimals, NaN where not observed.
    cash_rate : (T,) array
    factors : Table (T, K), optional
    dollar_volumes : Table (T, N), optional
    last_dates : (N,) array of int
        Row of each asset's last date before an announced delisting, else `NOT_DELISTED`.
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
    """Validate the data of a market; the arguments are those of `Market`.

    Raises
    ------
    DataTypeError, InputError, UnknownNameError
        If an argument cannot be used.
    """
    assets, design = _returns_and_factors(returns, factors)
    _check_returns(assets)
    check("delisted_after", delisted_after, RULES["delisted_after"])
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
    """Return one number per asset, from a number or from a Series (or mapping) by asset.

    Raises
    ------
    DataTypeError, InputError, UnknownNameError
        If a value is not a finite number of at least `least`, or an asset has none.
    """
    if is_number(given):
        values = np.full(len(assets), float(given))
    elif isinstance(given, pd.Series | Mapping):
        values = _in_order(pd.Series(given), assets, name)
    else:
        raise DataTypeError(f"{name} must be a number or a Series by asset, got {shown(given)}. Pass a number.")
    valid = np.isfinite(values) & (values >= least)
    if not valid.all():
        raise InputError(
            f"{name} must hold finite numbers of at least {least:g}, got {values[~valid][0]:g}. Correct that value."
        )
    return values


def _in_order(given: "pd.Series[float]", assets: pd.Index, name: str) -> Array:
    if not given.index.is_unique:
        repeated = list(given.index[given.index.duplicated()])
        raise InputError(f"{name} must name each asset once, got {listed(repeated)} twice. Drop one of them.")
    absent = assets[~assets.isin(given.index)]
    if len(absent):
        raise UnknownNameError(
            f"{name} must name every asset of the market, got none for {listed(list(absent))}. "
            f"Use {name}.reindex(returns.columns, fill_value=...)."
        )
    try:
        return np.array(given.reindex(assets).to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError) as error:
        raise DataTypeError(f"{name} must hold numbers, got dtype {given.dtype}. Convert it to float.") from error


def _returns_and_factors(returns: Any, factors: Any) -> tuple[Table, Table | None]:
    if factors is None:
        return Table(*read_values(returns, "returns", units=True)), None
    panel = make_panel(returns, factors, intercept=False, check_design=False, fill=False)
    assets = Table(np.ascontiguousarray(panel.returns), panel.dates, panel.assets)
    return assets, Table(panel.regressors, panel.dates, panel.factors)


def _check_returns(returns: Table) -> None:
    below = returns.values < -1.0
    if below.any():
        rows, places = np.nonzero(below)
        raise InputError(
            f"returns must be at least -1 (a total loss), got {len(rows)} values below -1 (first: "
            f"{returns.names[places[0]]!r} on {show(returns.dates[rows[0]])}). Correct them, or use returns.clip(-1)."
        )


def _by_date(rate: Any, dates: pd.DatetimeIndex) -> Array:
    """Return the cash rate on every date of the returns."""
    if is_number(rate):
        values = np.full(len(dates), float(rate))
    elif isinstance(rate, pd.Series):
        table = Table(*read_values(rate.to_frame("cash_rate"), "cash_rate", units=True))
        rows = table.dates.get_indexer(dates)
        if (rows < 0).any():
            raise InputError(
                f"cash_rate must have every date of returns, got {int((rows < 0).sum())} missing (first: "
                f"{show(dates[rows < 0][0])}). Use cash_rate.reindex(returns.index).ffill()."
            )
        values = table.values[rows, 0].copy()
    else:
        raise DataTypeError(f"cash_rate must be a number or a Series by date, got {shown(rate)}. Pass e.g. 0.0001.")
    if not np.isfinite(values).all():
        first = show(dates[~np.isfinite(values)][0])
        raise InputError(f"cash_rate must be finite on every date, got NaN or infinite on {first}. Fill it.")
    return values


def _volumes(volumes: Any, returns: Table) -> Table:
    values, dates, names = read_values(volumes, "dollar_volumes")
    absent = returns.names[~returns.names.isin(names)]
    if len(absent):
        raise UnknownNameError(
            f"dollar_volumes must have every asset of returns, got none of {listed(list(absent))}. Add them, NaN if "
            "unknown."
        )
    missing = returns.dates[~returns.dates.isin(dates)]
    if len(missing):
        raise InputError(
            f"dollar_volumes must have every date of returns, got {len(missing)} missing (first: {show(missing[0])}). "
            "Use dollar_volumes.reindex(returns.index)."
        )
    aligned = values[np.ix_(dates.get_indexer(returns.dates), names.get_indexer(returns.names))]
    if (aligned < 0.0).any():
        raise InputError("dollar_volumes must be amounts of at least 0, got negative values. Correct them.")
    return Table(np.ascontiguousarray(aligned), returns.dates, returns.names)


def _last_rows(delistings: Any, returns: Table) -> npt.NDArray[np.int64]:
    """Return the row of each delisted asset's last date, or the row before it; none after the end of the market."""
    check("delistings", delistings, RULES["delistings"])
    rows = np.full(len(returns.names), NOT_DELISTED)
    announced: dict[Any, Any] = {} if delistings is None else dict(delistings)
    for asset, last in announced.items():
        if asset not in returns.names:
            raise UnknownNameError(f"delistings must name assets of returns, got {asset!r}. Drop it.")
        if pd.isna(last):
            continue
        place = returns.names.get_loc(asset)
        moment = read_date(last, f"delistings[{asset!r}]")
        row = int(returns.dates.searchsorted(moment, side="right")) - 1
        later = np.flatnonzero(~np.isnan(returns.values[max(row + 1, 0) :, place]))
        if len(later):
            first = show(returns.dates[max(row + 1, 0) + later[0]])
            raise InputError(
                f"delistings[{asset!r}] must be its last date with a return, got {show(last)} before a return on "
                f"{first}. Set its later returns to NaN, or correct the date."
            )
        if row >= 0 and moment <= returns.dates[-1]:
            rows[place] = row
    return rows


def _others(others: Any) -> dict[str, Table]:
    check("others", others, RULES["others"])
    return {name: Table(*read_values(frame, f"others[{name!r}]")) for name, frame in others.items()}
