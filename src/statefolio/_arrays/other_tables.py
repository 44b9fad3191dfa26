"""Turns Series and the tables of polars, pyarrow and xarray into DataFrames with dates as their index."""

from typing import Any

import pandas as pd

from statefolio._arrays.text import listed
from statefolio.exceptions import DataTypeError, InputError

_ONE = {"factors": "factor"}


def to_pandas(given: Any, name: str) -> pd.DataFrame:
    """Return a DataFrame with dates as its index and one column per asset or factor.

    Parameters
    ----------
    given : Series, DataArray, or polars or pyarrow table
        A Series is one asset or factor, called "asset" or "factor" where it has no name. A DataArray has a dimension of
        dates and at most one other. A table has its dates in the column "date", or else in its first column of dates.
    name : str
        Name of the argument, for messages.

    Raises
    ------
    DataTypeError
        If it is no table, or a column has no numbers.
    InputError
        If it has no dates.
    """
    if isinstance(given, pd.Series):
        if isinstance(given.index, pd.MultiIndex):
            raise InputError(
                f"{name} must have dates as its index, got an index of {given.index.nlevels} levels. "
                + how_to_widen(given.index, name)
            )
        return given.to_frame(_ONE.get(name, "asset") if given.name is None else given.name)
    if type(given).__module__.partition(".")[0] == "xarray" and hasattr(given, "dims"):
        return _of_xarray(given, name)
    import narwhals.stable.v2 as nw  # a panel of pandas does not need it

    try:
        table = nw.from_native(given, eager_only=True)
    except TypeError as error:
        kind = type(given).__name__
        unlabelled = isinstance(given, list | tuple) or hasattr(given, "__array_interface__")
        advice = (
            f"Use {name}.collect()."
            if kind == "LazyFrame"
            else f"Use statefolio.data.to_frame({name}, dates=..., assets=[...])."
            if unlabelled
            else "Make a DataFrame of it, with dates as its index."
        )
        raise DataTypeError(f"{name} must be a table with dates and names, got a {kind}. {advice}") from error
    schema = table.schema
    temporal = [label for label, kind in schema.items() if kind.is_temporal()]
    if not temporal:
        raise InputError(
            f'{name} must have a column of dates, got {listed(schema)}. Add one of type Date called "date".'
        )
    label = "date" if "date" in temporal else temporal[0]
    for other, kind in schema.items():
        if other != label and not kind.is_numeric():
            raise not_a_number(name, other, kind)
    index = pd.DatetimeIndex(table[label].to_pandas(), name="date")
    columns = [other for other in table.columns if other != label]
    return pd.DataFrame(table.select(columns).to_numpy(), index=index, columns=pd.Index(columns), copy=False)


def is_other_table(given: Any) -> bool:
    """Return whether something is a table of polars, pyarrow or xarray, rather than of pandas or NumPy."""
    return type(given).__module__.partition(".")[0] in ("polars", "pyarrow", "xarray")


def has_dates(given: Any) -> bool:
    """Return whether a table of polars, pyarrow or xarray has a column or a dimension of dates."""
    if hasattr(given, "dims"):
        return any(isinstance(index, pd.DatetimeIndex | pd.PeriodIndex) for index in given.indexes.values())
    import narwhals.stable.v2 as nw

    try:
        return any(kind.is_temporal() for kind in nw.from_native(given, eager_only=True).schema.values())
    except TypeError:
        return False


def one_column(given: Any, name: str) -> Any:
    """Return the only column of a table of polars, pyarrow or xarray as a Series by date; others as they are."""
    if not is_other_table(given):
        return given
    table = to_pandas(given, name)
    if table.shape[1] != 1:
        raise InputError(
            f"{name} must have one column beside its dates, got {listed(table.columns, 6)}. Select one of them."
        )
    return table.iloc[:, 0]


def not_a_number(name: str, column: Any, kind: Any) -> DataTypeError:
    """Return the error for a column that has no numbers."""
    return DataTypeError(
        f"{name} must have numbers in every column, got {kind} in {column!r}. Convert the column, e.g. with "
        "pd.to_numeric, or drop it; where it names assets, give each asset its own column."
    )


def how_to_widen(index: pd.MultiIndex, values: str) -> str:
    """Say how values by date and asset get one column per asset."""
    dated = [k for k, level in enumerate(index.levels) if isinstance(level, pd.DatetimeIndex | pd.PeriodIndex)]
    asset = 0 if dated and dated[0] != 0 else 1
    return f"Use {values}.unstack({asset}), so that each asset has a column."


def _of_xarray(given: Any, name: str) -> pd.DataFrame:
    """Return a DataArray of dates and one other dimension as a DataFrame."""
    if not hasattr(given, "transpose") or not hasattr(given, "to_pandas") or hasattr(given, "data_vars"):
        raise DataTypeError(
            f"{name} must be a DataFrame or a DataArray, got a {type(given).__name__}. Choose one variable, e.g. "
            f'{name}["returns"].'
        )
    dated = [dim for dim in given.dims if isinstance(given.indexes.get(dim), pd.DatetimeIndex | pd.PeriodIndex)]
    if not dated or len(given.dims) > 2:
        sizes = ", ".join(f"{dim} ({size})" for dim, size in given.sizes.items())
        raise InputError(
            f"{name} must have one dimension of dates and one of names, got the dimensions {sizes}. Choose one of each "
            f"other dimension with {name}.sel(...), and give the dates as its coordinate."
        )
    table = given.transpose(dated[0], ...).to_pandas()
    return to_pandas(table.rename(given.name), name) if isinstance(table, pd.Series) else table
