"""Writes results as tables: Parquet, CSV and Arrow files.

A long table has one row per date, asset and factor. A wide one has one row per date and asset, and one column per
variable and factor, e.g. ``predicted_market``. Missing numbers are null.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from statefolio.exceptions import InputError
from statefolio.loadings.exports.pieces import Piece, Results, words_of

Open = Callable[[Path, pa.Schema], AbstractContextManager[Any]]


def open_parquet(path: Path, schema: pa.Schema) -> AbstractContextManager[Any]:
    """Return a writer of a Parquet file."""
    return pa.parquet.ParquetWriter(path, schema, compression="zstd")  # type: ignore[no-any-return]


def open_csv(path: Path, schema: pa.Schema) -> AbstractContextManager[Any]:
    """Return a writer of a CSV file."""
    return pa.csv.CSVWriter(path, schema)  # type: ignore[no-any-return]


def open_arrow(path: Path, schema: pa.Schema) -> AbstractContextManager[Any]:
    """Return a writer of an Arrow file."""
    return pa.ipc.new_file(str(path), schema)  # type: ignore[no-any-return]


def write_tables(path: Path, results: Results, names: tuple[str, ...], *, wide: bool, open_file: Open) -> None:
    """Write a table piece by piece."""
    of_factors = {results.of_factors(name) for name in names}
    if not wide and len(of_factors) > 1:
        raise InputError(
            f"variables must all be by factor or all by asset alone in a long table, got {', '.join(names)}. Choose "
            "some of them, or layout='wide'."
        )
    form = _wide if wide else _long if of_factors == {True} else _by_asset
    plain = open_file is open_csv  # the writer of CSV has no dictionaries
    writer: Any = nullcontext()
    try:
        for piece in results.pieces(names):
            table = form(results, names, piece)
            if plain:
                table = table.cast(pa.schema([(f.name, _plain(f.type)) for f in table.schema]))
            if isinstance(writer, nullcontext):
                writer = open_file(path, table.schema)
            writer.write_table(table)
    finally:
        if not isinstance(writer, nullcontext):
            writer.close()


def _long(results: Results, names: tuple[str, ...], piece: Piece) -> pa.Table:
    dates, values = piece
    days, count, states = len(dates), len(results.assets), len(results.factors)
    columns = {
        "date": _dates(np.repeat(dates, count * states)),
        "asset": _words(results.assets, np.tile(np.repeat(np.arange(count), states), days)),
        "factor": _words(results.factors, np.tile(np.arange(states), days * count)),
    }
    return pa.table(columns | {name: _numbers(values[name]) for name in names})


def _by_asset(results: Results, names: tuple[str, ...], piece: Piece) -> pa.Table:
    dates, values = piece
    count = len(results.assets)
    columns = {
        "date": _dates(np.repeat(dates, count)),
        "asset": _words(results.assets, np.tile(np.arange(count), len(dates))),
    }
    return pa.table(columns | {name: _numbers(values[name]) for name in names})


def _wide(results: Results, names: tuple[str, ...], piece: Piece) -> pa.Table:
    columns = dict(zip(("date", "asset"), _by_asset(results, (), piece).columns, strict=True))
    for name in names:
        values = piece[1][name]
        if results.of_factors(name):
            columns |= {f"{name}_{f}": _numbers(values[:, :, k]) for k, f in enumerate(words_of(results.factors))}
        else:
            columns[name] = _numbers(values)
    return pa.table(columns)


def _dates(dates: Any) -> pa.Array:
    return pa.array(dates.to_numpy().astype("datetime64[us]"))


def _words(labels: Any, codes: Any) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(words_of(labels), pa.string()))


def _numbers(values: Any) -> pa.Array:
    return pa.array(np.ascontiguousarray(values).ravel(), from_pandas=True)


def _plain(kind: Any) -> Any:
    return pa.string() if pa.types.is_dictionary(kind) else kind
