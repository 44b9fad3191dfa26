"""Finds assets whose price stands still, by the rule of `kalman.stale_returns`, and stretches of unchanged prices."""

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio._plausible.finding import Cells, Columns, Finding, Numbers
from statefolio.kalman.stale_returns import Marks, new_watch, watch_returns

_FEWEST, _LONG, _LONG_SHARE, _MANY_SHARE = 60, 20, 0.01, 0.1
"""Of 60 returns or more, an asset is named if more than 20 successive ones, and 1 % of all, are stale; or a tenth."""

_PIECE, _SEEN, _MOST = 20, 8, 5
_ROWS_FOR_THE_SIZE = 101
_QUIET = 0.06  # a little above that of the rule
_LEAST_RATE = -1e-4


def find_still_assets(returns: Numbers, marks: Marks) -> list[Finding]:
    """Return the assets with many stale returns.

    A rate of interest is none, nor is cash: they are hardly ever negative, and not zero throughout.
    """
    count = len(returns.columns)
    stale = marks.unobserved[:, :count] & ~marks.absurd[:, :count]
    total = np.count_nonzero(stale, axis=0)
    found = []
    for k in np.flatnonzero(total > _LONG):
        known = ~np.isnan(returns.values[:, k])
        seen = np.count_nonzero(known)
        long = _longest(stale[known, k]) > max(_LONG, _LONG_SHARE * seen)
        if seen >= _FEWEST and (long or total[k] > _MANY_SHARE * seen) and not _is_rate(returns.values[:, k]):
            detail = f"stands still on {total[k]} of {seen} dates"
            found.append(returns.of_column("mostly_unchanged", int(k), detail))
    return found


def _longest(true: NDArray[np.bool_]) -> int:
    """Return the length of the longest run."""
    ends = np.flatnonzero(np.diff(np.concatenate([[False], true, [False]])))
    return int((ends[1::2] - ends[::2]).max(initial=0))


def _is_rate(column: Array) -> bool:
    return bool(np.fmin.reduce(column) >= _LEAST_RATE and np.fmax.reduce(column) > 0.0)


def find_still(table: Numbers, simple: Array, columns: Columns) -> list[Finding]:
    """Return the assets among `columns` whose price stands still on many dates; `simple` holds returns (T, N)."""
    places = np.flatnonzero(columns & _perhaps_still(simple))
    if not len(places):
        return []
    part = np.ascontiguousarray(simple[:, places])
    part_of_table = Numbers(part, table.dates, table.columns[places])
    still = find_still_assets(part_of_table, watch_returns(part, new_watch(len(places))))
    return [table.of_column(finding.kind, int(places[finding.place]), finding.detail) for finding in still]


def _perhaps_still(simple: Array) -> Columns:
    """Mark the columns with eight successive dates of which most are tiny or repeat the one before.

    Of each twenty dates eight are seen: a run that is long enough to be named covers such a piece.
    """
    dates = len(simple)
    if dates < _FEWEST:
        return np.zeros(simple.shape[1], dtype=bool)
    sample = np.nan_to_num(np.abs(simple[:: -(-dates // _ROWS_FOR_THE_SIZE)]))
    size = _QUIET * sample.sum(axis=0) / np.maximum(np.count_nonzero(sample, axis=0), 1)
    perhaps = np.zeros(simple.shape[1], dtype=bool)
    for first in (*range(1, dates - _SEEN, _PIECE), dates - _SEEN):
        part = simple[first : first + _SEEN]
        quiet = (np.abs(part) <= size) | (part == simple[first - 1 : first - 1 + _SEEN])
        perhaps |= np.add.reduce(quiet, axis=0, dtype=np.int8) >= _MOST
    return perhaps


def find_stretches(table: Numbers, simple: Array, shortest: int) -> list[Finding]:
    """Return the first cell of each run of at least `shortest` moves of zero."""
    starts, lengths = _stretches(simple == 0.0, shortest)
    rows, places = np.nonzero(starts)
    ends = table.dates[rows + lengths - 1]
    details = [f"no move on {n} dates, to {show(end)}" for n, end in zip(lengths, ends, strict=True)]
    return table.of_cells("constant_stretch", rows, places, details)


def _stretches(unchanged: Cells, shortest: int) -> tuple[Cells, NDArray[np.int64]]:
    """Mark the first cell of each long run down a column, and count the run's cells."""
    edges = np.zeros((unchanged.shape[0] + 2, unchanged.shape[1]), dtype=np.int8)
    edges[1:-1] = unchanged
    change = np.diff(edges, axis=0)
    columns, first = np.nonzero(change.T == 1)
    _, after = np.nonzero(change.T == -1)
    long = after - first >= shortest
    starts = np.zeros(unchanged.shape, dtype=bool)
    starts[first[long], columns[long]] = True
    lengths = np.zeros(unchanged.shape, dtype=np.int64)
    lengths[first[long], columns[long]] = (after - first)[long]
    return starts, lengths[starts]
