"""Validates returns of portfolios, given as a Series, a DataFrame or a back-test's result."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.cash_rates import check_cash_rate
from statefolio._arrays.frames import read_values
from statefolio._arrays.other_tables import one_column
from statefolio._arrays.text import listed, show, shown
from statefolio._arrays.types import Array
from statefolio._options import Number, check, is_number
from statefolio._plausible.finding import Numbers
from statefolio._plausible.reading import check_returns
from statefolio.exceptions import DataTypeError, InputError

_CONSTANT = 1e-12


def read_series(returns: Any, name: str = "returns") -> "pd.Series[float]":
    """Read the returns of one portfolio.

    Parameters
    ----------
    returns : Series, one-column DataFrame, or an object with such `returns`
        Simple returns in decimals, known on every date.
    name : str
        Name of the argument, for messages.

    Returns
    -------
    Series
        Floats by increasing date.
    """
    returns = one_column(returns, name)
    if not isinstance(returns, pd.Series | pd.DataFrame):
        returns = getattr(returns, "returns", returns)
    if isinstance(returns, pd.DataFrame):
        if returns.shape[1] != 1:
            raise InputError(f"{name} must have one column, got {returns.shape[1]} columns. Select one of them.")
        returns = returns.iloc[:, 0]
    if not isinstance(returns, pd.Series):
        raise DataTypeError(
            f"{name} must be a Series by date or a back-test's result, got {shown(returns)}. Pass e.g. "
            "pd.Series(values, index=dates)."
        )
    values, dates, _ = read_values(returns.to_frame(name), name)
    column = values[:, 0]
    missing = np.isnan(column)
    if missing.any():
        raise InputError(
            f"{name} must be known on every date, got NaN on {missing.sum()} of {len(column)} dates (first: "
            f"{show(dates[int(np.argmax(missing))])}). Drop those dates, or fill them, e.g. with the cash rate."
        )
    return pd.Series(column, index=dates, name=returns.name)


def read_table(returns: Any, name: str = "returns", *, gaps: bool = False) -> pd.DataFrame:
    """Read the returns of several portfolios (date x portfolio).

    Parameters
    ----------
    returns : DataFrame, mapping from name to Series or result, or `Trials`
    name : str
        Name of the argument, for messages.
    gaps : bool
        Accept missing returns; otherwise only the dates on which all portfolios have a return are kept.

    Returns
    -------
    DataFrame
        Floats by increasing date; NaN only with `gaps`.
    """
    if not isinstance(returns, Mapping | pd.DataFrame | pd.Series):
        returns = getattr(returns, "returns", returns)
    if isinstance(returns, Mapping):
        if not returns:
            raise InputError(f"{name} must hold the returns of at least one portfolio, got none. Add one.")
        returns = pd.concat({key: read_series(item, f"{name}[{key!r}]") for key, item in returns.items()}, axis=1)
        returns = returns.sort_index()
    values, dates, columns = read_values(returns, name)
    table = pd.DataFrame(values, index=dates, columns=columns)
    if gaps or not np.isnan(values).any():
        return table
    common = table.dropna()
    if len(common) == 0:
        raise InputError(
            f"{name} must have dates on which all of its {len(columns)} portfolios have a return, got none for "
            f"{listed(list(columns))}. Leave out the shortest."
        )
    return common


def on_dates(dates: pd.Index, values: Any, name: str) -> Array:
    """Return the values of a number or a Series (a benchmark, a cash rate) on given dates."""
    if is_number(values):
        check(name, values, Number(example=0.0))
        rates = np.full(len(dates), float(values), dtype=np.float64)
        _check_rate(name, rates, dates)
        return rates
    series = read_series(values, name)
    absent = dates.difference(series.index)
    if len(absent):
        raise InputError(
            f"{name} must have every date of the returns, got {len(absent)} missing (first: {show(absent[0])}). Use "
            f"{name}.reindex(returns.index) and fill the missing values."
        )
    aligned: Array = np.asarray(series.reindex(dates), dtype=np.float64)
    _check_rate(name, aligned, dates)
    return aligned


def _check_rate(name: str, rates: Array, dates: pd.Index) -> None:
    if name == "cash_rate":
        check_cash_rate(name, rates, pd.DatetimeIndex(dates))


def warn_of_returns(returns: Any, series: "pd.Series[float]", name: str = "returns") -> None:
    """Warn of implausible values in a user's own returns; a back-test's result is not checked."""
    returns = one_column(returns, name)
    if not isinstance(returns, pd.Series | pd.DataFrame):
        return
    values: Array = np.asarray(series, dtype=np.float64)
    label = pd.Index(["unnamed" if series.name is None else series.name], dtype=object)
    check_returns(Numbers(values[:, None], pd.DatetimeIndex(series.index), label), name, assets=False, losses=True)


def varies(values: Array, scale: "Array | float" = 0.0) -> Any:
    """Return whether each column varies by more than rounding, relative to its size or to `scale` if that is larger."""
    size = np.maximum(np.abs(values).max(axis=0, initial=0.0), scale)
    return np.ptp(values, axis=0) > _CONSTANT * size
