"""What is in a store at one instant: the big arrays, and the live rows behind them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from statefolio._arrays.types import Array
from statefolio.exceptions import FileFormatError
from statefolio.loadings.stored_values import decode, encode
from statefolio.loadings.stores.chunks import read_part
from statefolio.loadings.stores.layout import GROUP_FILE, OWN, Grid, grid_of, read_dates
from statefolio.loadings.stores.live import LiveRows, live_numbers, read_live
from statefolio.loadings.stores.manifest import Manifest

ATTEMPTS = 100


@dataclass(frozen=True)
class Own:
    """The attributes of the group that we change, all of them by one rename.

    Attributes
    ----------
    dates : int
        Dates in the big arrays.
    joined : Index
        Assets in the big arrays that the fit did not have.
    compacted : int
        Number of the last live rows that are in the big arrays.
    finished : bool
        Whether all blocks of the fit are done.
    """

    dates: int
    joined: pd.Index
    compacted: int = 0
    finished: bool = False

    def attributes(self) -> dict[str, Any]:
        """Return them as JSON values."""
        return {**self.__dict__, "joined": encode(self.joined)}


@dataclass(frozen=True)
class Snapshot:
    """The big arrays and the live rows of a store at one instant."""

    path: Path
    manifest: Manifest
    own: Own
    attrs: dict[str, Any]
    fitted_dates: pd.DatetimeIndex  # in the big arrays
    live: tuple[LiveRows, ...]

    @property
    def dates(self) -> pd.DatetimeIndex:
        """All dates."""
        parts = [rows.dates for rows in self.live]
        return pd.DatetimeIndex(self.fitted_dates.append(parts), name="date") if parts else self.fitted_dates

    @property
    def big_assets(self) -> pd.Index:
        """Assets of the big arrays."""
        return _with_joined(self.manifest.assets, [self.own.joined])

    @property
    def assets(self) -> pd.Index:
        """All assets, those that were listed later at the end."""
        return _with_joined(self.big_assets, [rows.joined for rows in self.live])

    @property
    def last_number(self) -> int:
        """Number of the last live rows, here or compacted."""
        return self.live[-1].number if self.live else self.own.compacted

    def dims(self, name: str) -> tuple[str, ...]:
        """Return the dimensions of a variable."""
        return dims_of(name)

    def grid(self, name: str) -> Grid:
        """Return the grid of a variable of the big arrays."""
        manifest = self.manifest
        sizes = {"date": self.own.dates, "asset": len(self.big_assets), "factor": len(manifest.factors)}
        return grid_of(dims_of(name), sizes, manifest.chunk_assets)

    def dataset(self, names: tuple[str, ...]) -> xr.Dataset:
        """Return variables, which are read where they are used."""
        variables = {}
        for name in names:
            data = indexing.LazilyIndexedArray(_JoinedArray(self, name))
            variables[name] = xr.Variable(dims_of(name), data)
        coordinates: dict[str, Any] = {"date": self.dates, "asset": self.assets}
        if any("factor" in dims_of(name) for name in names):
            coordinates["factor"] = self.manifest.factors
        attrs = self.live[-1].attrs if self.live else self.attrs
        return xr.Dataset(variables, coordinates, attrs)


class _JoinedArray(BackendArray):
    """A variable of a store, which is read from the big arrays and the live rows where it is used."""

    def __init__(self, snapshot: Snapshot, name: str) -> None:
        self.snapshot, self.name = snapshot, name
        states = (len(snapshot.manifest.factors),) if "factor" in dims_of(name) else ()
        self.shape = (len(snapshot.dates), len(snapshot.assets), *states)
        self.dtype = np.dtype(np.float64)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> Array:
        rows, columns, *rest = (_positions(part, size) for part, size in zip(key, self.shape, strict=True))
        kept = key[2] if rest and isinstance(key[2], slice) else rest[0] if rest else None
        out = np.full((len(rows), len(columns), *(len(part) for part in rest)), np.nan)
        self._read_big(rows, columns, kept, out)
        first = self.snapshot.own.dates
        for live in self.snapshot.live:
            mine = np.flatnonzero((rows >= first) & (rows < first + len(live.dates)))
            if len(mine):
                there = np.flatnonzero(columns < live.assets)
                found = live.array(self.name)[rows[mine] - first][:, columns[there]]
                out[np.ix_(mine, there)] = found[..., kept] if rest else found
            first += len(live.dates)
        return out[tuple(0 if isinstance(part, int | np.integer) else slice(None) for part in key)]

    def _read_big(self, rows: Any, columns: Any, rest: Any, out: Array) -> None:
        snapshot = self.snapshot
        own_rows = np.flatnonzero(rows < snapshot.own.dates)
        own_columns = np.flatnonzero(columns < len(snapshot.big_assets))
        whole = len(own_rows) == len(rows) and len(own_columns) == len(columns)
        part = out if whole else np.empty((len(own_rows), len(own_columns), *out.shape[2:]))
        folder, grid = snapshot.path / self.name, snapshot.grid(self.name)
        read_part(folder, grid, rows[own_rows], columns[own_columns], rest, part)
        if not whole:
            out[np.ix_(own_rows, own_columns)] = part


def take_snapshot(path: Path, manifest: Manifest) -> Snapshot:
    """Read the state of a store; a compaction that ends meanwhile is waited for."""
    for _ in range(ATTEMPTS):
        before = _group(path)
        own, attrs = _parsed(path, before)
        try:
            live = tuple(read_live(path, n) for n in live_numbers(path) if n > own.compacted)
            dates = read_dates(path / "date", own.dates, manifest.unit)
        except FileNotFoundError:
            if _group(path) == before:
                raise
            continue
        if _group(path) == before:
            return Snapshot(path, manifest, own, attrs, dates, live)
    raise FileFormatError(f"{path} changes all the time. Try again when its writer has ended.")


def dims_of(name: str) -> tuple[str, ...]:
    """Return the dimensions of a variable of a store."""
    return ("date", "asset", "factor") if name in OF_FACTORS else ("date", "asset")


OF_FACTORS = ("predicted", "predicted_variance", "filtered", "filtered_variance")
OF_ASSETS = ("innovation", "innovation_variance", "log_density")


def _group(path: Path) -> str:
    try:
        return (path / GROUP_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(f"{path / GROUP_FILE} cannot be read ({error}). Restore that file.") from error


def _parsed(path: Path, text: str) -> tuple[Own, dict[str, Any]]:
    try:
        group = json.loads(text)
        own = group["consolidated_metadata"]["metadata"][OWN]["attributes"]
        return Own(**{**own, "joined": decode(own["joined"])}), group["attributes"]
    except (ValueError, LookupError, TypeError) as error:
        raise FileFormatError(
            f"{path / GROUP_FILE} was damaged or changed by another program. Restore that file."
        ) from error


def _with_joined(assets: pd.Index, joined: list[pd.Index]) -> pd.Index:
    new = [each for each in joined if len(each)]
    return assets.append(new) if new else assets


def _positions(key: Any, size: int) -> Any:
    if isinstance(key, slice):
        return np.arange(size)[key]
    return np.atleast_1d(np.asarray(key, dtype=np.intp)) % size
