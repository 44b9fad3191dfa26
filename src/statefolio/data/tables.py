"""Reads tables of prices or returns from CSV or Parquet files, wide or long."""

import warnings
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from statefolio._arrays.text import listed
from statefolio.data.calendar_columns import drop_calendar_columns
from statefolio.data.cells import Decimal
from statefolio.data.checks import checked_dates
from statefolio.data.columns import index_by_date, is_long, to_wide
from statefolio.data.fields import What
from statefolio.data.file_dates import days_alone
from statefolio.data.file_rows import drop_counters, drop_repeated_rows, oldest_first
from statefolio.data.formats import raw_table
from statefolio.data.french import french_blocks, is_french, read_french
from statefolio.data.reading import Layout, Reading
from statefolio.data.recognition import recognise
from statefolio.data.sources import PathName, read_bytes
from statefolio.data.table_numbers import check_are_returns, to_numbers
from statefolio.exceptions import InputError, StatefolioWarning


def read_prices(
    path: PathName,
    *,
    layout: Layout = "auto",
    date: str | None = None,
    asset: str | None = None,
    value: str | None = None,
    date_format: str | None = None,
    decimal: Decimal | None = None,
    separator: str | None = None,
    sheet: str | None = None,
    missing: str | Sequence[str] = (),
) -> pd.DataFrame:
    r"""Read a panel of prices from a CSV, Parquet or Excel file, plain or packed with gzip or zip.

    Parameters
    ----------
    path : path-like
        The file: CSV and its relatives, Parquet or an Excel workbook, recognised by the content. Lines of prose above
        and below the table are left out.
    layout : {"auto", "wide", "long"}
        ``"wide"``: one row per date, one column per asset. ``"long"``: one row per date and asset. ``"auto"``
        reads a table as long if `asset` or `value` is given, if it has three columns (date, asset, value) and the
        second one is text, or if it has a column called permno, ticker, symbol, name, ... and repeated dates.
    date : str, optional
        The column of dates. Default: the one named "date" or the like, columns of year and month, or the first.
    asset, value : str, optional
        For long tables, the columns of names and values. `value` also chooses the field of a table of fields (open,
        high, low, close, ...) of one asset or of several. Default: the adjusted close, else the close.
    date_format : str, optional
        Format of the dates, as in ``strptime``. Default: any way of writing days that is clear (2015-12-31, 20151231,
        31.12.2015, Dec 31, 2015, counts of Excel); whether 01/02/2020 begins with the day or the month is judged on the
        whole column, and refused where every date could be both. Months (1963-07, 196307), quarters (1963Q3) and years
        are dated by their last day. With a time zone, the local day counts, as written.
    decimal : {".", ","}, optional
        The decimal mark. Default: judged on all numbers, and refused where every one could be both.
    separator : {",", ";", "tab", "|"}, optional
        The character between values. Default: the one that parts the first lines alike.
    sheet : str, optional
        The sheet of a workbook. Default: the only one with a table.
    missing : str or sequence of str
        Texts for a missing value, beside the usual ones ("NA", "-", ".", "#N/A N/A", ...).

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
        If dates are unsorted, duplicate or ambiguous, names are duplicate or missing, or values are not finite numbers.
    UnknownNameError
        If a column, field or sheet that is named is not there.

    Warns
    -----
    StatefolioWarning
        If something was recognised that could be meant otherwise (the field of a table of fields, the columns of a long
        table, month before day, decimal commas, percent signs, Windows-1252), the newest row came first (the rows are
        sorted), or prose, row counters, empty rows or rows repeated word for word were left out.

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
    texts = (missing,) if isinstance(missing, str) else tuple(missing)
    reading = Reading(layout, date, asset, value, date_format, decimal, separator, sheet, texts)
    return read_table_of(path, "prices", reading)


def read_returns(
    path: PathName,
    *,
    layout: Layout = "auto",
    date: str | None = None,
    asset: str | None = None,
    value: str | None = None,
    date_format: str | None = None,
    decimal: Decimal | None = None,
    separator: str | None = None,
    sheet: str | None = None,
    missing: str | Sequence[str] = (),
) -> pd.DataFrame:
    r"""Read a panel of simple returns, in decimals, from a CSV, Parquet or Excel file.

    Parameters
    ----------
    path : path-like
        The file, as in `read_prices`.
    layout : {"auto", "wide", "long"}
        As in `read_prices`.
    date, asset, value : str, optional
        As in `read_prices`.
    date_format, decimal, separator, sheet, missing : optional
        As in `read_prices`. A column with percent signs is divided by 100.

    Returns
    -------
    DataFrame
        One row per date (index ``date``), one column per asset (or factor), floats; NaN where the file has no value.

    Raises
    ------
    FileFormatError
        If the file is missing, empty, truncated, wrongly encoded or not a table.
    InputError
        If dates are unsorted, duplicate or ambiguous, names are duplicate, or values are not finite numbers.

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
    texts = (missing,) if isinstance(missing, str) else tuple(missing)
    reading = Reading(layout, date, asset, value, date_format, decimal, separator, sheet, texts)
    return read_table_of(path, "returns", reading)


def read_table_of(path: PathName, what: What, reading: Reading) -> pd.DataFrame:
    """Read a panel of prices or returns from a file, as a record of words says."""
    content = read_bytes(path)
    source = f"{path} ({what})"
    if is_french(content):
        return _published(path, what, reading)
    raw = raw_table(content, reading, path)
    reading = replace(reading, decimal=raw.attrs.pop("decimal", reading.decimal))
    raw, reading = recognise(raw, what, reading, path)
    raw = drop_counters(raw, reading.dated(raw), source)
    if not reading.must_be_long:
        raw = drop_calendar_columns(raw, reading, source)
    table = index_by_date(raw, reading, source)
    if is_long(table, reading, source):
        table = to_wide(table, reading, source)
    else:
        table = oldest_first(table[drop_repeated_rows(table, table.index, source)], source)
        table.index = days_alone(pd.DatetimeIndex(table.index))
    table.index = checked_dates(pd.DatetimeIndex(table.index), source)
    if what == "returns":
        check_are_returns(table, source)
    return to_numbers(table, reading, source)


def _published(path: PathName, what: What, reading: Reading) -> pd.DataFrame:
    """Read a file of Kenneth R. French's data library, whose returns are in percent."""
    if what == "prices":
        raise InputError(f"{path} must have prices, got a file of French's data library, which has returns.")
    table = read_french(path, reading.value)
    blocks = french_blocks(path)
    other = f" Set value for another block: {listed(blocks, 6)}." if len(blocks) > 1 else ""
    warnings.warn(
        f"{path} is a file of French's data library; its block {table.attrs['block']!r} was read, "
        f"{'percent as decimals' if table.attrs['units'] == 'decimals' else 'its values as printed'}.{other}",
        StatefolioWarning,
        stacklevel=2,
    )
    return table.rename_axis(columns="asset")
