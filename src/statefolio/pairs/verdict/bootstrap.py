"""Draws baskets that are not cointegrated by a block bootstrap of price changes.

Blocks of consecutive price changes are drawn with replacement, circularly, and cumulated from the first prices on
(Politis and Romano 1992; for unit roots Paparoditis and Politis 2003, Econometrica 71). All assets use the changes of
the same dates. The draws therefore keep the correlation between assets, the volatility and the short-term
autocorrelation, but no long-run relation between the price levels.
"""

from dataclasses import dataclass

import numpy as np

from statefolio._arrays.types import Array


def default_block(changes: int) -> int:
    """Return the default length of a block: the cube root of the number of price changes, rounded up."""
    return int(np.ceil(changes ** (1.0 / 3.0) - 1e-9))


@dataclass(frozen=True, eq=False)
class ChangeBootstrap:
    """A circular block bootstrap of the price changes of a basket.

    Parameters
    ----------
    prices : (T, k) array
        NaN on dates without all prices; draws have the same gaps.
    block : int
        Length of a block in price changes.
    seed : int
        A draw depends only on the seed and its number.

    Notes
    -----
    The mean of the changes is subtracted, so that draws do not drift. Keeping it changed the rate of false alarms by at
    most one percentage point.
    """

    prices: Array
    block: int
    seed: int

    def draw(self, number: int) -> Array:
        """Return the prices (T, k) of draw `number`, counted from 0."""
        known = ~np.isnan(self.prices).any(axis=1)
        complete = self.prices[known]
        changes = np.diff(complete, axis=0)
        changes -= changes.mean(axis=0)
        count = len(changes)
        generator = np.random.default_rng([self.seed, number])
        firsts = generator.integers(count, size=-(-count // self.block))
        rows = (firsts[:, None] + np.arange(self.block)).ravel()[:count] % count
        drawn = np.full_like(self.prices, np.nan)
        drawn[known] = complete[0] + np.vstack([np.zeros(complete.shape[1]), np.cumsum(changes[rows], axis=0)])
        return drawn
