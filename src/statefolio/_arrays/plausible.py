"""Finds moves that no market makes: unadjusted splits, codes for missing values, returns below -100 %."""

import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio._arrays.units import warn_of_units, wrong_units
from statefolio.exceptions import StatefolioWarning

Cells = NDArray[np.bool_]

CODES = (-0.99, -0.999, -0.9999, -9.99, -9.999, -99.0, -99.9, -99.99, -999.0, -999.99, -9999.0, 99.99, 999.0, 9999.0)
"""Values that vendors write for a missing return, in decimals or percent."""

_LOWEST_HIGH_CODE = min(code for code in CODES if code > 0.0)

EXTREME = np.log(20.0)
"""Largest believable move between two dates, as a logarithm: to twenty times the price, or a twentieth."""

_SPLITS = np.log([1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 50.0, 100.0])
_SPLIT_TOLERANCE = 0.03
_AROUND = 5
_LARGE = 8.0
_QUIET = 1.75
_KNOWN_AROUND = 4


def split_moves(moves: Array) -> Cells:
    """Mark log moves (T, N) that look like a split left unadjusted.

    The move is within 3 % of a split's ratio (or its inverse), exceeds eight times the asset's usual move, 1.4826 times
    its median absolute move, and the five moves before and after it are as usual: their root mean square is at most
    1.75 times the usual move, as after a split and not after a crash. A move that is undone on the next date, or lies
    next to a gap, is none.
    """
    found = np.zeros(moves.shape, dtype=bool)
    size = np.abs(moves)
    with np.errstate(invalid="ignore"):
        large = size > _SPLITS[0] - _SPLIT_TOLERANCE
    for column in np.flatnonzero(large.any(axis=0)):
        usual = 1.4826 * float(np.nanmedian(size[:, column]))
        for row in np.flatnonzero(large[:, column] & (size[:, column] > _LARGE * usual)):
            if usual > 0.0 and np.abs(size[row, column] - _SPLITS).min() <= _SPLIT_TOLERANCE:
                found[row, column] = _is_quiet_around(moves[:, column], int(row), _QUIET * usual)
    return found


def _is_quiet_around(moves: Array, row: int, limit: float) -> bool:
    """Return whether the moves around a row are small, and those next to it known, so that no gap hides a reversal."""
    near = np.r_[moves[max(0, row - _AROUND) : row], moves[row + 1 : row + 1 + _AROUND]]
    beside = np.r_[moves[row - 1 : row] if row > 1 else [], moves[row + 1 : row + 2]]
    near = near[~np.isnan(near)]
    return len(near) >= _KNOWN_AROUND and not np.isnan(beside).any() and bool(np.sqrt(np.mean(near**2)) <= limit)


def warn_of_implausible_returns(name: str, values: Array, dates: pd.DatetimeIndex, columns: pd.Index) -> None:
    """Warn of prices or percent given as returns, and else of returns of -100 % or less and vendors' codes."""
    warn_of_units(name, values, columns)
    lowest, highest = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    suspects = np.flatnonzero((lowest <= CODES[0]) | (highest >= _LOWEST_HIGH_CODE))
    if not len(suspects):
        return
    suspects = suspects[~np.logical_or(*wrong_units(values[:, suspects]))]
    part = values[:, suspects]
    bad = (part <= -1.0) | np.isin(part, CODES)
    if not bad.any():
        return
    rows, places = np.nonzero(bad)
    warnings.warn(
        f"{name} should be above -100 %, got {len(rows)} values that are not, or are a vendor's code for a missing "
        f"value (first: {columns[suspects[places[0]]]!r} on {show(dates[rows[0]])}, {part[rows[0], places[0]]:g}; "
        f"columns: {listed(list(columns[suspects[bad.any(axis=0)]]))}). Set them to NaN, or correct them.",
        StatefolioWarning,
        stacklevel=3,
    )
