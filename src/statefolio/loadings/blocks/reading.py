"""Reads the returns of a fit by blocks: checks and keeps each block, and warns once of the whole panel."""

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.frames import Table
from statefolio._arrays.panel import Panel
from statefolio._arrays.text import listed
from statefolio._plausible.in_blocks import Blocks, find_in_blocks
from statefolio._plausible.reading import read_design, warn_of_returns
from statefolio._plausible.table import Context
from statefolio.exceptions import InputError
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.blocks.executors import Executor, Report
from statefolio.loadings.blocks.run import Run
from statefolio.loadings.blocks.scratch import Scratch
from statefolio.loadings.blocks.sources import Handle, Source, check_dates, source_of
from statefolio.loadings.blocks.worker import Prepared, glance_again, prepare_block, raw, read_columns, read_rows
from statefolio.loadings.stores.group import check_space


class Read(NamedTuple):
    """A panel whose returns lie in the scratch folder of a run."""

    run: Run
    panel: Panel  # without returns
    digest: str  # of returns and factors


def read_blocks(
    model: LoadingsModel,
    returns: Any,
    factors: Any,
    scratch: Scratch,
    executor: Executor | None,
    block_assets: int,
    report: Report | None,
) -> Read:
    """Read returns and factors as `read_panel` does."""
    source = source_of(returns, block_assets)
    if isinstance(source, Source):
        check_space(scratch.folder, 8 * len(source.dates) * len(source.assets))
    handles, dates, assets = _kept(source, scratch)
    run = Run(scratch, executor, block_assets, dates, assets)
    messages = [(handle, dates, assets[here], model._watches) for handle, here in zip(handles, run.blocks, strict=True)]
    prepared: list[Prepared] = run.each(prepare_block, messages, report=report)
    _warn(run, prepared, model._watches)
    seen: NDArray[np.bool_] = np.logical_or.reduce([each.seen for each in prepared])
    design = read_design(dates, seen, factors, model.intercept)
    panel = Panel(np.empty((len(dates), 0)), design.regressors, design.dates, assets, design.factors)
    digest = hashlib.blake2b(design.regressors.tobytes(), digest_size=16)
    digest.update(" ".join(each.digest for each in prepared).encode())
    return Read(run, panel, digest.hexdigest())


def _kept(source: Source | Iterator[Table], scratch: Scratch) -> tuple[list[Handle | None], pd.DatetimeIndex, pd.Index]:
    """Keep the blocks that workers cannot read themselves; return their handles and the labels."""
    if isinstance(source, Source) and source.handles is not None:
        return list(source.handles), source.dates, source.assets
    names: list[pd.Index] = []
    dates = pd.DatetimeIndex([])
    for number, table in enumerate(source.tables or () if isinstance(source, Source) else source):
        dates = table.dates if number == 0 else dates
        check_dates(table.dates, dates, f"block {number}")
        scratch.write_array(raw(number), table.padded)
        names.append(table.columns)
    assets = names[0].append(names[1:])
    if not assets.is_unique:
        again = list(dict.fromkeys(assets[assets.duplicated()]))
        raise InputError(
            f"returns must have each asset in one block, got {listed(again)} in several. Rename or drop columns."
        )
    return [None] * len(names), dates, assets


def _warn(run: Run, prepared: list[Prepared], watched: bool) -> None:
    """Warn once of what looks wrong in the returns."""
    blocks = run.blocks

    def rows(wanted: list[int]) -> Any:
        return np.concatenate(run.each(read_rows, [(wanted, here.stop - here.start) for here in blocks]), axis=1)

    def columns(wanted: NDArray[np.intp]) -> Any:
        edges = np.searchsorted(wanted, [here.start for here in blocks] + [len(run.assets)])
        own = [wanted[a:b] - here.start for a, b, here in zip(edges[:-1], edges[1:], blocks, strict=True)]
        numbers = [number for number, places in enumerate(own) if len(places)]
        found = run.each(read_columns, [own[number] for number in numbers], numbers=numbers)
        return np.concatenate(found, axis=1)

    def again(contexts: dict[int, Context]) -> Any:
        numbers = list(contexts)
        messages = [(run.dates, run.assets[blocks[n]], watched, contexts[n]) for n in numbers]
        return dict(zip(numbers, run.each(glance_again, messages, numbers=numbers), strict=True))

    found = find_in_blocks(
        [each.glance for each in prepared], Blocks(blocks, rows, columns, again), run.dates, run.assets
    )
    warn_of_returns(found, watched=watched)
