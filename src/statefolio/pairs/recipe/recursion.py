"""The Kalman filter of one basket under fixed parameters, compiled, with nothing allocated from date to date.

    x_1 = b_1 + sum over j >= 2 of b_j x_j + e          e ~ N(0, R)
    b_1 <- a b_1 + w_1,   b_j <- b_j + w_j              w ~ N(0, V), V diagonal

Prediction     b_1 <- a b_1         P <- A P A' + V                    A = diag(a, 1, ..., 1)
Update         v = x_1 - x b        S = x P x' + R        b <- b + P x' v/S        P <- P - P x' x P / S

A prediction precedes the first date's update. The covariance is full, kept as its lower triangle. Durbin and Koopman
(2012), section 4.3. The number of assets is the length of a tuple, so the compiler knows it and unrolls every loop
over states.
"""

from typing import NamedTuple

import numpy as np

from statefolio._arrays.types import Array
from statefolio.pairs.compiled import compiled

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

_LOG_2PI = float(np.log(2.0 * np.pi))


class Observations(NamedTuple):
    """What a filter sees of T dates and k assets."""

    observed: Array  # (T,) the first asset's price, less what the level reverts to; NaN where any price is missing
    design: Array  # (T, k) the constant 1, then the other assets' prices
    columns: tuple[int, ...]  # 0 to k - 1


class Parameters(NamedTuple):
    """What one pass of the filter is told."""

    persistence: float  # a
    observation_variance: float  # R
    state_variance: Array  # (k,) diagonal of V
    start_mean: Array  # (k,) of the state before the first prediction
    start_variance: Array  # (k,) diagonal of its covariance


class Fit(NamedTuple):
    """What one pass of the filter says of itself."""

    log_likelihood: float
    left: float  # mean over dates of R / S: the part of a surprise that the filter does not take over
    start_share: float  # of the first surprise's variance, the part that is due to the start covariance


@compiled
def filter_basket(basket, parameters, path):
    """Run the filter over all dates and write the filtered states (T, k) to `path`; a missing date is a prediction."""
    observed, design = basket.observed, basket.design
    states = len(basket.columns)
    R, V = parameters.observation_variance, parameters.state_variance
    b, P, M = np.empty(states), np.zeros((states, states)), np.empty(states)
    for j in range(states):
        b[j], P[j, j] = parameters.start_mean[j], parameters.start_variance[j]
    squares, logarithms, product, left, dates, start_share = 0.0, 0.0, 1.0, 0.0, 0, 0.0
    for t in range(observed.size):
        _predict(states, parameters.persistence, V, b, P)
        if observed[t] == observed[t]:
            v, S = _innovate(states, observed[t], design, t, R, b, P, M)
            inverse = 1.0 / S
            left += R * inverse
            squares += v * v * inverse
            product *= S
            if not 1e-100 < product < 1e100:  # a logarithm a date costs as much as the rest of the date
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
    return Fit(log_likelihood, left / dates, start_share)


@compiled
def _predict(states, a, V, b, P):
    b[0] *= a
    P[0, 0] = a * a * P[0, 0] + V[0]
    for j in range(1, states):
        P[j, 0] *= a
        P[j, j] += V[j]


@compiled
def _innovate(states, y, design, t, R, b, P, M):
    """M = P x' is left behind; the surprise and its variance S = x M + R, which rounding may not bring below R."""
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
