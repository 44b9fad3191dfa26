"""The door of a tuned basket: prices that cannot be hedged are turned away here, with the reason."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from statefolio._arrays import Array
from statefolio.exceptions import DataTypeError, InputError

_COLLINEAR = 1e-9
_TINY_WEIGHT = 1e-4


def check_basket(prices: Any, names: Sequence[str]) -> Array:
    """Complete rows of prices (T, k) that a basket can be tuned on, or say what is wrong with them.

    Raises
    ------
    DataTypeError
        Not an array of numbers.
    InputError
        Shape, infinite prices, too few complete rows, a constant series, two identical ones, a dependent one.
    """
    if not isinstance(prices, np.ndarray) or prices.dtype != np.float64:
        kind = f"an array of {prices.dtype}" if isinstance(prices, np.ndarray) else f"a {type(prices).__name__}"
        raise DataTypeError(f"prices is {kind}; an array of float64 was expected. Use np.asarray(prices, dtype=float).")
    if prices.ndim != 2 or prices.shape[1] < 2:
        raise InputError(
            f"prices has shape {prices.shape}; (dates, assets) with two assets or more was expected. "
            "Give a column to each asset, the hedged one first."
        )
    if np.isinf(prices).any():
        raise InputError(
            f"prices has {int(np.isinf(prices).sum())} infinite values; finite prices or NaN were expected. "
            "Put NaN in their place."
        )
    assets = prices.shape[1]
    complete = prices[~np.isnan(prices).any(axis=1)]
    least = 3 * assets + 5
    if len(complete) < least:
        raise InputError(
            f"prices has {len(complete)} rows with a price of every asset; at least {least} were expected for {assets} "
            "assets: Johansen's weights need them. Give more dates or fewer assets."
        )
    _check_distinct(complete, names)
    return complete


def _check_distinct(complete: Array, names: Sequence[str]) -> None:
    still = np.flatnonzero(np.ptp(complete, axis=0) == 0.0)
    if len(still):
        raise InputError(
            f"{names[still[0]]} is constant at {complete[0, still[0]]:g}; prices that move were expected. "
            "Leave it out: the level is the basket's constant already."
        )
    for j in range(complete.shape[1]):
        for i in range(j):
            if np.array_equal(complete[:, i], complete[:, j]):
                raise InputError(
                    f"{names[i]} and {names[j]} are identical on every date; different series were expected. "
                    "Leave one of them out."
                )
    units = complete - complete.mean(axis=0)
    units /= np.linalg.norm(units, axis=0)
    sizes, combinations = np.linalg.svd(units, full_matrices=False)[1:]
    if sizes[-1] < _COLLINEAR:
        parts = [names[j] for j in np.argsort(-np.abs(combinations[-1])) if abs(combinations[-1, j]) > 1e-3]
        raise InputError(
            f"{' and '.join(parts)} are linear combinations of each other to rounding; prices of their own were "
            "expected. Leave one of them out."
        )


def check_weights(weights: Array, complete: Array, names: Sequence[str]) -> None:
    """Refuse a first asset that Johansen's portfolio does not hold: every ratio would be a division by nothing."""
    moved = np.abs(weights) * complete.std(axis=0)
    best = int(np.argmax(moved))
    share = moved[0] / moved[best]
    if not share >= _TINY_WEIGHT:
        raise InputError(
            f"Johansen's weight of {names[0]} is {weights[0]:.3g}, in units of its price's deviation {share:.1g} of "
            f"{names[best]}'s; a first asset that the cointegrated portfolio holds was expected. "
            f"Put {names[best]} first."
        )
