"""Runs one task per block on an executor, and names the block that failed where a worker dies or lacks memory."""

from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future, as_completed, wait
from typing import Any, Protocol

from statefolio._arrays.text import shown
from statefolio.exceptions import DataTypeError

Report = Callable[[int, int], None]
Blame = Callable[[int | None, BaseException], BaseException | None]
"""Returns the error to raise for a task that failed (None: it is not known which), or None for the error itself."""

_PATIENCE = 60.0
"""Seconds that tasks under way are waited for after an error."""


class Executor(Protocol):
    """Anything with the `submit` of `concurrent.futures.Executor`."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Any:
        """Start a call, and return its future."""


def check_executor(executor: Any) -> None:
    """Raise DataTypeError unless this is an executor or None."""
    if executor is not None and not callable(getattr(executor, "submit", None)):
        advice = ""
        if hasattr(executor, "get_executor"):
            advice = " Pass client.get_executor()."
        raise DataTypeError(
            f"executor must be None or have the method submit of concurrent.futures.Executor, got {shown(executor)}."
            + (advice or " Pass e.g. concurrent.futures.ProcessPoolExecutor(2).")
        )


def run_each(
    executor: Executor | None,
    function: Callable[..., Any],
    arguments: Sequence[tuple[Any, ...]],
    blame: Blame,
    report: Report | None = None,
) -> list[Any]:
    """Call a function with each tuple of arguments; return the results in the same order.

    Without an executor the calls run in this process, one after another. After an error, what has not begun is
    cancelled, and what is under way is waited for.
    """
    results: list[Any] = [None] * len(arguments)
    futures: dict[Future[Any], int] = {}
    place: int | None = None
    try:
        if executor is None:
            for place, each in enumerate(arguments):
                results[place] = function(*each)
                _tell(report, place + 1, len(arguments))
            return results
        for place, each in enumerate(arguments):
            futures[executor.submit(function, *each)] = place
        for done, future in enumerate(as_completed(futures), start=1):
            place = futures[future]
            results[place] = future.result()
            _tell(report, done, len(arguments))
        return results
    except BaseException as error:
        for future in futures:
            future.cancel()
        if isinstance(error, Exception):
            wait(futures, timeout=_PATIENCE)
        # A broken pool fails all its tasks, not only the one that broke it.
        known = None if isinstance(error, BrokenExecutor | CancelledError) else place
        better = blame(known, error)
        if better is None:
            raise
        raise better from error


def _tell(report: Report | None, done: int, total: int) -> None:
    if report is not None:
        report(done, total)
