"""Removes values that cannot be prices, and warns of prices that are probably wrong.

The warnings name the asset, the date and the value, and point at the line outside the library that passed the prices.
"""

import sys
import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.plausible import split_moves
from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio.data.suspicious import find_suspicious_cells
from statefolio.exceptions import InputError, StatefolioWarning

_TOO_LARGE = 1e4  # a value so many times the asset's median price is a code for a missing price
_MOST_INVALID = 0.1  # share of an asset's values that are no prices from which on it is something else
_LARGE_MOVE = 0.4  # of the logarithm; smaller ones are undone in crashes, where they are real
_STANDS_STILL = 0.5  # share of dates with an unchanged price
_FEWEST_CHANGES = 10  # changes of a price needed to judge whether it stands still
_LOOK = "See find_suspicious_cells(prices, kind='prices')"


def valid_prices(values: Array, dates: pd.DatetimeIndex, assets: pd.Index) -> Array:
    """Return prices (T, k) with NaN for values that cannot be prices, and warn of these and of doubtful prices.

    Values at or below zero, and values above 10,000 times the asset's median price, are codes for a missing price.
    Moves that look like a split, moves that the next date undoes and prices that stand still are kept.

    Raises
    ------
    InputError
        If more than a tenth of the values of half the assets cannot be prices.
    """
    invalid = _not_prices(values)
    if invalid.any():
        count, found = int(invalid.sum()), _named(values, invalid, dates, assets)
        what = f"{count} that {'is not' if count == 1 else 'are not'} (at or below zero, or above 10,000 times the "
        what += f"asset's median: {found})"
        mostly = invalid.sum(axis=0) > _MOST_INVALID * np.count_nonzero(~np.isnan(values), axis=0)
        if 2 * mostly.sum() >= len(assets):
            raise InputError(
                f"prices must be positive, got {what}. Pass prices, not their returns or logarithms, or drop the asset."
            )
        warn_caller(f"prices must be positive, got {what}. They are treated as missing. Correct them, or pass NaN.")
        values = np.where(invalid, np.nan, values)
    with np.errstate(invalid="ignore"):
        moves = np.diff(np.log(values), axis=0)
    _warn_of_splits(values, moves, dates, assets)
    _warn_of_undone_moves(values, dates, assets)
    _warn_of_still_prices(moves, assets)
    return values


def _not_prices(values: Array) -> NDArray[np.bool_]:
    invalid = values <= 0.0
    positive = np.where(values > 0.0, values, np.nan)
    apart = np.fmax.reduce(positive, axis=0) > _TOO_LARGE * np.fmin.reduce(positive, axis=0)
    for column in np.flatnonzero(apart):  # few: a median sorts
        invalid[:, column] |= values[:, column] > _TOO_LARGE * np.nanmedian(positive[:, column])
    return invalid


def _warn_of_splits(values: Array, moves: Array, dates: pd.DatetimeIndex, assets: pd.Index) -> None:
    """Warn of moves that look like an unadjusted split: a price doubles, halves, ... and stays there."""
    near = split_moves(moves)
    if near.any():
        row, place = np.argwhere(near)[0]
        warn_caller(
            f"prices should be adjusted for splits, got {int(near.sum())} moves that look like splits (first: "
            f"{assets[place]!r} on {show(dates[row + 1])}, from {values[row, place]:g} to {values[row + 1, place]:g}). "
            "Adjust the prices if they are."
        )


def _warn_of_undone_moves(values: Array, dates: pd.DatetimeIndex, assets: pd.Index) -> None:
    """Warn of large moves of one date that the next date undoes."""
    cells = find_suspicious_cells(pd.DataFrame(values, index=dates), kind="prices", smallest_move=_LARGE_MOVE)
    cells = cells[cells["kind"] == "undone_move"]
    if len(cells):
        undone = np.zeros(values.shape, dtype=bool)
        undone[dates.get_indexer(pd.DatetimeIndex(cells["date"])), cells["asset"].to_numpy(dtype=int)] = True
        warn_caller(
            f"prices should not jump and return, got {len(cells)} large moves that the next date undoes "
            f"({_named(values, undone, dates, assets)}). {_LOOK}, and set wrong prices to NaN."
        )


def _warn_of_still_prices(moves: Array, assets: pd.Index) -> None:
    """Warn of assets whose price does not change on most dates, but sometimes."""
    known, still = np.count_nonzero(~np.isnan(moves), axis=0), np.count_nonzero(moves == 0.0, axis=0)
    mostly = (known >= _FEWEST_CHANGES) & (still > _STANDS_STILL * known) & (still < known)
    if mostly.any():
        shares = [f"{assets[j]!r} ({still[j] / known[j]:.0%} of its dates)" for j in np.flatnonzero(mostly)[:3]]
        more = f" and {int(mostly.sum()) - 3} more" if mostly.sum() > 3 else ""
        warn_caller(
            f"prices should change on most dates, got unchanged prices of {', '.join(shares)}{more}. Tests and hedges "
            "take old prices for calm ones. Drop the asset, or set prices that are not of their date to NaN."
        )


def _named(values: Array, cells: NDArray[np.bool_], dates: pd.DatetimeIndex, assets: pd.Index) -> str:
    """List the first cells, in the order of dates: asset, date and value."""
    found = np.argwhere(cells)
    texts = [f"{assets[place]!r} on {show(dates[row])}: {values[row, place]:g}" for row, place in found[:3]]
    return "; ".join(texts) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")


def warn_caller(message: str) -> None:
    """Warn at the first line outside the library."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "statefolio":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, StatefolioWarning, stacklevel=level)
