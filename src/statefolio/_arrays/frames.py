"""Reads one DataFrame: checks shape, dates, names and numbers, and returns its values as an array."""

import warnings
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.other_tables import how_to_widen, not_a_number, to_pandas
from statefolio._arrays.text import listed, show, shown
from statefolio._arrays.types import Array
from statefolio._threads import get_num_threads
from statefolio.exceptions import InputError, StatefolioWarning

_COLUMNS_A_BLOCK = 256
_SMALL = 4_000_000  # values that one thread passes over sooner than several start
_LATE = 18
_FIELDS = ("adj close", "close", "price", "px_last", "ret", "return", "open", "high", "low", "volume")
_ALMOST_A_DAY = pd.Timedelta(hours=23, minutes=59)


@dataclass(frozen=True, eq=False)
class Table:
    """A checked DataFrame, and its name in messages.

    Attributes
    ----------
    padded : (T, M) array
        Values of N columns; M - N columns of NaN follow.
    dates : DatetimeIndex
    columns : Index
    """

    name: str
    padded: Array
    dates: pd.DatetimeIndex
    columns: pd.Index

    @property
    def values(self) -> Array:
        """Values without the columns after the last name, (T, N)."""
        return self.padded[:, : len(self.columns)]

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        """Smallest and largest value of each column, NaN where none is known."""
        values = self.values
        low, high = np.empty(values.shape[1]), np.empty(values.shape[1])

        def bound(own: slice) -> None:
            low[own], high[own] = np.fmin.reduce(values[:, own], axis=0), np.fmax.reduce(values[:, own], axis=0)

        _over_columns(bound, values)
        return low, high


def read_values(frame: Any, name: str) -> tuple[Array, pd.DatetimeIndex, pd.Index]:
    """Return values, dates and column names."""
    table = read_table(frame, name)
    return table.values, table.dates, table.columns


def read_labels(frame: Any, name: str) -> tuple[pd.DatetimeIndex, pd.Index]:
    """Return the dates and the column names of a DataFrame, checked."""
    table = frame if isinstance(frame, pd.DataFrame) else to_pandas(frame, name)
    _check_shape(table, name)
    return _checked_dates(table.index, name), _checked_columns(table.columns, name)


def read_table(
    frame: Any, name: str, width: int = 1, dates: pd.DatetimeIndex | None = None, names: pd.Index | None = None
) -> Table:
    """Check a DataFrame and copy its values.

    Parameters
    ----------
    frame : DataFrame, or what `to_pandas` takes
    name
        Name of the argument, for messages.
    width
        The number of columns of `padded` is a multiple of this.
    dates, names
        Labels that were checked before; equal labels of the frame are not checked again.
    """
    if not isinstance(frame, pd.DataFrame):
        frame = to_pandas(frame, name)
    _check_shape(frame, name)
    if dates is None or not frame.index.equals(dates):
        dates = _checked_dates(frame.index, name)
    if names is None or not frame.columns.equals(names):
        names = _checked_columns(frame.columns, name)
    table = Table(name, _copied(_to_float(frame, name), width), dates, names)
    _check_finite(table)
    return table


def _check_shape(frame: pd.DataFrame, name: str) -> None:
    rows, columns = frame.shape
    if rows == 0 or columns == 0:
        raise InputError(
            f"{name} must have at least one date and one column, got {rows} dates and {columns} columns. Check how it "
            "was selected."
        )


def _checked_dates(index: pd.Index, name: str) -> pd.DatetimeIndex:
    """Return the dates of an index; periods are dated by their last day, moments of a time zone by its day."""
    if isinstance(index, pd.PeriodIndex) and (index.end_time - index.start_time >= _ALMOST_A_DAY).all():
        index = index.to_timestamp(how="end").normalize()
    if not isinstance(index, pd.DatetimeIndex):
        raise InputError(
            f"{name} must have dates as its index, got a {type(index).__name__} of {index.dtype}. "
            + _advice(index, name)
        )
    zoned = index.tz is not None
    index = local_days(index, name) if zoned else index
    moments = index.to_numpy()
    if np.isnat(moments).any():
        raise InputError(
            f"{name} must have a date in every row, got {np.isnat(moments).sum()} missing (NaT). Drop those rows."
        )
    later = moments[1:] > moments[:-1]
    if later.all():
        return index if index.name is None else index.rename("date")
    if not index.is_unique:
        again = index[index.duplicated()]
        raise InputError(
            f"{name} must have each date once, got {len(again)} duplicate dates (first: {show(again[0])}). Keep one "
            + (
                f'row per day, e.g. {name}.resample("D").last().'
                if zoned
                else f"of each, e.g. {name}[~{name}.index.duplicated()]."
            )
        )
    at = int(np.argmin(later)) + 1
    raise InputError(
        f"{name} must have increasing dates, got {show(index[at])} after {show(index[at - 1])}. Use "
        f"{name}.sort_index()."
    )


def local_days(index: pd.DatetimeIndex, name: str) -> pd.DatetimeIndex:
    """Return the days that the clocks of an index's time zone show; warn where UTC seems to hide other days."""
    days = index.tz_localize(None)
    if str(index.tz) == "UTC" and len(days) and bool((days.hour >= _LATE).all()):
        warnings.warn(
            f"{name} has dates at {days[0]:%H:%M} in UTC, which are midnights of the next day east of there; the days "
            f"in UTC were taken. Use {name}.tz_convert(...) with the market's time zone if the next day is meant.",
            StatefolioWarning,
            stacklevel=2,
        )
    return days.normalize()


def _advice(index: pd.Index, name: str) -> str:
    """Say how an index becomes one of dates."""
    if isinstance(index, pd.RangeIndex):
        return f'Use {name}.set_index("date"), with the column of dates.'
    if isinstance(index, pd.PeriodIndex):
        return f"Use {name}.to_timestamp()."
    if pd.api.types.is_integer_dtype(index.dtype):
        return f'Use {name}.index = pd.to_datetime({name}.index.astype(str), format="%Y%m%d").'
    if isinstance(index, pd.MultiIndex):
        return how_to_widen(index, f"{name}.iloc[:, 0]")
    return f"Use {name}.index = pd.to_datetime({name}.index)."


def _checked_columns(columns: pd.Index, name: str) -> pd.Index:
    if isinstance(columns, pd.MultiIndex):
        raise InputError(
            f"{name} must have columns of one level, got {columns.nlevels} levels. {_choice(columns, name)}"
        )
    odd = [label for label in columns if not isinstance(label, Hashable)] if columns.dtype == object else []
    if odd:
        raise InputError(
            f"{name} must have names that can be looked up, got {shown(odd[0])} as the name of a column. Use text."
        )
    if not columns.is_unique:
        again = list(dict.fromkeys(columns[columns.duplicated()]))
        raise InputError(
            f"{name} must have each column name once, got duplicate names ({listed(again)}). Rename or drop columns."
        )
    return columns if columns.name is None else columns.rename(None)


def _choice(columns: pd.MultiIndex, name: str) -> str:
    """Say how columns of several levels, such as field and asset, become columns of one."""
    distinct = [list(columns.unique(level)) for level in range(columns.nlevels)]
    fields = {
        (level, value): _FIELDS.index(str(value).lower())
        for level, values in enumerate(distinct)
        for value in values
        if str(value).lower() in _FIELDS
    }
    single = [level for level, values in enumerate(distinct) if len(values) == 1]
    if single:
        return f"Drop the level that names one thing, with {name}.droplevel({single[0]}, axis=1)."
    least = min(range(columns.nlevels), key=lambda level: len(distinct[level]))
    level, value = min(fields, key=lambda key: fields[key], default=(least, distinct[least][0]))
    return f"Choose one field, e.g. {name}.xs({value!r}, axis=1, level={level})."


def _to_float(frame: pd.DataFrame, name: str) -> Array:
    values = frame.to_numpy()
    if values.dtype == np.float64:
        return values
    for column, kind in frame.dtypes.items():
        if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind) or kind.kind == "c":
            raise not_a_number(name, column, kind)
    return frame.to_numpy(dtype=np.float64, na_value=np.nan)


def _copied(values: Array, width: int) -> Array:
    """Copy by blocks of columns: DataFrames store columns contiguously, panels store dates."""
    rows, columns = values.shape
    own = np.empty((rows, -(-columns // width) * width))
    own[:, columns:] = np.nan

    def copy(part: slice) -> None:
        own[:, part] = values[:, part]

    _over_columns(copy, values)
    return own


def _over_columns(work: Callable[[slice], None], values: Array) -> None:
    """Call `work` with blocks of columns, on several threads unless the values are few."""
    columns = values.shape[1]
    if values.size <= _SMALL or columns <= _COLUMNS_A_BLOCK:
        work(slice(0, columns))
        return
    with ThreadPoolExecutor(get_num_threads()) as pool:
        starts = range(0, columns, _COLUMNS_A_BLOCK)
        list(pool.map(lambda first: work(slice(first, min(first + _COLUMNS_A_BLOCK, columns))), starts))


def _check_finite(table: Table) -> None:
    if not np.isinf(table.bounds).any():
        return
    name = table.name
    rows, places = np.nonzero(np.isinf(table.values))
    raise InputError(
        f"{name} must have finite numbers or NaN, got {len(rows)} infinite values (first: "
        f"{table.columns[places[0]]!r} on {show(table.dates[rows[0]])}). Use "
        f"{name}.replace([np.inf, -np.inf], np.nan)."
    )
