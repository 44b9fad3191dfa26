"""Reads one DataFrame: checks shape, dates, names and numbers, and returns its values as an array."""

from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, show, shown
from statefolio._arrays.types import Array
from statefolio._arrays.units import warn_of_units
from statefolio.exceptions import DataTypeError, InputError

_COLUMNS_A_COPY = 256
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


def read_values(frame: Any, name: str, *, units: bool = False) -> tuple[Array, pd.DatetimeIndex, pd.Index]:
    """Return values, dates and column names; with `units`, warn of values that cannot be returns in decimals."""
    table = read_table(frame, name)
    if units:
        warn_of_units(table.name, table.values, table.columns)
    return table.values, table.dates, table.columns


def read_labels(frame: Any, name: str) -> tuple[pd.DatetimeIndex, pd.Index]:
    """Return the dates and the column names of a DataFrame, checked."""
    table = frame if isinstance(frame, pd.DataFrame) else _to_pandas(frame, name)
    _check_shape(table, name)
    return _checked_dates(table.index, name), _checked_columns(table.columns, name)


def read_table(
    frame: Any, name: str, width: int = 1, dates: pd.DatetimeIndex | None = None, names: pd.Index | None = None
) -> Table:
    """Check a DataFrame and copy its values.

    Parameters
    ----------
    frame : pandas or polars DataFrame
    name
        Name of the argument, for messages.
    width
        The number of columns of `padded` is a multiple of this.
    dates, names
        Labels that were checked before; equal labels of the frame are not checked again.
    """
    if not isinstance(frame, pd.DataFrame):
        frame = _to_pandas(frame, name)
    _check_shape(frame, name)
    if dates is None or not frame.index.equals(dates):
        dates = _checked_dates(frame.index, name)
    if names is None or not frame.columns.equals(names):
        names = _checked_columns(frame.columns, name)
    table = Table(name, _copied(_to_float(frame, name), width), dates, names)
    _check_finite(table)
    return table


def _to_pandas(frame: Any, name: str) -> pd.DataFrame:
    """Make the column of dates of a polars (or pyarrow) table its index."""
    if isinstance(frame, pd.Series):
        raise DataTypeError(f"{name} must be a DataFrame, got a Series. Use {name}.to_frame().")
    try:
        table = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        kind = type(frame).__name__
        advice = (
            f"Call {name}.collect()." if kind == "LazyFrame" else "Make a DataFrame of it, with dates as its index."
        )
        raise DataTypeError(f"{name} must be a pandas or polars DataFrame, got a {kind}. {advice}") from error
    schema = table.schema
    temporal = [label for label, kind in schema.items() if kind.is_temporal()]
    if not temporal:
        raise InputError(
            f'{name} must have a column of dates, got {listed(schema)}. Add one of type Date called "date".'
        )
    label = "date" if "date" in temporal else temporal[0]
    for other, kind in schema.items():
        if other != label and not kind.is_numeric():
            raise _not_a_number(name, other, kind)
    index = pd.DatetimeIndex(table[label].to_pandas(), name="date")
    columns = [other for other in table.columns if other != label]
    return pd.DataFrame(table.select(columns).to_numpy(), index=index, columns=pd.Index(columns), copy=False)


def _not_a_number(name: str, column: Any, kind: Any) -> DataTypeError:
    return DataTypeError(
        f"{name} must have numbers in every column, got {kind} in {column!r}. Convert the column, e.g. with "
        "pd.to_numeric, or drop it."
    )


def _check_shape(frame: pd.DataFrame, name: str) -> None:
    rows, columns = frame.shape
    if rows == 0 or columns == 0:
        raise InputError(
            f"{name} must have at least one date and one column, got {rows} dates and {columns} columns. Check how it "
            "was selected."
        )


def _checked_dates(index: pd.Index, name: str) -> pd.DatetimeIndex:
    """Return the dates of an index; periods of a day or more are dated by their last day."""
    if isinstance(index, pd.PeriodIndex) and (index.end_time - index.start_time >= _ALMOST_A_DAY).all():
        index = index.to_timestamp(how="end").normalize()
    if not isinstance(index, pd.DatetimeIndex):
        raise InputError(
            f"{name} must have dates as its index, got a {type(index).__name__} of {index.dtype}. "
            + _advice(index, name)
        )
    if index.tz is not None:
        raise InputError(
            f"{name} must have dates without a time zone, got the time zone {index.tz}. Use {name}.tz_localize(None)."
        )
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
            f"of each, e.g. {name}[~{name}.index.duplicated()]."
        )
    at = int(np.argmin(later)) + 1
    raise InputError(
        f"{name} must have increasing dates, got {show(index[at])} after {show(index[at - 1])}. Use "
        f"{name}.sort_index()."
    )


def _advice(index: pd.Index, name: str) -> str:
    """Say how an index becomes one of dates."""
    if isinstance(index, pd.RangeIndex):
        return f'Use {name}.set_index("date"), with the column of dates.'
    if isinstance(index, pd.PeriodIndex):
        return f"Use {name}.to_timestamp()."
    if pd.api.types.is_integer_dtype(index.dtype):
        return f'Use {name}.index = pd.to_datetime({name}.index.astype(str), format="%Y%m%d").'
    if index.nlevels > 1:
        return f"Use {name}.unstack(), so that each asset has a column."
    return f"Use {name}.index = pd.to_datetime({name}.index)."


def _checked_columns(columns: pd.Index, name: str) -> pd.Index:
    if columns.nlevels > 1:
        raise InputError(
            f"{name} must have columns of one level, got {columns.nlevels} levels. Choose one field, e.g. "
            f"{name}[{columns[0][0]!r}]."
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


def _to_float(frame: pd.DataFrame, name: str) -> Array:
    values = frame.to_numpy()
    if values.dtype == np.float64:
        return values
    for column, kind in frame.dtypes.items():
        if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind) or kind.kind == "c":
            raise _not_a_number(name, column, kind)
    return frame.to_numpy(dtype=np.float64, na_value=np.nan)


def _copied(values: Array, width: int) -> Array:
    """Copy by blocks of columns: DataFrames store columns contiguously, panels store dates."""
    rows, columns = values.shape
    own = np.empty((rows, -(-columns // width) * width))
    own[:, columns:] = np.nan
    size = _COLUMNS_A_COPY if rows > 1 else columns

    def copy(first: int) -> None:
        last = min(first + size, columns)
        own[:, first:last] = values[:, first:last]

    starts = range(0, columns, size)
    if len(starts) == 1:
        copy(0)
        return own
    with ThreadPoolExecutor() as pool:
        list(pool.map(copy, starts))
    return own


def _check_finite(table: Table) -> None:
    name, infinite = table.name, np.isinf(table.values)
    if not infinite.any():
        return
    rows, places = np.nonzero(infinite)
    raise InputError(
        f"{name} must have finite numbers or NaN, got {len(rows)} infinite values (first: "
        f"{table.columns[places[0]]!r} on {show(table.dates[rows[0]])}). Use "
        f"{name}.replace([np.inf, -np.inf], np.nan)."
    )
