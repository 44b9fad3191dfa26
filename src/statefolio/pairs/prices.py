"""Validates the prices of a basket and converts them to arrays."""

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
        Prices or their logarithms. All values of a date are NaN if one price is missing.
    dates : DatetimeIndex
    assets : Index
    """

    values: Array
    dates: pd.DatetimeIndex
    assets: pd.Index

    @property
    def complete(self) -> Array:
        """Prices (n, k) on the dates with all prices."""
        return self.values[~np.isnan(self.values[:, 0])]

    def until(self, date: Any) -> "Basket":
        """Return the basket up to a date; None returns all of it."""
        rows = rows_until(self.dates, date)
        return Basket(self.values[:rows], self.dates[:rows], self.assets)


def read_basket(prices: Any, *, logs: bool = False, known: pd.Index | None = None) -> Basket:
    """Validate prices and convert them to arrays.

    Parameters
    ----------
    prices : DataFrame (date x asset)
        NaN where there is no price. The others hedge the first asset.
    logs : bool
        Take logarithms.
    known : Index, optional
        Assets of the basket, for prices that may have more columns or another order.

    Raises
    ------
    InputError, DataTypeError, UnknownNameError
        For fewer than two assets, assets of `known` that are missing, or prices that are not valid.
    """
    values, dates, assets = read_values(prices, "prices")
    if known is not None:
        values, assets = _in_order(values, assets, known), known
    if len(assets) < 2:
        raise InputError(f"prices must have at least two assets, got {assets[0]!r} alone. Add an asset that hedges it.")
    warn_of_splits(values, dates, assets)
    if logs:
        values = logarithms(values, dates, assets)
    missing = np.isnan(values).any(axis=1, keepdims=True)
    values = np.where(missing, np.nan, values)
    return Basket(values, dates, assets)


def check_tunable(basket: Basket) -> None:
    """Raise InputError if no hedge can be estimated: too few dates, or constant or collinear prices."""
    x = basket.complete
    count, needed = len(x), 3 * len(basket.assets) + 2
    if count < needed:
        raise InputError(
            f"prices must have at least {needed} dates with a price of all {len(basket.assets)} assets to estimate a "
            f"hedge, got {count}. Drop the asset with the shortest history, or pass more dates."
        )
    away = x - x.mean(axis=0)
    size = np.linalg.norm(away, axis=0)
    constant = np.flatnonzero(size <= 1e-12 * np.linalg.norm(x, axis=0))
    if len(constant):
        raise InputError(f"prices must vary, got a constant price of {basket.assets[constant[0]]!r}. Drop it.")
    _, singular, right = np.linalg.svd(away / size, full_matrices=False)
    if singular[-1] <= _COLLINEAR * singular[0]:
        together = [name for name, part in zip(basket.assets, right[-1], strict=True) if abs(part) > 1e-6]
        raise InputError(
            f"prices must not be linear combinations of each other, got {listed(together, 9)}. Drop one of them."
        )


def _in_order(values: Array, assets: pd.Index, known: pd.Index) -> Array:
    absent = known.difference(assets, sort=False)
    if len(absent):
        raise UnknownNameError(
            f"prices must have all assets of the basket, {listed(list(known), 9)}, got none for "
            f"{listed(list(absent))}. Add its prices."
        )
    return values[:, assets.get_indexer(known)]


def logarithms(values: Array, dates: pd.DatetimeIndex, assets: pd.Index) -> Array:
    """Return logarithms of prices, or raise an InputError that names one that is not positive."""
    bad = values <= 0.0
    if bad.any():
        row, place = np.argwhere(bad)[0]
        raise InputError(
            f"prices must be positive to take logarithms, got {int(bad.sum())} that are not (first: {assets[place]!r} "
            f"on {show(dates[row])}). Pass logs=False, or drop those dates."
        )
    found: Array = np.log(values)
    return found


def warn_of_splits(values: Array, dates: pd.DatetimeIndex, assets: pd.Index) -> None:
    """Warn of moves that look like an unadjusted split: a price doubles, halves, ... from one date to the next."""
    with np.errstate(invalid="ignore", divide="ignore"):
        change = np.abs(np.diff(np.log(np.where(values > 0.0, values, np.nan)), axis=0))
        near = (np.abs(change[:, :, None] - _SPLITS) < _SPLIT_TOLERANCE).any(axis=2)
    if near.any():
        row, place = np.argwhere(near)[0]
        warnings.warn(
            f"prices should be adjusted for splits, got {int(near.sum())} moves that look like splits (first: "
            f"{assets[place]!r} on {show(dates[row + 1])}, from {values[row, place]:g} to {values[row + 1, place]:g}). "
            "Adjust the prices if they are.",
            StatefolioWarning,
            stacklevel=4,
        )
