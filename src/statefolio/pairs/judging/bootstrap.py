"""Baskets that are not cointegrated, made from the price changes of one that may be.

Blocks of neighbouring dates are drawn with replacement, around the end to the start, and their changes laid one after
the other from the first prices on (Politis and Romano 1992; for unit roots Paparoditis and Politis 2003, Econometrica
71). All assets move by the changes of the same date, so moves together, their sizes and what is left of them over a
few dates stay; whatever ties the prices' levels to each other is cut at the end of every block.
"""

from dataclasses import dataclass

import numpy as np

from statefolio._arrays.types import Array


def default_block(changes: int) -> int:
    """Length of a block: the cube root of how many changes there are, rounded up."""
    return int(np.ceil(changes ** (1.0 / 3.0) - 1e-9))


@dataclass(frozen=True, eq=False)
class ChangeBootstrap:
    """Draws of prices from the changes of a basket's prices.

    Parameters
    ----------
    prices : (T, k) array
        NaN on dates that lack a price; draws lack them on the same dates.
    block : int
        Length of a block, in changes.
    seed : int
        Draw number i is the same whatever else is drawn.

    Notes
    -----
    Changes are taken about their mean, so that draws do not drift: the mean of changes without drift is of its own
    random size. With it left in, false alarms were the same to a point.
    """

    prices: Array
    block: int
    seed: int

    def draw(self, number: int) -> Array:
        """Prices (T, k) of draw `number`, counted from 0."""
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
