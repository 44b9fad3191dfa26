"""Exports loadings of a store, or of the folder of `statefolio loadings`, to a file of another program."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from statefolio.commands.loadings.store_options import ExportOptions
from statefolio.exceptions import FileFormatError
from statefolio.loadings.exports.export import export_results
from statefolio.loadings.exports.pieces import Piece, Results
from statefolio.loadings.stores.store import LoadingsStore

_TABLE = "loadings.parquet"
_DIMS = ("date", "asset", "factor")


def export_source(options: ExportOptions) -> Path:
    """Export a store, or the loadings in a folder of results."""
    if (options.source / _TABLE).is_file():
        results = _results_of_folder(options.source / _TABLE)
    else:
        results = LoadingsStore.open(options.source).results()
    return export_results(
        results, options.to, layout=options.layout, variables=options.variable, overwrite=options.overwrite
    )


def _results_of_folder(path: Path) -> Results:
    """Return the results in a table that `write_loadings` wrote, whose row groups have whole dates."""
    try:
        file = pq.ParquetFile(path)
        first = file.read_row_group(0)
        names = {dim: _labels(first, dim) for dim in _DIMS[1:]}
        variables = [name for name in file.schema_arrow.names if name not in _DIMS]
    except (pa.ArrowException, OSError, LookupError) as error:
        raise _not_a_table(path, error) from error
    shape = (-1, len(names["asset"]), len(names["factor"]))

    def pieces(wanted: tuple[str, ...]) -> Iterator[Piece]:
        for number in range(file.num_row_groups):
            table = file.read_row_group(number, columns=["date", *wanted])
            try:
                dates = table.column("date").to_numpy().reshape(shape)[:, 0, 0]
                values = {name: np.asarray(table.column(name), dtype=float).reshape(shape) for name in wanted}
            except ValueError as error:
                raise _not_a_table(path, error) from error
            yield pd.DatetimeIndex(dates), values

    return Results(names["asset"], names["factor"], dict.fromkeys(variables, _DIMS), {}, pieces)


def _not_a_table(path: Path, error: Exception) -> FileFormatError:
    return FileFormatError(f"{path} is not a table of loadings ({error}). Run `statefolio loadings` again.")


def _labels(table: pa.Table, dim: str) -> pd.Index:
    names: list[str] = table.column(dim).combine_chunks().dictionary.to_pylist()
    return pd.Index(names)
