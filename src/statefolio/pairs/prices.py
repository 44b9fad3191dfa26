"""Prices of a basket: what can be used, as arrays."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import rows_until
from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError, StatefolioWarning, UnknownNameError

_COLLINEAR = 1e-9
_SPLITS = np.log([1.5, 2.0, 3.0, 4.0, 5.0, 10.0])
_SPLIT_TOLERANCE = 0.03


@dataclass(frozen=True, eq=False)
class Basket:
    """Prices of k assets, the hedged one first.

    Attributes
    ----------
    values : (T, k) array
        Prices, or their logarithms; a date without the price of every asset is NaN throughout.
    dates : DatetimeIndex
    assets : Index
    """

    values: Array
    dates: pd.DatetimeIndex
    assets: pd.Index

    @property
    def complete(self) -> Array:
        """The dates with all prices, (n, k)."""
        return self.values[~np.isnan(self.values[:, 0])]

    def until(self, date: Any) -> "Basket":
        """The same, known at a date; None is all of it."""
        rows = rows_until(self.dates, date)
        return Basket(self.values[:rows], self.dates[:rows], self.assets)


def read_basket(prices: Any, *, logs: bool = False, known: pd.Index | None = None) -> Basket:
    """Check prices, and mark the dates that lack one.

    Parameters
    ----------
    prices : DataFrame (date x asset)
        NaN where there is no price; the first asset is the one that the others hedge.
    logs : bool
        Take logarithms.
    known : Index, optional
        Assets of prices read before; these must name the same, in any order.
    """
    values, dates, assets = read_values(prices, "prices")
    if known is not None:
        values, assets = _in_order(values, assets, known), known
    if len(assets) < 2:
        raise InputError(f"prices has one asset ({assets[0]!r}); two at least were expected. Add what hedges it.")
    warn_of_splits(values, dates, assets)
    if logs:
        values = logarithms(values, dates, assets)
    missing = np.isnan(values).any(axis=1, keepdims=True)
    values = np.where(missing, np.nan, values)
    return Basket(values, dates, assets)


def check_tunable(basket: Basket) -> None:
    """Raise InputError where no hedge can be learned: too few dates, or prices that say the same."""
    x = basket.complete
    count, needed = len(x), 3 * len(basket.assets) + 2
    if count < needed:
        raise InputError(
            f"prices has {count} dates with a price of all {len(basket.assets)} assets; {needed} at least were "
            "expected to learn a hedge from. Drop the asset with the shortest history, or pass more dates."
        )
    away = x - x.mean(axis=0)
    size = np.linalg.norm(away, axis=0)
    still = np.flatnonzero(size <= 1e-12 * np.linalg.norm(x, axis=0))
    if len(still):
        name = basket.assets[still[0]]
        raise InputError(f"prices of {name!r} are constant; prices that move were expected. Drop it.")
    _, singular, right = np.linalg.svd(away / size, full_matrices=False)
    if singular[-1] <= _COLLINEAR * singular[0]:
        together = [name for name, part in zip(basket.assets, right[-1], strict=True) if abs(part) > 1e-6]
        raise InputError(
            f"prices of {listed(together, 9)} are the same but for scale and shift (or a combination of each other); "
            "assets of their own were expected. Drop one of them."
        )


def _in_order(values: Array, assets: pd.Index, known: pd.Index) -> Array:
    absent = known.difference(assets, sort=False)
    if len(absent):
        raise UnknownNameError(
            f"prices lacks {listed(list(absent))}; all assets of the basket were expected: {listed(list(known), 9)}."
        )
    return values[:, assets.get_indexer(known)]


def logarithms(values: Array, dates: pd.DatetimeIndex, assets: pd.Index) -> Array:
    """Logarithms of prices, or an InputError that names one that is not positive."""
    bad = values <= 0.0
    if bad.any():
        row, place = np.argwhere(bad)[0]
        raise InputError(
            f"prices has {int(bad.sum())} that are not positive (first: {assets[place]!r} on {show(dates[row])}); "
            "logarithms need positive ones. Pass logs=False, or drop those dates."
        )
    found: Array = np.log(values)
    return found


def warn_of_splits(values: Array, dates: pd.DatetimeIndex, assets: pd.Index) -> None:
    """Warn of moves that look like an unadjusted split: prices that double, halve, ... from one date to the next."""
    with np.errstate(invalid="ignore", divide="ignore"):
        change = np.abs(np.diff(np.log(np.where(values > 0.0, values, np.nan)), axis=0))
        near = (np.abs(change[:, :, None] - _SPLITS) < _SPLIT_TOLERANCE).any(axis=2)
    if near.any():
        row, place = np.argwhere(near)[0]
        warnings.warn(
            f"prices has {int(near.sum())} moves that look like splits (first: {assets[place]!r} on "
            f"{show(dates[row + 1])}, from {values[row, place]:g} to {values[row + 1, place]:g}); adjusted prices were "
            "expected. Adjust them if so.",
            StatefolioWarning,
            stacklevel=4,
        )
