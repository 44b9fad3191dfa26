"""skfolio's regime-adjusted covariance, for factor returns."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from statefolio._arrays.types import Array
from statefolio.exceptions import InputError


@dataclass(frozen=True, eq=False)
class RegimeCovariance:
    """Exponential weighting times a level that follows how large recent returns were against their forecasts.

    Attributes
    ----------
    estimator : RegimeAdjustedEWCovariance
        skfolio's; its short-term volatility update is Paleologo (2025), The Elements of Quantitative Investing.
    seen : int
        Dates it has seen.
    """

    estimator: Any
    seen: int = 0

    @classmethod
    def empty(cls, volatility_half_life: float, correlation_half_life: float) -> Self:
        """Before the first date."""
        from skfolio.moments import RegimeAdjustedEWCovariance

        return cls(
            RegimeAdjustedEWCovariance(
                half_life=volatility_half_life, corr_half_life=correlation_half_life, min_observations=1, nearest=False
            )
        )

    def after(self, deviations: Array) -> Self:
        """The estimate once these deviations (T, K) from the forecast mean have been seen too."""
        if len(deviations) == 0:
            return self
        estimator = deepcopy(self.estimator)
        estimator.partial_fit(deviations)
        return type(self)(estimator, self.seen + len(deviations))

    def covariance(self) -> Array:
        """Omega (K, K), for the date after the last one seen."""
        if self.seen == 0:
            raise InputError("factors has fewer than 2 known dates; more were expected, for a covariance. Pass more.")
        omega = np.array(self.estimator.covariance_, dtype=np.float64)
        return 0.5 * (omega + omega.T)
