"""Finds columns of returns that hold percent, prices or yearly rates."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.frequency import count_per_year
from statefolio._arrays.types import Array
from statefolio._plausible.finding import Columns, Finding, Numbers

_TOO_LARGE_A_RETURN = 0.2
_TOO_LARGE_A_MOVE = 0.5
_CELLS_TO_JUDGE_UNITS = 10
_ROWS_TO_JUDGE_UNITS = 101
_RATES_TO_JUDGE = 20
_MOST_PER_YEAR = 1.0
_SMOOTH = 0.02

_PERCENT = f"mostly beyond {_TOO_LARGE_A_RETURN * 100:.0f} % per date: percent, it seems"
_PRICES = f"never negative and mostly above {_TOO_LARGE_A_MOVE}: prices, it seems"


def find_wrong_units(table: Numbers, marked: tuple[Columns, Columns] | None = None) -> list[Finding]:
    """Return the columns of returns that hold something else.

    `marked` are the columns that look like prices and like percent, where the table is a part of a larger one.
    """
    lowest = table.limits()[0]
    priced, percent = judge_units(count_units(table.values, lowest)) if marked is None else marked
    found = [table.of_column("prices", int(k), _PRICES) for k in np.flatnonzero(priced)]
    found += [table.of_column("percent", int(k), _PERCENT) for k in np.flatnonzero(percent)]
    rates = np.flatnonzero((lowest >= 0.0) & ~priced & ~percent)
    if not len(rates):
        return found
    periods = count_per_year(table.dates)
    for place in rates:
        column = table.values[:, place]
        mean = _level_of_rates(column[~np.isnan(column)])
        if mean * periods > _MOST_PER_YEAR:
            detail = f"never negative, and {mean:.2%} on average: yearly rates, it seems"
            found.append(table.of_column("yearly_rate", int(place), detail))
    return found


def _level_of_rates(known: Array) -> float:
    """Return the mean of values that change little from date to date; 0 for others, and for a few."""
    if len(known) < _RATES_TO_JUDGE:
        return 0.0
    mean, changes = float(known.mean()), np.diff(known)
    rises_and_falls = changes.min() < 0.0 < changes.max()
    return mean if rises_and_falls and np.abs(changes).mean() <= _SMOOTH * mean else 0.0


class UnitCounts(NamedTuple):
    """Counts of a sample of dates, from which the columns of a table are judged together."""

    dates: int
    known: NDArray[np.intp]  # (N,)
    large: NDArray[np.intp]  # (N,) beyond any return
    high: NDArray[np.intp]  # (N,) as prices are
    lowest: Array  # (N,) of all dates


def count_units(values: Array, lowest: Array) -> UnitCounts:
    """Count values that are no returns."""
    sample = values[:: -(-len(values) // _ROWS_TO_JUDGE_UNITS)]
    return UnitCounts(
        len(sample),
        np.count_nonzero(~np.isnan(sample), axis=0),
        np.count_nonzero(np.abs(sample) > _TOO_LARGE_A_RETURN, axis=0),
        np.count_nonzero(sample > _TOO_LARGE_A_MOVE, axis=0),
        lowest,
    )


def judge_units(counts: UnitCounts) -> tuple[Columns, Columns]:
    """Mark the columns of returns that look like prices, and those that look like percent.

    Where half of the columns look like percent, so do others with a value at or below -100 %.
    """
    large = _mostly(counts.large, counts)
    priced = large & _mostly(counts.high, counts) & ~(counts.lowest < 0.0)
    percent = large & ~priced
    if 2 * percent.sum() >= len(percent):
        percent |= ~priced & (counts.lowest <= -1.0)
    return priced, percent


def _mostly(count: NDArray[np.intp], counts: UnitCounts) -> Columns:
    """Find the columns where more than half of the known values count; judged together if there are few dates."""
    known = counts.known
    if counts.dates >= _CELLS_TO_JUDGE_UNITS:
        mostly: Columns = (known >= _CELLS_TO_JUDGE_UNITS) & (2 * count > known)
        return mostly
    enough = known.sum() >= _CELLS_TO_JUDGE_UNITS and 2 * count.sum() > known.sum()
    return np.full(len(known), bool(enough))
