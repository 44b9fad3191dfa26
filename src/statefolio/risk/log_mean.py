"""Averages covariance matrices: the mean of the logarithms of volatilities and of correlation matrices."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from statefolio._arrays.types import Array
from statefolio.risk.full_rank import to_correlations


@dataclass(frozen=True, eq=False)
class LogCovariances:
    """Logarithms of K covariance matrices of the same N assets, which are averaged with any weights.

        s = exp(sum_k w_k log s_k)          C = correlations of exp(sum_k w_k log C_k)          Sigma = s s' * C

    s_k are volatilities and C_k correlations; the logarithm of a matrix is that of its eigenvalues. Unlike the sum of
    the matrices this mean does not add the noise of one to the small eigenvalues of another, and unlike the logarithm
    of covariances it does not depend on the units of the assets.

    Attributes
    ----------
    volatility : (K, N) array
        log s_k.
    correlation : (K, N, N) array
        log C_k.

    References
    ----------
    Arsigny, Fillard, Pennec and Ayache (2007), Geometric means in a novel vector space structure on symmetric positive
    definite matrices, SIAM Journal on Matrix Analysis and Applications 29, 328-347.
    """

    volatility: Array
    correlation: Array

    @classmethod
    def of(cls, matrices: list[Array]) -> Self:
        """Take the logarithms of positive definite matrices (N, N)."""
        volatility = np.array([0.5 * np.log(np.diag(matrix)) for matrix in matrices])
        return cls(volatility, np.array([_on_eigenvalues(to_correlations(matrix), np.log) for matrix in matrices]))

    def mean(self, weights: Array) -> Array:
        """Weighted mean (N, N) of the matrices, with weights (K,) that sum to 1."""
        volatility = np.exp(weights @ self.volatility)
        correlations = to_correlations(_on_eigenvalues(np.tensordot(weights, self.correlation, 1), np.exp))
        mean: Array = correlations * np.outer(volatility, volatility)
        return mean


def _on_eigenvalues(matrix: Array, function: np.ufunc) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    result: Array = (vectors * function(values)) @ vectors.T
    return result
