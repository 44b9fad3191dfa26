"""Smoothed loadings of a panel: a forward pass for checkpoints, then backward, one stretch of dates at a time.

Within a stretch the forward pass is repeated and recorded. The backward pass is Durbin and Koopman's (2012, section
4.4). With r and N zero after the last date, on a date with gain variance G

    r <- x v/G + (I - x M'/G) r        N <- x x'/G + (I - x M'/G) N (I - M x'/G)

and with a, P the predicted state of the date, smoothed are a + P r and P - P N P. The covariance with the date
before, whose filtered covariance is C, is C phi (I - N P).

The smoother conditions on the variances and weights that the filter used. In addition to the outputs, each thread
needs memory for one stretch of one block, and for one checkpoint per stretch.
"""

from typing import NamedTuple

import numpy as np

from statefolio.kalman.allocation import aligned_empty, scratch, zeros
from statefolio.kalman.blocks import check_padded, over_blocks
from statefolio.kalman.lanes import WIDTH, compiled, inner, select, spread
from statefolio.kalman.panel import Filter
from statefolio.kalman.records import load_block, new_block_parameters, new_entering
from statefolio.kalman.rows import columns, copy, regressors, rows
from statefolio.kalman.smoother_step import end_lanes, pass_observation, write_ends, write_smoothed
from statefolio.kalman.specification import CONSTANT, DISCOUNT, Floats
from statefolio.kalman.start import begin_block
from statefolio.kalman.step import any_begins, enter, gain_precision, learn_level, observe, predict, update
from statefolio.kalman.triangles import packed

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

STRETCH = 32


class Smoothed(NamedTuple):
    """Loadings given all data, in arrays that begin on a cache line; NaN until the start of an asset is over."""

    mean: Floats  # (T, K, N)
    variance: Floats  # (T, K, N)
    lag_one: Floats  # (T, K, N) covariance of each loading with itself one date earlier


class _Stretch(NamedTuple):
    """The forward pass of some dates; without rows where nothing is recorded."""

    a: Floats  # (S, K, W) filtered, of the date before
    C: Floats  # (S, K(K+1)/2, W) its covariance
    level: Floats  # (S, W)
    M: Floats  # (S, K, W)
    v: Floats  # (S, W)
    precision: Floats  # (S, W) 1/G, zero where nothing was observed


def smooth_panel(filter_: Filter, X: Floats, Y: Floats, common: Floats) -> Smoothed:
    """Smooth all dates.

    Parameters
    ----------
    filter_ : Filter
        Before its first date.
    X, Y, common : arrays
        As in `Filter.run`.

    Returns
    -------
    Smoothed
        Arrays of the padded assets.
    """
    check_padded(X, Y, filter_.count)
    dates, states = X.shape[:2]
    shape = (dates, states, filter_.count)
    smoothed = Smoothed(aligned_empty(shape), aligned_empty(shape), aligned_empty(shape))
    unused = np.zeros(filter_.count)
    spec, assets, start, state = filter_.spec, filter_.assets, filter_.start, filter_.state

    def work(first: int, last: int) -> None:
        begin_block(spec, X, common, Y, assets, start, state, unused, first * WIDTH, last * WIDTH)
        for block in range(first, last):
            _smooth_block(spec, X, common, Y, assets, state, smoothed, block)

    over_blocks(work, filter_.count // WIDTH, float(dates) * filter_.count)
    return smoothed


@inner
def _new_stretch(states, dates):
    """Allocate a stretch."""
    pairs = states * (states + 1) // 2
    return _Stretch(
        scratch(dates * states).reshape((dates, states, WIDTH)),
        scratch(dates * pairs).reshape((dates, pairs, WIDTH)),
        scratch(dates),
        scratch(dates * states).reshape((dates, states, WIDTH)),
        scratch(dates),
        scratch(dates),
    )


@compiled
def _smooth_block(spec, X, common, Y, assets, state, smoothed, block):
    """Smooth a block of assets."""
    dates, states, first = X.shape[0], X.shape[1], block * WIDTH
    pairs, stretches = states * (states + 1) // 2, -(-dates // STRETCH)
    x, y, filtered, out = regressors(X, first), columns(Y, first), columns(state, first), columns(smoothed, first)
    own, entering = rows(new_block_parameters(states)), rows(new_entering(states))
    load_block(assets, state, first, own, entering)
    untaped, tape = rows(_new_stretch(states, 0)), rows(_new_stretch(states, STRETCH))
    count = states + pairs + 3
    now, marks = scratch(count), scratch(stretches * count)
    level, fast, worth = rows(now[states + pairs]), rows(now[states + pairs + 1]), rows(now[states + pairs + 2])
    level[:], fast[:], worth[:] = filtered.level[:], filtered.fast[:], filtered.worth[:]
    for number in range(stretches):
        copy(rows(now), rows(marks[number * count : (number + 1) * count]))
        _forward(spec, x, common, y, own, entering, dates, states, number, now, untaped)
    unit, ends = rows(scratch(1)[0]), rows(scratch(2 * states).reshape((2, states, WIDTH)))
    unit[:] = level[:] if spec.noise == DISCOUNT else spread(1.0)
    r, N = zeros(states), zeros(pairs)
    for j in range(states):
        ends[0, j], ends[1, j] = entering.a[j], entering.P[packed(j, j)]
    for number in range(stretches - 1, -1, -1):
        copy(rows(marks[number * count : (number + 1) * count]), rows(now))
        _forward(spec, x, common, y, own, entering, dates, states, number, now, tape)
        _backward(spec, x, own, entering, dates, states, number, tape, unit, r, N, ends, out)
    write_ends(entering, dates, unit, ends, out)


@inner
def _forward(spec, X, common, Y, own, entering, dates, states, number, now, tape):
    """Filter one stretch from the state `now`, which is updated to its end."""
    pairs = states * (states + 1) // 2
    a, P, M = rows(now[:states]), rows(now[states : states + pairs]), zeros(states)
    level, fast, worth = rows(now[states + pairs]), rows(now[states + pairs + 1]), rows(now[states + pairs + 2])
    for t in range(number * STRETCH, min((number + 1) * STRETCH, dates)):
        s, taped = t - number * STRETCH, len(tape.v) > 0
        begins = any_begins(entering.began, t)
        if begins:
            enter(entering, t, False, a, P)
        if taped:
            for j in range(states):
                tape.a[s, j] = a[j]
            for jk in range(pairs):
                tape.C[s, jk] = P[jk]
            tape.level[s] = level[:]
        predict(spec, states, own.phi, own.mean, own.state_variance, level, a, P)
        if begins:
            enter(entering, t, True, a, P)
        alive = entering.began[:] <= t
        ok, v, S, R, _, u, inverse = observe(spec, states, X, t, common, Y[t], alive, level, a, P, M)
        precision = select(ok, gain_precision(spec, S, R, u, inverse), 0.0)
        if taped:
            for j in range(states):
                tape.M[s, j] = M[j]
            tape.v[s], tape.precision[s] = v, precision
        update(states, a, P, M, v, precision)
        if spec.noise != CONSTANT:
            learn_level(spec, ok, u, level, fast, worth, own.level)


@inner
def _backward(spec, X, own, entering, dates, states, number, tape, unit, r, N, ends, out):
    """Smooth one stretch; r and N are those of the date after it, and become those of its first date."""
    pairs = states * (states + 1) // 2
    a, P, work, level = zeros(states), zeros(pairs), zeros(states), rows(scratch(1)[0])
    for t in range(min((number + 1) * STRETCH, dates) - 1, number * STRETCH - 1, -1):
        s = t - number * STRETCH
        begins = any_begins(entering.began, t)
        for j in range(states):
            a[j] = tape.a[s, j]
        for jk in range(pairs):
            P[jk] = tape.C[s, jk]
        level[:] = tape.level[s]
        predict(spec, states, own.phi, own.mean, own.state_variance, level, a, P)
        if begins:
            enter(entering, t, True, a, P)
        pass_observation(states, X, t, tape, s, r, N, work)
        write_smoothed(states, own.phi, t, s, entering, tape, unit, r, N, a, P, out)
        for j in range(states):
            r[j] *= own.phi[j]
            for k in range(j + 1):
                N[packed(j, k)] *= own.phi[j] * own.phi[k]
        if begins:
            end_lanes(entering, t, r, N, ends)
