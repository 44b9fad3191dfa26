"""Long-run levels of variances, which forecasts from recent dates are moved towards."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from statefolio._arrays.types import Array
from statefolio.kalman.moments import observed_squares

LONG_RUN_HALF_LIFE = 1260.0
"""Of a date's weight, in dates: five years."""


@dataclass(frozen=True, eq=False)
class LongRunVariance:
    """Slowly forgetting means of squares; nothing is written to, a step gives a new one.

    Attributes
    ----------
    squares, weight : (N,) array
        Weighted sums of the squares seen, and of the weights.
    """

    squares: Array
    weight: Array

    @classmethod
    def empty(cls, count: int) -> Self:
        """Before the first date."""
        return cls(np.zeros(count), np.zeros(count))

    def after(self, values: Array) -> Self:
        """The state once these values (T, N) around zero, NaN where not observed, have been seen too."""
        memory = 0.5 ** (1.0 / LONG_RUN_HALF_LIFE)
        squares, weight = observed_squares(values, self.squares, self.weight, memory)
        return replace(self, squares=squares, weight=weight)

    def joined_by(self, count: int) -> Self:
        """The state with `count` more columns, never seen."""
        none = np.zeros(count)
        return replace(self, squares=np.append(self.squares, none), weight=np.append(self.weight, none))

    def mean(self, otherwise: Array) -> Array:
        """Means of squares (N,); `otherwise` where nothing was seen."""
        known = self.weight > 0.0
        return np.where(known, self.squares / np.where(known, self.weight, 1.0), otherwise)
