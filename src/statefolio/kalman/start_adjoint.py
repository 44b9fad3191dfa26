"""Derivatives through the start of an asset: the adjoint of start.py, one run forward, one backward.

With N = U'U = sum w w'/F, d's estimate and e = v - w'd the residuals, the likelihood of the rows is

    -1/2 sum (log F + e^2/(F unit)) - 1/2 log det N

and the state that enters the ordinary filter is a + A d, P + A N^-1 A'. Neither the rotations of U nor d need be
differentiated: the sum of squares is stationary in d (envelope theorem), and N and N d are sums over the rows. Measure
d from its estimate in units of its uncertainty, with A U^-1 and a + A U^-1 u in place of A and a. Then N = 1, d = 0
and v = e, and to first order the start contributes to the log-likelihood

    a_bar'a + <P_bar, P + A A'> - sum (r'G r/F + 1/2 log F),       r = (w, v),

        G = | A'P_bar A + 1/2    -1/2 A'a_bar |
            |  -1/2 a_bar'A       1/(2 unit)  |

with G fixed, and A that of the last row. (Differentials of least squares: Golub and Pereyra 1973, SIAM
Journal on Numerical Analysis 10.) The rest is the adjoint of the filter's steps, as in adjoint.py, with A along with a.
P_bar is a full symmetric matrix here.
"""

from typing import NamedTuple

import numpy as np

from statefolio.kalman.lanes import WIDTH, compiled, inner
from statefolio.kalman.specification import DISCOUNT, Floats
from statefolio.kalman.start import DIFFUSE, STATIONARY, in_units, regressors_of_series
from statefolio.kalman.triangles import packed

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


class Bars(NamedTuple):
    """Derivatives by the state of a date, and the weights of its row."""

    Z: Floats  # (K, K + 1) by A and, last, by -a (v depends on -a as w depends on A)
    P: Floats  # (K, K)
    M: Floats  # (K,)
    x: Floats  # (K,) the date's regressors
    G: Floats  # (K + 1, K + 1)


@compiled
def differentiate_starts(spec, dates, offset, prior, own, A, U, tape, at, entering, entering_bar, by, by_shared):
    """Add the derivatives of every lane through its start: of its log-likelihood, and of the entering state.

    A (W, K, K) and U (W, K, K + 1) are those of the last rows, `entering_bar` are the derivatives by the states with
    which lanes enter the ordinary filter. The tape is overwritten.
    """
    states = dates.X.shape[1]
    Z, P, M, x = np.empty((states, states + 1)), np.empty((states, states)), np.empty(states), np.empty(states)
    bars = Bars(Z, P, M, x, np.empty((states + 1, states + 1)))
    for lane in range(WIDTH):
        if entering.began[lane] == np.inf:
            continue
        level = own.level[lane]
        _weigh(spec, level, lane, A[lane], entering_bar, bars)
        t = int(entering.began[lane]) + (1 if entering.predicted[lane] else 0)
        for n in range(at[lane + 1] - 1, at[lane] - 1, -1):
            t -= 1
            F = tape.F[n]
            if F > 0.0:
                regressors_of_series(dates.X, t, offset + lane, x)
                slope = _undo_update(prior.kind, U[lane], F, tape.M[n], tape.row[n], bars) * dates.common[t]
                if spec.noise == DISCOUNT:
                    by.level[lane] += 0.5 * (tape.row[n, states] ** 2 / (F * level) - 1.0) / level
                else:
                    by.level[lane] += slope
                    slope *= level
                for j in range(dates.slopes.shape[1]):
                    by_shared.common[j, lane] += slope * dates.slopes[t, j]
            if n > at[lane] or prior.before_prediction:
                _undo_prediction(spec, prior.kind, own, lane, U[lane], tape, n, bars, by)
        _undo_prior(spec, prior.kind, own, lane, bars, by)


@inner
def _weigh(spec, level, lane, A, entering_bar, bars):
    """Set the bars of the last state, a + A d and P + A A', and the weights G."""
    states, Z, P, G = bars.M.shape[0], bars.Z, bars.P, bars.G
    for j in range(states):
        Z[j, states] = -entering_bar.a[j, lane]
        for k in range(j + 1):
            P[j, k] = P[k, j] = entering_bar.P[packed(j, k), lane]
    for j in range(states):
        for k in range(states):
            Z[j, k] = 0.0
            for i in range(states):
                Z[j, k] += 2.0 * P[j, i] * A[i, k]
    for j in range(states):
        for k in range(states + 1):
            G[j, k] = 0.5 if j == k else 0.0
            for i in range(states):
                G[j, k] += 0.5 * A[i, j] * Z[i, k]
        G[states, j] = G[j, states]
    G[states, states] = 0.5 / level if spec.noise == DISCOUNT else 0.5


@inner
def _undo_update(kind, U, F, M, row, bars):
    """Differentiate one row, Z <- Z - M r'/F and P <- P - M M'/F, and its log density; returns R_bar."""
    x, Z, P, M_bar = bars.x, bars.Z, bars.P, bars.M
    states, inverse = x.shape[0], 1.0 / F
    in_units(kind, U, row)
    for j in range(states):
        row[states] -= row[j] * U[j, states]
    F_bar = -0.5 * inverse
    for j in range(states):
        by_row, by_M = 0.0, 0.0
        for k in range(states):
            by_M += P[j, k] * M[k]
        for k in range(states + 1):
            by_row += Z[j, k] * row[k]
        M_bar[j] = -(by_row + 2.0 * by_M) * inverse
        F_bar += M[j] * (by_row + by_M) * inverse * inverse
    for k in range(states + 1):
        weighed, back = 0.0, 0.0
        for i in range(states + 1):
            weighed += bars.G[k, i] * row[i]
        for j in range(states):
            back += M[j] * Z[j, k]
        F_bar += row[k] * weighed * inverse * inverse
        row_bar = -(2.0 * weighed + back) * inverse
        for j in range(states):
            Z[j, k] += x[j] * row_bar
    for j in range(states):
        M_bar[j] += F_bar * x[j]
    for j in range(states):
        for k in range(states):
            P[j, k] += 0.5 * (M_bar[j] * x[k] + x[j] * M_bar[k])
    return F_bar


@inner
def _undo_prediction(spec, kind, own, lane, U, tape, n, bars, by):
    """Differentiate a <- m + phi (a - m), A <- phi A, P <- phi P phi / discount + Q."""
    states = U.shape[0]
    for j in range(states):
        _add_variance(spec, own, lane, j, bars.P[j, j], by)
        for k in range(states):
            bars.P[j, k] /= spec.discount
    if not spec.reverts:
        return
    for j in range(states):
        A, a_bar, away, slope = tape.A[n, j], -bars.Z[j, states], tape.a[n, j] - own.mean[j, lane], 0.0
        in_units(kind, U, A)
        for k in range(states):
            away += A[k] * U[k, states]
            slope += bars.Z[j, k] * A[k] + 2.0 * bars.P[j, k] * tape.P[n, j, k] * own.phi[k, lane]
        by.phi[j, lane] += slope + a_bar * away
        by.mean[j, lane] += a_bar * (1.0 - own.phi[j, lane])
    for j in range(states):
        bars.Z[j, states] *= own.phi[j, lane]
        for k in range(states):
            bars.Z[j, k] *= own.phi[j, lane]
            bars.P[j, k] *= own.phi[j, lane] * own.phi[k, lane]


@inner
def _undo_prior(spec, kind, own, lane, bars, by):
    """Differentiate the distribution of the first state."""
    for j in range(kind.shape[0]):
        if kind[j] == DIFFUSE and spec.noise == DISCOUNT:
            by.level[lane] += 0.5 / own.level[lane]
        if kind[j] == STATIONARY:
            phi = own.phi[j, lane]
            Q_bar = bars.P[j, j] / (1.0 - phi * phi)
            Q = _add_variance(spec, own, lane, j, Q_bar, by)
            by.phi[j, lane] += 2.0 * phi * Q * Q_bar / (1.0 - phi * phi)
            by.mean[j, lane] -= bars.Z[j, kind.shape[0]]


@inner
def _add_variance(spec, own, lane, j, Q_bar, by):
    """Add the derivatives through Q, the variance of a state's step; returns Q."""
    unit = 1.0
    if spec.scales and spec.noise != DISCOUNT:
        unit = own.level[lane]
        by.level[lane] += Q_bar * own.state_variance[j, lane]
    by.state_variance[j, lane] += Q_bar * unit
    return own.state_variance[j, lane] * unit
