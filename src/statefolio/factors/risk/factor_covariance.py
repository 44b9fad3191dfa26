"""Mean and covariance of the factors' next return, kept up to date one date at a time."""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from statefolio._arrays import Array
from statefolio.exceptions import InputError


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
    """Exponentially weighted second moments, volatilities with one half-life and correlations with another.

        V_ij = sum w(h) u_i u_j / sum w(h)     w(h) = 2^(-age / h)
        Omega_ij = sqrt(V_ii(h_v) V_jj(h_v)) rho_ij     rho = correlations of V(h_c)

    Dividing by the sum of the weights removes the start's bias. V(h_c) is positive semidefinite, and scaling rows and
    columns alike leaves it so.

    Attributes
    ----------
    volatility_half_life, correlation_half_life : float
        In dates; infinity weighs all dates alike.
    squares, products : (K,) and (K, K) array
        Weighted sums of u^2 and u u'; `weight_volatility` and `weight_correlation` sum the weights.
    """

    volatility_half_life: float
    correlation_half_life: float
    squares: Array
    products: Array
    weight_volatility: float = 0.0
    weight_correlation: float = 0.0

    @classmethod
    def empty(cls, factors: int, volatility_half_life: float, correlation_half_life: float) -> Self:
        """Before the first date."""
        return cls(volatility_half_life, correlation_half_life, np.zeros(factors), np.zeros((factors, factors)))

    def after(self, deviations: Array) -> Self:
        """See `FactorCovariance`."""
        fast, slow = (0.5 ** (1.0 / h) for h in (self.volatility_half_life, self.correlation_half_life))
        squares, products = self.squares.copy(), self.products.copy()
        weight_fast, weight_slow = self.weight_volatility, self.weight_correlation
        for u in deviations:
            squares = fast * squares + u * u
            products = slow * products + np.outer(u, u)
            weight_fast, weight_slow = fast * weight_fast + 1.0, slow * weight_slow + 1.0
        return type(self)(
            self.volatility_half_life, self.correlation_half_life, squares, products, weight_fast, weight_slow
        )

    def covariance(self) -> Array:
        """See `FactorCovariance`."""
        if not self.weight_volatility > 0.0:
            raise InputError("factors has fewer than 2 known dates; more were expected, for a covariance. Pass more.")
        slow = np.sqrt(np.diag(self.products))
        scale = np.where(slow > 0.0, 1.0 / np.where(slow > 0.0, slow, 1.0), 0.0)
        ratio = np.sqrt(self.squares / self.weight_volatility) * scale
        omega: Array = ratio[:, None] * self.products * ratio
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
