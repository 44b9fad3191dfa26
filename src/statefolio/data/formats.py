"""Reads CSV text and Parquet bytes into raw tables; a broken file raises `FileFormatError`."""

import csv
import io
import itertools

import pandas as pd
import pyarrow as pa

from statefolio.data.columns import Columns, mostly_text
from statefolio.data.file_dates import looks_like_a_date
from statefolio.data.missing import MISSING, NA_VALUES
from statefolio.data.sources import PathName, decode
from statefolio.exceptions import FileFormatError, InputError

_PARQUET = b"PAR1"


def is_parquet(content: bytes) -> bool:
    """Return whether the bytes begin like a Parquet file."""
    return content.startswith(_PARQUET)


def parquet_table(content: bytes, path: PathName) -> pd.DataFrame:
    """Read the bytes of a Parquet file."""
    try:
        return pd.read_parquet(io.BytesIO(content))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FileFormatError(
            f"{path} begins like a Parquet file but cannot be read ({error}). It is probably truncated: get the file "
            "again."
        ) from error


def text_table(content: bytes, columns: Columns, path: PathName) -> pd.DataFrame:
    """Read the bytes of a CSV file with a header line; dates and asset names stay text."""
    text = decode(content, path)
    names = _checked_header(text, path)
    label = columns.asset_column(names)
    as_text = [columns.date_column(names)]
    if label is not None and (columns.must_be_long or mostly_text(_head(text, names, label))):
        as_text.append(label)
    # An asset may be called "NA", "TRUE" or "0123": only the values may be missing or numbers.
    missing = {name: NA_VALUES for name in names if name not in as_text[1:]} if as_text[1:] else NA_VALUES
    try:
        return pd.read_csv(
            io.StringIO(text),
            header=0,
            names=names,
            index_col=False,
            dtype=dict.fromkeys(as_text, str),
            keep_default_na=False,
            na_values=missing,
            low_memory=False,
        )
    except ValueError as error:  # pandas' own errors are among them
        raise FileFormatError(
            f"{path} must be a table of values separated by commas under a line of names, got something else "
            f"({str(error).strip()}). Correct the line, or get the file again."
        ) from error


def untyped_table(content: bytes, path: PathName) -> pd.DataFrame:
    """Read the bytes of a CSV file with a header line; every cell stays text."""
    text = decode(content, path)
    names = _checked_header(text, path)
    return pd.read_csv(io.StringIO(text), header=0, names=names, index_col=False, dtype=str, keep_default_na=False)


def _checked_header(text: str, path: PathName) -> list[str]:
    """Return the names in the first line; check that every line has as many values."""
    header = next(csv.reader(io.StringIO(text)))
    if len(header) < 2:
        raise FileFormatError(
            f"{path} must have names separated by commas in its first line, got one column ({header[0][:40]!r}). "
            "Save the file with commas."
        )
    _check_names(header, path)
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise InputError(
            f"{path} must have each name once in its first line, got {repeated[0]!r} twice. Rename or drop one."
        )
    _check_widths(text, len(header), path)
    return header


def _check_names(header: list[str], path: PathName) -> None:
    """Raise InputError if the first line holds data rather than names."""
    data = next((name for name in header[:2] if looks_like_a_date(name)), None)
    if data is not None:
        raise first_line_error(data, "date,AAPL,KO", path)


def first_line_error(data: str, example: str, path: PathName) -> InputError:
    """Return the error for a file without a line of names."""
    return InputError(
        f"{path} must have names in its first line, got {data.strip()!r}, which is data. Put a line of names above it, "
        f"e.g. {example}."
    )


def _check_widths(text: str, width: int, path: PathName) -> None:
    """Raise FileFormatError for a line with more or fewer values than names; pandas would fill or cut it."""
    if '"' in text:
        widths = [len(row) for row in csv.reader(io.StringIO(text))]
    else:
        widths = [line.count(",") + 1 if line.strip() else 0 for line in io.StringIO(text)]
    number = next((line for line, count in enumerate(widths, 1) if count not in (0, width)), None)
    if number is not None:
        advice = "The file is probably truncated: get" if number == len(widths) else "Correct the line, or get"
        raise FileFormatError(
            f"{path}, line {number} must have one value for each of {width} names, got {widths[number - 1]} values. "
            f"{advice} the file again."
        )


def _head(text: str, names: list[str], label: str) -> "pd.Series[str]":
    """Return the first cells of one column that are not missing, as text."""
    rows = itertools.islice(csv.reader(io.StringIO(text)), 1, None)
    position = names.index(label)
    cells = (row[position] for row in rows if len(row) > position)
    return pd.Series(list(itertools.islice((cell for cell in cells if cell.strip() not in MISSING), 100)), dtype=str)
