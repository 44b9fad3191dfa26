"""Returns of portfolios as they come from a back-test, a frame or a series: checked once, at the door."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio._options import is_number
from statefolio.exceptions import DataTypeError, InputError

_CONSTANT = 1e-12


def read_series(returns: Any, name: str = "returns") -> "pd.Series[float]":
    """Returns of one portfolio by date.

    Parameters
    ----------
    returns : Series, one-column DataFrame, or anything with such `returns`
        Simple returns in decimals, known on every date.
    name : str
        What to call them in messages.

    Returns
    -------
    Series
        Of floats, its dates increasing.
    """
    if not isinstance(returns, pd.Series | pd.DataFrame):
        returns = getattr(returns, "returns", returns)
    if isinstance(returns, pd.DataFrame):
        if returns.shape[1] != 1:
            raise InputError(
                f"{name} has {returns.shape[1]} columns; returns of one portfolio were expected. Select a column."
            )
        returns = returns.iloc[:, 0]
    if not isinstance(returns, pd.Series):
        raise DataTypeError(
            f"{name} is a {type(returns).__name__}; a Series by date, or a back-test's result, was expected. "
            "Pass e.g. pd.Series(values, index=dates)."
        )
    values, dates, _ = read_values(returns.to_frame(name), name)
    column = values[:, 0]
    unknown = np.isnan(column)
    if unknown.any():
        raise InputError(
            f"{name} is NaN on {unknown.sum()} of {len(column)} dates (first: {show(dates[int(np.argmax(unknown))])}); "
            "a return on every date was expected. Drop those dates, or fill them with what was earned, e.g. the cash "
            "rate."
        )
    return pd.Series(column, index=dates, name=returns.name)


def read_table(returns: Any, name: str = "returns", *, gaps: bool = False) -> pd.DataFrame:
    """Returns of several portfolios (date x portfolio).

    Parameters
    ----------
    returns : DataFrame, mapping from name to Series or to anything with such `returns`, or `Trials`
    name : str
        What to call them in messages.
    gaps : bool
        Portfolios may have dates of their own; else the dates that all have are kept.

    Returns
    -------
    DataFrame
        Of floats, its dates increasing; NaN only with `gaps`.
    """
    if not isinstance(returns, Mapping | pd.DataFrame | pd.Series):
        returns = getattr(returns, "returns", returns)
    if isinstance(returns, Mapping):
        if not returns:
            raise InputError(f"{name} is empty; returns of one portfolio or more were expected. Add one.")
        returns = pd.concat({key: read_series(one, f"{name}[{key!r}]") for key, one in returns.items()}, axis=1)
        returns = returns.sort_index()
    values, dates, columns = read_values(returns, name)
    table = pd.DataFrame(values, index=dates, columns=columns)
    if gaps or not np.isnan(values).any():
        return table
    common = table.dropna()
    if len(common) == 0:
        raise InputError(
            f"{name} has no date on which all of its {len(columns)} portfolios ({listed(list(columns))}) have a "
            "return; common dates were expected. Leave out the shortest."
        )
    return common


def on_dates_of(returns: pd.Index, other: Any, name: str) -> Array:
    """Another series (a benchmark, a cash rate) on given dates; a number counts for each of them."""
    if is_number(other):
        if not np.isfinite(other):
            raise InputError(f"{name}={other!r}; a finite number or a Series by date was expected. Pass e.g. 0.0.")
        return np.full(len(returns), float(other), dtype=np.float64)
    series = read_series(other, name)
    absent = returns.difference(series.index)
    if len(absent):
        raise InputError(
            f"{name} lacks {len(absent)} dates of the returns (first: {show(absent[0])}); a value on each was "
            f"expected. Use {name}.reindex(returns.index) and fill what is missing."
        )
    found: Array = np.asarray(series.reindex(returns), dtype=np.float64)
    return found


def varies(values: Array, scale: "Array | float" = 0.0) -> Any:
    """Whether columns vary by more than rounding, against their size or the size of what they were made from."""
    size = np.maximum(np.abs(values).max(axis=0, initial=0.0), scale)
    return np.ptp(values, axis=0) > _CONSTANT * size
