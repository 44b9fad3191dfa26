"""Defines `StoreReader`: the results and the models in a store of loadings."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import pandas as pd
import xarray as xr

from statefolio._arrays.text import show, shown
from statefolio._writing import place_of
from statefolio.exceptions import InputError, NotFittedError, UnknownNameError
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.exports.export import export_results
from statefolio.loadings.exports.pieces import Results, results_of
from statefolio.loadings.stores.group import UNFINISHED
from statefolio.loadings.stores.manifest import read_manifest
from statefolio.loadings.stores.showing import ShownStore
from statefolio.loadings.stores.snapshot import OF_ASSETS, OF_FACTORS, Snapshot, take_snapshot
from statefolio.loadings.stores.states import block_file, class_of, current_model, done_blocks, read_note


class StoreReader(ShownStore):
    """The part of `LoadingsStore` that reads."""

    def __init__(self, path: Any) -> None:
        self.path = place_of(path, "store")
        self._manifest = read_manifest(self.path)
        self.identity = self._manifest.identity
        self.block_assets = self._manifest.block_assets
        self.factors = self._manifest.factors
        self.variables = self._manifest.variables

    @classmethod
    def open(cls, path: Any) -> Self:
        """Open a store.

        Raises
        ------
        FileFormatError
            If the path is not a store, its manifest is damaged, or a newer version wrote it.
        """
        return cls(path)

    @property
    def dates(self) -> pd.DatetimeIndex:
        """All dates, appended ones included."""
        return self._snapshot().dates

    @property
    def assets(self) -> pd.Index:
        """All assets, those that were listed after the fit at the end."""
        return self._snapshot().assets

    @property
    def attrs(self) -> dict[str, Any]:
        """Attributes of the results."""
        return {name: value for name, value in self._snapshot().attrs.items() if name not in UNFINISHED}

    @property
    def finished(self) -> bool:
        """Whether all blocks are complete and `finish` was called."""
        return self._snapshot().own.finished

    @property
    def blocks(self) -> list[slice]:
        """The assets of each block, by position."""
        count, step = len(self._manifest.assets), self.block_assets
        return [slice(start, min(start + step, count)) for start in range(0, count, step)]

    @property
    def done(self) -> frozenset[int]:
        """Numbers of the blocks that are complete."""
        return done_blocks(self.path)

    @property
    def notes(self) -> dict[int, dict[str, Any]]:
        """The note of each complete block."""
        return {number: read_note(self.path, number) for number in sorted(self.done)}

    def block_model(self, number: int) -> LoadingsModel:
        """Return the model of a block after the dates of the fit, without results; gone once `compact` was called."""
        return class_of(self.identity["model"]).load(block_file(self.path, number))

    def model(self) -> LoadingsModel:
        """Return the model of all assets after the last date, without results, as `load` of a saved model does."""
        return current_model(self._finished())

    def loadings(self) -> xr.Dataset:
        """Return the loadings by date, asset and factor; numbers are read where they are used.

        ``loadings().chunk({"date": 250, "asset": 512})`` has Dask arrays.
        """
        return self._finished().dataset(tuple(name for name in self.variables if name in OF_FACTORS))

    def innovations(self) -> xr.Dataset:
        """Return the innovations and their variances by date and asset; numbers are read where they are used."""
        return self._finished().dataset(tuple(name for name in self.variables if name in OF_ASSETS))

    def asset(self, name: Any) -> xr.Dataset:
        """Return all variables of one asset, on all dates."""
        snapshot = self._finished()
        return self._loaded(snapshot, "asset", snapshot.assets, name)

    def date(self, day: Any) -> xr.Dataset:
        """Return all variables of all assets on one date."""
        snapshot = self._finished()
        try:
            day = pd.Timestamp(day)
        except (ValueError, TypeError) as error:
            raise InputError(f"day must be a date, got {shown(day)}. Pass e.g. '2020-12-31'.") from error
        return self._loaded(snapshot, "date", snapshot.dates, day)

    def export(
        self,
        path: Any,
        *,
        layout: str = "long",
        variables: Sequence[str] | None = None,
        overwrite: bool = False,
    ) -> Path:
        """Write results to a file of another program, piece by piece, and return its path.

        Parameters
        ----------
        path : path-like
            Its name says the kind: .parquet, .csv, .arrow or .feather (Arrow), .nc (netCDF; needs h5netcdf).
        layout : {"long", "wide"}
            Of a table: one row per date, asset and factor; or one row per date and asset, with a column per variable
            and factor, e.g. "predicted_market".
        variables : sequence of str, optional
            Default: in a long table those by factor, else all.
        overwrite : bool
            Replace a file of that name.

        Examples
        --------
        ``store.export("loadings.parquet")`` is read by DuckDB as ``SELECT * FROM 'loadings.parquet'`` and by polars as
        ``polars.scan_parquet("loadings.parquet")``.
        """
        return export_results(self.results(), path, layout=layout, variables=variables, overwrite=overwrite)

    def results(self) -> Results:
        """Return all variables by pieces of dates, which `export` writes."""
        return results_of(self._finished().dataset(self.variables))

    def _snapshot(self) -> Snapshot:
        return take_snapshot(self.path, self._manifest)

    def _finished(self) -> Snapshot:
        snapshot = self._snapshot()
        if not snapshot.own.finished:
            raise NotFittedError(
                f"{self.path} must be finished to be read, got {len(self.done)} of {len(self.blocks)} blocks. Run the "
                "same fit again: it continues with the blocks that are missing."
            )
        return snapshot

    def _loaded(self, snapshot: Snapshot, dim: str, labels: pd.Index, label: Any) -> xr.Dataset:
        place = labels.get_indexer(pd.Index([label]))[0]
        if place < 0:
            got = shown(label) if dim == "asset" else show(label)
            raise UnknownNameError(f"{dim} must be one of the store's {len(labels):,}, got {got}. See {dim}s.")
        return snapshot.dataset(self.variables).isel({dim: int(place)}).load()
