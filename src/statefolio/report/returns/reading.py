"""Reads the returns of a tear sheet: leaves out missing ends, and refuses prices, percent and gaps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import show, shown, span
from statefolio._plausible.finding import Numbers
from statefolio._plausible.units import find_wrong_units
from statefolio.backtest.return_series import read_series, warn_of_returns
from statefolio.exceptions import DataTypeError, InputError

ADVICE = {
    "prices": "Pass returns: sf.to_returns(prices).",
    "percent": "Divide them by 100.",
    "yearly_rate": "Divide yearly rates by the number of dates per year.",
}


@dataclass(frozen=True, eq=False)
class ReadReturns:
    """Returns by date, those of the benchmark on the dates of both, and sentences on what was left out."""

    returns: "pd.Series[float]"
    benchmark: "pd.Series[float] | None"
    notes: tuple[str, ...]


def read_sheet(returns: Any, benchmark: Any) -> ReadReturns:
    """Validate the returns and the benchmark of a tear sheet.

    Raises
    ------
    DataTypeError, InputError
        If they are not returns in decimals by date, are missing within their dates, or have no date in common.
    """
    notes: list[str] = []
    series = _read(returns, "returns", notes)
    if benchmark is None:
        return ReadReturns(series, None, tuple(notes))
    other = _read(benchmark, "benchmark", notes)
    both = series.index.intersection(other.index)
    if not len(both):
        raise InputError(
            f"benchmark must have dates of the returns ({span(pd.DatetimeIndex(series.index))}), got none of them "
            f"({span(pd.DatetimeIndex(other.index))}). Pass a benchmark of the same dates."
        )
    if len(both) < len(series):
        notes.append(
            f"Measures relative to the benchmark cover the {len(both):,} of {len(series):,} dates that both have, "
            f"{span(pd.DatetimeIndex(both))}."
        )
    return ReadReturns(series, other.loc[both], tuple(notes))


def _read(given: Any, name: str, notes: list[str]) -> "pd.Series[float]":
    if hasattr(given, "columns") and not isinstance(given, pd.DataFrame):  # polars, with a column "date"
        values, dates, columns = read_values(given, name)
        given = pd.DataFrame(values, dates, columns)
    is_own = isinstance(given, pd.Series | pd.DataFrame)
    trimmed = _without_missing_ends(given, name, notes) if is_own else given
    series = read_series(trimmed, name)
    if len(series) == 0:
        raise InputError(f"{name} must have at least one date, got none. Pass a Series of returns by date.")
    if is_own:
        refuse_other_units(series, name)
        warn_of_returns(trimmed, series, name)
    return series


def _without_missing_ends(given: Any, name: str, notes: list[str]) -> Any:
    """Return a table from its first to its last value: the first return of prices is missing, as a rule."""
    if isinstance(given, pd.DataFrame):
        if given.shape[1] != 1:
            raise InputError(f"{name} must have one column, got {given.shape[1]} columns. Select one of them.")
        given = given.iloc[:, 0]
    if not isinstance(given.index, pd.DatetimeIndex):
        raise DataTypeError(
            f"{name} must be indexed by dates, got an index of {shown(given.index[0]) if len(given) else 'nothing'}. "
            "Use pd.Series(values, index=pd.to_datetime(dates))."
        )
    values, dates, _ = read_values(given.to_frame(name), name)
    known = np.flatnonzero(~np.isnan(values[:, 0]))
    if not len(known):
        raise InputError(f"{name} must have at least one value, got none. Pass returns in decimals.")
    lost = len(dates) - (int(known[-1]) - int(known[0]) + 1)
    if lost:
        notes.append(
            f"The {name} cover {show(dates[known[0]])} to {show(dates[known[-1]])}; {lost:,} missing values before and "
            "after are left out."
        )
    return pd.Series(values[:, 0], dates, name=given.name).iloc[known[0] : known[-1] + 1]


def refuse_other_units(series: "pd.Series[float]", name: str, advice: Mapping[str, str] = ADVICE) -> None:
    """Raise InputError for prices, percent and yearly rates, with what to do about each."""
    numbers = Numbers(
        np.asarray(series, dtype=np.float64)[:, None], pd.DatetimeIndex(series.index), pd.Index([name], dtype=object)
    )
    for finding in find_wrong_units(numbers):
        raise InputError(
            f"{name} must be simple returns in decimals, got values {finding.detail}. {advice[finding.kind]}"
        )
