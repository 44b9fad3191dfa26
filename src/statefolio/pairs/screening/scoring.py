"""Computes log-likelihoods of pair hedges, gradients and Fisher information, sixty-four pairs at a time, compiled.

    x_1,t = b_1,t + b_2,t x_2,t + e_t,   Var e = R        b_j,t+1 = b_j,t + w_j,t,   Var w_j = V_j

The filter also propagates its derivatives by R, V_1 and V_2, so that one pass gives the log-likelihood, its gradient
and the Fisher information (Watson and Engle 1983, Journal of Econometrics 23),

    g_i = sum of F_i/F (v^2/F - 1)/2 - v v_i/F            I_ij = sum of F_i F_j/(2 F^2) + v_i v_j/F

where v is the innovation and F its variance. The coordinates of searches.py are

    z_i = log(1 + theta_i / c_i) >= 0        a variance of zero is z_i = 0, which a search can reach exactly

The first value is subtracted from the second price, so that level and ratio are identified from the start. Both start
with such large variances (`LARGE`) that the likelihood equals the exact diffuse one up to a constant.
"""

from typing import NamedTuple

import numpy as np

from statefolio._arrays.types import Array
from statefolio.kalman.allocation import scratch
from statefolio.kalman.density import log_of_product, multiply_in
from statefolio.kalman.lanes import inner, select
from statefolio.kalman.rows import fill, rows
from statefolio.pairs.compiled import compiled

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

LARGE = (1e8, 1e10)
"""Variances of level and ratio before the first date, in squared units of x_1 and of x_1 over x_2."""

VARIANCES = 3
_RIDGE = 1e-9
_FILTER = 5  # rows of a1, a2, P11, P12, P22, and of their derivatives by one variance


class Pairs(NamedTuple):
    """Scaled prices, one column per pair."""

    x: Array  # (T, N) prices of the second asset minus its first price; finite
    y: Array  # (T, N) prices of the first asset; NaN if either is missing
    origin: Array  # (N,) the first price that was subtracted from x
    scale: Array  # (3, N) c; R / c, V_1 / c and V_2 / c are near one


class Lanes(NamedTuple):
    """Arrays of a block of searches, one lane each."""

    x: Array  # (T, W)
    y: Array  # (T, W)
    own: Array  # (4, W) R, V_1, V_2 and the origin
    state: Array  # (4 x 5, W) the filter's state, and its derivatives by each variance
    sums: Array  # (12, W) mantissa and exponent of the product of F, sum of v^2/F, gradient, information
    value: Array  # (W,) log-likelihood


def log_likelihoods(pairs: Pairs, theta: Array) -> tuple[Array, Array, Array]:
    """Return log-likelihoods (n,), gradients (n, 3) and information (n, 3, 3) of n <= 64 pairs at points (n, 3)."""
    count = len(theta)
    lanes, places = new_lanes(len(pairs.y)), np.arange(count)
    load_pairs(pairs, places, theta, places, lanes)
    score(lanes)
    slope, curvature = np.empty((count, VARIANCES)), np.empty((count, VARIANCES, VARIANCES))
    for lane in range(count):
        read_slopes(pairs.scale[:, lane], theta[lane], lanes.sums, lane, slope[lane], curvature[lane])
    return lanes.value[:count].copy(), slope, curvature


def new_lanes(dates: int) -> Lanes:
    """Return empty lanes."""
    x, y = scratch(dates), scratch(dates)
    y[:] = np.nan
    return Lanes(x, y, scratch(4), scratch(_FILTER * (1 + VARIANCES)), scratch(12), scratch(1)[0])


@compiled
def load_pairs(pairs, columns, theta, places, lanes):
    """Write prices and variances of pairs to lanes."""
    for n in range(len(columns)):
        column, lane = columns[n], places[n]
        for t in range(pairs.y.shape[0]):
            lanes.x[t, lane], lanes.y[t, lane] = pairs.x[t, column], pairs.y[t, column]
        lanes.own[VARIANCES, lane] = pairs.origin[column]
        set_variances(pairs.scale[:, column], theta[lane], lanes.own, lane)


@inner
def set_variances(scale, theta, own, lane):
    """Write the variances at given coordinates to a lane."""
    for i in range(VARIANCES):
        own[i, lane] = scale[i] * np.expm1(theta[i])


@compiled
def score(lanes):
    """Filter all dates: compute log-likelihoods, and sums for gradient and information."""
    second, first, own, state, sums, value = rows(lanes)
    R, V1, V2, origin = own[0], own[1], own[2], own[3]
    Q11, Q12 = V1 + V2 * origin * origin, V2 * origin
    fill(state, 0.0)
    state[2], state[4] = LARGE
    fill(sums, 0.0)
    sums[0] = 1.0
    for t in range(len(first)):
        x, y = second[t], first[t]
        ok = y == y
        a1, a2, P11, P12, P22 = state[0], state[1], state[2], state[3], state[4]
        M1, M2 = P11 + P12 * x, P12 + P22 * x
        F = M1 + M2 * x + R
        multiply_in(t, sums, ok, F)
        inverse = select(ok, 1.0 / F, 0.0)
        v = select(ok, y - a1 - a2 * x, 0.0)
        K1, K2, u = M1 * inverse, M2 * inverse, v * inverse
        sums[2] += v * u
        state[0], state[1] = a1 + K1 * v, a2 + K2 * v
        state[2], state[3], state[4] = P11 - M1 * K1 + Q11, P12 - M1 * K2 + Q12, P22 - M2 * K2 + V2
        surprise = 0.5 * (v * u - 1.0)
        f0, v0 = _differentiate(state, 1, 0, x, v, M1, M2, K1, K2, inverse, origin)
        f1, v1 = _differentiate(state, 2, 1, x, v, M1, M2, K1, K2, inverse, origin)
        f2, v2 = _differentiate(state, 3, 2, x, v, M1, M2, K1, K2, inverse, origin)
        sums[3] += f0 * surprise - u * v0
        sums[4] += f1 * surprise - u * v1
        sums[5] += f2 * surprise - u * v2
        h0, h1, h2 = 0.5 * f0, 0.5 * f1, 0.5 * f2
        w0, w1, w2 = v0 * inverse, v1 * inverse, v2 * inverse
        sums[6] += h0 * f0 + w0 * v0
        sums[7] += h1 * f0 + w1 * v0
        sums[8] += h1 * f1 + w1 * v1
        sums[9] += h2 * f0 + w2 * v0
        sums[10] += h2 * f1 + w2 * v1
        sums[11] += h2 * f2 + w2 * v2
    value[:] = -0.5 * (log_of_product(sums) + sums[2])


@inner
def _differentiate(state, block, by, x, v, M1, M2, K1, K2, inverse, origin):
    """Update the filter's derivative by one variance; return the derivatives of F, divided by F, and of v."""
    at = block * _FILTER
    a1, a2, P11, P12, P22 = state[at], state[at + 1], state[at + 2], state[at + 3], state[at + 4]
    N1, N2 = P11 + P12 * x, P12 + P22 * x
    F = N1 + N2 * x
    if by == 0:
        F = F + 1.0
    moved = 0.0 - a1 - a2 * x
    G1, G2 = (N1 - K1 * F) * inverse, (N2 - K2 * F) * inverse
    P11, P12, P22 = P11 - N1 * K1 - M1 * G1, P12 - N1 * K2 - M1 * G2, P22 - N2 * K2 - M2 * G2
    if by == 1:
        P11 = P11 + 1.0
    if by == 2:
        P11, P12, P22 = P11 + origin * origin, P12 + origin, P22 + 1.0
    state[at], state[at + 1] = a1 + G1 * v + K1 * moved, a2 + G2 * v + K2 * moved
    state[at + 2], state[at + 3], state[at + 4] = P11, P12, P22
    return F * inverse, moved


@compiled
def read_slopes(scale, theta, sums, lane, slope, curvature):
    """Compute gradient and information by the coordinates from the sums of a lane."""
    row = 6
    for i in range(VARIANCES):
        by_i = scale[i] * np.exp(theta[i])
        slope[i] = sums[3 + i, lane] * by_i
        for j in range(i + 1):
            curvature[i, j] = sums[row, lane] * by_i * scale[j] * np.exp(theta[j])
            curvature[j, i] = curvature[i, j]
            row += 1
    for i in range(VARIANCES):
        curvature[i, i] += _RIDGE * (1.0 + curvature[i, i])
