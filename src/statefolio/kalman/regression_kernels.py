"""Compiled part of weighted_least_squares.py: sums over observed rows, and the regression they give.

Sums over a rolling window are made by additions only. The rows before the last multiple of the window are summed
backwards, the rows after it forwards, and a window is one sum of each. Nothing is subtracted, so nothing drifts.

Where a regressor is a combination of those before it, its pivot is zero. Its coefficient is set to zero, and row k of
L^-1 is the direction n with A n = 0: coefficients with a part in it are not identified, so their variance is infinite.
Fitted values, residual variance and predictions with x'n = 0 are those of any solution; others are NaN.
"""

from typing import NamedTuple

import numpy as np

from statefolio.kalman.allocation import zeros
from statefolio.kalman.lanes import WIDTH, compiled, inner, select, spread
from statefolio.kalman.rows import columns, copy, fill, rows
from statefolio.kalman.triangles import lower

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

SINGULAR = 1e-13  # pivots below this share of the diagonal are rounding errors
_NO_PART = 1e-6  # share of a direction below which a coefficient has no part in it
_SEPARATE = 1e-5  # x'n relative to the usual size of the regressor, from which a date is off the sample's regressors
_TINY = 1e-290


class Scheme(NamedTuple):
    """Weights of the rows by their age, and the observations that a fit needs.

    The last `window` rows weigh 1 each. With `window` 0 every row weighs `decay` to the power of its age.
    """

    window: int
    decay: float
    needed: int


@compiled
def fit_blocks(scheme, states, before, seen, X, Y, memory, fits, first_block, last_block):
    """Fit blocks of assets at every date after the first `before` rows, which only fill the window."""
    count, window, triangle = len(memory), scheme.window, states * (states + 1) // 2
    sums, total, behind = zeros(count), zeros(count), np.zeros((window + 1, count, WIDTH))
    L, M, precision, z, b = zeros(triangle), zeros(triangle), zeros(states), zeros(states), zeros(states)
    size = zeros(states)  # mean squares of regressors whose pivot is zero; zero for the others
    for block in range(first_block, last_block):
        first = block * WIDTH
        returns, kept, out = columns(Y, first), columns(memory, first), columns(fits, first)
        filled = (seen - 1) % window + 1 if window > 0 and seen > 0 else 0
        s2, ever = spread(np.nan), spread(0.0)
        fill(size, 0.0)
        copy(kept, sums)
        if window > 0:
            _add_up_again(states, window, filled, before, X, returns, sums, behind)
        for row in range(before - 1, len(X)):
            t = row - before
            if t >= 0:
                y = returns[row]
                v, h = _innovate(states, X, row, y, L, precision, size, z, b)
                out.innovation[t] = v
                out.innovation_variance[t] = s2 * (1.0 + h)
                out.observation_variance[t] = s2
                if window > 0 and filled == window:
                    _add_up_backwards(states, window, 0, row, X, returns, behind)
                    fill(sums, 0.0)
                    filled = 0
                add(states, scheme.decay, X, row, y, sums)
                filled += 1
            after = rows(behind[min(filled, window)])  # behind[0] stays zero where sums only grow
            for i in range(count):
                total[i] = sums[i] + after[i]
            s2 = _fit(states, scheme.needed, total, L, precision, size, z, b)
            _invert(states, L, M)
            if t >= 0:
                _note(states, t, b, s2, M, precision, out.mean, out.variance)
                ever = _hide(states, t, total, M, size, ever, out.variance)
            else:
                _note(states, 0, b, s2, M, precision, out.first_mean, out.first_variance)
                ever = _hide(states, 0, total, M, size, ever, out.first_variance)
        for i in range(states):
            for j in range(states):
                out.last_covariance[i, j] = s2 * _inverse(states, i, j, M, precision)
                direction = M[lower(i, j)] if j <= i else spread(0.0)
                out.directions[j, i] = select(size[i] > 0.0, direction, 0.0)
            out.size[i] = _mean_square(states, total, i)
        out.last_observation_variance[:] = s2
        out.last_count[:] = total[count - 3]
        out.collinear[:] = ever
        copy(sums, kept)


@inner
def _note(states, t, b, s2, M, precision, mean, variance):
    """Write the coefficients and their variances at date t."""
    for k in range(states):
        mean[t, k] = b[k]
        variance[t, k] = s2 * _inverse(states, k, k, M, precision)


@inner
def _hide(states, t, sums, M, size, ever, variance):
    """Set variances of coefficients that are not identified to infinity; returns the lanes that ever had any."""
    for i in range(states):
        ever = select(size[i] > 0.0, spread(1.0), ever)
    for k in range(states):
        hidden = spread(0.0)
        own = sums[lower(k, k)]
        for i in range(k, states):
            part, whole = M[lower(i, k)] * M[lower(i, k)] * own, sums[lower(i, i)]
            hidden = select((size[i] > 0.0) & (_NO_PART * _NO_PART * whole < part), spread(1.0), hidden)
        hidden = select((size[k] > 0.0) & (size[k] < 2.0 * _TINY), spread(1.0), hidden)  # a regressor of zeros
        variance[t, k] = select(hidden > 0.0, np.inf, variance[t, k])
    return ever


@inner
def _mean_square(states, sums, k):
    """Return the mean square of a regressor."""
    return sums[lower(k, k)] / sums[states * (states + 1) // 2 + states + 2]


@inner
def add(states, decay, X, row, y, sums):
    """Age the sums by one date and add one row to them, in the lanes where it was observed.

    Rows of `sums`: the lower triangle of A, then c, q, the count, W1, W2. Each product is selected
    after it is rounded, so that no fused multiply-add makes one compiled copy of this function differ from another.
    """
    ok = y == y
    one = select(ok, spread(1.0), 0.0)
    at = 0
    for i in range(states):
        for j in range(i + 1):
            product = X[row, i] * X[row, j]
            sums[at] = decay * sums[at] + select(ok, spread(product), 0.0)
            at += 1
    for i in range(states):
        sums[at] = decay * sums[at] + select(ok, X[row, i] * y, 0.0)
        at += 1
    sums[at] = decay * sums[at] + select(ok, y * y, 0.0)
    sums[at + 1] += one
    sums[at + 2] = decay * sums[at + 2] + one
    sums[at + 3] = decay * decay * sums[at + 3] + one


@inner
def _add_up_again(states, window, filled, before, X, Y, sums, behind):
    """Recompute the two sums of a window that ends with the row before `before`."""
    fill(sums, 0.0)
    for row in range(before - filled, before):
        add(states, 1.0, X, row, Y[row], sums)
    _add_up_backwards(states, window, filled, before - filled, X, Y, behind)


@inner
def _add_up_backwards(states, window, filled, end, X, Y, behind):
    """Sum the rows before `end` that are still in the window when `filled`, `filled` + 1, ... rows follow it."""
    fill(rows(behind[window]), 0.0)
    for place in range(window - 1, filled - 1, -1):
        here = rows(behind[place])
        copy(rows(behind[place + 1]), here)
        row = end - window + place
        if row >= 0:
            add(states, 1.0, X, row, Y[row], here)


@inner
def _fit(states, needed, sums, L, precision, size, z, b):
    """Solve A b = c by A = L D L' and return s2, NaN where undefined; precision = 1 / D, z = L^-1 c.

    Where D is zero so are precision, z and b, and `size` has the mean square of the regressor (elsewhere it is zero).
    """
    cross = states * (states + 1) // 2
    known = needed <= sums[cross + states + 1]
    left, rank = sums[cross + states], spread(0.0)
    for i in range(states):
        row = lower(i, 0)
        pivot, z_i = sums[row + i], sums[cross + i]
        for j in range(i):
            u = sums[row + j]
            for k in range(j):  # b holds L_ik D_k here
                u -= b[k] * L[lower(j, k)]
            L_ij = u * precision[j]
            b[j] = u
            L[row + j] = L_ij
            pivot -= u * L_ij
            z_i -= L_ij * z[j]
        own = SINGULAR * sums[row + i] < pivot
        square = _mean_square(states, sums, i)
        size[i] = select(own, 0.0, select(square > _TINY, square, _TINY))
        known = known & (sums[row + i] < np.inf)
        rank += select(own, spread(1.0), 0.0)
        precision[i] = select(own, 1.0 / pivot, 0.0)
        z[i] = select(own, z_i, 0.0)
        left -= select(own, z_i * z_i / pivot, 0.0)
    for i in range(states - 1, -1, -1):
        b_i = z[i] * precision[i]
        for k in range(i + 1, states):
            b_i -= L[lower(k, i)] * b[k]
        b[i] = select(size[i] > 0.0, 0.0, b_i)
    for i in range(states):
        b[i] = select(known, b[i], np.nan)
        size[i] = select(known, size[i], 0.0)
    weight, squared = sums[cross + states + 2], sums[cross + states + 3]
    freedom = weight - rank * squared / weight
    return select(known & (freedom > 1e-9), select(left > 0.0, left, 0.0) / freedom, np.nan)


@inner
def _innovate(states, X, row, y, L, precision, size, z, b):
    """Return the innovation v = y - x'b and the leverage h = x' A^-1 x, NaN where x is off the sample's regressors."""
    v, h = y, spread(0.0)
    for i in range(states):
        z_i = spread(X[row, i])
        for k in range(i):
            z_i -= L[lower(i, k)] * z[k]
        z[i] = z_i
        h += z_i * z_i * precision[i]
        v -= X[row, i] * b[i]
    for i in range(states):
        off = (size[i] > 0.0) & (_SEPARATE * _SEPARATE * size[i] < z[i] * z[i])
        v, h = select(off, np.nan, v), select(off, np.nan, h)
    return v, h


@inner
def _invert(states, L, M):
    """Compute M = L^-1, with its diagonal of ones."""
    for j in range(states):
        M[lower(j, j)] = 1.0
        for i in range(j + 1, states):
            m = 0.0 - L[lower(i, j)]
            for k in range(j + 1, i):
                m -= L[lower(i, k)] * M[lower(k, j)]
            M[lower(i, j)] = m


@inner
def _inverse(states, i, j, M, precision):
    """Return one element of A^-1 = M' D^-1 M."""
    total = spread(0.0)
    for k in range(max(i, j), states):
        total += M[lower(k, i)] * M[lower(k, j)] * precision[k]
    return total
