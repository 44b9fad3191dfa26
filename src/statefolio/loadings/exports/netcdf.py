"""Writes results as a netCDF 4 file, in xarray's own layout."""

from pathlib import Path
from typing import Any

import numpy as np

from statefolio.exceptions import OutputError
from statefolio.loadings.exports.pieces import Results, words_of

_UNIT = "microseconds since 1970-01-01"


def write_netcdf(path: Path, results: Results, names: tuple[str, ...]) -> None:
    """Write a file piece by piece."""
    try:
        import h5netcdf
    except ImportError as error:
        raise OutputError(
            "A netCDF file needs the library h5netcdf: pip install 'statefolio[scale]'. Or choose .parquet, .csv or "
            ".arrow."
        ) from error
    with h5netcdf.File(path, "w", locking=False) as file:  # the temporary file has a lock of ours
        _write_labels(file, results)
        file.attrs.update({name: value for name, value in results.attrs.items() if isinstance(value, str)})
        for name in names:
            variable = file.create_variable(name, results.dims[name], "f8", chunks=_chunks(results, name))
            variable.attrs["_FillValue"] = np.nan
        written = 0
        for dates, values in results.pieces(names):
            stop = written + len(dates)
            file.resize_dimension("date", stop)
            file.variables["date"][written:stop] = dates.to_numpy().astype("datetime64[us]").astype(np.int64)
            for name in names:
                file.variables[name][written:stop] = values[name]
            written = stop


def _write_labels(file: Any, results: Results) -> None:
    import h5py

    file.dimensions = {"date": None, "asset": len(results.assets), "factor": max(1, len(results.factors))}
    date = file.create_variable("date", ("date",), "i8", chunks=(4096,))
    date.attrs["units"], date.attrs["calendar"] = _UNIT, "proleptic_gregorian"
    for dim, labels in (("asset", results.assets), ("factor", results.factors)):
        if len(labels):
            variable = file.create_variable(dim, (dim,), h5py.string_dtype())
            variable[:] = np.array(words_of(labels), dtype=object)


def _chunks(results: Results, name: str) -> tuple[int, ...]:
    sizes = {"date": 64, "asset": min(512, len(results.assets)), "factor": max(1, len(results.factors))}
    return tuple(sizes[dim] for dim in results.dims[name])
