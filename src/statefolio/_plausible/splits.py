"""Finds moves that look like a split left unadjusted."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array

_SPLITS = np.log([1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 50.0, 100.0])
_TOLERANCE, _LARGEST_TOLERANCE, _TOLERANCE_AFTER_A_GAP = 0.03, 0.06, 0.15
SMALLEST_SPLIT = _SPLITS[0] - _TOLERANCE
"""Smallest log move that looks like a split."""

_LARGEST_FALL = -np.log(21.0)  # reverse splits go farther than splits
_LARGE = 8.0
_AROUND, _KNOWN_AROUND = 5, 4
_QUIET = 2.5
_QUIET_HALF, _QUIET_AFTER_A_HALF, _KNOWN_AFTER = 1.75, 1.6, 3
_SHARED = 0.15


def split_moves(returns: Array, median_move: Callable[[int], float]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows and columns of returns (T, N) that look like a split left unadjusted.

    The move is near a ratio between 1/20 and 100, exceeds eight times the asset's usual move, 1.4826 times
    its median absolute move, and none of the five known moves before and after it does: their root mean square is at
    most 2.5 times the usual move, so that the price stays and does not crash. News moves a price by a third too: there,
    the limit is 1.75, and 1.6 for the moves after it, because volatility rises after news. The assets' median move on
    the date must be below .15 of the move, so that a crash of the market is none.

    Near is within 3 % or, for ratios of 2 and more, within two usual moves, up to 6 %; after n dates without a price,
    sqrt(n + 1) - 1 usual moves are added.

    Parameters
    ----------
    returns : (T, N) array
        Simple returns; each known one is since the last known price.
    median_move : function
        Median log move of the table's assets by row; 0 if few are known.
    """
    rows, columns = _near_ratios(returns)
    found: list[tuple[int, int]] = []
    for column in np.unique(columns):  # few: a median sorts
        dates = np.flatnonzero(returns[:, column] > -1.0)
        known = np.log1p(returns[dates, column])
        usual = 1.4826 * float(np.median(np.abs(known)))
        for row in rows[columns == column]:
            at = int(np.searchsorted(dates, row))
            dates_over = row - dates[at - 1] if at else 1
            if not _is_near(known[at], usual, dates_over) or not abs(known[at]) > _LARGE * usual > 0.0:
                continue
            if _is_quiet_around(known, at, usual):
                found += [(int(row), int(column))] * _is_own(known[at], median_move(int(row)))
    found.sort()
    places = np.array(found, dtype=np.intp).reshape(-1, 2)
    return places[:, 0], places[:, 1]


def _near_ratios(returns: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows and columns of moves near a ratio."""
    low, high = np.expm1([-SMALLEST_SPLIT, SMALLEST_SPLIT])
    rows, columns = np.nonzero(((returns < low) & (returns > -1.0)) | (returns > high))
    moves = np.log1p(returns[rows, columns])
    after_gap = np.isnan(returns[rows - 1, columns])
    near = (_distance(moves) <= np.where(after_gap, _TOLERANCE_AFTER_A_GAP, _LARGEST_TOLERANCE)) & (
        moves > _LARGEST_FALL
    )
    return rows[near], columns[near]


def _is_near(move: float, usual: float, dates: int) -> bool:
    """Return whether a move over some dates, to which the price's own adds, is near a ratio."""
    least = _TOLERANCE if _is_by_a_half(move) else np.clip(2.0 * usual, _TOLERANCE, _LARGEST_TOLERANCE)
    return bool(_distance(np.array([move]))[0] <= least + usual * (np.sqrt(dates) - 1.0))


def _is_by_a_half(move: float) -> bool:
    """Return whether a move is near 3/2 or 2/3, as ordinary news can be."""
    return bool(abs(move) < _SPLITS[0] + _TOLERANCE_AFTER_A_GAP)


def _distance(moves: Array) -> Array:
    """Return how far log moves are from the nearest split's ratio."""
    found: Array = np.abs(np.abs(moves)[:, None] - _SPLITS).min(axis=1, initial=np.inf)
    return found


def _is_quiet_around(moves: Array, at: int, usual: float) -> bool:
    before, after = moves[max(0, at - _AROUND) : at], moves[at + 1 : at + 1 + _AROUND]
    near = np.r_[before, after]
    if len(near) < _KNOWN_AROUND:
        return False
    if not _is_by_a_half(moves[at]):
        return _size(near) <= _QUIET * usual and float(np.abs(near).max()) <= _LARGE * usual
    few_after = len(after) < _KNOWN_AFTER
    return _size(near) <= _QUIET_HALF * usual and (few_after or _size(after) <= _QUIET_AFTER_A_HALF * usual)


def _size(moves: Array) -> float:
    return float(np.sqrt(np.mean(moves**2)))


def _is_own(move: float, median: float) -> bool:
    return bool(median / move < _SHARED)
