"""The panel filter: all dates of one block of assets after the other."""

import numpy as np

from statefolio.kalman.allocation import scratch, zeros
from statefolio.kalman.density import add_density, new_sums, reset_sums, total_density
from statefolio.kalman.errors import (
    enter_errors,
    leave_errors,
    load_errors,
    new_errors,
    predict_errors,
    shown_errors,
    update_errors,
)
from statefolio.kalman.lanes import WIDTH, compiled, inner, select, spread
from statefolio.kalman.records import load_block, new_block_parameters, new_entering
from statefolio.kalman.rows import columns, fill, prefetch, regressors, rows, stream
from statefolio.kalman.specification import CONSTANT, DISCOUNT, SURPRISE_CAP
from statefolio.kalman.step import enter, gain_precision, learn_level, observe, predict, update

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

_AHEAD = 4  # dates by which observations are prefetched; eight fill their places in the first cache


@compiled
def sweep(spec, states, X, common, Y, assets, state, paths, first_block, last_block, robust):
    """Filter the blocks [first_block, last_block) through all dates of Y, in place.

    X (T, K) are the regressors, or (T, K, N) with one set per asset; common (T,) is a factor on every observation
    variance; Y (T, N) are the observations, NaN where missing. `state` is read, and updated to the last date. With
    `robust`, a record of errors.py or None, the covariances written are those of the filter's errors.
    """
    dates = Y.shape[0]
    a, P, M = zeros(states), zeros(states * (states + 1) // 2), zeros(states)
    level, fast, worth = rows(scratch(1)[0]), rows(scratch(1)[0]), rows(scratch(1)[0])
    sums, own, entering = rows(new_sums(spec.tails)), rows(new_block_parameters(states)), rows(new_entering(states))
    began, errors = entering.began, new_errors(robust, states, entering)
    for block in range(first_block, last_block):
        first = block * WIDTH
        y, x, now, out = columns(Y, first), regressors(X, first), columns(state, first), columns(paths, first)
        load_block(assets, state, first, own, entering)
        level[:], fast[:], worth[:] = now.level[:], now.fast[:], now.worth[:]
        fill(a, 0.0)
        fill(P, 0.0)
        reset_sums(sums)
        load_errors(errors, assets, state, first)
        due, last = _next_due(began, -1), _last(began)
        for t in range(dates):
            if t == due:
                enter(entering, t, False, a, P)
                enter_errors(errors, t, False)
            predict(spec, states, own.phi, own.mean, own.state_variance, level, a, P)
            predict_errors(errors, spec, states, own.phi, level)
            if t == due:
                enter(entering, t, True, a, P)
                enter_errors(errors, t, True)
                due = _next_due(began, t)

            prefetch(y, t + _AHEAD)
            alive = began[:] <= t
            ok, v, S, R, unit, u, inverse = observe(spec, states, x, t, common, y[t], alive, level, a, P, M)
            if len(paths.innovation) > 0:
                _write_innovation(spec, out, t, ok, alive, v, S * unit, level, worth)
            if len(paths.log_likelihood) > 0:
                add_density(spec, t, ok, S * unit, u, worth, sums)
            if len(paths.surprise) > 0:
                _note_surprise(paths, block, t, ok, u)
            precision = select(ok, gain_precision(spec, S, R, u, inverse), 0.0)
            update_errors(errors, robust, states, x, t, ok, v, R, inverse, precision, M)
            update(states, a, P, M, v, precision)
            if spec.noise != CONSTANT:
                learn_level(spec, ok, u, level, fast, worth, own.level)
            shown = shown_errors(errors, states, level[:] if spec.noise == DISCOUNT else spread(1.0), P)
            if len(paths.mean) > 0:
                _write_state(spec, states, out, t, began, last, level, a, shown)
            if len(paths.covariance) > 0:
                _write_covariance(spec, out, t, began, level, shown)
        if len(paths.log_likelihood) > 0:
            total_density(spec, sums, a, out.log_likelihood)
        _leave(now, began, dates, level, fast, worth, a, P)
        leave_errors(errors, state, first, began[:] < dates)


@inner
def _next_due(began, t):
    """Return the next date on which a lane of the block begins."""
    due = np.inf
    for lane in range(WIDTH):
        if began[lane] > t:
            due = min(due, began[lane])
    return due


@inner
def _last(began):
    """Return the date from which on all lanes have begun."""
    last = -1.0
    for lane in range(WIDTH):
        last = max(last, began[lane])
    return last


@inner
def _leave(state, began, dates, level, fast, worth, a, P):
    """Write back the state of the lanes that have begun."""
    alive = began[:] < dates
    for j in range(len(a)):
        state.mean[j] = select(alive, a[j], state.mean[j])
    for jk in range(len(P)):
        state.covariance[jk] = select(alive, P[jk], state.covariance[jk])
    state.level[:] = select(alive, level[:], state.level[:])
    state.fast[:] = select(alive, fast[:], state.fast[:])
    state.worth[:] = select(alive, worth[:], state.worth[:])


@inner
def _note_surprise(paths, block, t, ok, u):
    """Add up the block's capped squared standardised innovations, always in the same order."""
    seen = zeros(2)
    seen[0] = select(ok, select(u < SURPRISE_CAP, u, SURPRISE_CAP), 0.0)
    seen[1] = select(ok, spread(1.0), 0.0)
    for lane in range(WIDTH):
        paths.surprise[block, t] += seen[0, lane]
        paths.surprised[block, t] += seen[1, lane]


@inner
def _write_innovation(spec, out, t, ok, alive, v, scale, level, worth):
    """Write innovations, NaN where nothing was observed, and their variances, NaN in lanes that have not begun."""
    variance = scale
    if spec.noise == DISCOUNT:
        freedom = spec.memory * worth[:]
        variance = select(freedom > 2.0, scale * freedom / (freedom - 2.0), np.inf)
    stream(out.innovation, t, select(ok, v, np.nan))
    stream(out.innovation_variance, t, select(alive, variance, np.nan))
    if len(out.level) > 0:
        stream(out.level, t, level[:])


@inner
def _write_state(spec, states, out, t, began, last, level, a, P):
    """Write filtered means and variances of the date; NaN in lanes that have not begun."""
    unit = level[:] if spec.noise == DISCOUNT else spread(1.0)
    alive = began[:] <= t
    row = 0
    for j in range(states):
        row += j
        a_j, P_jj = a[j], P[row + j] * unit
        stream(out.mean, (t, j), a_j if t >= last else select(alive, a_j, np.nan))
        stream(out.variance, (t, j), P_jj if t >= last else select(alive, P_jj, np.nan))


@inner
def _write_covariance(spec, out, t, began, level, P):
    """Write filtered covariances of the date; NaN in lanes that have not begun."""
    unit = level[:] if spec.noise == DISCOUNT else spread(1.0)
    alive = began[:] <= t
    for jk in range(len(P)):
        stream(out.covariance, (t, jk), select(alive, P[jk] * unit, np.nan))
