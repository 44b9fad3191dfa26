"""Times the entries of a job in turns, after a warm-up and a check of their results."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from work import Work, plain_log_likelihood

CHECKED_ASSETS = 2
TOLERANCE = 1e-6
ENOUGH_SECONDS = 20.0  # entries that have run this long are not repeated


@dataclass
class Entry:
    """One library in one job."""

    library: str
    job: str
    prepare: Callable[[Work], Callable[[], Any]]
    assets: int
    missing: bool = True
    note: str = ""
    cells: int = 0  # assets x dates of its work
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)  # CPU seconds of all threads
    result: Any = None  # log-likelihood by asset, if it has one
    skipped: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds) if self.seconds else float("nan")

    @property
    def nanoseconds(self) -> float:
        """Median time per asset and date."""
        return self.median / self.cells * 1e9 if self.seconds else float("nan")

    @property
    def processor_nanoseconds(self) -> float:
        """Median CPU time per asset and date."""
        return statistics.median(self.processor) / self.cells * 1e9 if self.processor else float("nan")


def measure(entries: list[Entry], work: Work, repeats: int) -> None:
    """Fill the entries' `seconds` and `result`. Entries that fail are marked as skipped."""
    running: list[tuple[Entry, Callable[[], Any]]] = []
    for entry in entries:
        entry.assets = min(entry.assets, work.assets)
        part = work.head(entry.assets)
        part = part if entry.missing else part.complete()
        entry.cells = part.Y.size
        try:
            run = entry.prepare(part)
            entry.result = run()
            check(entry, part)
            running.append((entry, run))
        except NotImplementedError as error:
            entry.skipped = str(error)
        except Exception as error:  # noqa: BLE001 - an error in one library does not stop the others
            entry.skipped = f"{type(error).__name__}: {error}"
        if entry.skipped:
            print(f"    {entry.library}: SKIPPED, {entry.skipped}", flush=True)
    for _ in range(repeats):
        for entry, run in running:
            if sum(entry.seconds) > ENOUGH_SECONDS:
                continue
            gc.collect()
            touch_memory(work)
            started, used = time.perf_counter(), time.process_time()
            run()
            entry.seconds.append(time.perf_counter() - started)
            entry.processor.append(time.process_time() - used)
    for entry, _ in running:
        spread = f"{len(entry.seconds)} times {min(entry.seconds):.3g} to {max(entry.seconds):.3g} s, "
        spread += f"{entry.processor_nanoseconds:,.1f} ns of CPU"
        note = f", {entry.note}" if entry.note else ""
        print(f"    {entry.library}: {entry.nanoseconds:,.1f} ns an asset and date ({spread}{note})", flush=True)


def check(entry: Entry, part: Work) -> None:
    """Check that each library returns the plain filter's log-likelihood at given variances."""
    if entry.result is None or entry.job not in {"loglik", "filter", "smoother"}:
        return
    count = min(CHECKED_ASSETS, part.assets)
    expected = plain_log_likelihood(part.head(count))
    error = float(np.max(np.abs(np.asarray(entry.result)[:count] - expected)))
    if not error <= TOLERANCE:
        raise ArithmeticError(f"its log-likelihood is off by {error:.3g}: it does not do this sum")


def touch_memory(work: Work) -> None:
    """Write to as much memory as a filter of the work returns, and free it.

    The host of a virtual machine takes back pages that have been free for a second, and the first write to each then
    costs ten times as much. Without this, an entry pays for them or not by what ran before it.
    """
    np.empty((3, work.dates, work.states, work.assets)).fill(0.0)


def numpy_fill(work: Work) -> Callable[[], None]:
    """Fill new arrays of the size of all filtered means and variances."""
    shape = (2, work.dates, work.states, work.assets)

    def once() -> None:
        np.empty(shape).fill(1.0)

    return once
