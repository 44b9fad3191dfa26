"""Finds single moves that no market makes: codes for missing values, misprints, splits, prices at or below zero."""

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio._plausible.finding import Cells, Finding, Kind, Numbers
from statefolio._plausible.splits import SMALLEST_SPLIT, split_moves

_NINES = (99.0, 99.9, 99.99, 999.0, 999.9, 999.99, 9999.0, 9999.9, 9999.99, 99999.0, 99999.99, 999999.0)
CODES = np.array([-0.99, -0.999, -0.9999, -9.99, -9.999, *(-code for code in _NINES), *_NINES[2:]])
"""Values that vendors write for a missing return, in decimals or percent."""

EXTREME, COLLAPSE = np.log(20.0), -np.log(100.0)
"""Believable moves between two dates, as logarithms: to twenty times the price, and to a hundredth."""

_ASSETS_FOR_A_MEDIAN = 5


def find_moves(
    table: Numbers,
    kind: Kind,
    simple: tuple[Array, Array],
    columns: Cells,
    smallest: float,
    volatilities: float,
    within: float,
    losses: bool,
) -> list[Finding]:
    """Return the cells that look wrong.

    Parameters
    ----------
    table : Numbers
        Prices or returns.
    simple : (array, array)
        Simple returns (T, N): between successive dates, and since the last known price.
    columns : (N,) array of bool
        Columns to judge.
    smallest, volatilities, within
        As in `find_suspicious_cells`.
    losses : bool
        A return of exactly -100 % is a total loss, and none of the findings.
    """
    places = _with_large_moves(simple[1], columns, min(smallest, SMALLEST_SPLIT))
    found = _find_nonpositive(table, kind, columns, losses)
    if not len(places):
        return found
    moves = _logs(simple[0][:, places])
    bridged = moves if simple[1] is simple[0] else _logs(simple[1][:, places])
    code = np.isin(table.values[:, places], CODES) if kind == "returns" else np.zeros(moves.shape, dtype=bool)
    undone = _undone(moves, smallest, volatilities, within)
    split = split_moves(bridged, lambda row: _median_move(simple[1][row])) & ~(undone | code)
    extreme = ((moves >= EXTREME) | (moves <= COLLAPSE)) & ~(undone | split | code | _reversals(undone))
    nonpositive = {(finding.row, finding.place) for finding in found}

    def cells(name: str, mask: Cells, details: list[str]) -> list[Finding]:
        rows, at = np.nonzero(mask)
        return table.of_cells(name, rows, places[at], details)

    rows, at = np.nonzero(undone)
    first, second = np.expm1(moves[rows, at]), np.expm1(moves[rows + 1, at])
    texts = [f"{a:+.1%}, then {b:+.1%} the next date" for a, b in zip(first, second, strict=True)]
    coded = cells("vendor_code", code, ["a vendor's code for a missing value"] * int(code.sum()))
    if nonpositive:
        codes = {(finding.row, finding.place) for finding in coded}
        found = [finding for finding in found if (finding.row, finding.place) not in codes]
    found += coded + cells("undone_move", undone, texts)
    found += cells("split", split, [f"to {np.exp(move):.3g} times the price, and stays" for move in bridged[split]])
    return found + cells("extreme_move", extreme, [f"{np.expm1(move):+.4%}" for move in moves[extreme]])


def _with_large_moves(simple: Array, columns: Cells, smallest: float) -> NDArray[np.intp]:
    """Return the columns with a log move beyond `smallest`, or a return at or below -100 %."""
    low, high = np.fmin.reduce(simple, axis=0), np.fmax.reduce(simple, axis=0)
    return np.flatnonzero(columns & ((low < np.expm1(-smallest)) | (high > np.expm1(smallest))))


def _logs(simple: Array) -> Array:
    """Return log returns; NaN for those at or below -100 %."""
    return np.log1p(np.where(simple > -1.0, simple, np.nan))


def _median_move(simple: Array) -> float:
    """Return the median log return of the assets on a date; 0 if few are known."""
    known = simple[simple > -1.0]
    return float(np.log1p(np.median(known))) if len(known) >= _ASSETS_FOR_A_MEDIAN else 0.0


def _undone(moves: Array, smallest: float, volatilities: float, within: float) -> Cells:
    """Mark the moves that the next date reverses."""
    undone = np.zeros(moves.shape, dtype=bool)
    now, following = moves[:-1], moves[1:]
    undone[:-1] = (np.abs(now) > smallest) & (np.abs(now + following) <= within * np.abs(now))
    for column in np.flatnonzero(undone.any(axis=0)):  # only few columns: the median needs a sort
        usual = 1.4826 * np.nanmedian(np.abs(moves[:, column]))
        undone[:, column] &= np.abs(moves[:, column]) > volatilities * usual
    return undone


def _reversals(undone: Cells) -> Cells:
    """Mark the moves that undo another."""
    return np.vstack([np.zeros_like(undone[:1]), undone[:-1]])


def _find_nonpositive(table: Numbers, kind: Kind, columns: Cells, losses: bool) -> list[Finding]:
    """Return prices at or below zero, or returns of -100 % or less; a total loss may end an asset's returns."""
    limit = 0.0 if kind == "prices" else -1.0
    places = np.flatnonzero(columns & (np.fmin.reduce(table.values, axis=0) <= limit))
    if not len(places):
        return []
    part = table.values[:, places]
    wrong = part <= limit
    if kind == "returns":
        moved = np.isfinite(part) & (part != 0.0)
        later = np.zeros_like(moved)
        later[:-1] = np.logical_or.accumulate(moved[:0:-1], axis=0)[::-1]
        wrong &= (part < limit) | (later & (not losses))
    rows, at = np.nonzero(wrong)
    if kind == "returns":
        details = ["a return of -100 % or less, as from a price of zero or below"] * len(rows)
    else:
        details = ["a price of zero" if value == 0.0 else "a negative price" for value in part[rows, at]]
    return table.of_cells("nonpositive_price", rows, places[at], details)
