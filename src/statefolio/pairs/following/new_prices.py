"""Joins new prices to the known ones of a followed basket, and refuses those that do not continue them."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio.exceptions import InputError
from statefolio.pairs.prices import Basket, read_basket

TOLERANCE = 1e-9
"""Relative difference of two prices that count as the same: files may round in the last digits."""


def joined(known: Basket, prices: Any) -> Basket:
    """Return the basket with the new dates appended; the known dates stay as they are.

    Raises
    ------
    InputError, UnknownNameError
        If an asset is missing, prices of known dates differ, the last known date is missing, or no new date has all
        prices.
    """
    given = read_basket(prices, known=known.assets)
    last = known.dates[-1]
    new = given.dates > last
    if last not in given.dates:
        raise InputError(
            f"prices must overlap with those of the basket, which end on {show(last)}, got none on that date (from "
            f"{show(given.dates[0])} to {show(given.dates[-1])}). Pass prices that begin on {show(last)} or before."
        )
    _check_known(known, Basket(given.values[~new], given.dates[~new], given.assets))
    if not new.any() or np.isnan(given.values[new, 0]).all():
        missing = "" if not new.any() else f" (the {int(new.sum())} new dates lack a price)"
        raise InputError(
            f"prices must have a new date with all prices after {show(last)}, got none{missing}. Pass prices of later "
            "dates."
        )
    return Basket(
        np.concatenate([known.values, given.values[new]]),
        pd.DatetimeIndex(known.dates.append(given.dates[new])),
        known.assets,
    )


def _check_known(known: Basket, given: Basket) -> None:
    """Raise InputError if the prices of known dates are not the known ones."""
    rows = known.dates.get_indexer(given.dates)
    inside = given.dates >= known.dates[0]
    strange = inside & (rows < 0)
    if strange.any():
        date = given.dates[strange][0]
        raise InputError(
            f"prices must have no other dates up to {show(known.dates[-1])} than before, got {show(date)}: the history "
            "was revised. Run `statefolio pairs` again, or pass the former prices."
        )
    before, now = known.values[rows[inside]], given.values[inside]
    unlike = np.isnan(before) != np.isnan(now)
    with np.errstate(invalid="ignore"):
        unlike |= np.abs(now - before) > TOLERANCE * np.abs(before)
    if unlike.any():
        row, column = (int(place) for place in np.argwhere(unlike)[0])
        raise InputError(
            f"prices must be those of before up to {show(known.dates[-1])}, got {now[row, column]:.6g} for "
            f"{str(known.assets[column])!r} on {show(given.dates[inside][row])}, which was {before[row, column]:.6g} "
            f"({int(unlike.any(axis=1).sum())} dates differ): the history was revised, e.g. for a dividend. "
            "Run `statefolio pairs` again."
        )
