"""One date of the backward pass of smoother.py (see there for the equations), for a block of assets."""

import numpy as np

from statefolio.kalman.lanes import WIDTH, inner, select, spread
from statefolio.kalman.rows import rows, stream
from statefolio.kalman.triangles import packed

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@inner
def pass_observation(states, X, t, tape, s, r, N, NM):
    """Update r and N by the observation of a date.

    r <- x v/G + (I - x M'/G) r and N <- x x'/G + (I - x M'/G) N (I - M x'/G).
    """
    precision, v = tape.precision[s], tape.v[s]
    Mr, MNM = spread(0.0), spread(0.0)
    for j in range(states):
        M_j = tape.M[s, j]
        Mr += M_j * r[j]
        total = spread(0.0)
        for k in range(states):
            total += N[packed(j, k)] * tape.M[s, k]
        NM[j] = total * precision
        MNM += M_j * total
    along = (v - Mr) * precision
    square = precision + MNM * precision * precision
    for j in range(states):
        x_j, NM_j = X[t, j], NM[j]
        r[j] += x_j * along
        for k in range(j + 1):
            x_k, jk = X[t, k], packed(j, k)
            cross = x_j * NM[k] + x_k * NM_j
            N[jk] = N[jk] + (x_j * x_k) * square - cross


@inner
def _has_a_before(entering, t):
    """Return one in the lanes that have an ordinary state on the date before t too, zero in the others."""
    yes = np.zeros(WIDTH)
    for lane in range(WIDTH):
        began = entering.began[lane]
        yes[lane] = 1.0 if began < t or (began == t and t > 0 and not entering.predicted[lane]) else 0.0
    return rows(yes)


@inner
def write_smoothed(states, phi, t, s, entering, tape, unit, r, N, a, P, out):
    """Write a + P r, the diagonal of P - P N P, and that of C phi (I - N P)."""
    alive = entering.began[:] <= t
    moved = _has_a_before(entering, t)[:] > 0.5
    scale = unit[:]
    for j in range(states):
        P_r, P_N_P = spread(0.0), spread(0.0)
        lag = tape.C[s, packed(j, j)] * phi[j]
        for k in range(states):
            NP_kj = spread(0.0)
            for i in range(states):
                NP_kj += N[packed(k, i)] * P[packed(i, j)]
            P_jk = P[packed(j, k)]
            P_r += P_jk * r[k]
            P_N_P += P_jk * NP_kj
            lag -= tape.C[s, packed(j, k)] * phi[k] * NP_kj
        variance = P[packed(j, j)] - P_N_P
        stream(out.mean, (t, j), select(alive, a[j] + P_r, np.nan))
        stream(out.variance, (t, j), select(alive, select(variance > 0.0, variance, 0.0) * scale, np.nan))
        stream(out.lag_one, (t, j), select(moved, lag * scale, np.nan))


@inner
def end_lanes(entering, t, r, N, ends):
    """End the lanes that begin at date t; where the state was ordinary on the date before, smooth that date."""
    states = len(r)
    for lane in range(WIDTH):
        if entering.began[lane] != t:
            continue
        for j in range(states):
            along, bend = 0.0, 0.0
            for k in range(states):
                P_jk = entering.P[packed(j, k), lane]
                along += P_jk * r[k, lane]
                for i in range(states):
                    bend += P_jk * N[packed(k, i), lane] * entering.P[packed(i, j), lane]
            ends[0, j, lane] += along
            ends[1, j, lane] -= bend
        for j in range(states):
            r[j, lane] = 0.0
        for jk in range(len(N)):
            N[jk, lane] = 0.0


@inner
def write_ends(entering, dates, unit, ends, out):
    """Write the smoothed state of the date on which the start of a lane ended."""
    states = len(entering.a)
    for lane in range(WIDTH):
        began = entering.began[lane]
        if began < 1 or began > dates or entering.predicted[lane]:
            continue
        date = int(began) - 1
        for j in range(states):
            out.mean[date, j, lane] = ends[0, j, lane]
            out.variance[date, j, lane] = max(ends[1, j, lane], 0.0) * unit[lane]
