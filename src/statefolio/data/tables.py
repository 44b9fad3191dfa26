"""Tables of prices or returns from CSV or Parquet files, wide or long."""

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio.data.checks import checked_dates
from statefolio.data.columns import Columns, Layout, dated, is_long, widened
from statefolio.data.formats import is_parquet, parquet_table, text_table
from statefolio.data.sources import PathName, read_bytes
from statefolio.exceptions import InputError


def read_prices(
    path: PathName,
    *,
    layout: Layout = "auto",
    date: str | None = None,
    asset: str | None = None,
    value: str | None = None,
    date_format: str | None = None,
) -> pd.DataFrame:
    """Read a panel of prices from a CSV or Parquet file, plain or packed with gzip or zip.

    Parameters
    ----------
    path : path-like
        The file. Parquet and compression are recognised by the content.
    layout : {"auto", "wide", "long"}
        ``"wide"``: a row a date, a column an asset. ``"long"``: a row for each date and asset. ``"auto"``
        takes a table for long if `asset` or `value` is given, or if it has three columns (date, asset,
        value) and the second one holds text.
    date : str, optional
        The column of dates; by default the one named "date", or the first.
    asset, value : str, optional
        For long tables, the columns of names and values; by default the second and the third.
    date_format : str, optional
        How dates are written, as in ``strptime``; by default ISO 8601 (2015-12-31) or YYYYMMDD.

    Returns
    -------
    DataFrame
        A row a date (index ``date``), a column an asset, floats; NaN where the file has none. Nothing is
        checked against sense: see `find_suspicious_cells`.

    Raises
    ------
    FileFormatError
        If the file is missing, empty, truncated, wrongly encoded or no table.
    InputError
        If dates are unsorted, duplicate or tz-aware, names are duplicate, or values are no finite numbers.
    """
    return _read(path, "prices", Columns(layout, date, asset, value), date_format)


def read_returns(
    path: PathName,
    *,
    layout: Layout = "auto",
    date: str | None = None,
    asset: str | None = None,
    value: str | None = None,
    date_format: str | None = None,
) -> pd.DataFrame:
    """Read a panel of simple returns, in decimals, from a CSV or Parquet file.

    Parameters
    ----------
    path : path-like
        The file, as in `read_prices`.
    layout : {"auto", "wide", "long"}
        As in `read_prices`.
    date, asset, value : str, optional
        As in `read_prices`.
    date_format : str, optional
        As in `read_prices`.

    Returns
    -------
    DataFrame
        A row a date (index ``date``), a column an asset (or a factor), floats; NaN where the file has none.

    Raises
    ------
    FileFormatError
        If the file is missing, empty, truncated, wrongly encoded or no table.
    InputError
        If dates are unsorted, duplicate or tz-aware, names are duplicate, or values are no finite numbers.
    """
    return _read(path, "returns", Columns(layout, date, asset, value), date_format)


def _read(path: PathName, kind: str, columns: Columns, date_format: str | None) -> pd.DataFrame:
    content = read_bytes(path)
    raw = parquet_table(content, path) if is_parquet(content) else text_table(content, columns, path)
    what = f"{path} ({kind})"
    table = dated(raw, columns, date_format, what)
    if is_long(table, columns):
        table = widened(table, columns, what)
    table.index = checked_dates(pd.DatetimeIndex(table.index), what)
    return _numbers(table, what)


def _numbers(table: pd.DataFrame, what: str) -> pd.DataFrame:
    """Return the table as floats; text and infinite values are refused."""
    if table.shape[1] == 0 or table.shape[0] == 0:
        raise InputError(
            f"{what} has {table.shape[0]} dates and {table.shape[1]} assets. At least one of each was "
            "expected: check that columns are separated by commas and that there are rows."
        )
    table.columns = pd.Index([str(name).strip() for name in table.columns], name="asset")
    if not table.columns.is_unique:
        repeated = table.columns[table.columns.duplicated()][0]
        raise InputError(f"{what} has the name {repeated!r} twice. Each name once was expected: rename or drop one.")
    for name, column in table.items():
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            raise _not_numbers(column, str(name), what)
    table = table.astype(float)
    infinite = np.isinf(table.to_numpy())
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        raise InputError(
            f"{what} has {int(infinite.sum())} infinite values (first: {table.columns[column]} on "
            f"{show(table.index[row])}). Finite numbers, or nothing, were expected: mend the source or leave "
            "the cells empty."
        )
    return table


def _not_numbers(column: "pd.Series[str]", name: str, what: str) -> InputError:
    bad = column[pd.to_numeric(column, errors="coerce").isna() & column.notna()]
    example = f"{bad.iloc[0]!r} on {show(bad.index[0])}" if len(bad) else f"values of type {column.dtype}"
    return InputError(
        f"{what}: the column {name!r} holds {example}. Numbers were expected: mend or drop the column, or "
        "say layout='long' and which columns are date, asset and value."
    )
