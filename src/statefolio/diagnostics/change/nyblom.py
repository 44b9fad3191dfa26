"""Tests constant coefficients against random walks by Nyblom's statistic, in Hansen's heteroscedasticity-robust form.

    s_t = x_t e_t / sigma_t^2     S_t = s_1 + ... + s_t     V = sum of s_t s_t'      over the n dates observed
    L_j = sum_t S_jt^2 / (n V_jj)                           one coefficient
    L   = trace(V^-1 sum_t S_t S_t') / n                    all coefficients

(Nyblom 1989, Journal of the American Statistical Association 84; Hansen 1992, Journal of Policy Modeling 14,
equations 8 and 9.) L_j is sum_s mu_s w_s^2 over its scale, with the eigenvalues of walk_spectrum.py.
"""

from typing import NamedTuple

import numpy as np

from statefolio._arrays.types import Array
from statefolio.diagnostics.change.drawn_scores import DrawnScores, running_sums
from statefolio.diagnostics.change.walk_spectrum import Draws, chi_square, exceedance

_ASSETS = 64  # at a time


class Nyblom(NamedTuple):
    """Statistics of each coefficient (K, N), and of all coefficients together (N,)."""

    single: Array
    joint: Array


def nyblom(X: Array, residuals: Array, sigma: Array) -> Nyblom:
    """Compute the statistics of a panel.

    Parameters
    ----------
    X : (T, K) array
        Regressors.
    residuals : (T, N) array
        Of weighted least squares, divided by sigma; NaN where nothing was observed.
    sigma : (T, N) array
        Standard deviations of the noise; ones for the unweighted test.
    """
    parts = [
        _nyblom(X, residuals[:, first : first + _ASSETS], sigma[:, first : first + _ASSETS])
        for first in range(0, residuals.shape[1], _ASSETS)
    ]
    return Nyblom(np.concatenate([part.single for part in parts], axis=1), np.concatenate([p.joint for p in parts]))


def _nyblom(X: Array, residuals: Array, sigma: Array) -> Nyblom:
    scale = np.sqrt(np.mean(X * X, axis=0))
    seen = np.isfinite(residuals)
    e = np.where(seen, residuals / sigma, 0.0)
    s = (X / scale)[:, :, None] * e[:, None, :]
    S = running_sums(s) * seen[:, None, :]
    V, squares = _products(s), _products(S)
    count = seen.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        single = (squares.diagonal(axis1=1, axis2=2) / V.diagonal(axis1=1, axis2=2)).T / count
    joint = np.trace(np.linalg.pinv(V, hermitian=True) @ squares, axis1=1, axis2=2) / count
    return Nyblom(single, joint)


def _products(s: Array) -> Array:
    """Sums over dates of s_t s_t', (N, K, K)."""
    assets = np.ascontiguousarray(s.transpose(2, 1, 0))
    return np.asarray(assets @ assets.swapaxes(1, 2))


def single_p_values(statistics: Array, spectra: Array, scale: Array, freedom: Array, draws: Draws) -> Array:
    """p-values (K, N) of the single statistics, given each asset's regressors.

    Parameters
    ----------
    statistics : (K, N) array
    spectra : (N, K, S) array
        Eigenvalues mu of each loading's walk.
    scale : (K, N) array
        Sum over blocks of X_b'X_b, its diagonal, times the number of blocks.
    freedom : (N,) array
        Observations less coefficients.
    draws : Draws
    """
    found = np.empty(statistics.shape)
    for i, mu in enumerate(spectra):
        squares = draws.squares[:, : mu.shape[1]]
        whole = squares.sum(axis=1) + chi_square(draws.rest, max(freedom[i] - mu.shape[1], 1.0))
        drawn = (mu / scale[:, i, None]) @ squares.T * (freedom[i] / whole)
        for j in range(len(mu)):
            found[j, i] = exceedance(drawn[j], float(statistics[j, i]), float(mu[j, 0] / scale[j, i]))
    return found


def joint_p_value(statistic: float, scores: DrawnScores) -> float:
    """p-value of one asset's joint statistic, given its regressors."""
    total = scores.moments.sum(axis=0)
    share = np.cumsum(scores.moments, axis=0) @ np.linalg.inv(total)
    S = scores.drawn_so_far - share @ scores.drawn_so_far[-1]
    free = np.count_nonzero(scores.full) * len(total) - len(total)
    rest = scores.drawn_square.sum(axis=0) - _quadratic(total, scores.drawn_so_far[-1:])[0]
    drawn = _quadratic(total, S[scores.full]).mean(axis=0) / (rest / free)
    return exceedance(drawn, statistic, _exponential_tail(drawn), 2.0)


def limit_draws(coefficients: int, draws: Draws) -> Array:
    """Draws (D,) of the joint statistic if information grows evenly: integrals of squared Brownian bridges."""
    terms = draws.squares.shape[1] // coefficients
    mu = np.tile(1.0 / (np.pi * np.arange(1, terms + 1)) ** 2, coefficients)
    rest = coefficients * (1.0 / 6.0 - mu[:terms].sum())
    return np.asarray(draws.squares[:, : mu.size] @ mu + rest)


def _quadratic(A: Array, u: Array) -> Array:
    """u'A^-1 u for u (B, K, D), (B, D)."""
    half = np.linalg.inv(np.linalg.cholesky(A)) @ u
    return np.asarray(np.einsum("bkd,bkd->bd", half, half))


def _exponential_tail(drawn: Array) -> float:
    """Half the mean excess of the largest tenth over its smallest: chi-square tails of two degrees of freedom."""
    largest = np.sort(drawn)[-max(drawn.size // 10, 2) :]
    return float(np.mean(largest - largest[0])) / 2.0
