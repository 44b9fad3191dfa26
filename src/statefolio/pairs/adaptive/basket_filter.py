"""Runs the Kalman filter of one basket with given parameters, compiled, without allocating memory in the loop.

    x_1 = b_1 + sum over j >= 2 of b_j x_j + e          e ~ N(0, R)
    b_1 <- a b_1 + w_1,   b_j <- b_j + w_j              w ~ N(0, V), V diagonal

Prediction     b_1 <- a b_1         P <- A P A' + V                    A = diag(a, 1, ..., 1)
Update         v = x_1 - x b        S = x P x' + R        b <- b + P x' v/S        P <- P - P x' x P / S

A prediction precedes the first date's update. The covariance is full and stored as its lower triangle. Source: Durbin
and Koopman (2012), section 4.3. The number of assets is the length of a tuple, so that the compiler knows it and
unrolls every loop over states.
"""

from typing import NamedTuple

import numpy as np

from statefolio._arrays.types import Array
from statefolio.pairs.compiled import compiled

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

_LOG_2PI = float(np.log(2.0 * np.pi))


class Observations(NamedTuple):
    """Observations and regressors of T dates and k assets."""

    observed: Array  # (T,) the first asset's price minus the mean of the level; NaN if any price is missing
    design: Array  # (T, k) the constant 1, then the other assets' prices
    columns: tuple[int, ...]  # 0 to k - 1


class Parameters(NamedTuple):
    """Parameters of the filter in one pass."""

    persistence: float  # a
    observation_variance: float  # R
    state_variance: Array  # (k,) diagonal of V
    start_mean: Array  # (k,) of the state before the first prediction
    start_variance: Array  # (k,) diagonal of its covariance


class Fit(NamedTuple):
    """Statistics of one run of the filter."""

    log_likelihood: float
    noise_share: float  # mean over dates of R / S: the share of an innovation attributed to noise, not to the states
    start_share: float  # share of the first innovation's variance that is due to the start covariance


@compiled
def filter_basket(basket, parameters, path):
    """Filter all dates, write the filtered states (T, k) to `path` and return a `Fit`; predict on missing dates."""
    observed, design = basket.observed, basket.design
    states = len(basket.columns)
    R, V = parameters.observation_variance, parameters.state_variance
    b, P, M = np.empty(states), np.zeros((states, states)), np.empty(states)
    for j in range(states):
        b[j], P[j, j] = parameters.start_mean[j], parameters.start_variance[j]
    squares, logarithms, product, noise_share, dates, start_share = 0.0, 0.0, 1.0, 0.0, 0, 0.0
    for t in range(observed.size):
        _predict(states, parameters.persistence, V, b, P)
        if observed[t] == observed[t]:
            v, S = _innovate(states, observed[t], design, t, R, b, P, M)
            inverse = 1.0 / S
            noise_share += R * inverse
            squares += v * v * inverse
            product *= S
            if not 1e-100 < product < 1e100:  # taking a logarithm on every date would double the time
                logarithms += np.log(product)
                product = 1.0
            if dates == 0:
                start_share = _start_share(states, parameters, design, t, S)
            dates += 1
            for j in range(states):
                b[j] += M[j] * (v * inverse)
                for i in range(j + 1):
                    P[j, i] -= M[j] * inverse * M[i]
        for j in range(states):
            path[t, j] = b[j]
    log_likelihood = -0.5 * (dates * _LOG_2PI + logarithms + np.log(product) + squares)
    return Fit(log_likelihood, noise_share / dates, start_share)


@compiled
def _predict(states, a, V, b, P):
    b[0] *= a
    P[0, 0] = a * a * P[0, 0] + V[0]
    for j in range(1, states):
        P[j, 0] *= a
        P[j, j] += V[j]


@compiled
def _innovate(states, y, design, t, R, b, P, M):
    """Write M = P x' and return the innovation and its variance S = x M + R, which is kept at R or above."""
    v, S = y, R
    for j in range(states):
        v -= design[t, j] * b[j]
        M_j = 0.0
        for i in range(states):
            M_j += (P[j, i] if i <= j else P[i, j]) * design[t, i]
        M[j] = M_j
        S += design[t, j] * M_j
    return v, max(S, R)


@compiled
def _start_share(states, parameters, design, t, S):
    share = 0.0
    for j in range(states):
        moved = design[t, j] * (parameters.persistence if j == 0 else 1.0)
        share += moved * moved * parameters.start_variance[j]
    return share / S
