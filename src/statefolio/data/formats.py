"""CSV text and Parquet bytes to a raw table; what is broken is a ``FileFormatError``."""

import csv
import io
import itertools

import pandas as pd
import pyarrow as pa

from statefolio.data.columns import Columns, mostly_text
from statefolio.data.sources import PathName, decoded
from statefolio.exceptions import FileFormatError, InputError

_PARQUET = b"PAR1"
_MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "#N/A")


def is_parquet(content: bytes) -> bool:
    """Say whether the bytes begin as a Parquet file does."""
    return content.startswith(_PARQUET)


def parquet_table(content: bytes, path: PathName) -> pd.DataFrame:
    """Read the bytes of a Parquet file."""
    try:
        return pd.read_parquet(io.BytesIO(content))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FileFormatError(
            f"{path} begins as Parquet but cannot be read ({error}). A whole Parquet file was expected: it "
            "is probably truncated, get it again."
        ) from error


def text_table(content: bytes, columns: Columns, path: PathName) -> pd.DataFrame:
    """Read the bytes of a CSV file with a header line; dates and assets' names stay text."""
    text = decoded(content, path)
    names = _checked_header(text, path)
    label = columns.asset_column(names)
    as_text = [columns.date_column(names)]
    if label is not None and (columns.said_long or mostly_text(_head(text, names, label))):
        as_text.append(label)
    # An asset may be called "NA", "TRUE" or "0123": only the values may be missing or numbers.
    missing = {name: list(_MISSING) for name in names if name not in as_text[1:]}
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
            f"{path} is no table ({str(error).strip()}). Values separated by commas under a line of names "
            "were expected: mend the line or get the file again."
        ) from error


def written_table(content: bytes, path: PathName) -> pd.DataFrame:
    """Read the bytes of a CSV file with a header line as it is written: every cell is text."""
    text = decoded(content, path)
    names = _checked_header(text, path)
    return pd.read_csv(io.StringIO(text), header=0, names=names, index_col=False, dtype=str, keep_default_na=False)


def _checked_header(text: str, path: PathName) -> list[str]:
    """Return the names of the first line, having checked that every line is as wide."""
    header = next(csv.reader(io.StringIO(text)))
    if len(header) < 2:
        raise FileFormatError(
            f"{path} has one column in its first line ({header[0][:40]!r}). Names separated by commas were "
            "expected: save it with commas."
        )
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise InputError(
            f"{path} has the name {repeated[0]!r} twice in its first line. Each name once was expected: "
            "rename or drop one."
        )
    _check_widths(text, len(header), path)
    return header


def _check_widths(text: str, width: int, path: PathName) -> None:
    """Refuse a line that has more or fewer values than there are names: pandas would fill or cut it."""
    if '"' in text:
        widths = [len(row) for row in csv.reader(io.StringIO(text))]
    else:
        widths = [line.count(",") + 1 if line.strip() else 0 for line in io.StringIO(text)]
    number = next((place for place, found in enumerate(widths, 1) if found not in (0, width)), None)
    if number is not None:
        end = " The file is probably truncated." if number == len(widths) else ""
        raise FileFormatError(
            f"{path}, line {number}: {widths[number - 1]} values under a header of {width} names. As many "
            f"values as names were expected: mend the line or get the file again.{end}"
        )


def _head(text: str, names: list[str], label: str) -> "pd.Series[str]":
    """Return the first cells of one column as they are written."""
    rows = itertools.islice(csv.reader(io.StringIO(text)), 1, 101)
    position = names.index(label)
    return pd.Series([row[position] for row in rows if len(row) > position], dtype=str)
