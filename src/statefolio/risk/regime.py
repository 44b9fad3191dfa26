"""Adapts skfolio's regime-adjusted covariance estimator to factor returns; imports skfolio only when used."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from statefolio._arrays.types import Array
from statefolio.exceptions import InputError

_SMALL, _LARGE = 1e-5, 10.0


@dataclass(frozen=True, eq=False)
class RegimeCovariance:
    """Exponentially weighted covariance times a level that follows the size of recent returns over their forecasts.

    Attributes
    ----------
    estimator : RegimeAdjustedEWCovariance
        skfolio's estimator; its short-term volatility update is from Paleologo (2025), The Elements of Quantitative
        Investing.
    seen : int
        Number of dates so far.
    unit : float
        Deviations are divided by it, as skfolio's floors are absolute; 1 for returns of ordinary size.
    """

    estimator: Any
    seen: int = 0
    unit: float = 1.0

    @classmethod
    def empty(cls, volatility_half_life: float, correlation_half_life: float) -> Self:
        """Return the state before the first date."""
        from skfolio.moments import RegimeAdjustedEWCovariance

        return cls(
            RegimeAdjustedEWCovariance(
                half_life=volatility_half_life, corr_half_life=correlation_half_life, min_observations=1, nearest=False
            )
        )

    def updated(self, deviations: Array) -> Self:
        """Return the estimate after these deviations (T, K) from the forecast mean."""
        if len(deviations) == 0:
            return self
        estimator = deepcopy(self.estimator)
        unit = self.unit if self.seen else _unit(deviations)
        estimator.partial_fit(deviations / unit)
        return type(self)(estimator, self.seen + len(deviations), unit)

    def covariance(self) -> Array:
        """Omega (K, K), for the date after the last update."""
        if self.seen == 0:
            raise InputError("factors must have at least 2 known dates for a covariance, got fewer. Pass more dates.")
        omega = np.array(self.estimator.covariance_, dtype=np.float64)
        return 0.5 * (omega + omega.T) * self.unit**2


def _unit(deviations: Array) -> float:
    """A power of two near the size of returns that are far from ordinary, else 1."""
    size = float(np.sqrt(np.mean(deviations**2)))
    return 1.0 if size == 0.0 or _SMALL < size < _LARGE else float(np.exp2(np.round(np.log2(size))))
