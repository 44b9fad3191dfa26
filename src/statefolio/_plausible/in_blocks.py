"""Finds what looks wrong in a table of returns that is read block by block of its columns.

A worker takes a glance at each block. Three rules look at all columns of a table together: whether half of them are
percent, whether the market fell on the date of a split, and whether two columns are alike. The blocks' glances tell
which columns and dates these rules need, and those alone are read again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio._plausible.finding import Columns, Finding, Numbers
from statefolio._plausible.moves import median_of
from statefolio._plausible.table import Context, find_in_table
from statefolio._plausible.twins import near_pairs, pairs_of_twins, said_of_twin, sample_of
from statefolio._plausible.units import UnitCounts, count_units, judge_units

_OF_UNITS = ("prices", "percent", "yearly_rate")


ALONE = Context()
"""The context of a block by itself."""


class Glance(NamedTuple):
    """What one block tells."""

    findings: list[Finding]
    rows: tuple[int, ...]  # whose median move was asked for
    units: UnitCounts
    sample: Array  # (R, n) of all columns, from which twins are found


def glance_at(table: Numbers, *, still: bool, context: Context = ALONE) -> Glance:
    """Look at a block of columns: by itself, or in the context of all columns."""
    asked: set[int] = set()
    median_move = context.median_move

    def ask(row: int) -> float:
        asked.add(row)
        return 0.0 if median_move is None else median_move(row)

    table = table._replace(bounds=table.limits())
    found = find_in_table(table, "returns", still=still, alike=False, context=Context(context.units, ask))
    every = np.arange(len(table.columns))
    return Glance(
        found, tuple(sorted(asked)), count_units(table.values, table.limits()[0]), sample_of(table.values, every)
    )


@dataclass(frozen=True)
class Medians:
    """Median moves of some rows; it can be sent to other processes."""

    by_row: dict[int, float]

    def __call__(self, row: int) -> float:
        """Return the median move of a row; none is known of one that is asked for now."""
        return self.by_row.get(row, 0.0)


class Blocks(NamedTuple):
    """How more of the blocks is read."""

    slices: Sequence[slice]
    rows: Callable[[list[int]], Array]  # (R, N) of all columns
    columns: Callable[[NDArray[np.intp]], Array]  # (T, n) of columns in increasing order
    again: Callable[[dict[int, Context]], dict[int, Glance]]  # other glances at some blocks


def find_in_blocks(
    glances: Sequence[Glance], blocks: Blocks, dates: pd.DatetimeIndex, names: pd.Index
) -> list[Finding]:
    """Return the findings about the whole table, as `find_in_table` does."""
    counts = zip(*(glance.units[1:] for glance in glances), strict=True)
    known, large, high, lowest = (np.concatenate(parts) for parts in counts)
    marked = judge_units(UnitCounts(glances[0].units.dates, known, large, high, lowest))
    glances, medians = list(glances), dict[int, float]()
    given = [(judge_units(glance.units), False) for glance in glances]
    while True:
        asked = sorted({row for glance in glances for row in glance.rows} - medians.keys())
        if asked:
            medians |= zip(asked, map(median_of, blocks.rows(asked)), strict=True)
        wanted = {}
        for number, (glance, here) in enumerate(zip(glances, blocks.slices, strict=True)):
            own = marked[0][here], marked[1][here]
            (priced, percent), complete = given[number]
            same = np.array_equal(own[0], priced) and np.array_equal(own[1], percent)
            if not same or (glance.rows and (asked or not complete)):
                given[number] = own, True
                wanted[number] = Context(own, Medians(medians))
        if not wanted:
            break
        for number, glance in blocks.again(wanted).items():
            glances[number] = glance
    found = [
        finding._replace(place=finding.place + here.start)
        for glance, here in zip(glances, blocks.slices, strict=True)
        for finding in glance.findings
    ]
    judged = np.ones(len(names), dtype=bool)
    judged[[finding.place for finding in found if finding.kind in _OF_UNITS]] = False
    return found + _twins(glances, judged, blocks, dates, names)


def _twins(
    glances: Sequence[Glance], judged: Columns, blocks: Blocks, dates: pd.DatetimeIndex, names: pd.Index
) -> list[Finding]:
    places = np.flatnonzero(judged)
    pairs = near_pairs(np.concatenate([glance.sample for glance in glances], axis=1)[:, places], places)
    if not pairs:
        return []
    needed = np.unique(np.array(pairs))
    table = Numbers(blocks.columns(needed), dates, names[needed])
    own = {int(place): k for k, place in enumerate(needed)}
    twins = pairs_of_twins(pairs, lambda place: table.values[:, own[place]])
    return [
        table.of_column("near_duplicate", own[twin], said_of_twin(names[other]))._replace(place=twin)
        for twin, other in twins.items()
    ]
