"""Finds moves that look like a split left unadjusted."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio._plausible.finding import Cells

_SPLITS = np.log([1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 50.0, 100.0])
_TOLERANCE = 0.03
SMALLEST_SPLIT = _SPLITS[0] - _TOLERANCE
"""Smallest log move that looks like a split."""

_LARGE = 8.0
_AROUND, _KNOWN_AROUND = 5, 4
_QUIET = 2.5
_QUIET_HALF, _QUIET_AFTER_A_HALF, _KNOWN_AFTER = 1.75, 1.6, 3
_SHARED = 0.15


def split_moves(moves: Array, median_move: Callable[[int], float]) -> Cells:
    """Mark log moves (T, N) that look like a split left unadjusted.

    The move is within 3 % of a split's ratio (or its inverse), exceeds eight times the asset's usual move, 1.4826 times
    its median absolute move, and none of the five known moves before and after it does: their root mean square is at
    most 2.5 times the usual move, so that the price stays and does not crash. News moves a price by a third too: there,
    the limit is 1.75, and 1.6 for the moves after it, because volatility rises after news. The assets' median move on
    the date must be below .15 of the move, so that a crash of the market is none.

    Parameters
    ----------
    moves : (T, N) array
        Each known move is one since the last known price.
    median_move : function
        Median log move of the table's assets by row; 0 if few are known.
    """
    found = np.zeros(moves.shape, dtype=bool)
    for column in range(moves.shape[1]):
        rows = np.flatnonzero(~np.isnan(moves[:, column]))
        known = moves[rows, column]
        usual = 1.4826 * float(np.median(np.abs(known))) if len(known) else 0.0
        if usual > 0.0:
            for at in _near_ratios(known, usual):
                if _is_quiet_around(known, int(at), usual) and _is_own(known[at], median_move(int(rows[at]))):
                    found[rows[at], column] = True
    return found


def _near_ratios(moves: Array, usual: float) -> NDArray[np.intp]:
    size = np.abs(moves)
    large = np.flatnonzero(size > max(SMALLEST_SPLIT, _LARGE * usual))
    found: NDArray[np.intp] = large[np.abs(size[large, None] - _SPLITS).min(axis=1, initial=np.inf) <= _TOLERANCE]
    return found


def _is_quiet_around(moves: Array, at: int, usual: float) -> bool:
    before, after = moves[max(0, at - _AROUND) : at], moves[at + 1 : at + 1 + _AROUND]
    near = np.r_[before, after]
    if len(near) < _KNOWN_AROUND:
        return False
    if abs(moves[at]) > _SPLITS[0] + _TOLERANCE:
        return _size(near) <= _QUIET * usual and float(np.abs(near).max()) <= _LARGE * usual
    few_after = len(after) < _KNOWN_AFTER
    return _size(near) <= _QUIET_HALF * usual and (few_after or _size(after) <= _QUIET_AFTER_A_HALF * usual)


def _size(moves: Array) -> float:
    return float(np.sqrt(np.mean(moves**2)))


def _is_own(move: float, median: float) -> bool:
    return bool(median / move < _SHARED)
