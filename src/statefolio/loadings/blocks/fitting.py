"""Defines `fit_blocks`, which fits a panel block by block into a store, and `learn_panel`."""

import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import rows_until
from statefolio._estimator import clone
from statefolio._options import Kind, Whole, check
from statefolio._writing import place_of
from statefolio.exceptions import InputError, NotFittedError, OutputError, StatefolioWarning
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.processor import warn_of_mixed_processors
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.blocks.executors import Executor, Report, check_executor
from statefolio.loadings.blocks.learned import LearnedPanel
from statefolio.loadings.blocks.reading import Read, read_blocks
from statefolio.loadings.blocks.scratch import Scratch, scratch_of
from statefolio.loadings.blocks.tuning import learn_shared
from statefolio.loadings.blocks.worker import fit_block, remarks_of
from statefolio.loadings.kalman_model import KalmanModel
from statefolio.loadings.remarks import join_remarks
from statefolio.loadings.stores.lock import writing
from statefolio.loadings.stores.store import LoadingsStore

BLOCK_ASSETS = 4096
_LEARNED = "learned"

Progress = Callable[[str, int, int], None]


def fit_blocks(
    model: LoadingsModel,
    returns: Any,
    factors: Any,
    *,
    store: Any,
    executor: Executor | None = None,
    block_assets: int = BLOCK_ASSETS,
    tune_until: Any = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> LoadingsStore:
    """Fit a panel block by block of its assets into a store, with the bits of one call of `fit`.

    Memory holds one block for each worker, and the vectors with a few numbers per asset that tuning needs.

    Parameters
    ----------
    model : LoadingsModel
        The options; it is not changed.
    returns : DataFrame, DataArray, path, or blocks
        Returns in decimals by date and asset; NaN where not observed. An xarray DataArray (date, asset), of NumPy or
        Dask arrays. A path of a Zarr store, or of a folder of Parquet files, in the order of their names, each with
        all dates and some assets. An iterator or a sequence of DataFrames with all dates and some assets. Workers
        read paths and Dask arrays themselves.
    factors : DataFrame (dates, K factors)
        Known on every date with a return. Every worker gets them.
    store : path-like
        Folder of the store, on a disk that all workers reach. ``STORE.scratch`` next to it has a copy of the returns
        until the fit is complete.
    executor : executor, optional
        Anything with the `submit` of ``concurrent.futures.Executor``: a process pool,
        ``dask.distributed.Client.get_executor()``, loky. Default: threads of this process, one block after another.
    block_assets : int
        Assets of a block, a multiple of 64.
    tune_until : date, optional
        As in `fit`.
    resume : bool
        Continue a store whose fit was interrupted: complete blocks are kept.
    progress : callable (stage, done, total), optional
        Called as the fit advances, with the stages "read", those of tuning, "level" and "blocks". Default: the
        model's own `progress`.

    Returns
    -------
    LoadingsStore
        `model()` is the fitted model, without results; `loadings()` and `innovations()` are the results.

    Raises
    ------
    InputError
        If blocks have other dates than others, and as `fit` does.
    OutputError
        If there is a store already and `resume` is False, or one of another fit, or if the disk is too small.
    WorkerError
        If a worker dies or lacks memory; the message names the block and a size that needs less.

    Warns
    -----
    StatefolioWarning
        As `fit` does, once for the whole panel.

    Examples
    --------
    >>> import tempfile
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.loc["2019":], demo.factors[["market"]]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = sf.loadings.fit_blocks(
    ...         sf.KalmanLoadings(), returns, factors, store=f"{folder}/loadings.zarr", block_assets=64
    ...     )
    ...     whole = sf.KalmanLoadings().fit(returns, factors)
    ...     print(store.loadings().load().equals(whole.loadings_), store.model().next_.equals(whole.next_))
    True True
    """
    progress = progress or getattr(model, "progress", None)
    model = _checked(model, executor, block_assets, progress)
    path = place_of(store, "store")
    _check_new(path, resume)
    scratch = Scratch(scratch_of(path))
    with _locked(scratch, resume):
        read = read_blocks(model, returns, factors, scratch, executor, block_assets, _report(progress, "read"))
        rows = rows_until(read.panel.dates, tune_until)
        tuned_until = read.panel.dates[rows - 1]
        identity = {
            "model": type(model).__name__,
            "options": model.get_params(deep=False),
            "data": read.digest,
            "tune_until": tuned_until,
        }
        opened = LoadingsStore.create(
            path,
            dates=read.panel.dates,
            assets=read.panel.assets,
            factors=read.panel.factors,
            block_assets=block_assets,
            identity=identity,
        )
        with opened.writing():
            learned = _learned(model, read, rows, (repr(identity), str(block_assets)))
            _fit_missing(opened, read, learned, _report(progress, "blocks"))
            remarks = [scratch.read_object(remarks_of(number)) for number in range(len(opened.blocks))]
            if not opened.finished:
                opened.finish()
        warn_of_mixed_processors([note["processor"] for note in opened.notes.values()], str(path))
        if all(each is not None for each in remarks):
            join_remarks(remarks).warn(read.panel)
    scratch.remove()
    return opened


def log_likelihood_of(store: LoadingsStore) -> pd.Series:
    """Return the log-likelihood of the dates of the fit, by asset: `log_likelihood_` of one call of `fit`.

    Parameters
    ----------
    store : LoadingsStore
        From `fit_blocks`.

    Raises
    ------
    NotFittedError
        If its model has no likelihood.
    """
    notes = [note["log_likelihood"] for _, note in sorted(store.notes.items()) if "log_likelihood" in note]
    if len(notes) < len(store.blocks):
        raise NotFittedError(f"{store.path} has no log-likelihood. Make the store with fit_blocks.")
    assets = store.assets[: sum(map(len, notes))]
    return pd.Series(np.concatenate(notes), assets.rename("asset"), name="log_likelihood")


def learn_panel(
    model: LoadingsModel,
    returns: Any,
    factors: Any,
    *,
    executor: Executor | None = None,
    block_assets: int = BLOCK_ASSETS,
    tune_until: Any = None,
    folder: Any = None,
    progress: Progress | None = None,
) -> LearnedPanel:
    """Learn what a panel shares, without fitting its assets: hyper-parameters, and the common volatility level.

    Parameters
    ----------
    model, returns, factors, executor, block_assets, tune_until, progress
        As in `fit_blocks`.
    folder : path-like, optional
        Folder for a copy of the returns meanwhile, which all workers reach. Default: one for temporary files.

    Returns
    -------
    LearnedPanel
        Its `fit` fits any assets of the panel, see there for an example.
    """
    progress = progress or getattr(model, "progress", None)
    model = _checked(model, executor, block_assets, progress)
    with tempfile.TemporaryDirectory(prefix="statefolio-", dir=folder) as place:
        scratch = Scratch(Path(place))
        scratch.make()
        read = read_blocks(model, returns, factors, scratch, executor, block_assets, _report(progress, "read"))
        return _learned(model, read, rows_until(read.panel.dates, tune_until))


def _checked(model: Any, executor: Any, block_assets: Any, progress: Progress | None) -> LoadingsModel:
    """Check the arguments, and return a copy of the model."""
    check("model", model, Kind(LoadingsModel, "a model of loadings", "KalmanLoadings()"))
    check_executor(executor)
    check("block_assets", block_assets, Whole(at_least=WIDTH, example=BLOCK_ASSETS))
    if block_assets % WIDTH:
        raise InputError(f"block_assets must be a multiple of {WIDTH}, got {block_assets}. Pass e.g. {BLOCK_ASSETS}.")
    copied: LoadingsModel = clone(model)
    copied._check_options()
    if progress is not None and isinstance(copied, KalmanModel):
        copied.progress = progress
    return copied


def _check_new(path: Path, resume: bool) -> None:
    if resume or not path.exists() or not path.is_dir() or not any(path.iterdir()):
        return
    raise OutputError(
        f"store must be a new folder where resume is False, got {path}, which exists. Use resume=True to continue an "
        "interrupted fit, or choose another path."
    )


@contextmanager
def _locked(scratch: Scratch, resume: bool) -> Iterator[None]:
    """Hold the lock of the scratch folder; a fit that was killed is expected where it is resumed."""
    try:
        scratch.make()
    except OSError as error:
        raise OutputError(
            f"store must lie in a folder that can be written, got {scratch.folder.parent} ({error.strerror}). Choose "
            "another folder."
        ) from error
    with warnings.catch_warnings():
        if resume:
            warnings.filterwarnings(
                "ignore", message=".* was locked .* The lock is taken over", category=StatefolioWarning
            )
        with writing(scratch.folder):
            yield


def _learned(model: LoadingsModel, read: Read, rows: int, identity: tuple[str, ...] | None = None) -> LearnedPanel:
    """Learn from the blocks, or return what an interrupted fit of the same `identity` has learned."""
    panel, shared = read.panel, None
    if isinstance(model, KalmanModel):
        kept = None if identity is None else read.run.scratch.read_object(_LEARNED)
        if kept is not None and kept[0] == identity:
            shared = kept[1]
        else:
            shared = learn_shared(read.run, model, panel, rows, _report(getattr(model, "progress", None), "level"))
            if identity is not None:
                read.run.scratch.write_object(_LEARNED, (identity, shared))
    unfitted: LoadingsModel = clone(model)
    if hasattr(unfitted, "progress"):
        unfitted.progress = None
    return LearnedPanel(unfitted, panel.dates, panel.assets, panel.factors, panel.dates[rows - 1], shared)


def _fit_missing(store: LoadingsStore, read: Read, learned: LearnedPanel, report: Report | None) -> None:
    """Fit the blocks that are not complete."""
    run, done = read.run, store.done
    numbers = [number for number in range(len(run.blocks)) if number not in done]
    X = read.panel.regressors

    def told(count: int, _: int) -> None:
        if report is not None:
            report(len(done) + count, len(run.blocks))

    if not numbers:
        return
    messages = [(store.path, learned.select(run.assets[run.blocks[number]]), X) for number in numbers]
    run.each(fit_block, messages, numbers=numbers, shared=(X,), report=told)


def _report(progress: Progress | None, stage: str) -> Report | None:
    return None if progress is None else lambda done, total: progress(stage, done, total)
