"""Validates the prices of a basket and converts them to arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import rows_until
from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio._plausible.warn import warn_caller
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.pairs.suspicious_prices import valid_prices

MOST_ALIKE = 1e5
"""Condition number of centred prices above which products of prices are rounding error: they cannot be told apart."""

NEARLY_ALIKE = 1e3
"""Condition number of centred prices from which hedge ratios are warned of.

The assets then differ by little more than the rounding of prices to cents. In simulations of two assets near 100 that
hedge a third one over 500 dates, errors of the ratios were as large as their standard errors say up to 1,000, 1.1 times
as large at 1,500 and 1.2 times at 3,000; without rounding they were at any condition number.
"""

_COLLINEAR = 1e9  # condition number of prices that are linear combinations of each other but for rounding


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

    @property
    def complete_dates(self) -> pd.DatetimeIndex:
        """Dates (n,) with all prices."""
        return self.dates[~np.isnan(self.values[:, 0])]

    def until(self, date: Any) -> "Basket":
        """Return the basket up to a date; None returns all of it."""
        rows = rows_until(self.dates, date)
        return Basket(self.values[:rows], self.dates[:rows], self.assets)

    def in_logs(self) -> "Basket":
        """Return the basket with the logarithms of its prices."""
        return Basket(np.log(self.values), self.dates, self.assets)


def read_prices(
    prices: Any, *, logs: bool = False, known: pd.Index | None = None, alike: bool = True
) -> tuple[Array, pd.DatetimeIndex, pd.Index]:
    """Validate prices; return them (T, N), or their logarithms, with dates and assets.

    Values that cannot be prices become NaN, with a warning; doubtful prices are warned of (suspicious_prices.py).
    """
    values, dates, assets = read_values(prices, "prices")
    if known is not None:
        values, assets = _in_order(values, assets, known), known
    values = valid_prices(values, dates, assets, alike)
    return np.log(values) if logs else values, dates, assets


def read_basket(prices: Any, *, logs: bool = False, known: pd.Index | None = None) -> Basket:
    """Validate prices and convert them to arrays.

    Parameters
    ----------
    prices : DataFrame (date x asset)
        NaN where there is no price. The others hedge the first asset. Values that cannot be prices, such as zero,
        become NaN with a warning.
    logs : bool
        Take logarithms.
    known : Index, optional
        Assets of the basket, for prices that may have more columns or another order.

    Raises
    ------
    InputError, DataTypeError, UnknownNameError
        For fewer than two assets, assets of `known` that are missing, or prices that are not valid.
    """
    values, dates, assets = read_prices(prices, known=known, alike=False)
    if len(assets) < 2:
        raise InputError(f"prices must have at least two assets, got {assets[0]!r} alone. Add an asset that hedges it.")
    missing = np.isnan(values).any(axis=1, keepdims=True)
    values = np.where(missing, np.nan, values)
    basket = Basket(values, dates, assets)
    return basket.in_logs() if logs else basket


def check_tunable(basket: Basket) -> None:
    """Raise InputError if no hedge can be estimated: as `check_testable`, or hedging assets that are too much alike."""
    check_testable(basket)
    x, hedging = basket.complete[:, 1:], basket.assets[1:]
    condition = condition_number(x) if len(hedging) > 1 else 1.0
    if condition > MOST_ALIKE:
        raise InputError(
            f"prices of the assets that hedge {basket.assets[0]!r} must differ, got {_combined(x, hedging)}, which "
            f"cannot be told apart (condition number {condition:.1g}). Drop one of them."
        )


def warn_of_alike(basket: Basket) -> None:
    """Warn of hedging assets that are nearly alike, of a basket that passed `check_tunable`.

    Only for prices as they were passed in: those simulated from them, or tuned on again, would repeat the warning.
    """
    x, hedging = basket.complete[:, 1:], basket.assets[1:]
    condition = condition_number(x) if len(hedging) > 1 else 1.0
    if condition > NEARLY_ALIKE:
        warn_caller(
            f"prices of the assets that hedge {basket.assets[0]!r} should differ, got {_combined(x, hedging)}, which "
            f"are hardly told apart (condition number {condition:.2g}). Their hedge ratios are more uncertain than "
            "their standard errors say. Drop one of them."
        )


def check_testable(basket: Basket) -> None:
    """Raise InputError for too few dates, and for prices that are constant or combinations of each other."""
    x = basket.complete
    count, needed = len(x), 3 * len(basket.assets) + 2
    if count < needed:
        raise InputError(
            f"prices must have at least {needed} dates with a price of all {len(basket.assets)} assets to estimate a "
            f"hedge, got {count}. Drop the asset with the shortest history, or pass more dates."
        )
    constant = np.flatnonzero(_deviations(x) <= 1e-12 * np.linalg.norm(x, axis=0))
    if len(constant):
        raise InputError(f"prices must vary, got a constant price of {basket.assets[constant[0]]!r}. Drop it.")
    condition = condition_number(x)
    if condition >= _COLLINEAR:
        raise InputError(
            f"prices must not be linear combinations of each other, got {_combined(x, basket.assets)}, which cannot be "
            f"told apart (condition number {condition:.1g}). Drop one of them."
        )


def condition_number(x: Array) -> float:
    """Return the condition number of the columns of x (n, k), centred and scaled to one length; inf if one is zero."""
    away, size = x - x.mean(axis=0), _deviations(x)
    if not (size > 0.0).all():
        return np.inf
    singular = np.linalg.svd(away / size, compute_uv=False)
    return float(singular[0] / singular[-1]) if singular[-1] > 0.0 else np.inf


def _deviations(x: Array) -> Array:
    """Return the lengths (k,) of the centred columns of x."""
    found: Array = np.linalg.norm(x - x.mean(axis=0), axis=0)
    return found


def _combined(x: Array, assets: pd.Index) -> str:
    """List the assets in the linear combination of prices (n, k) that varies least."""
    right = np.linalg.svd((x - x.mean(axis=0)) / _deviations(x), full_matrices=False)[2]
    return listed([name for name, part in zip(assets, right[-1], strict=True) if abs(part) > 1e-3], 9)


def _in_order(values: Array, assets: pd.Index, known: pd.Index) -> Array:
    absent = known.difference(assets, sort=False)
    if len(absent):
        raise UnknownNameError(
            f"prices must have all assets of the basket, {listed(list(known), 9)}, got none for "
            f"{listed(list(absent))}. Add its prices."
        )
    return values[:, assets.get_indexer(known)]
