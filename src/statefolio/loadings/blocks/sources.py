"""Returns in blocks of assets: of a DataFrame, a DataArray, a Zarr store, Parquet files, or parts of a table.

What lies in files, or in a Dask array, is read by the workers, which get a handle. The rest is kept in the scratch
folder by the coordinator, block by block.
"""

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import xarray as xr

from statefolio._arrays.frames import Table, read_labels, read_table
from statefolio._arrays.text import listed, show, shown, span
from statefolio.exceptions import DataTypeError, InputError
from statefolio.kalman.lanes import WIDTH

DIMS = ("date", "asset")


class Handle(Protocol):
    """Reads the returns of one block in a worker."""

    @property
    def name(self) -> str:
        """What the block is called in messages."""

    def read(self) -> pd.DataFrame:
        """Return the block's returns, dates by assets."""


@dataclass(frozen=True)
class Source:
    """Returns whose names are known: a handle for each block, or the tables themselves, in order."""

    dates: pd.DatetimeIndex
    assets: pd.Index
    handles: list[Handle] | None
    tables: Iterator[Table] | None = None


def source_of(returns: Any, block_assets: int) -> Source | Iterator[Table]:
    """Return a source of blocks; of parts of a table, whose names are known at the end, the blocks alone."""
    if isinstance(returns, str | Path):
        return _of_path(Path(returns), block_assets)
    if isinstance(returns, xr.Dataset):
        returns = _only_variable(returns, "returns")
    if isinstance(returns, xr.DataArray):
        return _of_array(returns, block_assets)
    if not isinstance(returns, pd.DataFrame) and isinstance(returns, Iterable) and not _is_table(returns):
        return joined_blocks(returns, block_assets)
    dates, assets = read_labels(returns, "returns")
    frame = returns if isinstance(returns, pd.DataFrame) else read_table(returns, "returns")
    if isinstance(frame, Table):
        frame = pd.DataFrame(frame.values, frame.dates, frame.columns)
    blocks = (frame.iloc[:, start : start + block_assets] for start in range(0, len(assets), block_assets))
    return Source(dates, assets, None, (read_table(block, "returns", WIDTH) for block in blocks))


def joined_blocks(parts: Iterable[Any], block_assets: int) -> Iterator[Table]:
    """Give tables of `block_assets` assets from parts of any size with the same dates."""
    dates: pd.DatetimeIndex | None = None
    waiting: list[Table] = []
    for number, part in enumerate(parts):
        table = read_table(part, "returns", dates=dates)
        if dates is None:
            dates = table.dates
        check_dates(table.dates, dates, f"part {number + 1}")
        waiting.append(table)
        while sum(len(each.columns) for each in waiting) > block_assets:
            block, waiting = _cut(waiting, block_assets)
            yield block
    if dates is None:
        raise InputError("returns must have at least one block, got none. Pass DataFrames of dates by assets.")
    yield _cut(waiting, block_assets)[0]


def check_dates(found: pd.DatetimeIndex, expected: pd.DatetimeIndex, name: str) -> None:
    """Raise InputError unless a block has the dates of the others."""
    if found.equals(expected):
        return
    differing = found.symmetric_difference(expected)
    raise InputError(
        f"returns must have the same dates in every block, got {len(found)} dates ({span(found)}) in {name} and "
        f"{len(expected)} ({span(expected)}) in the others (first that differs: {show(differing[0])}). Reindex the "
        "blocks to the same dates first; NaN is a missing return."
    )


def _cut(tables: list[Table], count: int) -> tuple[Table, list[Table]]:
    """Join the first `count` columns of tables, and return the rest."""
    values = np.concatenate([table.values for table in tables], axis=1)
    names = tables[0].columns.append([table.columns for table in tables[1:]])
    parts = []
    for here in (slice(0, count), slice(count, None)):
        frame = pd.DataFrame(values[:, here], tables[0].dates, names[here])
        parts += [read_table(frame, "returns", WIDTH)] if frame.shape[1] else []
    return parts[0], parts[1:]


def _is_table(returns: Any) -> bool:
    try:
        nw.from_native(returns, eager_only=True)
    except TypeError:
        return False
    return True


def _of_path(path: Path, block_assets: int) -> Source:
    if (path / "zarr.json").exists() or (path / ".zgroup").exists():
        array = _only_variable(_open_zarr(path), str(path))
        dates, assets = _labels_of(array)
        handles: list[Handle] = [
            ZarrBlock(path, str(array.name), start, start + block_assets)
            for start in range(0, len(assets), block_assets)
        ]
        return Source(dates, assets, handles)
    files = sorted(path.glob("*.parquet")) if path.is_dir() else []
    if not files:
        raise InputError(
            f"returns must be a Zarr store or a folder of Parquet files, got {path}, which is "
            f"{'another folder' if path.is_dir() else 'no folder'}. Check the path, or pass a DataFrame."
        )
    return _of_parquet(files, block_assets)


def _of_parquet(files: list[Path], block_assets: int) -> Source:
    from pyarrow import parquet

    columns: list[tuple[Path, Any]] = []
    dates: pd.DatetimeIndex | None = None
    for file in files:
        names = parquet.read_schema(file)
        index = (names.pandas_metadata or {}).get("index_columns", [])
        own = [name for name in names.names if name not in index and name != "date"]
        found, _ = read_labels(_read_parquet(file, own[:1]), file.name)
        dates = found if dates is None else dates
        check_dates(found, dates, file.name)
        columns += [(file, name) for name in own]
    assets = pd.Index([name for _, name in columns])
    if not assets.is_unique:
        again = list(dict.fromkeys(assets[assets.duplicated()]))
        raise InputError(f"returns must have each asset in one file, got {listed(again)} in several. Drop one of each.")
    blocks = (columns[start : start + block_assets] for start in range(0, len(columns), block_assets))
    handles: list[Handle] = [ParquetBlock(tuple(block)) for block in blocks]
    if dates is None:
        raise InputError("returns must have at least one file, got none. Check the folder.")
    return Source(dates, assets, handles)


def _read_parquet(file: Path, names: list[Any]) -> pd.DataFrame:
    from pyarrow import parquet

    schema = parquet.read_schema(file)
    frame = parquet.read_table(file, columns=[*names, *(["date"] if "date" in schema.names else [])]).to_pandas()
    found: pd.DataFrame = frame.set_index("date") if "date" in frame.columns else frame
    return found


@dataclass(frozen=True)
class ParquetBlock:
    """Columns of some files."""

    columns: tuple[tuple[Path, Any], ...]

    @property
    def name(self) -> str:
        """Names of the files."""
        return listed(sorted({file.name for file, _ in self.columns}))

    def read(self) -> pd.DataFrame:
        """Return the columns side by side."""
        files = dict.fromkeys(file for file, _ in self.columns)
        parts = [_read_parquet(file, [name for own, name in self.columns if own == file]) for file in files]
        for part, file in zip(parts[1:], list(files)[1:], strict=True):
            check_dates(pd.DatetimeIndex(part.index), pd.DatetimeIndex(parts[0].index), file.name)
        return pd.concat(parts, axis=1)[[name for _, name in self.columns]]


@dataclass(frozen=True)
class ZarrBlock:
    """Some columns of an array in a Zarr store."""

    path: Path
    variable: str
    first: int
    last: int

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def read(self) -> pd.DataFrame:
        """Return the columns."""
        return _frame_of(_open_zarr(self.path)[self.variable].isel(asset=slice(self.first, self.last)))


@dataclass(frozen=True)
class LazyBlock:
    """Some columns of a DataArray that Dask computes."""

    array: xr.DataArray

    @property
    def name(self) -> str:
        """The name of the array."""
        return "the array" if self.array.name is None else str(self.array.name)

    def read(self) -> pd.DataFrame:
        """Compute the columns in this process."""
        return _frame_of(self.array.compute(scheduler="synchronous"))


def _open_zarr(path: Path) -> xr.Dataset:
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Failed to open Zarr store with consolidated metadata", RuntimeWarning)
            found: xr.Dataset = xr.open_zarr(path, chunks=None)
        return found
    except (ImportError, ValueError) as error:
        raise InputError(
            f"returns must be a Zarr store that xarray opens, got {path} ({shown(str(error))}). Check the path, or use "
            "pip install 'statefolio[scale]' if Zarr is not installed."
        ) from error


def _only_variable(dataset: xr.Dataset, name: str) -> xr.DataArray:
    found = [str(key) for key, array in dataset.data_vars.items() if set(array.dims) == set(DIMS)]
    wanted = ["returns"] if "returns" in found else found
    if len(wanted) != 1:
        raise InputError(
            f"{name} must have one variable with the dimensions date and asset, or one called 'returns', got "
            f"{listed(found) if found else 'none'}. Pass the variable itself as a DataArray."
        )
    return dataset[wanted[0]]


def _of_array(array: xr.DataArray, block_assets: int) -> Source:
    if set(array.dims) != set(DIMS):
        raise DataTypeError(
            f"returns must have the dimensions date and asset, got {listed(list(array.dims))}. Rename or select them."
        )
    dates, assets = _labels_of(array)
    parts = [array.isel(asset=slice(start, start + block_assets)) for start in range(0, len(assets), block_assets)]
    if array.chunks is None:
        return Source(dates, assets, None, (read_table(_frame_of(part), "returns", WIDTH) for part in parts))
    return Source(dates, assets, [LazyBlock(part) for part in parts])


def _labels_of(array: xr.DataArray) -> tuple[pd.DatetimeIndex, pd.Index]:
    for dim in DIMS:
        if dim not in array.indexes:
            raise InputError(f"returns must have labels along {dim}, got none. Assign coordinates to the array.")
    return read_labels(_frame_of(array.isel(asset=slice(0, 1))), "returns")[0], pd.Index(array.indexes["asset"]).rename(
        None
    )


def _frame_of(array: xr.DataArray) -> pd.DataFrame:
    return pd.DataFrame(array.transpose(*DIMS).to_numpy(), array.indexes["date"], array.indexes["asset"])
