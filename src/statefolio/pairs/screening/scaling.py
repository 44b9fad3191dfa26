"""Scales pairs of prices to comparable units, and estimates moments from which the likelihood search starts.

Prices of x_1 are divided by the standard deviation of u = dx_1 - b dx_2, b the regression coefficient; prices of x_2 by
their own standard deviation. The first price is subtracted from each.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.pairs.cointegration.engle_granger import FEWEST_ROWS
from statefolio.pairs.screening.scoring import Pairs

FEWEST_DATES = FEWEST_ROWS + 2
"""Dates with both prices that a pair needs."""

RATIO = 2
"""Position of V_2, the variance of the hedge ratio, among the variances R, V_1, V_2."""

_NEAR_ZERO = np.array([1e-2, 1e-4, 1e-4])  # shares of var(u) up to which coordinates are linear in variances
_NEGLIGIBLE = 1e-12  # share of a sum of squares


@dataclass(frozen=True, eq=False)
class ScaledPairs:
    """The N pairs that can be fitted, in comparable units, and the units."""

    usable: NDArray[np.intp]  # (N,) their numbers among all pairs
    pairs: Pairs
    deviation: Array  # (N,) of u
    spread: Array  # (N,) standard deviation of x_2
    square: Array  # (N,) mean square of x_2 in these units
    noise: Array  # (N,) moment estimate of R, as a share of var(u)
    dates: NDArray[np.int64]  # dates with both prices, of all pairs

    def variances(self, theta: Array) -> Array:
        """Return R, V_1 and V_2 (3, N) at coordinates (N, 3), in the units of the prices."""
        found: Array = self.pairs.scale * np.expm1(theta.T) * self.deviation**2
        found[RATIO] /= self.spread**2
        return found

    def start(self, least: float, share: float) -> Array:
        """Return start coordinates (N, 3): R is at least `least`, and the level gets `share` of the rest."""
        noise = np.clip(self.noise, least, 0.45)
        rest = 1.0 - 2.0 * noise
        variances = np.stack([noise, share * rest, (1.0 - share) * rest / self.square])
        return np.ascontiguousarray(np.log1p(variances / self.pairs.scale).T)


def scale_pairs(x: Array, y: Array) -> ScaledPairs:
    """Scale pairs of prices (T, N), x hedging y; pairs with constant or collinear prices are left out."""
    known = np.isfinite(x) & np.isfinite(y)
    dates = known.sum(axis=0)
    enough = np.flatnonzero(dates >= FEWEST_DATES)
    x, y, known = x[:, enough], y[:, enough], known[:, enough]
    both = known[1:] & known[:-1]
    dx, dy = (np.where(both, np.diff(z, axis=0), 0.0) for z in (x, y))
    with np.errstate(divide="ignore", invalid="ignore"):
        u = dy - (dx * dy).sum(axis=0) / (dx * dx).sum(axis=0) * dx
        steps = both.sum(axis=0)
        variance, moves = (u * u).sum(axis=0) / steps, (dy * dy).sum(axis=0) / steps
        noise = -(u[1:] * u[:-1]).sum(axis=0) / (u * u).sum(axis=0)
        mean = np.where(known, x, 0.0).sum(axis=0) / dates[enough]
        spread = np.sqrt((np.where(known, x - mean, 0.0) ** 2).sum(axis=0) / dates[enough])
        square = (mean / spread) ** 2 + 1.0
        size = (np.where(known, y, 0.0) ** 2).sum(axis=0) / dates[enough]
        sound = (variance > _NEGLIGIBLE * moves) & (moves > _NEGLIGIBLE**2 * size)
        sound &= (spread > _NEGLIGIBLE * np.abs(mean)) & np.isfinite(noise)
    kept = np.flatnonzero(sound)
    x, y, known = x[:, kept], y[:, kept], known[:, kept]
    deviation, spread, square = np.sqrt(variance[kept]), spread[kept], square[kept]
    first = known.argmax(axis=0), np.arange(len(kept))
    scale = np.repeat(_NEAR_ZERO[:, None], len(kept), axis=1)
    scale[RATIO] /= square
    pairs = Pairs(
        np.ascontiguousarray(np.where(known, x - x[first], 0.0) / spread),
        np.ascontiguousarray(np.where(known, y - y[first], np.nan) / deviation),
        x[first] / spread,
        scale,
    )
    return ScaledPairs(enough[kept], pairs, deviation, spread, square, noise[kept], dates)
