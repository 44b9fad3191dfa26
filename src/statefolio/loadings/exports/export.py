"""Exports results to a file of another program, whole or not at all."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from statefolio._arrays.text import listed, shown
from statefolio._options import OneOf, check
from statefolio._temporary import sweep, temporary_file
from statefolio._writing import place_of
from statefolio.exceptions import InputError, OutputError
from statefolio.loadings.exports.netcdf import write_netcdf
from statefolio.loadings.exports.pieces import Results
from statefolio.loadings.exports.tables import open_arrow, open_csv, open_parquet, write_tables

TABLES = {".parquet": open_parquet, ".csv": open_csv, ".arrow": open_arrow, ".feather": open_arrow}
NETCDF = ".nc"
LAYOUTS = ("long", "wide")


def export_results(
    results: Results,
    path: Any,
    *,
    layout: str = "long",
    variables: Sequence[str] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write results to a file, whose kind is that of its name; see `LoadingsStore.export`."""
    target = place_of(path, "path")
    check("layout", layout, OneOf(*LAYOUTS))
    suffix = target.suffix.lower()
    if suffix not in (*TABLES, NETCDF):
        raise InputError(
            f"path must end in {', '.join([*TABLES, NETCDF])}, got {shown(target.name)}. Choose one of these kinds."
        )
    names = _chosen(results, variables, every=suffix == NETCDF or layout == "wide")
    if target.exists() and (not overwrite or target.is_dir()):
        raise OutputError(f"path must be a new file, got {target}, which exists. Choose another name, or overwrite it.")
    sweep(target)
    try:
        with temporary_file(target, private=False) as (temporary, handle):
            if suffix == NETCDF:
                write_netcdf(temporary, results, names)
            else:
                write_tables(temporary, results, names, wide=layout == "wide", open_file=TABLES[suffix])
            os.fsync(handle)
            temporary.replace(target)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(
            f"{target} cannot be written ({error.strerror or error}). Free some space, or choose another folder."
        ) from error
    return target


def _chosen(results: Results, variables: Sequence[str] | None, *, every: bool) -> tuple[str, ...]:
    if variables is None:
        return tuple(name for name in results.dims if every or results.of_factors(name))
    unknown = [name for name in variables if name not in results.dims]
    if unknown or not variables:
        raise InputError(
            f"variables must be among {listed(list(results.dims))}, got {shown(unknown[0]) if unknown else 'none'}. "
            "Choose some of them."
        )
    return tuple(variables)
