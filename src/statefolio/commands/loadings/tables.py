"""Writes `loadings.parquet`: one row per date, asset and factor, in chunks, so that memory use stays small.

Numbers keep nine digits, far more than their standard errors tell, which halves the file; what is not known is null.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr

from statefolio._arrays.types import Array

ROWS = 1_000_000
"""Rows of a chunk, approximately."""
_LABELS = ["date", "asset", "factor"]
_NUMBERS = ["predicted", "predicted_standard_error", "filtered", "filtered_standard_error"]
_DROPPED = 24
"""Binary digits dropped of the 52 of a number's fraction: the largest relative error is 2 ** -29."""


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
    forms = {"compression": "zstd", "use_dictionary": _LABELS, "use_byte_stream_split": _NUMBERS}
    with pq.ParquetWriter(path, _schema(), **forms) as writer:
        for start in range(0, n_dates, step):
            chunk = loadings.isel(date=slice(start, start + step)).transpose("date", "asset", "factor")
            writer.write_table(_chunk(chunk, names["asset"], names["factor"]))
    return n_dates * n_assets * n_factors


def _schema() -> pa.Schema:
    text = pa.dictionary(pa.int32(), pa.string())
    labels = zip(_LABELS, (pa.timestamp("us"), text, text), strict=True)
    return pa.schema([*labels, *((name, pa.float64()) for name in _NUMBERS)])


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
        columns.append(pa.array(_rounded(chunk[name].to_numpy().ravel()), from_pandas=True))
        columns.append(pa.array(_rounded(np.sqrt(chunk[f"{name}_variance"].to_numpy()).ravel()), from_pandas=True))
    return pa.Table.from_arrays(columns, schema=_schema())


def _rounded(values: Array) -> Array:
    """Round to nine significant digits, in binary, so that the last bytes are zero; NaN and infinity stay."""
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)
    half = np.uint64(1 << (_DROPPED - 1))
    found: Array = ((bits + half) >> np.uint64(_DROPPED) << np.uint64(_DROPPED)).view(np.float64)
    return found
