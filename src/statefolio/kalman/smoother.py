"""Smoothed loadings of a panel: forward once for checkpoints, then backward, a stretch of dates at a time.

Within a stretch the forward pass is repeated and taped; the backward pass is Durbin and Koopman's (2012,
section 4.4). With r and N zero after the last date, on a date with gain variance G

    r <- x v/G + (I - x M'/G) r        N <- x x'/G + (I - x M'/G) N (I - M x'/G)

and with a, P the predicted state of the date, smoothed are a + P r and P - P N P. The covariance with the date
before, whose filtered covariance is C, is C phi (I - N P).

The smoother conditions on the variances and weights that the filter used. Memory is bounded by the outputs and
one stretch a thread, whatever the number of dates.
"""

from typing import NamedTuple

import numpy as np

from statefolio.kalman.lanes import WIDTH, compiled, load, regressor, select, spread, store
from statefolio.kalman.law import DISCOUNT, Floats
from statefolio.kalman.panel import Filter, over_blocks
from statefolio.kalman.records import Entering
from statefolio.kalman.start import begin_block
from statefolio.kalman.step import anyone_begins, enter, gain_precision, learn_level, look, predict, update

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

STRETCH = 64


class Smoothed(NamedTuple):
    """Loadings given all data; NaN before an asset's first ordinary date."""

    mean: Floats  # (T, K, N)
    variance: Floats  # (T, K, N)
    lag_one: Floats  # (T, K, N) covariance of each loading with itself a date earlier


class _Stretch(NamedTuple):
    """The forward pass of some dates."""

    a: Floats  # (S, K, W) predicted
    P: Floats  # (S, K(K+1)/2, W)
    C: Floats  # (S, K(K+1)/2, W) filtered, of the date before
    M: Floats  # (S, K, W)
    v: Floats  # (S, W)
    precision: Floats  # (S, W) 1/G, zero where nothing was observed


def smooth_panel(filter_: Filter, X: Floats, Y: Floats, common: Floats) -> Smoothed:
    """Smooth all dates.

    Parameters
    ----------
    filter_ : Filter
        Before its first date.
    X, Y, common : (T, K), (T, N) padded and (T,) arrays
        As in `Filter.run`.

    Returns
    -------
    Smoothed
        With the lanes still padded.
    """
    dates, states = X.shape[:2]
    shape = (dates, states, filter_.count)
    smoothed = Smoothed(np.empty(shape), np.empty(shape), np.empty(shape))
    unused = np.zeros(filter_.count)
    law, assets, start, state = filter_.law, filter_.assets, filter_.start, filter_.state

    def work(first: int, last: int) -> None:
        begin_block(law, X, common, Y, assets, start, state, unused, first * WIDTH, last * WIDTH)
        for block in range(first, last):
            _smooth_block(law, X, common, Y, assets, state, smoothed, block)

    over_blocks(work, filter_.count // WIDTH, float(dates) * filter_.count)
    return smoothed


@compiled
def _smooth_block(law, X, common, Y, assets, state, smoothed, block):
    """Smooth a block of assets."""
    dates, states = X.shape[0], X.shape[1]
    pairs = states * (states + 1) // 2
    here = slice(block * WIDTH, (block + 1) * WIDTH)
    own = (
        np.ascontiguousarray(assets.phi[:, here]),
        np.ascontiguousarray(assets.mean[:, here]),
        np.ascontiguousarray(assets.state_variance[:, here]),
        assets.start_level[here].copy(),
    )
    entering = Entering(
        state.began[here].copy(),
        state.predicted[here],
        np.ascontiguousarray(state.mean[:, here]),
        np.ascontiguousarray(state.covariance[:, here]),
    )
    stretches = -(-dates // STRETCH)
    marks = np.zeros((stretches, states + pairs + 2, WIDTH))
    tape = _Stretch(
        np.empty((STRETCH, states, WIDTH)),
        np.empty((STRETCH, pairs, WIDTH)),
        np.empty((STRETCH, pairs, WIDTH)),
        np.empty((STRETCH, states, WIDTH)),
        np.empty((STRETCH, WIDTH)),
        np.empty((STRETCH, WIDTH)),
    )
    now = np.zeros((states + pairs + 2, WIDTH))
    now[states + pairs], now[states + pairs + 1] = state.level[here], state.worth[here]
    for number in range(stretches):
        marks[number] = now
        _forward(law, X, common, Y, own, entering, block, number, now, tape)
    r, N = np.zeros((states, WIDTH)), np.zeros((states, states, WIDTH))
    ends = np.empty((2, states, WIDTH))
    for j in range(states):
        for lane in range(WIDTH):
            ends[0, j, lane], ends[1, j, lane] = entering.a[j, lane], _entry(entering.P, j, j, lane)
    unit = now[states + pairs].copy() if law.noise == DISCOUNT else np.ones(WIDTH)
    for number in range(stretches - 1, -1, -1):
        now[:] = marks[number]
        _forward(law, X, common, Y, own, entering, block, number, now, tape)
        _backward(X, own[0], entering, block, number, tape, unit, r, N, ends, smoothed)
    _write_ends(entering, block, dates, unit, ends, smoothed)


@compiled
def _forward(law, X, common, Y, own, entering, block, number, now, tape):
    """Filter one stretch from the state `now`, which is moved past it."""
    states = X.shape[1]
    pairs = states * (states + 1) // 2
    phi, mean, state_variance, start_level = own
    a, P = now[:states], now[states : states + pairs]
    level, worth = now[states + pairs], now[states + pairs + 1]
    M = np.empty((states, WIDTH))
    for t in range(number * STRETCH, min((number + 1) * STRETCH, X.shape[0])):
        s = t - number * STRETCH
        begins = anyone_begins(entering.began, t)
        if begins:
            enter(entering, t, False, a, P)
        tape.C[s] = P
        predict(law, states, phi, mean, state_variance, level, a, P)
        if begins:
            enter(entering, t, True, a, P)
        tape.a[s], tape.P[s] = a, P
        alive = load(entering.began, 0) <= t
        y = load(Y, t * Y.shape[1] + block * WIDTH)
        ok, v, S, R, _, u, inverse = look(law, states, X, t, block * WIDTH, common, y, alive, level, a, P, M)
        precision = select(ok, gain_precision(law, S, R, u, inverse), 0.0)
        store(tape.v, s * WIDTH, v)
        store(tape.precision, s * WIDTH, precision)
        tape.M[s] = M
        update(states, a, P, M, v, precision)
        learn_level(law, ok, u, level, worth, start_level)


@compiled
def _backward(X, phi, entering, block, number, tape, unit, r, N, ends, smoothed):
    """Smooth one stretch; r and N come from the date after it and leave for the date before."""
    states = X.shape[1]
    NP = np.empty((states, WIDTH))
    for t in range(min((number + 1) * STRETCH, X.shape[0]) - 1, number * STRETCH - 1, -1):
        s = t - number * STRETCH
        _pass_observation(states, X, t, block * WIDTH, tape, s, r, N)
        _write(states, phi, t, s, block, entering, tape, unit, r, N, NP, smoothed)
        for j in range(states):
            phi_j = load(phi, j * WIDTH)
            store(r, j * WIDTH, load(r, j * WIDTH) * phi_j)
            for k in range(states):
                shrink = phi_j * load(phi, k * WIDTH)
                store(N, (j * states + k) * WIDTH, load(N, (j * states + k) * WIDTH) * shrink)
        if anyone_begins(entering.began, t):
            _end_lanes(entering, t, r, N, ends)


@compiled
def _pass_observation(states, X, t, column, tape, s, r, N):
    """Go back over the date: r <- x v/G + (I - x M'/G) r and N <- x x'/G + (I - x M'/G) N (I - M x'/G)."""
    precision, v = load(tape.precision, s * WIDTH), load(tape.v, s * WIDTH)
    Mr, MNM = spread(0.0), spread(0.0)
    for j in range(states):
        M_j = load(tape.M, (s * states + j) * WIDTH)
        Mr += M_j * load(r, j * WIDTH)
        for k in range(states):
            MNM += M_j * load(N, (j * states + k) * WIDTH) * load(tape.M, (s * states + k) * WIDTH)
    along = (v - Mr) * precision
    square = precision + MNM * precision * precision
    for j in range(states):
        store(r, j * WIDTH, load(r, j * WIDTH) + regressor(X, t, j, column) * along)
    NM = np.empty((states, WIDTH))
    for j in range(states):
        total = spread(0.0)
        for k in range(states):
            total += load(N, (j * states + k) * WIDTH) * load(tape.M, (s * states + k) * WIDTH)
        store(NM, j * WIDTH, total * precision)
    for j in range(states):
        x_j = regressor(X, t, j, column)
        for k in range(j + 1):
            x_k = regressor(X, t, k, column)
            cross = x_j * load(NM, k * WIDTH) + x_k * load(NM, j * WIDTH)
            new = load(N, (j * states + k) * WIDTH) + (x_j * x_k) * square - cross
            store(N, (j * states + k) * WIDTH, new)
            store(N, (k * states + j) * WIDTH, new)


@compiled
def _has_a_before(entering, t):
    """One in the lanes that have an ordinary state on the date before t too, zero in the others."""
    yes = np.zeros(WIDTH)
    for lane in range(WIDTH):
        began = entering.began[lane]
        yes[lane] = 1.0 if began < t or (began == t and t > 0 and not entering.predicted[lane]) else 0.0
    return yes


@compiled
def _write(states, phi, t, s, block, entering, tape, unit, r, N, NP, smoothed):
    """Write a + P r, the diagonal of P - P N P, and that of C phi (I - N P)."""
    pairs = states * (states + 1) // 2
    alive = load(entering.began, 0) <= t
    moved = load(_has_a_before(entering, t), 0) > 0.5
    scale = load(unit, 0)
    for j in range(states):
        P_r, P_N_P = spread(0.0), spread(0.0)
        row = j * (j + 1) // 2
        for k in range(states):
            total = spread(0.0)
            for i in range(states):
                ij = row + i if i <= j else i * (i + 1) // 2 + j
                total += load(N, (k * states + i) * WIDTH) * load(tape.P, (s * pairs + ij) * WIDTH)
            store(NP, k * WIDTH, total)
            jk = row + k if k <= j else k * (k + 1) // 2 + j
            P_jk = load(tape.P, (s * pairs + jk) * WIDTH)
            P_r += P_jk * load(r, k * WIDTH)
            P_N_P += P_jk * total
        lag = load(tape.C, (s * pairs + row + j) * WIDTH) * load(phi, j * WIDTH)
        for k in range(states):
            jk = row + k if k <= j else k * (k + 1) // 2 + j
            lag -= load(tape.C, (s * pairs + jk) * WIDTH) * load(phi, k * WIDTH) * load(NP, k * WIDTH)
        at = (t * states + j) * smoothed.mean.shape[2] + block * WIDTH
        variance = load(tape.P, (s * pairs + row + j) * WIDTH) - P_N_P
        store(smoothed.mean, at, select(alive, load(tape.a, (s * states + j) * WIDTH) + P_r, np.nan))
        store(smoothed.variance, at, select(alive, select(variance > 0.0, variance, 0.0) * scale, np.nan))
        store(smoothed.lag_one, at, select(moved, lag * scale, np.nan))


@compiled
def _end_lanes(entering, t, r, N, ends):
    """Stop the lanes that begin at date t; where the state was ordinary the date before, smooth that date."""
    states = r.shape[0]
    for lane in range(WIDTH):
        if entering.began[lane] != t:
            continue
        for j in range(states):
            along, bend = 0.0, 0.0
            for k in range(states):
                P_jk = _entry(entering.P, j, k, lane)
                along += P_jk * r[k, lane]
                for i in range(states):
                    bend += P_jk * N[k, i, lane] * _entry(entering.P, i, j, lane)
            ends[0, j, lane] += along
            ends[1, j, lane] -= bend
        for j in range(states):
            r[j, lane] = 0.0
            for k in range(states):
                N[j, k, lane] = 0.0


@compiled
def _entry(P, j, k, lane):
    """Entry (j, k) of a packed lower triangle."""
    return P[j * (j + 1) // 2 + k, lane] if k <= j else P[k * (k + 1) // 2 + j, lane]


@compiled
def _write_ends(entering, block, dates, unit, ends, smoothed):
    """The smoothed state of the date that made a lane's state an ordinary one."""
    for lane in range(WIDTH):
        began = entering.began[lane]
        if began < 1 or began > dates or entering.predicted[lane]:
            continue
        date, asset = int(began) - 1, block * WIDTH + lane
        for j in range(ends.shape[1]):
            smoothed.mean[date, j, asset] = ends[0, j, lane]
            smoothed.variance[date, j, asset] = max(ends[1, j, lane], 0.0) * unit[lane]
