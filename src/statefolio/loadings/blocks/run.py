"""One fit by blocks: its blocks, scratch folder and executor."""

from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pandas as pd

from statefolio._arrays.text import shown
from statefolio._threads import threads_are_set, threads_of_this_thread
from statefolio.exceptions import OutputError, StatefolioError, WorkerError
from statefolio.kalman.lanes import WIDTH
from statefolio.loadings.blocks.executors import Executor, Report, run_each
from statefolio.loadings.blocks.scratch import Messages, Scratch, loads

_DEAD = ("KilledWorker", "CommClosedError", "TerminatedWorkerError")
"""Names of errors of executors whose worker died."""


@dataclass
class Run:
    """The blocks of a panel, and where and by whom they are computed."""

    scratch: Scratch
    executor: Executor | None
    block_assets: int
    dates: pd.DatetimeIndex
    assets: pd.Index
    messages: Messages = field(init=False)

    def __post_init__(self) -> None:
        self.messages = Messages(self.scratch)

    @property
    def blocks(self) -> list[slice]:
        """The assets of each block, by position."""
        count, step = len(self.assets), self.block_assets
        return [slice(start, min(start + step, count)) for start in range(0, count, step)]

    def each(
        self,
        function: Callable[..., Any],
        messages: Sequence[Any],
        *,
        numbers: Sequence[int] | None = None,
        shared: tuple[Any, ...] = (),
        report: Report | None = None,
    ) -> list[Any]:
        """Call `function(folder, number, message)` for every block, or those of some numbers.

        Parameters
        ----------
        function : function of a module
        messages : sequence
            One per block.
        numbers : sequence of int, optional
        shared : tuple of arrays
            Large arrays that all messages have in common: each process reads them once.
        report : callable (done, total), optional
        """
        order = range(len(self.blocks)) if numbers is None else numbers
        if self.executor is not None:
            self.messages.share(shared)
            messages = [self.messages.dumps(message) for message in messages]
        tasks = [
            (self.scratch.folder, function, number, each, uuid4().hex)
            for number, each in zip(order, messages, strict=True)
        ]
        self.scratch.left_under_way()

        def blame(place: int | None, error: BaseException) -> BaseException | None:
            return self._better(None if place is None else order[place], error)

        return run_each(self.executor, call, tasks, blame, report)

    def _better(self, number: int | None, error: BaseException) -> BaseException | None:
        """Return an error that names the block and what to do, if a worker died or the disk is full."""
        if isinstance(error, StatefolioError):
            return None
        if isinstance(error, OSError) and error.errno is not None and not isinstance(error, TimeoutError):
            return OutputError(
                f"store must be on a disk with room, got {shown(str(error))}. Free some space, and fit again with "
                "resume=True: complete blocks are kept."
            )
        dead = isinstance(error, BrokenExecutor) or type(error).__name__ in _DEAD
        if not dead and not isinstance(error, MemoryError):
            return None
        found = self.scratch.left_under_way() if number is None or dead else [number]
        at = found or ([] if number is None else [number])
        names = [self.named(each) for each in at] or ["a block"]
        said = "died" if dead else "had too little memory"
        smaller = max(WIDTH, self.block_assets // 2 // WIDTH * WIDTH)
        advice = f"fit into a new store with block_assets={smaller} if it lacked memory"
        if self.block_assets == WIDTH:
            advice = "use fewer workers on the machine if it lacked memory"
        return WorkerError(
            f"a worker must live until its block is complete, got one that {said} during {', '.join(names)}. Fit again "
            f"with resume=True, which keeps complete blocks, or {advice}."
        )

    def named(self, number: int) -> str:
        """Return the name of a block in messages."""
        here = self.blocks[number]
        first, last = self.assets[here.start], self.assets[here.stop - 1]
        return f"block {number} ({shown(first)} to {shown(last)})"


def call(folder: Any, function: Callable[..., Any], number: int, message: Any, _unique: str) -> Any:
    """Call a function of `worker`, in any process, with a mark while it is under way.

    The last argument differs in every call: Dask takes calls with equal arguments for the same one.
    """
    scratch = Scratch(folder)
    if not isinstance(message, bytes):  # this process computes one block after another, with all its threads
        with scratch.under_way(number):
            return function(scratch, number, message)
    with scratch.under_way(number), nullcontext() if threads_are_set() else threads_of_this_thread(1):
        return function(scratch, number, loads(folder, message))
