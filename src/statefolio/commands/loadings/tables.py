"""Writes `loadings.parquet`: one row per date, asset and factor, in chunks, so that memory use stays small."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr

ROWS = 1_000_000
"""Rows of a chunk, approximately."""


def write_loadings(path: Path | BytesIO, loadings: xr.Dataset) -> int:
    """Write predicted and filtered loadings and their standard errors; return the number of rows.

    Parameters
    ----------
    path
        The file, or a buffer.
    loadings
        `loadings_` of a fitted model.
    """
    n_dates, n_assets, n_factors = (loadings.sizes[dim] for dim in ("date", "asset", "factor"))
    step = max(1, ROWS // max(1, n_assets * n_factors))
    names = {dim: [str(name) for name in loadings.indexes[dim]] for dim in ("asset", "factor")}
    with pq.ParquetWriter(path, _schema(), compression="zstd") as writer:
        for start in range(0, n_dates, step):
            chunk = loadings.isel(date=slice(start, start + step)).transpose("date", "asset", "factor")
            writer.write_table(_chunk(chunk, names["asset"], names["factor"]))
    return n_dates * n_assets * n_factors


def _schema() -> pa.Schema:
    text = pa.dictionary(pa.int32(), pa.string())
    numbers = ("predicted", "predicted_standard_error", "filtered", "filtered_standard_error")
    fields = [("date", pa.timestamp("us")), ("asset", text), ("factor", text)]
    return pa.schema(fields + [(name, pa.float64()) for name in numbers])


def _chunk(chunk: xr.Dataset, assets: list[str], factors: list[str]) -> pa.Table:
    dates = chunk.indexes["date"].to_numpy().astype("datetime64[us]")
    n_dates, n_assets, n_factors = len(dates), len(assets), len(factors)
    asset_codes = np.tile(np.repeat(np.arange(n_assets, dtype=np.int32), n_factors), n_dates)
    factor_codes = np.tile(np.arange(n_factors, dtype=np.int32), n_dates * n_assets)
    columns = [
        pa.array(np.repeat(dates, n_assets * n_factors)),
        pa.DictionaryArray.from_arrays(asset_codes, assets),
        pa.DictionaryArray.from_arrays(factor_codes, factors),
    ]
    for name in ("predicted", "filtered"):
        columns.append(pa.array(chunk[name].to_numpy().ravel()))
        columns.append(pa.array(np.sqrt(chunk[f"{name}_variance"].to_numpy()).ravel()))
    return pa.Table.from_arrays(columns, schema=_schema())
