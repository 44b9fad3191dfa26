"""Finds single moves that no market makes: codes for missing values, misprints, splits, prices at or below zero."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio._plausible.finding import Cells, Columns, Finding, Kind, Numbers
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
    columns: Columns,
    limits: tuple[float, float, float],
    losses: bool,
    median_move: Callable[[int], float] | None = None,
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
    limits
        `smallest_move`, `volatilities` and `undone_within` of `find_suspicious_cells`.
    losses : bool
        A return of exactly -100 % is a total loss, and none of the findings.
    median_move : function, optional
        `median_of` of a row, where the table is a part of a larger one.
    """
    found = _find_nonpositive(table, kind, columns, losses)
    least = min(limits[0], SMALLEST_SPLIT)
    places = np.flatnonzero(columns & _beyond(table, kind, simple[1], least))
    if not len(places):
        return found
    returns = simple[0][:, places]
    bridged = returns if simple[1] is simple[0] else simple[1][:, places]
    rows, at = np.nonzero((returns < np.expm1(-least)) | (returns > np.expm1(least)))
    moves, following = _logs(returns[rows, at]), _next_logs(returns, rows, at)
    code = np.isin(table.values[rows, places[at]], CODES) & (kind == "returns")
    undone = _undone(returns, at, moves, following, limits)
    split_rows, split_at = split_moves(bridged, median_move or (lambda row: median_of(simple[1][row])))

    width = len(places)  # a cell is one number below
    cell, splits = rows * width + at, split_rows * width + split_at
    own = ~np.isin(splits, cell[undone | code])
    split_rows, split_at = split_rows[own], split_at[own]
    other = undone | code | np.isin(cell - width, cell[undone]) | np.isin(cell, splits[own])
    extreme = ((moves >= EXTREME) | (moves <= COLLAPSE)) & ~other

    if kind == "returns":
        found = [each for each in found if each.value not in CODES]
    reversals = zip(np.expm1(moves[undone]), np.expm1(following[undone]), strict=True)
    details = {
        "vendor_code": (code, ["a vendor's code for a missing value"] * int(code.sum())),
        "undone_move": (undone, [f"{a:+.1%}, then {b:+.1%} the next date" for a, b in reversals]),
        "extreme_move": (extreme, [f"{np.expm1(move):+.4%}" for move in moves[extreme]]),
    }
    for name, (cells, texts) in details.items():
        found += table.of_cells(name, rows[cells], places[at[cells]], texts)
    texts = [f"to {1.0 + move:.3g} times the price, and stays" for move in bridged[split_rows, split_at]]
    return found + table.of_cells("split", split_rows, places[split_at], texts)


def _beyond(table: Numbers, kind: Kind, simple: Array, least: float) -> Columns:
    """Mark the columns with a log move beyond `least`, or a return at or below -100 %."""
    low, high = table.limits()
    if kind == "prices":
        low, high = np.fmin.reduce(simple, axis=0), np.fmax.reduce(simple, axis=0)
    return np.asarray((low < np.expm1(-least)) | (high > np.expm1(least)))


def _logs(simple: Array) -> Array:
    """Return log returns; NaN for those at or below -100 %."""
    return np.log1p(np.where(simple > -1.0, simple, np.nan))


def _next_logs(returns: Array, rows: NDArray[np.intp], at: NDArray[np.intp]) -> Array:
    """Return the log return of the date after each cell; NaN after the last."""
    last = len(returns) - 1
    return np.where(rows < last, _logs(returns[np.minimum(rows + 1, last), at]), np.nan)


def median_of(simple: Array) -> float:
    """Return the median log return of the assets on a date; 0 if few are known."""
    known = simple[simple > -1.0]
    return float(np.log1p(np.median(known))) if len(known) >= _ASSETS_FOR_A_MEDIAN else 0.0


def _undone(
    returns: Array, at: NDArray[np.intp], moves: Array, following: Array, limits: tuple[float, float, float]
) -> Cells:
    """Mark the moves, of the columns `at`, that the next date reverses."""
    smallest, volatilities, within = limits
    undone: Cells = (np.abs(moves) > smallest) & (np.abs(moves + following) <= within * np.abs(moves))
    for column in np.unique(at[undone]):  # only few columns: the median needs a sort
        usual = 1.4826 * float(np.nanmedian(np.abs(_logs(returns[:, column]))))
        undone &= (at != column) | (np.abs(moves) > volatilities * usual)
    return undone


def _find_nonpositive(table: Numbers, kind: Kind, columns: Cells, losses: bool) -> list[Finding]:
    """Return prices at or below zero, or returns of -100 % or less; a total loss may end an asset's returns."""
    limit = 0.0 if kind == "prices" else -1.0
    places = np.flatnonzero(columns & (table.limits()[0] <= limit))
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
