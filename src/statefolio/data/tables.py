"""Reads tables of prices or returns from CSV or Parquet files, wide or long."""

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio.data.checks import checked_dates
from statefolio.data.columns import Columns, Layout, index_by_date, is_long, to_wide
from statefolio.data.file_rows import drop_counters, drop_repeated_rows, oldest_first
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
    r"""Read a panel of prices from a CSV or Parquet file, plain or packed with gzip or zip.

    Parameters
    ----------
    path : path-like
        The file. Parquet and compression are recognised by the content.
    layout : {"auto", "wide", "long"}
        ``"wide"``: one row per date, one column per asset. ``"long"``: one row per date and asset. ``"auto"``
        reads a table as long if `asset` or `value` is given, or if it has three columns (date, asset,
        value) and the second one is text.
    date : str, optional
        The column of dates. Default: the one named "date", or the first.
    asset, value : str, optional
        For long tables, the columns of names and values. Default: the second and the third.
    date_format : str, optional
        Format of the dates, as in ``strptime``. Default: ISO 8601 (2015-12-31) or YYYYMMDD. Months (1963-07, 196307),
        quarters (1963Q3) and years are dated by their last day.

    Returns
    -------
    DataFrame
        One row per date (index ``date``), one column per asset, floats; NaN where the file has no value, or a text
        for a missing one ("NA", "-", ".", "#N/A N/A", ...). The values are not checked for plausibility: see
        `find_suspicious_cells`.

    Raises
    ------
    FileFormatError
        If the file is missing, empty, truncated, wrongly encoded or not a table.
    InputError
        If dates are unsorted, duplicate or tz-aware, names are duplicate or missing, or values are not finite numbers.

    Warns
    -----
    StatefolioWarning
        If the file has its newest row first (the rows are sorted), or row counters, empty rows or rows repeated word
        for word (they are left out).

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import statefolio as sf
    >>> text = "date,ticker,close\n2021-01-04,KO,52.8\n2021-01-04,XOM,41.5\n2021-01-05,KO,52.2\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "prices.csv")
    ...     _ = path.write_text(text)
    ...     prices = sf.read_prices(path)
    >>> prices
    asset         KO   XOM
    date
    2021-01-04  52.8  41.5
    2021-01-05  52.2   NaN
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
    r"""Read a panel of simple returns, in decimals, from a CSV or Parquet file.

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
        One row per date (index ``date``), one column per asset (or factor), floats; NaN where the file has no value.

    Raises
    ------
    FileFormatError
        If the file is missing, empty, truncated, wrongly encoded or not a table.
    InputError
        If dates are unsorted, duplicate or tz-aware, names are duplicate, or values are not finite numbers.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import statefolio as sf
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "returns.csv")
    ...     _ = path.write_text("date,KO,XOM\n2021-01-04,-0.038,0.007\n2021-01-05,-0.011,\n")
    ...     returns = sf.read_returns(path)
    >>> returns
    asset          KO    XOM
    date
    2021-01-04 -0.038  0.007
    2021-01-05 -0.011    NaN
    """
    return _read(path, "returns", Columns(layout, date, asset, value), date_format)


def _read(path: PathName, kind: str, columns: Columns, date_format: str | None) -> pd.DataFrame:
    content = read_bytes(path)
    raw = parquet_table(content, path) if is_parquet(content) else text_table(content, columns, path)
    source = f"{path} ({kind})"
    table = index_by_date(drop_counters(raw, columns.dated(raw), source), columns, date_format, source)
    if is_long(table, columns, source):
        table = to_wide(table, columns, source)
    else:
        table = oldest_first(table[drop_repeated_rows(table, table.index, source)], source)
    table.index = checked_dates(pd.DatetimeIndex(table.index), source)
    return _to_numbers(table, source)


def _to_numbers(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the table as floats; raise InputError for text and infinite values."""
    if table.shape[1] == 0 or table.shape[0] == 0:
        raise InputError(
            f"{source} must have at least one date and one asset, got {table.shape[0]} dates and {table.shape[1]} "
            "assets. Check that columns are separated by commas and that there are rows."
        )
    table.columns = pd.Index([str(name).strip() for name in table.columns], name="asset")
    if not table.columns.is_unique:
        repeated = table.columns[table.columns.duplicated()][0]
        raise InputError(f"{source} must have each name once, got the name {repeated!r} twice. Rename or drop one.")
    for name, column in table.items():
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            raise _not_numbers(column, str(name), source)
    table = table.astype(float)
    infinite = np.isinf(table.to_numpy())
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        raise InputError(
            f"{source} must have finite values or empty cells, got {int(infinite.sum())} infinite values (first: "
            f"{table.columns[column]} on {show(table.index[row])}). Correct the file, or leave the cells empty."
        )
    return table


def _not_numbers(column: "pd.Series[str]", name: str, source: str) -> InputError:
    bad = column[pd.to_numeric(column, errors="coerce").isna() & column.notna()]
    example = f"{bad.iloc[0]!r} on {show(bad.index[0])}" if len(bad) else f"values of type {column.dtype}"
    return InputError(
        f"{source} must have numbers in the column {name!r}, got {example}. Correct or drop the column; for a file "
        "with one row per asset and date, set layout='long' and name the columns with date, asset and value."
    )
