"""One date of the backward pass of smoother.py, whose equations it writes for the assets of a block."""

import numpy as np

from statefolio.kalman.lanes import WIDTH, inner, load, regressor, select, spread, store, stream
from statefolio.kalman.step import packed

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@inner
def pass_observation(states, X, t, column, tape, s, r, N, NM):
    """Go back over the date: r <- x v/G + (I - x M'/G) r and N <- x x'/G + (I - x M'/G) N (I - M x'/G)."""
    precision, v = load(tape.precision, s * WIDTH), load(tape.v, s * WIDTH)
    Mr, MNM = spread(0.0), spread(0.0)
    for j in range(states):
        M_j = load(tape.M, (s * states + j) * WIDTH)
        Mr += M_j * load(r, j * WIDTH)
        total = spread(0.0)
        for k in range(states):
            total += load(N, packed(j, k) * WIDTH) * load(tape.M, (s * states + k) * WIDTH)
        store(NM, j * WIDTH, total * precision)
        MNM += M_j * total
    along = (v - Mr) * precision
    square = precision + MNM * precision * precision
    for j in range(states):
        x_j, NM_j = regressor(X, t, j, column), load(NM, j * WIDTH)
        store(r, j * WIDTH, load(r, j * WIDTH) + x_j * along)
        for k in range(j + 1):
            x_k, at = regressor(X, t, k, column), packed(j, k) * WIDTH
            cross = x_j * load(NM, k * WIDTH) + x_k * NM_j
            store(N, at, load(N, at) + (x_j * x_k) * square - cross)


@inner
def _has_a_before(entering, t):
    """One in the lanes that have an ordinary state on the date before t too, zero in the others."""
    yes = np.zeros(WIDTH)
    for lane in range(WIDTH):
        began = entering.began[lane]
        yes[lane] = 1.0 if began < t or (began == t and t > 0 and not entering.predicted[lane]) else 0.0
    return yes


@inner
def write_smoothed(states, phi, t, s, block, entering, tape, unit, r, N, a, P, smoothed):
    """Write a + P r, the diagonal of P - P N P, and that of C phi (I - N P)."""
    pairs = states * (states + 1) // 2
    alive = load(entering.began, 0) <= t
    moved = load(_has_a_before(entering, t), 0) > 0.5
    scale = load(unit, 0)
    for j in range(states):
        P_r, P_N_P = spread(0.0), spread(0.0)
        lag = load(tape.C, (s * pairs + packed(j, j)) * WIDTH) * load(phi, j * WIDTH)
        for k in range(states):
            NP_kj = spread(0.0)
            for i in range(states):
                NP_kj += load(N, packed(k, i) * WIDTH) * load(P, packed(i, j) * WIDTH)
            P_jk = load(P, packed(j, k) * WIDTH)
            P_r += P_jk * load(r, k * WIDTH)
            P_N_P += P_jk * NP_kj
            lag -= load(tape.C, (s * pairs + packed(j, k)) * WIDTH) * load(phi, k * WIDTH) * NP_kj
        at = (t * states + j) * smoothed.mean.shape[2] + block * WIDTH
        variance = load(P, packed(j, j) * WIDTH) - P_N_P
        stream(smoothed.mean, at, select(alive, load(a, j * WIDTH) + P_r, np.nan))
        stream(smoothed.variance, at, select(alive, select(variance > 0.0, variance, 0.0) * scale, np.nan))
        stream(smoothed.lag_one, at, select(moved, lag * scale, np.nan))


@inner
def end_lanes(entering, t, r, N, ends):
    """Stop the lanes that begin at date t; where the state was ordinary the date before, smooth that date."""
    states = r.shape[0]
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
        for jk in range(N.shape[0]):
            N[jk, lane] = 0.0


@inner
def write_ends(entering, block, dates, unit, ends, smoothed):
    """The smoothed state of the date that made a lane's state an ordinary one."""
    for lane in range(WIDTH):
        began = entering.began[lane]
        if began < 1 or began > dates or entering.predicted[lane]:
            continue
        date, asset = int(began) - 1, block * WIDTH + lane
        for j in range(ends.shape[1]):
            smoothed.mean[date, j, asset] = ends[0, j, lane]
            smoothed.variance[date, j, asset] = max(ends[1, j, lane], 0.0) * unit[lane]
