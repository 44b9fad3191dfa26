"""Observations of a panel in blocks of assets, on an executor: what tuning asks for is computed where they lie."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.kalman.blocks import Report, padded
from statefolio.kalman.observations import S, Work
from statefolio.loadings.blocks.run import Run
from statefolio.loadings.blocks.worker import Counted, Gathered, compute_block, count_observations, gather_columns


class BlockObservations:
    """Observations that the processes of a run read from its scratch folder; see `kalman.observations`."""

    def __init__(self, run: Run, rows: int, kept: NDArray[np.bool_] | None = None) -> None:
        self._run, self._rows, self._kept = run, rows, kept
        self._counts: NDArray[np.intp] | None = None

    @property
    def count(self) -> int:
        """Number of assets, without the padding."""
        return len(self._run.assets)

    def counts(self) -> NDArray[np.intp]:
        """Return the number of observations of each asset, padding included."""
        if self._counts is None:
            self._counts = self.compute(count_observations, Counted())
        return self._counts

    def columns(self, assets: NDArray[np.intp]) -> Array:
        """Return the observations of some assets in increasing order, (T, n)."""
        found: Array = self.compute(gather_columns, Gathered(assets))
        return found

    def until(self, row: int) -> "BlockObservations":
        """Return the observations on the dates before a row."""
        return BlockObservations(self._run, min(row, self._rows), self._kept)

    def only(self, kept: NDArray[np.bool_]) -> "BlockObservations":
        """Return these with those of other assets than `kept` (N,) as missing."""
        if kept.all():
            return self
        both = kept if self._kept is None else kept & self._kept
        found = BlockObservations(self._run, self._rows, both)
        if self._counts is not None:
            found._counts = np.where(np.append(both, np.ones(len(self._counts) - len(both), bool)), self._counts, 0)
        return found

    def compute(self, work: Work[S], subject: S, report: Report | None = None) -> Any:
        """Return the result of `work` for all assets, joined along the last axis."""
        messages = []
        for block in self._run.blocks:
            kept = None if self._kept is None or self._kept[block].all() else self._kept[block]
            part = subject.part(block.start, padded(block.stop))
            messages.append((self._rows, kept, work, part))
        found = self._run.each(compute_block, messages, shared=subject.shared(), report=report)
        if isinstance(found[0], tuple):
            return tuple(np.concatenate(parts, axis=-1) for parts in zip(*found, strict=True))
        return np.concatenate(found, axis=-1)
