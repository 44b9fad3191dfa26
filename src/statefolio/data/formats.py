"""Reads the bytes of a file into a raw table, in whichever form they are: Parquet, a workbook or text."""

import io

import pandas as pd
import pyarrow.parquet as pq

from statefolio.data.reading import Reading
from statefolio.data.separated import text_table, untyped_table
from statefolio.data.sources import PathName, is_workbook
from statefolio.data.workbooks import workbook_table
from statefolio.exceptions import FileFormatError

_PARQUET = b"PAR1"
_MOST_CELLS = 2_000_000_000


def raw_table(content: bytes, reading: Reading, path: PathName) -> pd.DataFrame:
    """Read the bytes of a file with one row per date, or per date and asset."""
    if is_parquet(content):
        return parquet_table(content, path)
    return (workbook_table if is_workbook(content) else text_table)(content, reading, path)


def untyped(content: bytes, reading: Reading, path: PathName) -> pd.DataFrame:
    """Read the bytes of a file with one row per asset; texts stay as they are."""
    if is_parquet(content):
        return parquet_table(content, path).reset_index()
    if is_workbook(content):
        return workbook_table(content, reading, path)
    return untyped_table(content, path, reading)


def is_parquet(content: bytes) -> bool:
    """Return whether the bytes begin like a Parquet file."""
    return content.startswith(_PARQUET)


def parquet_table(content: bytes, path: PathName) -> pd.DataFrame:
    """Read the bytes of a Parquet file."""
    try:
        size = pq.ParquetFile(io.BytesIO(content)).metadata
        if size.num_rows * size.num_columns > _MOST_CELLS:
            raise FileFormatError(f"{path} must have at most {_MOST_CELLS:,} cells. Split the file.")
        return pd.read_parquet(io.BytesIO(content))
    except FileFormatError:
        raise
    except Exception as error:  # damaged metadata raises errors of many kinds
        raise FileFormatError(
            f"{path} begins like a Parquet file but cannot be read ({error}). It is probably truncated: get the file "
            "again."
        ) from error
