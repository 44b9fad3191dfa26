"""Validates the data of a market and converts them to arrays."""

import warnings
from collections.abc import Mapping
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
from statefolio.backtest.by_asset import by_asset
from statefolio.backtest.market_tables import NOT_DELISTED, MarketTables, Table, mean_return
from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning, UnknownNameError

_SMALLEST_SHARE_KNOWN = 0.6
RULES = {
    "delisted_after": Whole(at_least=1, example=21),
    "gaps_bridged": Flag() | None,
    "delistings": Kind((pd.Series, Mapping), "a Series of dates by asset", "pd.Series({'A': '2021-06-30'})") | None,
    "others": Kind(Mapping, "a mapping of DataFrames by name", "{'rates': rates}") | None,
}


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
