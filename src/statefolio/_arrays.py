"""The door: frames become arrays here, once, and whatever cannot be used is turned away.

Behind the door nothing asks again about shapes, dates, types or finiteness.
"""

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning

Array = npt.NDArray[np.float64]

ALPHA = "alpha"
RESIDUAL = "residual"
_COLUMNS_A_COPY = 256
_COLLINEAR = 1e-10
_TOO_LARGE_A_RETURN = 0.2
_TOO_LARGE_A_MOVE = 0.5
_CELLS_TO_JUDGE_UNITS = 10
_ROWS_TO_JUDGE_UNITS = 101


@dataclass(frozen=True, eq=False)
class Panel:
    """Returns and regressors of the same dates, checked.

    Attributes
    ----------
    padded : (T, M) array
        Returns of N assets in decimals, NaN where nothing was observed; M - N columns of NaN follow. C-contiguous.
    regressors : (T, K) array
        C-contiguous; the constant 1 comes first if there is an intercept.
    dates : DatetimeIndex
        Increasing, without duplicates, without a time zone.
    assets, factors : Index
        Names of the columns; the constant is called "alpha".
    """

    padded: Array
    regressors: Array
    dates: pd.DatetimeIndex
    assets: pd.Index
    factors: pd.Index

    @property
    def returns(self) -> Array:
        """Returns without the columns after the last asset, (T, N)."""
        return self.padded[:, : len(self.assets)]


@dataclass(frozen=True, eq=False)
class _Table:
    """One frame as it came through the door, and what to call it in messages."""

    name: str
    padded: Array
    dates: pd.DatetimeIndex
    columns: pd.Index

    @property
    def values(self) -> Array:
        return self.padded[:, : len(self.columns)]


def make_panel(
    returns: Any,
    factors: Any,
    intercept: bool = True,
    *,
    check_design: bool = True,
    fill: bool = True,
    width: int = 1,
    known: tuple[pd.Index, pd.Index] | None = None,
) -> Panel:
    """Turn two frames into a panel, or say what is wrong with them.

    Parameters
    ----------
    returns, factors : pandas or polars DataFrame
        Returns by asset and by factor, in decimals. A polars frame carries its dates in the column "date",
        else in its first column of dates. Factors may have more dates than returns, never fewer.
    intercept : bool
        Put the constant 1 before the factors, under the name "alpha".
    check_design : bool
        Refuse constant factors and warn of collinear ones; for a few new dates there is nothing to check.
    fill : bool
        A factor may be NaN on a date without any return; it then becomes 0, or stays NaN without `fill`.
    width : int
        The columns of `padded` come in whole multiples of this.
    known : (Index, Index), optional
        Assets and factors of a panel made before: names that are the same need no second check.

    Returns
    -------
    Panel
        Arrays of its own: nothing is shared with the frames.
    """
    assets_known, factors_known = known or (None, None)
    given = _read(returns, "returns", width, names=assets_known)
    design = _on_dates_of(given, _read(factors, "factors", dates=given.dates))
    _check_units(given)
    _check_units(design)
    _check_factors_known(given, design)
    if check_design:
        _check_design(design, intercept)
    names = _with_constant(design.columns, intercept, factors_known)
    regressors = np.ones((len(design.values), len(names)))
    regressors[:, int(intercept) :] = design.values
    if fill:
        regressors[np.isnan(regressors)] = 0.0
    return Panel(given.padded, regressors, given.dates, given.columns, names)


def read_values(frame: Any, name: str, *, units: bool = False) -> tuple[Array, pd.DatetimeIndex, pd.Index]:
    """Values, dates and column names of one checked frame; with `units`, warn of what is no return in decimals."""
    table = _read(frame, name)
    if units:
        _check_units(table)
    return table.values, table.dates, table.columns


def read_dates(frame: Any, name: str) -> tuple[pd.DatetimeIndex, pd.Index]:
    """Dates and column names of a frame, checked."""
    table = frame if isinstance(frame, pd.DataFrame) else _to_pandas(frame, name)
    _check_shape(table, name)
    return _checked_dates(table.index, name), _checked_columns(table.columns, name)


def _read(
    frame: Any, name: str, width: int = 1, dates: pd.DatetimeIndex | None = None, names: pd.Index | None = None
) -> _Table:
    """Check a frame; dates and names that were checked before need no second check where the frame has the same."""
    if not isinstance(frame, pd.DataFrame):
        frame = _to_pandas(frame, name)
    _check_shape(frame, name)
    if dates is None or not frame.index.equals(dates):
        dates = _checked_dates(frame.index, name)
    if names is None or not frame.columns.equals(names):
        names = _checked_columns(frame.columns, name)
    table = _Table(name, _own(_to_float(frame, name), width), dates, names)
    _check_finite(table)
    return table


def _to_pandas(frame: Any, name: str) -> pd.DataFrame:
    """Make the column of dates of a polars (or pyarrow) table its index."""
    if isinstance(frame, pd.Series):
        raise DataTypeError(f"{name} is a Series; a DataFrame was expected. Use {name}.to_frame().")
    try:
        table = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        kind = type(frame).__name__
        advice = f"Call {name}.collect() first." if kind == "LazyFrame" else "Wrap it in one, dates as index."
        raise DataTypeError(f"{name} is a {kind}; a pandas or polars DataFrame was expected. {advice}") from error
    schema = table.schema
    temporal = [label for label, kind in schema.items() if kind.is_temporal()]
    if not temporal:
        raise InputError(f'{name} has no column of dates; one was expected. Add a Date column called "date".')
    label = "date" if "date" in temporal else temporal[0]
    for other, kind in schema.items():
        if other != label and not kind.is_numeric():
            raise _not_a_number(name, other, kind)
    index = pd.DatetimeIndex(table[label].to_pandas(), name="date")
    columns = [other for other in table.columns if other != label]
    return pd.DataFrame(table.select(columns).to_numpy(), index=index, columns=pd.Index(columns), copy=False)


def _not_a_number(name: str, column: Any, kind: Any) -> DataTypeError:
    return DataTypeError(
        f"{name} column {column!r} has dtype {kind}; numbers were expected. "
        f"Convert it, e.g. with pd.to_numeric, or drop it."
    )


def _check_shape(frame: pd.DataFrame, name: str) -> None:
    rows, columns = frame.shape
    if rows == 0 or columns == 0:
        raise InputError(
            f"{name} is empty ({rows} dates, {columns} columns); at least one of each was expected. "
            "Check the selection that made it."
        )


def _checked_dates(index: pd.Index, name: str) -> pd.DatetimeIndex:
    if not isinstance(index, pd.DatetimeIndex):
        raise InputError(
            f"{name} is indexed by {type(index).__name__} of {index.dtype}; dates were expected. "
            f"Use {name}.set_index(...) or {name}.index = pd.to_datetime({name}.index)."
        )
    if index.tz is not None:
        raise InputError(
            f"{name} has dates in the time zone {index.tz}; dates without one were expected. "
            f"Use {name}.tz_localize(None)."
        )
    moments = index.to_numpy()
    if np.isnat(moments).any():
        raise InputError(f"{name} has missing dates (NaT); none were expected. Drop those rows.")
    later = moments[1:] > moments[:-1]
    if later.all():
        return index if index.name is None else index.rename("date")
    if not index.is_unique:
        again = index[index.duplicated()]
        raise InputError(
            f"{name} has {len(again)} duplicate dates (first: {show(again[0])}); each was expected once. "
            f"Keep one of each, e.g. {name}[~{name}.index.duplicated()]."
        )
    at = int(np.argmin(later)) + 1
    raise InputError(
        f"{name} has dates out of order ({show(index[at])} comes after {show(index[at - 1])}); "
        f"increasing dates were expected. Use {name}.sort_index()."
    )


def _checked_columns(columns: pd.Index, name: str) -> pd.Index:
    if columns.nlevels > 1:
        raise InputError(
            f"{name} has columns of {columns.nlevels} levels; one level was expected. "
            f"Flatten them, e.g. {name}.columns.map('_'.join)."
        )
    if not columns.is_unique:
        again = list(dict.fromkeys(columns[columns.duplicated()]))
        raise InputError(
            f"{name} has duplicate names ({listed(again)}); each was expected once. Rename or drop columns."
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


def _own(values: Array, width: int) -> Array:
    """Copy by blocks of columns: frames keep a column together in memory, panels keep a date."""
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


def _check_finite(table: _Table) -> None:
    name, infinite = table.name, np.isinf(table.values)
    if not infinite.any():
        return
    rows, places = np.nonzero(infinite)
    raise InputError(
        f"{name} has {len(rows)} infinite values (first: {table.columns[places[0]]!r} on "
        f"{show(table.dates[rows[0]])}); finite numbers or NaN were expected. "
        f"Use {name}.replace([np.inf, -np.inf], np.nan)."
    )


def _on_dates_of(given: _Table, factors: _Table) -> _Table:
    """Keep of the factors the dates of the returns."""
    if factors.dates.equals(given.dates):
        return factors
    rows = factors.dates.get_indexer(given.dates)
    absent = given.dates[rows < 0]
    if len(absent) == len(given.dates):
        raise InputError(
            f"returns ({span(given.dates)}) and factors ({span(factors.dates)}) have no date in common; "
            "factors were expected on every date of returns. Check the dates of both."
        )
    if len(absent):
        raise InputError(
            f"returns has {len(absent)} dates that factors lacks (first: {show(absent[0])}); factors were "
            "expected on every date of returns. Align them first, e.g. "
            "returns[returns.index.isin(factors.index)]."
        )
    return _Table(factors.name, factors.padded[rows], given.dates, factors.columns)


def _check_factors_known(given: _Table, design: _Table) -> None:
    unknown = np.isnan(design.values)
    if not unknown.any():
        return
    rows = np.flatnonzero(unknown.any(axis=1))
    rows = rows[~np.isnan(given.values[rows]).all(axis=1)]
    if len(rows) == 0:
        return
    column = design.columns[int(np.argmax(unknown[rows[0]]))]
    raise InputError(
        f"factors is NaN on {len(rows)} dates with returns (first: {column!r} on "
        f"{show(given.dates[rows[0]])}); known factors were expected there. Fill them, or drop those dates "
        "from both."
    )


def _with_constant(columns: pd.Index, intercept: bool, known: pd.Index | None) -> pd.Index:
    """Put "alpha" before the names of the factors, if there is an intercept."""
    if known is not None and columns.equals(known[int(intercept) :]):
        return known
    _check_reserved(columns, intercept)
    return columns.insert(0, ALPHA).rename(None) if intercept else columns


def _check_reserved(names: pd.Index, intercept: bool) -> None:
    if intercept and ALPHA in names:
        raise InputError(
            f"factors has a column called {ALPHA!r}; that name was expected to be free for the constant. "
            "Rename the column, or pass intercept=False if it is the constant."
        )
    if RESIDUAL in names:
        raise InputError(
            f"factors has a column called {RESIDUAL!r}; that name was expected to be free for results. "
            "Rename the column."
        )


def _check_design(design: _Table, intercept: bool) -> None:
    """Factors that cannot be told from the constant, or from each other."""
    x = design.values[~np.isnan(design.values).any(axis=1)]
    if len(x) < 2:
        return
    lowest, highest = x.min(axis=0), x.max(axis=0)
    largest = np.abs(x).max(axis=0)
    still = (highest - lowest <= 1e-12 * largest) if intercept else (largest == 0.0)
    if still.any():
        name = design.columns[int(np.argmax(still))]
        kind = "constant" if intercept else "zero throughout"
        raise InputError(
            f"factor {name!r} is {kind}; a factor that varies was expected. Drop it"
            + (", or pass intercept=False." if intercept else ".")
        )
    if len(x) > x.shape[1] + 1:
        _warn_if_collinear(x / largest, design.columns, intercept)


def _warn_if_collinear(x: Array, names: pd.Index, intercept: bool) -> None:
    if intercept:
        x = x - x.mean(axis=0)
    spread = np.linalg.norm(x, axis=0)
    _, singular, right = np.linalg.svd(x / spread, full_matrices=False)
    if singular[-1] > _COLLINEAR * singular[0]:
        return
    together = [name for name, part in zip(names, right[-1], strict=True) if abs(part) > 1e-6]
    _warn(
        f"factors {listed(together)} are collinear; independent ones were expected, for else their loadings "
        "cannot be told apart. Drop one of them."
    )


def _check_units(table: _Table) -> None:
    """Warn where most of a column's values are too large to be returns in decimals."""
    step = -(-len(table.values) // _ROWS_TO_JUDGE_UNITS)
    sample = table.values[::step]
    above = np.abs(sample) > _TOO_LARGE_A_RETURN
    if not above.any():
        return
    large = _columns_mostly(above, sample)
    if not large.any():
        return
    negative = np.fmin.reduce(table.values, axis=0) < 0.0
    priced = large & _columns_mostly(sample > _TOO_LARGE_A_MOVE, sample) & ~negative
    name = table.name
    if priced.any():
        found = listed(list(table.columns[priced]))
        _warn(
            f"{name} {found} are never negative and mostly above {_TOO_LARGE_A_MOVE}: prices, it seems; "
            "returns in decimals were expected. Use statefolio.to_returns, or .pct_change()."
        )
    if (large & ~priced).any():
        found = listed(list(table.columns[large & ~priced]))
        _warn(
            f"{name} {found} are mostly beyond {_TOO_LARGE_A_RETURN:.0%} a date: percent, it seems; "
            f"returns in decimals were expected (0.01 = 1 %). Use {name} / 100."
        )


def _columns_mostly(true: npt.NDArray[np.bool_], sample: Array) -> npt.NDArray[np.bool_]:
    """Columns where more than half of the known values are so; all of them together if they are few."""
    known = np.count_nonzero(~np.isnan(sample), axis=0)
    count = np.count_nonzero(true, axis=0)
    if len(sample) >= _CELLS_TO_JUDGE_UNITS:
        mostly: npt.NDArray[np.bool_] = (known >= _CELLS_TO_JUDGE_UNITS) & (2 * count > known)
        return mostly
    enough = known.sum() >= _CELLS_TO_JUDGE_UNITS and 2 * count.sum() > known.sum()
    return np.full(len(known), bool(enough))


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=2)


def show(date: Any) -> str:
    """Write a date, with its time only where it has one."""
    moment = pd.Timestamp(date)
    return moment.strftime("%Y-%m-%d") if moment == moment.normalize() else moment.isoformat()


def span(dates: pd.DatetimeIndex) -> str:
    """First and last date in words."""
    return f"{show(dates[0])} to {show(dates[-1])}"


def listed(names: list[Any], most: int = 3) -> str:
    """List the first few names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more
