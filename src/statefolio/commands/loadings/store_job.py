"""The job of `loadings --store`: fits a panel by blocks of its assets, in processes or on a Dask cluster."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from multiprocessing import get_context
from typing import Any

from statefolio.commands.file_forms import form_of_words, typed_for_factors
from statefolio.commands.inputs import read_factor_files, read_panel
from statefolio.commands.loadings.options import LoadingsOptions, StoreOutput
from statefolio.commands.terminal import Terminal
from statefolio.exceptions import InputError
from statefolio.loadings.blocks.cluster import connect
from statefolio.loadings.blocks.fitting import BLOCK_ASSETS, fit_blocks
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.stores.store import LoadingsStore


def fit_store(options: LoadingsOptions, terminal: Terminal) -> LoadingsStore:
    """Fit the panel into the store; returns in a folder are read by the workers."""
    blocks = options.blocks
    with _executor(blocks) as executor:
        returns, factors = _tables(options, terminal)
        return fit_blocks(
            KalmanLoadings(**asdict(options.model)),
            returns,
            factors,
            store=blocks.store,
            executor=executor,
            block_assets=BLOCK_ASSETS if blocks.blocks is None else blocks.blocks,
            tune_until=options.dates.tune_until,
            resume=blocks.resume,
            progress=terminal,
        )


def _tables(options: LoadingsOptions, terminal: Terminal) -> tuple[Any, Any]:
    files = options.files
    if not files.returns.is_dir():
        inputs = read_panel(files)
        terminal.show_inputs(inputs)
        return inputs.returns, inputs.factors
    given = {
        "--prices": files.prices or None,
        "--risk-free": files.risk_free,
        "--from": files.first,
        "--to": files.last,
    }
    for name, value in given.items():
        if value is not None:
            raise InputError(f"{name} must be left out where returns are a folder, got {value}. Drop it.")
    return files.returns, read_factor_files(
        files.factors, form_of_words(files.factors_form, "--factors-form"), typed_for_factors
    )


@contextmanager
def _executor(blocks: StoreOutput) -> Iterator[Any]:
    if blocks.scheduler is not None:
        with connect(blocks.scheduler) as client:
            yield client.get_executor()
    elif blocks.workers is not None and blocks.workers > 1:
        pool = ProcessPoolExecutor(blocks.workers, mp_context=get_context("spawn"))
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)
    else:
        yield None
