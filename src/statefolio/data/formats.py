"""Reads the bytes of a file into a raw table, in whichever form they are: Parquet, a workbook or text."""

import io
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from statefolio.data.header import check_unique
from statefolio.data.reading import Reading
from statefolio.data.separated import text_table, untyped_table
from statefolio.data.sources import PathName, is_workbook
from statefolio.data.workbooks import workbook_table
from statefolio.exceptions import FileFormatError, InputError

_PARQUET = b"PAR1"
_MOST_CELLS = 2_000_000_000


def raw_table(content: bytes, reading: Reading, path: PathName) -> pd.DataFrame:
    """Read the bytes of a file with one row per date, or per date and asset."""
    if is_workbook(content):
        return workbook_table(content, reading, path)
    if reading.sheet is not None:
        raise InputError(
            f"sheet must be left out where the file is no workbook, got {reading.sheet!r} for {path}. Leave it out, or "
            "name a workbook."
        )
    return parquet_table(content, path) if is_parquet(content) else text_table(content, reading, path)


def untyped(content: bytes, reading: Reading, path: PathName) -> pd.DataFrame:
    """Read the bytes of a file with one row per asset; texts stay as they are."""
    if is_parquet(content):
        return parquet_table(content, path).reset_index()
    table = workbook_table(content, reading, path) if is_workbook(content) else untyped_table(content, path, reading)
    check_unique(tuple(map(str, table.columns)), path)
    return table


def is_parquet(content: bytes) -> bool:
    """Return whether the bytes begin like a Parquet file."""
    return content.startswith(_PARQUET)


def parquet_table(content: bytes, path: PathName) -> pd.DataFrame:
    """Read the bytes of a Parquet file."""
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        size = file.metadata
        if size.num_rows * size.num_columns > _MOST_CELLS:
            raise FileFormatError(f"{path} must have at most {_MOST_CELLS:,} cells. Split the file.")
        _check_types(file.schema_arrow, path)
        table = pd.read_parquet(io.BytesIO(content))
    except FileFormatError:
        raise
    except Exception as error:  # damaged metadata raises errors of many kinds
        raise FileFormatError(
            f"{path} begins like a Parquet file but cannot be read ({error}). It is probably truncated: get the file "
            "again."
        ) from error
    if table.shape[1] == 0:
        raise FileFormatError(f"{path} has no column of values. Get the file again.")
    for k, kind in enumerate(table.dtypes):
        if pd.api.types.is_object_dtype(kind) and _is_decimal(table.iloc[:, k]):
            table.isetitem(k, table.iloc[:, k].to_numpy(dtype=float))
    return table


def _check_types(schema: pa.Schema, path: PathName) -> None:
    """Raise FileFormatError for a column of lists, records or bytes."""
    of_bytes = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    for column in schema:
        kind = column.type
        if pa.types.is_nested(kind) or any(check(kind) for check in of_bytes):
            raise FileFormatError(
                f"{path} must have one number or text in each cell, got the column {column.name!r} of {kind}. Drop the "
                "column, or write one column for each number."
            )


def _is_decimal(column: "pd.Series[Any]") -> bool:
    """Return whether a column has the exact decimal numbers of databases."""
    known = column.dropna()
    return len(known) > 0 and all(isinstance(cell, Decimal) for cell in known)
