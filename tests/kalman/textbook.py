"""The filter of one asset as a textbook writes it: matrices, one date after another, in long doubles.

Nothing here is taken from the library. Variances are in the data's own units throughout; the diffuse phase is
Durbin and Koopman's (2012, section 5.2), with a covariance kappa P_inf + P of infinite kappa.
"""

from dataclasses import dataclass
from math import lgamma

import numpy as np

CONSTANT, EWMA, DISCOUNT = "constant", "ewma", "discount"
REAL = np.longdouble
LOG_2PI = np.log(2 * np.pi)
RANK = 1e-14


@dataclass
class Model:
    """One asset's model and start."""

    state_variance: np.ndarray  # a multiple of the level where it scales, or is conjugate
    level: float
    noise: str = CONSTANT
    scales: bool = False
    tails: float = np.inf
    memory: float = 1.0
    discount: float = 1.0
    fast_memory: float = 0.0
    fast_weight: float = 0.0
    surprise_scale: float = 1.0
    phi: np.ndarray | None = None
    centre: np.ndarray | None = None
    diffuse: np.ndarray | None = None  # states without a prior; all of them where there is no start
    start: tuple | None = None  # mean and covariance
    before_prediction: bool = False


@dataclass
class Path:
    """Results of the filter; NaN where undefined."""

    mean: np.ndarray  # (T, K)
    covariance: np.ndarray  # (T, K, K)
    innovation: np.ndarray  # (T,)
    innovation_variance: np.ndarray  # (T,)
    level: np.ndarray  # (T,) before the date's update
    noise: np.ndarray  # (T,) variance the gain was computed with
    log_likelihood: float
    predicted: np.ndarray  # (T, K)
    predicted_covariance: np.ndarray  # (T, K, K)


def run(model: Model, X, y, common=None) -> Path:
    """Filter one series."""
    dates, states = X.shape
    X, common = X.astype(REAL), np.ones(dates, REAL) if common is None else common.astype(REAL)
    T = np.diag(np.ones(states) if model.phi is None else model.phi).astype(REAL)
    m = np.zeros(states, REAL) if model.centre is None else model.centre.astype(REAL)
    level, worth, nu = REAL(model.level), REAL(10), model.tails
    parts = [level, level]  # slow and fast
    multiple = model.scales or model.noise == DISCOUNT
    diffuse = np.full(states, model.start is None) if model.diffuse is None else model.diffuse
    empty = np.full(dates, np.nan)
    path = Path(
        np.full((dates, states), np.nan),
        np.full((dates, states, states), np.nan),
        empty.copy(),
        empty.copy(),
        empty.copy(),
        empty.copy(),
        0.0,
        np.full((dates, states), np.nan),
        np.full((dates, states, states), np.nan),
    )
    a = P = P_inf = None
    unknown = diffuse.sum()  # every update along P_inf lowers its rank by one
    total = REAL(0)
    for t in range(dates):
        path.level[t] = level
        if a is None and np.isnan(y[t]):
            continue
        Q = np.diag(model.state_variance).astype(REAL) * (level if multiple else 1)
        first = a is None
        if first:
            a, P, P_inf = m.copy(), np.zeros((states, states), REAL), np.diag(diffuse).astype(REAL)
            if model.start is not None:
                a, P = (part.astype(REAL) for part in model.start)
        if not first or model.before_prediction:
            a = m + T @ (a - m)
            P = T @ P @ T / (1 if P_inf.any() else model.discount) + Q
            P_inf = T @ P_inf @ T
        ordinary, n = not P_inf.any(), model.memory * worth
        R = level * common[t]
        x = X[t]
        M, S = P @ x, x @ P @ x + R
        if ordinary:
            path.predicted[t], path.predicted_covariance[t] = a, P
            path.innovation_variance[t] = S * _widened(model, n)
        if np.isfinite(y[t]):
            v = y[t] - x @ a
            if ordinary:
                u = v * v / S
                path.innovation[t] = v
                total += _log_density(model, S, u, n)
                weight = (nu + 1) / (nu + u) if np.isfinite(nu) else 1
                path.noise[t] = R / weight
                G = x @ P @ x + R / weight
                a, P = a + M * v / G, P - np.outer(M, M) / G
                level, grown = _learn(model, level, parts, n, u)
                worth, P = n + 1, P * grown
            else:
                M_inf = P_inf @ x
                F_inf = x @ M_inf
                path.noise[t] = R
                if F_inf > RANK * (x @ x):
                    total -= (LOG_2PI + np.log(F_inf)) / 2
                    a = a + M_inf * v / F_inf
                    crossed = np.outer(M, M_inf) + np.outer(M_inf, M)
                    P = P + np.outer(M_inf, M_inf) * S / F_inf**2 - crossed / F_inf
                    P_inf = P_inf - np.outer(M_inf, M_inf) / F_inf
                    unknown -= 1
                    if unknown == 0:
                        P_inf[:] = 0
                else:
                    total -= (LOG_2PI + np.log(S) + v * v / S) / 2
                    a, P = a + M * v / S, P - np.outer(M, M) / S
        if not P_inf.any():
            path.mean[t], path.covariance[t] = a, P
    path.log_likelihood = float(total)
    return path


def _widened(model: Model, n):
    """Variance of a Student-t with n degrees of freedom over its squared scale, where that is the prediction."""
    if model.noise != DISCOUNT:
        return 1
    return n / (n - 2) if n > 2 else np.inf


def _learn(model: Model, level, parts, n, u):
    """The level after a standardised square u, and what the state covariance grows by; moves its parts."""
    if model.noise == EWMA:
        seen, least, w = min(u, REAL(9)) * model.surprise_scale, REAL(1e-4) * REAL(model.level), REAL(model.fast_weight)
        slow = model.memory * parts[0] + (1 - model.memory) * seen * level
        fast = model.fast_memory * parts[1] + (1 - model.fast_memory) * seen * level
        learned, parts[1] = max((1 - w) * slow + w * fast, least), max(fast, least)
        parts[0] = (learned - w * parts[1]) / (1 - w)
        return learned, 1
    if model.noise == DISCOUNT:
        grown = (n + u) / (n + 1)
        return level * grown, grown
    return level, 1


def _log_density(model: Model, S, u, n):
    if model.noise == DISCOUNT:  # Student-t with n degrees of freedom and squared scale S
        constant = lgamma((n + 1) / 2) - lgamma(n / 2) - np.log(n * np.pi) / 2
        return constant - np.log(S) / 2 - (n + 1) / 2 * np.log1p(u / n)
    if np.isfinite(model.tails):  # Student-t with variance S
        nu = model.tails
        constant = lgamma((nu + 1) / 2) - lgamma(nu / 2) - np.log((nu - 2) * np.pi) / 2
        return constant - np.log(S) / 2 - (nu + 1) / 2 * np.log1p(u / (nu - 2))
    return -(LOG_2PI + np.log(S) + u) / 2
