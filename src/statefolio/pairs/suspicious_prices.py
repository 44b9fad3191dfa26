"""Removes values that cannot be prices, and warns of prices that are probably wrong.

The warnings name the asset, the date and the value, and point at the line outside the library that passed the prices.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio._plausible.finding import Numbers
from statefolio._plausible.table import find_in_table
from statefolio._plausible.warn import warn_caller, warn_of
from statefolio.exceptions import InputError

_TOO_LARGE = 1e4  # a value so many times the asset's median price is a code for a missing price
_MOST_INVALID = 0.1  # share of an asset's values that are no prices from which on it is something else


def valid_prices(values: Array, dates: pd.DatetimeIndex, assets: pd.Index, alike: bool = True) -> Array:
    """Return prices (T, k) with NaN for values that cannot be prices, and warn of these and of doubtful prices.

    Values at or below zero, and values above 10,000 times the asset's median price, are codes for a missing price.
    What else looks wrong is kept, with a warning: splits, moves that the next date undoes, prices that stand still.
    `alike` names assets that move alike, for tables of which not all assets form one basket.

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
    findings = find_in_table(Numbers(values, dates, assets), "prices", alike=alike)
    constant = np.fmin.reduce(values, axis=0) == np.fmax.reduce(values, axis=0)  # refused where it matters
    findings = [finding for finding in findings if not constant[finding.place]]
    warn_of(findings, "prices", " Tests and hedges take old prices for calm ones.")
    return values


def _not_prices(values: Array) -> NDArray[np.bool_]:
    invalid = values <= 0.0
    positive = np.where(values > 0.0, values, np.nan)
    apart = np.fmax.reduce(positive, axis=0) > _TOO_LARGE * np.fmin.reduce(positive, axis=0)
    for column in np.flatnonzero(apart):  # few: a median sorts
        invalid[:, column] |= values[:, column] > _TOO_LARGE * np.nanmedian(positive[:, column])
    return invalid


def _named(values: Array, cells: NDArray[np.bool_], dates: pd.DatetimeIndex, assets: pd.Index) -> str:
    """List the first cells, in the order of dates: asset, date and value."""
    found = np.argwhere(cells)
    texts = [f"{assets[place]!r} on {show(dates[row])}: {values[row, place]:g}" for row, place in found[:3]]
    return "; ".join(texts) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")
