"""Defines `LoadingsStore`: loadings of a panel too large for memory, in a Zarr group on disk."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pandas as pd

from statefolio._arrays.text import listed, show, shown
from statefolio._options import Whole, check
from statefolio._writing import place_of
from statefolio.exceptions import FileFormatError, InputError, NotFittedError, OutputError
from statefolio.kalman.lanes import WIDTH
from statefolio.loadings.base import LoadingsModel
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
from statefolio.loadings.stores.layout import DATES_OF_A_CHUNK, chunk_assets, flush_folder, grid_of
from statefolio.loadings.stores.lock import writing
from statefolio.loadings.stores.manifest import Manifest, check_same, check_unit
from statefolio.loadings.stores.reader import StoreReader
from statefolio.loadings.stores.results_arrays import KALMAN, LEAST_SQUARES, result_pieces
from statefolio.loadings.stores.snapshot import dims_of
from statefolio.loadings.stores.states import (
    class_of,
    forget_block,
    write_block_state,
)

IDENTITY = ("model", "options", "data", "tune_until")


class LoadingsStore(StoreReader):
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

    _pass_instead = (
        "Pass store.model(), continued over later dates with partial_fit where results are needed; FactorRisk takes "
        "it with prefit=True."
    )

    def __init__(self, path: Any) -> None:
        super().__init__(path)
        self._holds_lock = False

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
        if lacking := [key for key in IDENTITY if key not in identity]:
            raise InputError(f"identity must have {listed(IDENTITY)}, got no {lacking[0]!r}. Add it.")
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
            for name, row, values in result_pieces(model, self.variables, DATES_OF_A_CHUNK):
                grid = grid_of(dims_of(name), sizes, manifest.chunk_assets)
                write_columns(self.path / name, grid, row, block.start, values)
            for name in self.variables:
                flush_folder(self.path / name)
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
