"""Defines `LoadingsStore`: loadings of a panel too large for memory, in a Zarr group on disk."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pandas as pd
import xarray as xr

from statefolio._arrays.text import listed, show, shown
from statefolio._options import Whole, check
from statefolio._writing import place_of
from statefolio.exceptions import FileFormatError, InputError, NotFittedError, OutputError, UnknownNameError
from statefolio.kalman.lanes import WIDTH
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.exports.export import export_results
from statefolio.loadings.exports.pieces import results_of
from statefolio.loadings.stores.appending import append_rows
from statefolio.loadings.stores.chunks import write_columns
from statefolio.loadings.stores.compaction import compact_rows
from statefolio.loadings.stores.group import (
    UNFINISHED,
    bytes_of,
    check_space,
    make_store,
    unwritable,
    write_group,
)
from statefolio.loadings.stores.layout import chunk_assets, flush_folder, grid_of
from statefolio.loadings.stores.lock import writing
from statefolio.loadings.stores.manifest import Manifest, check_same, check_unit, read_manifest
from statefolio.loadings.stores.results_arrays import KALMAN, LEAST_SQUARES, result_arrays
from statefolio.loadings.stores.snapshot import OF_ASSETS, OF_FACTORS, Snapshot, dims_of, take_snapshot
from statefolio.loadings.stores.states import (
    block_file,
    class_of,
    current_model,
    done_blocks,
    forget_block,
    read_note,
    write_block_state,
)


class LoadingsStore:
    """Loadings of a panel on disk: a Zarr group of which any part is read without the rest.

    `fit_blocks` makes one, and `create` or `open` return it. The folder has xarray's own layout with the dimensions
    date, asset and factor: ``xarray.open_zarr(path)`` reads it without statefolio. New dates are appended to a few
    live rows, which `compact` moves into the group; `loadings` and `innovations` join both.

    Attributes
    ----------
    path : Path
    identity : dict
        Model, options, fingerprint of the data and last date of tuning of the fit.
    block_assets : int
        Assets of a block, which is written at once.
    factors : Index
        With "alpha" first where the model has an intercept.
    variables : tuple of str

    Examples
    --------
    >>> import tempfile
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns[["AAPL", "KO"]], demo.factors[["market"]]
    >>> model = sf.RollingLoadings(window=120).fit(returns.loc[:"2021"], factors.loc[:"2021"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = sf.loadings.LoadingsStore.create(
    ...         f"{folder}/betas.zarr",
    ...         dates=model.dates_,
    ...         assets=model.assets_,
    ...         factors=model.factors_,
    ...         block_assets=64,
    ...         identity={
    ...             "model": "RollingLoadings",
    ...             "options": model.get_params(),
    ...             "data": "demo",
    ...             "tune_until": model.tuned_until_,
    ...         },
    ...     )
    ...     with store.writing():
    ...         store.write_block(0, model)
    ...         store.finish()
    ...     store.append(store.model().partial_fit(returns.loc["2022"], factors.loc["2022"]))
    ...     beta = store.asset("KO")["predicted"].sel(factor="market")
    ...     print(dict(store.loadings().sizes), round(float(beta[-1]), 2))
    {'date': 2263, 'asset': 2, 'factor': 2} 0.56
    """

    def __init__(self, path: Any) -> None:
        self.path = place_of(path, "store")
        self._manifest = read_manifest(self.path)
        self.identity = self._manifest.identity
        self.block_assets = self._manifest.block_assets
        self.factors = self._manifest.factors
        self.variables = self._manifest.variables
        self._holds_lock = False

    @classmethod
    def open(cls, path: Any) -> Self:
        """Open a store.

        Raises
        ------
        FileFormatError
            If the path is not a store, its manifest is damaged, or a newer version wrote it.
        """
        return cls(path)

    @classmethod
    def create(
        cls,
        path: Any,
        *,
        dates: pd.DatetimeIndex,
        assets: pd.Index,
        factors: pd.Index,
        block_assets: int,
        identity: Mapping[str, Any],
        attrs: Mapping[str, Any] | None = None,
        variables: Sequence[str] | None = None,
    ) -> Self:
        """Make a store without results, or open one of the same fit, whose complete blocks are kept.

        Parameters
        ----------
        path : path-like
            A new folder.
        dates, assets, factors : Index
            Of the fit; factors with "alpha" first where the model has an intercept.
        block_assets : int
            Assets of a block, a multiple of 64.
        identity : mapping
            "model" (name of the class), "options", "data" (a fingerprint), "tune_until" (the last date of tuning) and
            whatever else the same fit has in common; "versions" is kept without being compared.
        attrs : mapping, optional
            Attributes of the results. Default: `tuned_until`.
        variables : sequence of str, optional
            Variables of `loadings_` and `innovations_` to keep. Default: all.

        Raises
        ------
        OutputError
            If the path has something else or a store of another fit, which is named; or if the disk is too small.
        """
        check("block_assets", block_assets, Whole(at_least=WIDTH, example=4096))
        if block_assets % WIDTH:
            raise InputError(f"block_assets must be a multiple of {WIDTH}, got {block_assets}. Pass e.g. 4096.")
        kept = {**identity, "options": {k: v for k, v in identity["options"].items() if k != "progress"}}
        every = KALMAN if class_of(identity["model"]).__name__ == "KalmanLoadings" else LEAST_SQUARES
        chosen = tuple(name for name in every if variables is None or name in variables)
        if unknown := [name for name in variables or () if name not in every]:
            raise InputError(f"variables must be among {listed(every)}, got {shown(unknown[0])}. Drop it.")
        manifest = Manifest(
            identity=kept,
            dates=check_unit(pd.DatetimeIndex(dates)).rename("date"),
            assets=pd.Index(assets),
            factors=pd.Index(factors),
            block_assets=int(block_assets),
            chunk_assets=chunk_assets(block_assets, WIDTH),
            variables=chosen,
        )
        target = place_of(path, "store")
        if target.exists() and not (target.is_dir() and not any(target.iterdir())):
            store = cls._of_same_fit(target, manifest)
            done = store.done
            missing = sum(each.stop - each.start for n, each in enumerate(store.blocks) if n not in done)
            check_space(target.parent, bytes_of(manifest, missing))
            return store
        make_store(target, manifest, dict(attrs or {"tuned_until": show(identity["tune_until"])}))
        return cls(target)

    @classmethod
    def _of_same_fit(cls, path: Path, manifest: Manifest) -> Self:
        try:
            store = cls(path)
        except FileFormatError as error:
            if path.is_dir() and (path / "statefolio").is_dir():
                raise
            raise OutputError(
                f"store must be a new folder or a store, got {path}, which is something else. Choose another path."
            ) from error
        check_same(path, store._manifest, manifest)
        return store

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

    @contextmanager
    def writing(self) -> Iterator[Self]:
        """Hold the lock of the store: one writer at a time.

        The processes that write its blocks need not hold it, if the one that gives them their blocks does.

        Raises
        ------
        OutputError
            If another process has it; the message names it, and since when.
        """
        with writing(self.path):
            self._holds_lock = True
            try:
                yield self
            finally:
                self._holds_lock = False

    def write_block(self, number: int, model: LoadingsModel, note: Mapping[str, Any] | None = None) -> None:
        """Write the results and the state of a block, and mark it as complete once all of it is on disk.

        Parameters
        ----------
        number : int
            Position in `blocks`.
        model : LoadingsModel
            Fitted to the assets of the block, on the dates of the store.
        note : mapping, optional
            JSON values to keep with the mark, such as the processor; see `notes`.
        """
        manifest = self._manifest
        if not 0 <= number < len(self.blocks):
            raise InputError(f"number must be a block from 0 to {len(self.blocks) - 1}, got {number}. See blocks.")
        block = self.blocks[number]
        self._check_model(model, manifest.assets[block], manifest.dates)
        sizes = {"date": len(manifest.dates), "asset": len(manifest.assets), "factor": len(manifest.factors)}
        try:
            forget_block(self.path, number)
            for name, values in result_arrays(model, self.variables):
                folder = self.path / name
                write_columns(folder, grid_of(dims_of(name), sizes, manifest.chunk_assets), block.start, values)
                flush_folder(folder)
            write_block_state(self.path, number, model, note or {})
        except OSError as error:
            raise unwritable(self.path, error) from error

    def finish(self) -> None:
        """Mark the store as finished, so that it can be read.

        Raises
        ------
        NotFittedError
            If blocks are missing.
        """
        missing = sorted(set(range(len(self.blocks))) - self.done)
        if missing:
            raise NotFittedError(
                f"{self.path} must have all {len(self.blocks)} blocks, got {len(missing)} that are missing (first: "
                f"{missing[0]}). Write them first."
            )
        with self._lock():
            snapshot = self._snapshot()
            attrs = {name: value for name, value in snapshot.attrs.items() if name not in UNFINISHED}
            write_group(self.path, self._manifest, replace(snapshot.own, finished=True), snapshot.big_assets, attrs)

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

    def append(
        self, model: LoadingsModel, returns: Any = None, factors: Any = None, *, checkpoint: bool = True
    ) -> None:
        """Append the dates in the results of a model that was continued: whole or not at all.

        Parameters
        ----------
        model : LoadingsModel
            `model()`, continued by `partial_fit` over dates after the last one of the store. Assets may have joined.
        returns, factors : DataFrame, optional
            The new rows as `partial_fit` took them. They are kept with the results.
        checkpoint : bool
            Also write the state of the model. Without it `returns` and `factors` are needed: `model()` then continues
            the last state over them, to the same bits.
        """
        with self._lock():
            append_rows(self._finished(), model, returns, factors, checkpoint=checkpoint)

    def compact(self) -> int:
        """Move the live rows into the big arrays, and return the number of their dates.

        A process that is killed leaves the store as it was, or compacted.
        """
        with self._lock():
            return compact_rows(self._finished())

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
        results = results_of(self._finished().dataset(self.variables))
        return export_results(results, path, layout=layout, variables=variables, overwrite=overwrite)

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

    def _check_model(self, model: LoadingsModel, assets: pd.Index, dates: pd.DatetimeIndex) -> None:
        model._results()
        for name, mine, other in (
            ("dates", dates, model.dates_),
            ("assets", assets, model.assets_),
            ("factors", self.factors, model.factors_),
        ):
            if not (len(mine) == len(other) and mine.equals(other)):
                raise InputError(f"model must have the {name} of the block, got others. Fit it to the block's data.")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with nullcontext() if self._holds_lock else self.writing():
            yield
