"""Computes the spectrum of a loading's random walk, and simulates the null distributions of tests for it.

    r = X b + Z u + e,   u ~ N(0, lambda R I),  e ~ N(0, R I)       column t of Z: x_j from step t on, zero before
    G = Z'Z - Z'X (X'X)^-1 X'Z = U diag(mu) U'                      w^2_s, squares of independent normals under the null

    LR = max over lambda >= 0 of  m log(1 + N / D) - sum_s log(1 + lambda mu_s)
         N = sum_s lambda mu_s w_s^2 / (1 + lambda mu_s)     D = sum_s w_s^2 / (1 + lambda mu_s) + rest

with m = n - K and `rest` chi-square with m - S degrees of freedom (Crainiceanu and Ruppert 2004, Journal of the Royal
Statistical Society B 66, theorem 1). LR is twice the gain in exact diffuse log-likelihood; its null distribution
depends on X alone. Nyblom's statistic is sum_s mu_s w_s^2 over its scale, with the same w and mu.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc

from statefolio._arrays.types import Array

GRID = np.concatenate([[0.0], np.geomspace(1e-2, 1e3, 20)])
"""Values of lambda times the largest mu."""

EXCEEDANCES = 25
"""With fewer simulated values beyond it, a probability is extrapolated by a chi-square tail through the last."""


class Draws(NamedTuple):
    """Random numbers from which the null distributions of all assets are simulated."""

    squares: Array  # (D, S) squared standard normals
    rest: Array  # (D,) standard normals


def draw(count: int, steps: int, seed: int) -> Draws:
    """Draw the random numbers of `count` panels with at most `steps` steps."""
    rng = np.random.default_rng(seed)
    return Draws(rng.standard_normal((count, steps)) ** 2, rng.standard_normal(count))


def gram(moments: Array) -> Array:
    """G (K, B - 1, B - 1) of walks that step before each block but the first, from X_b'X_b (B, K, K)."""
    states = moments.shape[1]
    ahead = np.cumsum(moments[::-1], axis=0)[::-1]
    own = ahead[1:].diagonal(axis1=1, axis2=2).T
    later = np.maximum.outer(np.arange(own.shape[1]), np.arange(own.shape[1]))
    cross = ahead[1:].transpose(2, 1, 0)
    explained = cross.swapaxes(1, 2) @ np.linalg.solve(ahead[:1].repeat(states, 0), cross)
    return np.asarray(own[:, later] - explained)


def spectrum(moments: Array) -> Array:
    """Eigenvalues mu (K, B - 1) of each loading's walk, largest first."""
    return np.asarray(np.maximum(np.linalg.eigvalsh(gram(moments))[:, ::-1], 0.0))


def single_ratio(moments: Array, sums: Array, square: float, observed: int, j: int) -> tuple[float, float]:
    """LR of loading j with all others constant, and its lambda, exactly.

    Parameters
    ----------
    moments, sums : (B, K, K) and (B, K) arrays
        X_b'X_b and X_b'y_b.
    square, observed
        Sum of y^2, and the number of y.
    j : int
    """
    from scipy.optimize import minimize_scalar

    total = moments.sum(axis=0)
    mean = np.linalg.solve(total, sums.sum(axis=0))
    mu, U = np.linalg.eigh(gram(moments)[j])
    mu = np.maximum(mu, 0.0)
    scores = np.cumsum((sums - moments @ mean)[::-1, j])[::-1][1:]
    known = mu > 1e-12 * mu.max()
    mu, w = mu[known], (U.T @ scores)[known] ** 2 / mu[known]
    whole, m = square - sums.sum(axis=0) @ mean, observed - len(mean)

    def loss(log_lambda: float) -> float:
        share = np.exp(log_lambda) * mu
        return float(m * np.log1p(-np.sum(share / (1.0 + share) * w) / whole) + np.log1p(share).sum())

    grid = np.log(GRID[1:] / mu.max())
    best = int(np.argmin([loss(point) for point in grid]))
    bounds = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-10})
    return (-float(found.fun), float(np.exp(found.x))) if found.fun < 0.0 else (0.0, 0.0)


def ratio_draws(mu: Array, freedom: float, draws: Draws) -> Array:
    """LR (D,) simulated under the null from eigenvalues mu (S,) and m degrees of freedom."""
    mu = mu[mu > 1e-8 * mu[0]]
    squares = draws.squares[:, : mu.size]
    whole = squares.sum(axis=1) + chi_square(draws.rest, max(freedom - mu.size, 1.0))
    share = GRID[:, None] * (mu / mu[0])
    explained = squares @ (share / (1.0 + share)).T / whole[:, None]
    gain = -freedom * np.log1p(-explained) - np.log1p(share).sum(axis=1)
    return np.asarray(gain.max(axis=1))


def chi_square(normal: Array, freedom: Array | float) -> Array:
    """Chi-square values from standard normals (Wilson and Hilferty 1931)."""
    part = 2.0 / (9.0 * freedom)
    return np.asarray(freedom * np.maximum(1.0 - part + normal * np.sqrt(part), 0.0) ** 3)


def exceedance(drawn: Array, value: float, unit: float = 1.0, freedom: float = 1.0) -> float:
    """Probability of at least `value`, from simulated values (D,).

    Beyond the last few simulated values it has the tail of `unit` times a chi-square variable (Greven and others 2008,
    Journal of Computational and Graphical Statistics 17).
    """
    beyond = int(np.count_nonzero(drawn >= value))
    if beyond >= EXCEEDANCES:
        return (1.0 + beyond) / (1.0 + drawn.size)
    last = float(np.partition(drawn, drawn.size - EXCEEDANCES)[drawn.size - EXCEEDANCES])
    share = (1.0 + EXCEEDANCES) / (1.0 + drawn.size)
    return float(share * chdtrc(freedom, value / unit) / chdtrc(freedom, last / unit))
