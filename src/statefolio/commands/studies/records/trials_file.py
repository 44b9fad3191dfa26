"""Reads and writes the file of the record of trials: Parquet, with a version and a checksum of the content."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from statefolio._arrays.text import shown
from statefolio._writing import write_whole
from statefolio.exceptions import FileFormatError

COLUMNS = ("study", "content", "name", "parameters", "date", "returns")
VERSION = 1
_TEXTS = COLUMNS[:4]
_VERSION, _CHECKSUM = b"statefolio.version", b"statefolio.checksum"
_FREE = 1_000_000
_ROWS_PER_BYTE = 10
"""Most rows per byte of a file, beyond the first million: returns that vary take some bytes each."""


def read_trials(path: Path) -> pd.DataFrame:
    """Return the record, one row per configuration and date; empty before the first run.

    Columns, their types and the number of rows are checked before the content is read.

    Raises
    ------
    FileFormatError
        If the file is not such a record, or was changed.
    """
    if not path.exists():
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    try:
        with pq.ParquetFile(path) as file:
            metadata = dict(file.schema_arrow.metadata or {})
            _check_form(path, file)
            # Without pandas' own notes in the file, which may be damaged.
            table: pd.DataFrame = file.read().replace_schema_metadata(None).to_pandas()
        _check_content(table)
        version, checksum = metadata.get(_VERSION), metadata.get(_CHECKSUM)
        if version is not None and int(version) > VERSION:
            raise FileFormatError(
                f"{path} must have version {VERSION} or lower, got {int(version)}. Upgrade statefolio to read it."
            )
        sound = (version, checksum) == (None, None) or checksum == _checksum(table)
    except FileFormatError:
        raise
    except (OSError, ValueError, LookupError, TypeError, ArithmeticError, RuntimeError, pa.ArrowException) as error:
        raise FileFormatError(
            f"{path} is not a record of trials, or is damaged ({shown(str(error))}). Restore it."
        ) from error
    if not sound:
        raise FileFormatError(f"{path} must be as it was written, but its checksum is another. Restore it.")
    return table


def write_trials(path: Path, record: pd.DataFrame) -> None:
    """Write the record, whole or not at all."""
    table = pa.Table.from_pandas(record, preserve_index=False)
    marks = {_VERSION: str(VERSION).encode(), _CHECKSUM: _checksum(record)}
    content = io.BytesIO()
    marked = table.replace_schema_metadata({**(table.schema.metadata or {}), **marks})
    pq.write_table(marked, content, compression="zstd")
    write_whole(path, content.getvalue())


def _check_form(path: Path, file: Any) -> None:
    """Raise FileFormatError unless the columns, their types and the number of rows are those of a record."""
    schema = file.schema_arrow
    if list(schema.names) != list(COLUMNS):
        raise FileFormatError(
            f"{path} must be a record of trials, got the columns {shown(', '.join(schema.names))}. Check the path."
        )
    kinds = {name: schema.field(name).type for name in COLUMNS}
    empty = file.metadata.num_rows == 0
    texts = all(empty or pa.types.is_string(kinds[name]) or pa.types.is_large_string(kinds[name]) for name in _TEXTS)
    if not empty and not (texts and pa.types.is_timestamp(kinds["date"]) and pa.types.is_float64(kinds["returns"])):
        raise FileFormatError(f"{path} must be a record of trials, got columns of other types. Check the path.")
    most = _FREE + _ROWS_PER_BYTE * path.stat().st_size
    if file.metadata.num_rows > most:
        raise FileFormatError(f"{path} must be a record of trials, got {file.metadata.num_rows:,} rows. Restore it.")


def _check_content(table: pd.DataFrame) -> None:
    """Raise ValueError where a value is missing, or parameters are not what was written."""
    missing = [name for name in COLUMNS if table[name].isna().any()]
    if missing or not np.isfinite(table["returns"].to_numpy(float)).all():
        raise ValueError(f"{(missing or ['returns'])[0]} has missing values")
    for text in table["parameters"].unique():
        try:
            known = isinstance(json.loads(text), dict)
        except RecursionError:
            known = False
        if not known:
            raise ValueError("parameters are no table")


def _checksum(table: pd.DataFrame) -> bytes:
    found = hashlib.sha256()
    for name in _TEXTS:
        codes, texts = pd.factorize(table[name])
        found.update(json.dumps([name, [str(text) for text in texts]]).encode())
        found.update(codes.astype("<i8").tobytes())
    found.update(pd.DatetimeIndex(table["date"]).as_unit("ns").asi8.astype("<i8").tobytes())
    found.update(table["returns"].to_numpy("<f8").tobytes())
    return found.hexdigest().encode()
