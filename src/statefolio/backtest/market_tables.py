"""Validates the data of a market and converts them to arrays."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.cash_rates import check_cash_rate
from statefolio._arrays.dates import read_date
from statefolio._arrays.frames import read_values
from statefolio._arrays.other_tables import one_column
from statefolio._arrays.panel import make_panel
from statefolio._arrays.text import listed, show, shown, span
from statefolio._arrays.types import Array
from statefolio._options import Flag, Kind, Whole, check, is_number
from statefolio._plausible.finding import Numbers
from statefolio._plausible.reading import check_returns
from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning, UnknownNameError

NOT_DELISTED = -1
_SMALLEST_SHARE_KNOWN = 0.6
RULES = {
    "delisted_after": Whole(at_least=1, example=21),
    "gaps_bridged": Flag() | None,
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
    spans_gap : (T, N) array of bool, optional
        Returns from an earlier close than the previous one, because there was no price on the dates between. None:
        it is not known what returns after missing ones span.
    prices : Table (T, N), optional
        Last known price at each close; NaN before the first.
    dividends : Table (T, N), optional
        Dividends of each date per unit of currency held at the last price. Returns are then those of prices alone.
    """

    returns: Table
    cash_rate: Array
    factors: Table | None
    dollar_volumes: Table | None
    last_dates: npt.NDArray[np.int64]
    delisting_return: Array
    delisted_after: int
    others: Mapping[str, Table] = field(default_factory=dict)
    spans_gap: npt.NDArray[np.bool_] | None = None
    prices: Table | None = None
    dividends: Table | None = None

    @property
    def total_returns(self) -> Array:
        """Returns with dividends (T, N)."""
        values = self.returns.values
        return values if self.dividends is None else values + self.dividends.values

    @property
    def one_date_returns(self) -> Array:
        """Total returns from one close to the next (T, N): NaN across a gap, so that models do not see them."""
        values = self.total_returns
        return values if self.spans_gap is None else np.where(self.spans_gap, np.nan, values)

    @property
    def unknown_moves(self) -> npt.NDArray[np.bool_]:
        """Missing returns between known ones (T, N) whose move is in no later return: the account counts them as 0."""
        missing = np.isnan(self.returns.values)
        if self.spans_gap is not None or not missing.any():
            return np.zeros_like(missing)
        later: npt.NDArray[np.bool_] = np.logical_or.accumulate(~missing[::-1])[::-1]
        return missing & later & np.logical_or.accumulate(~missing)

    @property
    def missing_factors(self) -> npt.NDArray[np.bool_]:
        """Dates with returns on which a factor is missing (T,)."""
        if self.factors is None:
            return np.zeros(len(self.returns.dates), dtype=bool)
        missing = np.isnan(self.factors.values).any(axis=1)
        if not missing.any():
            return np.asarray(missing)
        return np.asarray(missing & ~np.isnan(self.returns.values).all(axis=1))

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
    gaps_bridged: Any = None,
) -> MarketTables:
    """Validate the data of a market; the arguments are those of `Market`.

    Raises
    ------
    DataTypeError, InputError, UnknownNameError
        If an argument cannot be used.
    """
    assets, design = _returns_and_factors(returns, factors)
    _check_returns(assets, design)
    check("delisted_after", delisted_after, RULES["delisted_after"])
    check("gaps_bridged", gaps_bridged, RULES["gaps_bridged"])
    if gaps_bridged is None:
        gaps_bridged = getattr(returns, "attrs", {}).get("gaps_bridged", False)
    return MarketTables(
        returns=assets,
        factors=design,
        cash_rate=_by_date(cash_rate, assets.dates),
        dollar_volumes=None if dollar_volumes is None else _volumes(dollar_volumes, assets),
        last_dates=_last_rows(delistings, assets),
        delisting_return=by_asset(delisting_return, assets.names, "delisting_return", least=-1.0),
        delisted_after=int(delisted_after),
        others={} if others is None else _others(others),
        spans_gap=_after_gaps(assets.values) if gaps_bridged else None,
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
        return Table(*read_values(returns, "returns")), None
    assets = Table(*read_values(returns, "returns"))
    given = Table(*read_values(factors, "factors"))
    rows = given.dates.get_indexer(assets.dates)
    known = (rows >= 0) & ~np.isnan(given.values[rows]).any(axis=1)
    has_return = ~np.isnan(assets.values).all(axis=1)
    if (known | ~has_return).all() and (rows >= 0).all():
        panel = make_panel(returns, factors, intercept=False, check_design=False, fill=False)
        assets = Table(np.ascontiguousarray(panel.returns), panel.dates, panel.assets)
        return assets, Table(panel.regressors, panel.dates, panel.factors)
    _check_missing_factors(assets, given, known)
    make_panel(_rows(assets, known), _rows(given, rows[known]), intercept=False, check_design=False)
    design = np.where(known[:, None], given.values[rows], np.nan)
    return assets, Table(design, assets.dates, given.names)


def _rows(table: Table, rows: Any) -> pd.DataFrame:
    return pd.DataFrame(table.values[rows], index=table.dates[rows], columns=table.names)


def _check_missing_factors(returns: Table, factors: Table, known: "npt.NDArray[np.bool_]") -> None:
    """Refuse factors of another frequency; warn of missing dates."""
    dates = returns.dates
    if not known.any():
        raise InputError(
            f"factors ({span(factors.dates)}) must be known on dates of returns ({span(dates)}), got no date in "
            "common. Check the dates of both."
        )
    first, last = np.flatnonzero(known)[[0, -1]]
    between = known[first : last + 1]
    if between.mean() < _SMALLEST_SHARE_KNOWN:
        raise InputError(
            f"factors must have the frequency of returns, got {int(between.sum())} of {len(between)} dates from "
            f"{show(dates[first])} to {show(dates[last])}. Compound the returns to the dates of the factors."
        )
    missing = dates[~known]
    warnings.warn(
        f"factors must be known on every date of returns, got {len(missing)} of {len(dates)} dates without (first "
        f"{show(missing[0])}, last {show(missing[-1])}). The account includes these dates, models do not see them; "
        f"equal weights of the assets earned {mean_return(returns.values[~known]):.1%} on them. Add the factors.",
        StatefolioWarning,
        stacklevel=6,
    )


def mean_return(returns: Array) -> float:
    """Return the compounded mean return of the assets over some dates; a date without any return counts as 0."""
    known = ~np.isnan(returns)
    means = np.where(known, returns, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return float(np.prod(1.0 + means) - 1.0)


def _after_gaps(returns: Array) -> "npt.NDArray[np.bool_]":
    """Mark returns after missing ones that follow an earlier return."""
    known = ~np.isnan(returns)
    spans = np.zeros_like(known)
    spans[1:] = known[1:] & ~known[:-1] & np.logical_or.accumulate(known)[:-1]
    return spans


def _check_returns(returns: Table, factors: Table | None) -> None:
    """Refuse returns below -100 %, and warn of implausible returns and factors."""
    below = returns.values < -1.0
    if below.any():
        rows, places = np.nonzero(below)
        raise InputError(
            f"returns must be at least -1 (a total loss), got {len(rows)} values below -1 (first: "
            f"{returns.names[places[0]]!r} on {show(returns.dates[rows[0]])}). Correct them, or use returns.clip(-1)."
        )
    check_returns(Numbers(returns.values, returns.dates, returns.names), "returns", losses=True)
    if factors is not None:
        check_returns(Numbers(factors.values, factors.dates, factors.names), "factors", assets=False)


def _by_date(rate: Any, dates: pd.DatetimeIndex) -> Array:
    """Return the cash rate on every date of the returns."""
    rate = one_column(rate, "cash_rate")
    if is_number(rate):
        values = np.full(len(dates), float(rate))
    elif isinstance(rate, pd.Series):
        table = Table(*read_values(rate.to_frame("cash_rate"), "cash_rate"))
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
    check_cash_rate("cash_rate", values, dates)
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
