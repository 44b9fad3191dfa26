"""Estimates long-run levels of variances, a share of which is added to forecasts from recent dates."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from statefolio._arrays.types import Array
from statefolio.kalman.moments import observed_squares

LONG_RUN_HALF_LIFE = 1260.0
"""Half-life of a date's weight, in dates: five years."""


@dataclass(frozen=True, eq=False)
class LongRunVariance:
    """Exponentially weighted means of squares with a long half-life; immutable, an update returns a new one.

    Attributes
    ----------
    squares, weight : (N,) array
        Weighted sums of the squares, and of the weights.
    """

    squares: Array
    weight: Array

    @classmethod
    def empty(cls, count: int) -> Self:
        """Return the state before the first date."""
        return cls(np.zeros(count), np.zeros(count))

    def updated(self, values: Array) -> Self:
        """Return the means after these values (T, N) with mean zero, NaN where not observed."""
        memory = 0.5 ** (1.0 / LONG_RUN_HALF_LIFE)
        squares, weight = observed_squares(values, self.squares, self.weight, memory)
        return replace(self, squares=squares, weight=weight)

    def with_new_assets(self, count: int) -> Self:
        """Return the means with `count` more columns without observations."""
        none = np.zeros(count)
        return replace(self, squares=np.append(self.squares, none), weight=np.append(self.weight, none))

    def mean(self, otherwise: Array) -> Array:
        """Means of squares (N,); `otherwise` where there are no observations."""
        known = self.weight > 0.0
        return np.where(known, self.squares / np.where(known, self.weight, 1.0), otherwise)
