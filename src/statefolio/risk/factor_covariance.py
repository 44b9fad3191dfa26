"""Estimates mean and covariance of the factors' next return, and updates them date by date."""

from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np

from statefolio._arrays.types import Array
from statefolio.exceptions import InputError
from statefolio.kalman.moments import standardised_moments
from statefolio.risk.long_run import LongRunVariance


class FactorCovariance(Protocol):
    """An estimate of Omega that is updated date by date; estimates are immutable, an update returns a new one."""

    def updated(self, deviations: Array) -> Self:
        """Return the estimate after these deviations (T, K) from the forecast mean."""

    def covariance(self) -> Array:
        """Omega (K, K), for the date after the last update."""


@dataclass(frozen=True, eq=False)
class FactorMean:
    """Running mean of K factors.

    Attributes
    ----------
    total : (K,) array
        Sum of the returns so far.
    seen : int
        Number of dates so far.
    """

    total: Array
    seen: int = 0

    def mean(self) -> Array:
        """Mean of the returns so far, zeros before the first date."""
        return self.total / max(self.seen, 1)

    def updated(self, returns: Array) -> tuple[Array, "FactorMean"]:
        """Return deviations of new returns (T, K) from the mean before each, and the mean after all of them.

        A deviation is scaled by sqrt(n / (n + 1)), where n is the number of dates before it: its variance is then
        that of one return, and with equal weights the squares sum to those around the full mean (Welford 1962,
        Technometrics 4, 419-420). The first date has no deviation and is left out.
        """
        sums = np.cumsum(np.vstack([self.total, returns]), axis=0)
        n = self.seen + np.arange(len(returns))[:, None]
        deviations = np.sqrt(n / (n + 1.0)) * (returns - sums[:-1] / np.maximum(n, 1))
        return deviations[max(0, 1 - self.seen) :], FactorMean(sums[-1], self.seen + len(returns))


@dataclass(frozen=True, eq=False)
class ExponentialCovariance:
    """Exponentially weighted volatilities, and correlations of standardised returns with a separate half-life.

        V_i   = sum w(h_v) u_i^2 / sum w(h_v)            w(h) = 2^(-age / h)
        C     = correlations of sum w(h_c) z z'          z_it = u_it / sqrt(V_it), V_it with date t itself
        Omega = sqrt((V_i + b L_i) (V_j + b L_j)) ((1 - a) C_ij + a 1[i = j])

    Dividing by the sum of the weights removes the bias at the start. With standardised returns a volatile month does
    not dominate the correlations, and because V_it includes date t, z^2 is at most the sum of the weights. L_i is the
    long-run mean of u_i^2: forecasts that are too low cost most, so a share of it is added.

    Attributes
    ----------
    half_lives : (float, float)
        h_v and h_c in dates; infinity weights all dates equally.
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
        """Return the state before the first date."""
        products, long_run = np.zeros((factors, factors)), LongRunVariance.empty(factors)
        return cls(half_lives, shrinkage, np.zeros(factors), products, long_run, long_run_weight)

    def updated(self, deviations: Array) -> Self:
        """See `FactorCovariance`."""
        fast, slow = (0.5 ** (1.0 / h) for h in self.half_lives)
        squares, products, weight = standardised_moments(
            deviations, self.squares, self.products, self.weight, (fast, slow)
        )
        long_run = self.long_run.updated(deviations)
        return replace(self, squares=squares, products=products, weight=weight, long_run=long_run)

    def covariance(self) -> Array:
        """See `FactorCovariance`."""
        if not self.weight > 0.0:
            raise InputError("factors must have at least 2 known dates for a covariance, got fewer. Pass more dates.")
        size = np.sqrt(np.diag(self.products))
        scale = (1.0 - self.shrinkage) / np.outer(np.where(size > 0.0, size, 1.0), np.where(size > 0.0, size, 1.0))
        recent = self.squares / self.weight
        volatility = np.sqrt(recent + self.long_run_weight * self.long_run.mean(recent))
        omega: Array = scale * self.products * np.outer(volatility, volatility)
        omega[np.diag_indices(len(omega))] = volatility**2
        return omega


@dataclass(frozen=True, eq=False)
class GivenCovariance:
    """A given Omega, which does not change."""

    given: Array

    def updated(self, deviations: Array) -> Self:  # noqa: ARG002 - not estimated
        """See `FactorCovariance`."""
        return self

    def covariance(self) -> Array:
        """See `FactorCovariance`."""
        return self.given
