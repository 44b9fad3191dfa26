"""Mean and covariance of the factors' next return, kept up to date one date at a time."""

from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np

from statefolio._arrays.types import Array
from statefolio.exceptions import InputError
from statefolio.kalman.moments import standardised_moments
from statefolio.risk.long_run import LongRunVariance


class FactorCovariance(Protocol):
    """An estimate of Omega that goes on from date to date; nothing is written to, a step gives a new one."""

    def after(self, deviations: Array) -> Self:
        """The estimate once these deviations (T, K) from the forecast mean have been seen too."""

    def covariance(self) -> Array:
        """Omega (K, K), for the date after the last one seen."""


@dataclass(frozen=True, eq=False)
class FactorMean:
    """Running mean of K factors.

    Attributes
    ----------
    total : (K,) array
        Sum of the returns so far.
    seen : int
        How many dates those are.
    """

    total: Array
    seen: int = 0

    def mean(self) -> Array:
        """Mean of what has been seen, zeros before the first date."""
        return self.total / max(self.seen, 1)

    def after(self, returns: Array) -> tuple[Array, "FactorMean"]:
        """Deviations of new returns (T, K) from the mean before each, and the mean after them all.

        A deviation is scaled by sqrt(n / (n + 1)), n the dates seen before it: its variance is then that of one
        return, and with equal weights their squares add up to those around the full mean (Welford 1962,
        Technometrics 4, 419-420). The very first date has nothing to deviate from and is left out.
        """
        sums = np.cumsum(np.vstack([self.total, returns]), axis=0)
        n = self.seen + np.arange(len(returns))[:, None]
        deviations = np.sqrt(n / (n + 1.0)) * (returns - sums[:-1] / np.maximum(n, 1))
        return deviations[max(0, 1 - self.seen) :], FactorMean(sums[-1], self.seen + len(returns))


@dataclass(frozen=True, eq=False)
class ExponentialCovariance:
    """Exponentially weighted volatilities, and correlations of standardised returns with a half-life of their own.

        V_i   = sum w(h_v) u_i^2 / sum w(h_v)            w(h) = 2^(-age / h)
        C     = correlations of sum w(h_c) z z'          z_it = u_it / sqrt(V_it), V_it with date t itself
        Omega = sqrt((V_i + b L_i) (V_j + b L_j)) ((1 - a) C_ij + a 1[i = j])

    Dividing by the sum of the weights removes the start's bias. Standardising keeps a stormy month from deciding the
    correlations of a year, and as V_it counts date t, z^2 is at most the sum of the weights. L_i is the long-run mean
    of u_i^2: a forecast that errs does least harm when it is quoted a little higher, most so where it is lowest.

    Attributes
    ----------
    half_lives : (float, float)
        h_v and h_c in dates; infinity weighs all dates alike.
    shrinkage : float
        a.
    squares, products : (K,) and (K, K) array
        Weighted sums of u^2 and z z'.
    weight : float
        Sum of the volatilities' weights.
    long_run : LongRunVariance
        L.
    long_run_weight : float
        b.
    """

    half_lives: tuple[float, float]
    shrinkage: float
    squares: Array
    products: Array
    long_run: LongRunVariance
    long_run_weight: float = 0.0
    weight: float = 0.0

    @classmethod
    def empty(
        cls, factors: int, half_lives: tuple[float, float], shrinkage: float, long_run_weight: float = 0.0
    ) -> Self:
        """Before the first date."""
        products, long_run = np.zeros((factors, factors)), LongRunVariance.empty(factors)
        return cls(half_lives, shrinkage, np.zeros(factors), products, long_run, long_run_weight)

    def after(self, deviations: Array) -> Self:
        """See `FactorCovariance`."""
        fast, slow = (0.5 ** (1.0 / h) for h in self.half_lives)
        squares, products, weight = standardised_moments(
            deviations, self.squares, self.products, self.weight, (fast, slow)
        )
        long_run = self.long_run.after(deviations)
        return replace(self, squares=squares, products=products, weight=weight, long_run=long_run)

    def covariance(self) -> Array:
        """See `FactorCovariance`."""
        if not self.weight > 0.0:
            raise InputError("factors has fewer than 2 known dates; more were expected, for a covariance. Pass more.")
        size = np.sqrt(np.diag(self.products))
        scale = (1.0 - self.shrinkage) / np.outer(np.where(size > 0.0, size, 1.0), np.where(size > 0.0, size, 1.0))
        recent = self.squares / self.weight
        volatility = np.sqrt(recent + self.long_run_weight * self.long_run.mean(recent))
        omega: Array = scale * self.products * np.outer(volatility, volatility)
        omega[np.diag_indices(len(omega))] = volatility**2
        return omega


@dataclass(frozen=True, eq=False)
class GivenCovariance:
    """Omega as somebody gave it: it stays."""

    given: Array

    def after(self, deviations: Array) -> Self:  # noqa: ARG002 - it learns nothing
        """See `FactorCovariance`."""
        return self

    def covariance(self) -> Array:
        """See `FactorCovariance`."""
        return self.given
