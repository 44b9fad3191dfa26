"""Splits a combined covariance into factors, residual loadings and a diagonal, and completes covariances."""

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.risk.factor_root import factor_root
from statefolio.risk.full_rank import split_diagonal
from statefolio.risk.low_rank import LowRankCovariance

_TOLERANCE = 1e-10
_LEAST_RESIDUAL = 1e-6


def completed(matrix: Array, known: NDArray[np.bool_], base: Array) -> Array:
    """Extend a covariance of some assets to all, by regressions of the others on them under another covariance.

        Gamma = H_uk H_kk^-1     Sigma_uk = Gamma Sigma_kk     Sigma_uu = Gamma Sigma_kk Gamma' + H_uu - Gamma H_ku

    Parameters
    ----------
    matrix : (M, M) array
        Sigma_kk, of the known assets.
    known : (N,) array of bool
        Where they are.
    base : (N, N) array
        H.
    """
    if known.all():
        return matrix
    unknown = ~known
    gamma = np.linalg.solve(base[np.ix_(known, known)], base[np.ix_(known, unknown)]).T
    whole = np.empty(base.shape)
    whole[np.ix_(known, known)] = matrix
    whole[np.ix_(unknown, known)] = gamma @ matrix
    whole[np.ix_(known, unknown)] = whole[np.ix_(unknown, known)].T
    rest = base[np.ix_(unknown, unknown)] - gamma @ base[np.ix_(known, unknown)]
    whole[np.ix_(unknown, unknown)] = gamma @ matrix @ gamma.T + 0.5 * (rest + rest.T)
    return whole


def factor_part(matrix: Array, loadings: Array, omega: Array, base: Array) -> Array:
    """Covariance of the factors (K, K) within a combined covariance, so that the remainder is positive definite.

    (B' S^-1 B)^-1 is the covariance of the factors' returns as generalised least squares estimates them from the assets
    under covariance S: that of the factors plus an estimation error. With S the factor model's own covariance the error
    is known, and it is subtracted from (B' Sigma^-1 B)^-1; where the combination is that of the factor model alone, the
    result is Omega.

    Parameters
    ----------
    matrix : (N, N) array
        Sigma, the combination.
    loadings : (N, K) array
        B.
    omega : (K, K) array
        Omega of the factor model.
    base : (N, N) array
        S, the factor model's covariance.
    """
    L = factor_root(omega)
    F = loadings @ L
    own, vectors = np.linalg.eigh(F.T @ np.linalg.solve(base, F))
    kept = own > _TOLERANCE
    vectors, own = vectors[:, kept], own[kept]
    F, L = F @ vectors, L @ vectors
    values, turn = np.linalg.eigh(F.T @ np.linalg.solve(matrix, F))
    estimated = turn / np.sqrt(values)
    error = turn.T @ (turn * (1.0 / own - 1.0)[:, None]) * np.sqrt(np.outer(values, values))
    share, axes = np.linalg.eigh(0.5 * (error + error.T))
    root: Array = L @ estimated @ axes * np.sqrt(1.0 - np.clip(share, _LEAST_RESIDUAL, 1.0))
    return root @ root.T


def split_combination(matrix: Array, loadings: Array, omega: Array, diagonal: Array) -> tuple[LowRankCovariance, Array]:
    """Write B Omega B' + remainder as a low-rank covariance whose first loadings are B; return it and G (N, N)."""
    count, assets = loadings.shape[1], len(matrix)
    remainder = matrix - loadings @ omega @ loadings.T
    residual, rest = split_diagonal(0.5 * (remainder + remainder.T), diagonal)
    block = np.eye(count + assets)
    block[:count, :count] = omega
    return LowRankCovariance(np.hstack([loadings, residual]), block, rest), residual
