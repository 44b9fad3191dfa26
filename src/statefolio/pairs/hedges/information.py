"""Computes log-likelihoods of baskets, their gradients and Fisher information, sixty-four baskets in one sweep.

The filter carries its derivatives by every parameter along, so that one pass forward gives the log-likelihood, its
gradient and the Fisher information (Watson and Engle 1983, Journal of Econometrics 23),

    g_i = sum of F_i/F (v^2/F - 1)/2 - v v_i/F            I_ij = sum of F_i F_j/(2 F^2) + v_i v_j/F

where v is the innovation and F its variance. The parameters are R, the state variances, and for a level that reverts
its persistence a and mean m. States without a start of their own begin with the variance `LARGE`, in units in which the
residuals of least squares and the regressors have size one; the likelihood is the exact diffuse one up to a constant.
"""

from typing import NamedTuple

import numpy as np

from statefolio._arrays.types import Array
from statefolio.kalman.allocation import scratch, zeros
from statefolio.kalman.density import log_of_product, multiply_in
from statefolio.kalman.lanes import inner, select, spread
from statefolio.kalman.rows import fill, rows
from statefolio.kalman.triangles import packed
from statefolio.pairs.compiled import compiled

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

LARGE = 1e7


class Lanes(NamedTuple):
    """Arrays of a block of baskets, one lane each."""

    x: Array  # (T, k - 1, W) scaled regressors; that of the level is one
    y: Array  # (T, W) scaled residuals of least squares; NaN where a price is missing
    own: Array  # (D, W) R, the state variances, and a and m
    value: Array  # (1, W) log-likelihood up to a constant
    slope: Array  # (D, W)
    information: Array  # (D (D + 1) / 2, W) lower triangle


def new_lanes(dates: int, states: int, reverts: bool) -> Lanes:
    """Return empty lanes."""
    size = 1 + states + 2 * reverts
    x, y = scratch(dates * (states - 1)), scratch(dates)
    x, y[:] = x.reshape((dates, states - 1, -1)), np.nan
    return Lanes(x, y, scratch(size), scratch(1), scratch(size), scratch(size * (size + 1) // 2))


@compiled
def score(reverts, lanes):
    """Filter all dates: compute log-likelihoods, gradients and information."""
    states, size = lanes.x.shape[1] + 1, lanes.own.shape[0]
    moving = size - reverts  # the mean of the level moves no covariance
    tall = states * (states + 1) // 2
    x, series, own, value, slope, information = rows(lanes)
    a, P, M, K = zeros(states), zeros(tall), zeros(states), zeros(states)
    a_by, P_by, N = zeros(size * states), zeros(moving * tall), zeros(states)
    f, w, sums = zeros(size), zeros(size), zeros(3)
    _start(reverts, states, size, own, a, P, a_by, P_by)
    fill(slope, 0.0)
    fill(information, 0.0)
    sums[0] = spread(1.0)
    for t in range(len(series)):
        y = series[t]
        ok = y == y
        v, F = _innovate(states, x, t, y, own[0], a, P, M)
        multiply_in(t, sums, ok, F)
        inverse, v = select(ok, 1.0 / F, 0.0), select(ok, v, 0.0)
        u = v * inverse
        sums[2] += v * u
        for j in range(states):
            K[j] = M[j] * inverse
            a[j] += K[j] * v
            for k in range(j + 1):
                P[packed(j, k)] -= K[j] * M[k]
        for i in range(moving):
            _differentiate(reverts, i, states, x, t, own, v, inverse, M, K, a, P, a_by, P_by, N, f, w)
        if reverts:
            _differentiate_mean(states, x, t, own, K, a_by, f, w)
        _predict(reverts, states, size, own, a, P)
        _collect(v, u, inverse, f, w, slope, information)
    value[0] = -0.5 * (log_of_product(sums) + sums[2])


@inner
def _innovate(states, x, t, y, R, a, P, M):
    """Write M = P x; return the innovation and its variance."""
    for j in range(states):
        M_j = P[packed(j, 0)]
        for k in range(1, states):
            M_j += P[packed(j, k)] * x[t, k - 1]
        M[j] = M_j
    v, F = y - a[0], R + M[0]
    for j in range(1, states):
        v -= a[j] * x[t, j - 1]
        F += M[j] * x[t, j - 1]
    return v, F


@inner
def _predict(reverts, states, size, own, a, P):
    """Predict the next date."""
    if reverts:
        phi, mean = own[size - 2], own[size - 1]
        a[0] = mean + phi * (a[0] - mean)
        P[0] *= phi * phi
        for j in range(1, states):
            P[packed(j, 0)] *= phi
    for j in range(states):
        P[packed(j, j)] += own[1 + j]


@inner
def _collect(v, u, inverse, f, w, slope, information):
    """Add a date to the gradient and the information, from the derivatives of F and v."""
    surprise, row = 0.5 * (v * u - 1.0), 0
    for i in range(len(f)):
        f_i, w_i = f[i] * inverse, w[i]
        f[i] = f_i
        slope[i] += f_i * surprise - u * w_i
        f_i, w_i = 0.5 * f_i, w_i * inverse
        for j in range(i + 1):
            information[row] += f_i * f[j] + w_i * w[j]
            row += 1


@inner
def _start(reverts, states, size, own, a, P, a_by, P_by):
    """Set the state before the first date and its derivatives: the stationary level, and everything else diffuse."""
    tall = len(P)
    for j in range(states):
        P[packed(j, j)] = spread(LARGE)
    if reverts:
        phi = own[size - 2]
        share = 1.0 / (1.0 - phi * phi)
        a[0], P[0] = own[size - 1], own[1] * share
        P_by[tall], P_by[(size - 2) * tall] = share, 2.0 * phi * own[1] * share * share
        a_by[(size - 1) * states] = spread(1.0)


@inner
def _differentiate(reverts, i, states, x, t, own, v, inverse, M, K, a, P, a_by, P_by, N, f, w):
    """Move the filter's derivative by parameter i to the next date; write those of F and v. `a`, `P` are filtered."""
    size, start, tall = len(f), i * states, i * len(P)
    for j in range(states):
        N_j = P_by[tall + packed(j, 0)]
        for k in range(1, states):
            N_j += P_by[tall + packed(j, k)] * x[t, k - 1]
        N[j] = N_j
    by_F, by_v = N[0], 0.0 - a_by[start]
    if i == 0:
        by_F = by_F + 1.0
    for j in range(1, states):
        by_F += N[j] * x[t, j - 1]
        by_v -= a_by[start + j] * x[t, j - 1]
    for j in range(states):
        K_j = K[j]
        G = (N[j] - K_j * by_F) * inverse
        a_by[start + j] += G * v + K_j * by_v
        for k in range(j + 1):
            P_by[tall + packed(j, k)] -= N[k] * K_j + M[k] * G
    f[i], w[i] = by_F, by_v
    if reverts:
        phi = own[size - 2]
        a_by[start] *= phi
        P_by[tall] *= phi * phi
        for j in range(1, states):
            P_by[tall + packed(j, 0)] *= phi
        if i == size - 2:
            a_by[start] += a[0] - own[size - 1]
            P_by[tall] += 2.0 * phi * P[0]
            for j in range(1, states):
                P_by[tall + packed(j, 0)] += P[packed(j, 0)]
    if 1 <= i <= states:
        P_by[tall + packed(i - 1, i - 1)] += 1.0


@inner
def _differentiate_mean(states, x, t, own, K, a_by, f, w):
    """Move the filter's derivative by the mean of the level to the next date; its covariance does not depend on it."""
    size = len(f)
    start = (size - 1) * states
    by_v = 0.0 - a_by[start]
    for j in range(1, states):
        by_v -= a_by[start + j] * x[t, j - 1]
    for j in range(states):
        a_by[start + j] += K[j] * by_v
    f[size - 1], w[size - 1] = spread(0.0), by_v
    phi = own[size - 2]
    a_by[start] = phi * a_by[start] + (1.0 - phi)
