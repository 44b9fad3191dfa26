"""Estimates an Ornstein-Uhlenbeck process from a spread."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import shown
from statefolio.exceptions import DataTypeError, InputError

FEWEST = 20
"""Fewest values from which a process is estimated."""


@dataclass(frozen=True)
class OrnsteinUhlenbeck:
    """dX = speed (mean - X) dt + volatility dW, with time in dates.

    Attributes
    ----------
    speed : float
        Per date; log 2 over it is the half-life.
    mean, volatility : float
        In the units of the spread.
    """

    speed: float
    mean: float
    volatility: float

    @property
    def deviation(self) -> float:
        """Standard deviation of the stationary distribution."""
        return float(self.volatility / np.sqrt(2.0 * self.speed))

    @property
    def half_life(self) -> float:
        """Half-life in dates."""
        return float(np.log(2.0) / self.speed)

    @classmethod
    def of(cls, spread: Any) -> "OrnsteinUhlenbeck":
        """Estimate the process by conditional maximum likelihood from one value per date; missing values are left out.

        Raises
        ------
        DataTypeError, InputError
            If `spread` is not a Series of numbers, is too short, or does not revert.
        """
        if not isinstance(spread, pd.Series) or not pd.api.types.is_numeric_dtype(spread):
            raise DataTypeError(
                f"spread must be a Series of numbers by date, got {shown(spread)}. Pass hedge.spread_['filtered']."
            )
        x = spread.dropna().to_numpy(dtype=np.float64)
        if len(x) < FEWEST or np.ptp(x) == 0.0:
            raise InputError(f"spread must have at least {FEWEST} different values, got {len(x)}. Pass more dates.")
        before, after = x[:-1] - x[:-1].mean(), x[1:] - x[1:].mean()
        a = float(before @ after / (before @ before))
        if not 0.0 < a < 1.0:
            raise InputError(
                f"spread must revert to a mean, got an autoregressive coefficient of {a:.4f}. Use fixed bands instead."
            )
        mean = float((x[1:].mean() - a * x[:-1].mean()) / (1.0 - a))
        error = float(np.sqrt(np.mean((after - a * before) ** 2)))
        speed = -np.log(a)
        return cls(float(speed), mean, float(error * np.sqrt(2.0 * speed / (1.0 - a * a))))
