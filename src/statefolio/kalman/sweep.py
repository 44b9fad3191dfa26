"""The panel filter: every date of a block of assets, block after block."""

import numpy as np

from statefolio.kalman.density import add_density, new_sums, reset_sums, total_density
from statefolio.kalman.lanes import (
    WIDTH,
    compiled,
    fill,
    inner,
    load,
    prefetch,
    scratch,
    select,
    spread,
    store,
    stream,
)
from statefolio.kalman.law import DISCOUNT, SURPRISE_CAP
from statefolio.kalman.records import load_block, new_entering, new_lanes
from statefolio.kalman.step import enter, gain_precision, learn_level, look, predict, update

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

_AHEAD = 12  # dates that a block's observations are asked for before they are needed


@compiled
def sweep(law, states, X, common, Y, assets, state, paths, first_block, last_block):
    """Filter the blocks [first_block, last_block) through all dates of Y, in place.

    X (T, K) regressors, or (T, K, N), each asset its own; common (T,) factor on every asset's observation
    variance; Y (T, N) observations, NaN where there is none. `state` is read and left as it stands after the
    last date.
    """
    dates = Y.shape[0]
    a, P, M = scratch(states), scratch(states * (states + 1) // 2), scratch(states)
    level, worth = scratch(1)[0], scratch(1)[0]
    sums, own, entering = new_sums(law.tails), new_lanes(states), new_entering(states)
    began = entering.began
    for block in range(first_block, last_block):
        first = block * WIDTH
        load_block(assets, state, first, own, entering)
        store(level, 0, load(state.level, first))
        store(worth, 0, load(state.worth, first))
        fill(a, 0.0)
        fill(P, 0.0)
        reset_sums(sums)
        due, last = _next_due(began, -1), _last(began)
        for t in range(dates):
            if t == due:
                enter(entering, t, False, a, P)
            predict(law, states, own.phi, own.mean, own.state_variance, level, a, P)
            if t == due:
                enter(entering, t, True, a, P)
                due = _next_due(began, t)

            at = t * Y.shape[1] + first
            prefetch(Y, at + _AHEAD * Y.shape[1])
            alive = load(began, 0) <= t
            ok, v, S, R, unit, u, inverse = look(law, states, X, t, first, common, load(Y, at), alive, level, a, P, M)
            if paths.innovation.shape[0] > 0:
                _write_innovation(law, paths, at, ok, alive, v, S * unit, level, worth)
            if paths.log_likelihood.shape[0] > 0:
                add_density(law, t, ok, S * unit, u, worth, sums)
            if paths.surprise.shape[0] > 0:
                _note_surprise(paths, block, t, ok, u)
            precision = select(ok, gain_precision(law, S, R, u, inverse), 0.0)
            update(states, a, P, M, v, precision)
            learn_level(law, ok, u, level, worth, own.level)
            if paths.mean.shape[0] > 0:
                _write_state(law, states, paths, t, block, began, last, level, a, P)
            if paths.covariance.shape[0] > 0:
                _write_covariance(law, paths, t, first, began, level, P)
        if paths.log_likelihood.shape[0] > 0:
            total_density(law, sums, a, paths.log_likelihood, first)
        _leave(state, first, began, dates, level, worth, a, P)


@inner
def _next_due(began, t):
    """The next date on which a lane of the block begins."""
    due = np.inf
    for lane in range(WIDTH):
        if began[lane] > t:
            due = min(due, began[lane])
    return due


@inner
def _last(began):
    """The date from which on every lane has begun."""
    last = -1.0
    for lane in range(WIDTH):
        last = max(last, began[lane])
    return last


@inner
def _leave(state, first, began, dates, level, worth, a, P):
    """Write back the state of the lanes that have begun."""
    alive = load(began, 0) < dates
    for j in range(a.shape[0]):
        at = j * state.mean.shape[1] + first
        store(state.mean, at, select(alive, load(a, j * WIDTH), load(state.mean, at)))
    for jk in range(P.shape[0]):
        at = jk * state.covariance.shape[1] + first
        store(state.covariance, at, select(alive, load(P, jk * WIDTH), load(state.covariance, at)))
    store(state.level, first, select(alive, load(level, 0), load(state.level, first)))
    store(state.worth, first, select(alive, load(worth, 0), load(state.worth, first)))


@inner
def _note_surprise(paths, block, t, ok, u):
    """Add up the block's capped squared standardised innovations, always in the same order."""
    seen = scratch(2)
    store(seen, 0, select(ok, select(u < SURPRISE_CAP, u, SURPRISE_CAP), 0.0))
    store(seen, WIDTH, select(ok, spread(1.0), 0.0))
    for lane in range(WIDTH):
        paths.surprise[block, t] += seen[0, lane]
        paths.surprised[block, t] += seen[1, lane]


@inner
def _write_innovation(law, paths, at, ok, alive, v, scale, level, worth):
    """Innovations, NaN where nothing was observed, and their variances, NaN in lanes that have not begun."""
    variance = scale
    if law.noise == DISCOUNT:
        freedom = law.memory * load(worth, 0)
        variance = select(freedom > 2.0, scale * freedom / (freedom - 2.0), np.inf)
    stream(paths.innovation, at, select(ok, v, np.nan))
    stream(paths.innovation_variance, at, select(alive, variance, np.nan))
    stream(paths.level, at, load(level, 0))


@inner
def _write_state(law, states, paths, t, block, began, last, level, a, P):
    """Filtered means and variances of the date; NaN in lanes that have not begun."""
    unit = load(level, 0) if law.noise == DISCOUNT else spread(1.0)
    alive = load(began, 0) <= t
    row = 0
    for j in range(states):
        row += j
        where = (t * states + j) * paths.mean.shape[2] + block * WIDTH
        a_j, P_jj = load(a, j * WIDTH), load(P, (row + j) * WIDTH) * unit
        stream(paths.mean, where, a_j if t >= last else select(alive, a_j, np.nan))
        stream(paths.variance, where, P_jj if t >= last else select(alive, P_jj, np.nan))


@inner
def _write_covariance(law, paths, t, first, began, level, P):
    """Filtered covariances of the date; NaN in lanes that have not begun."""
    unit = load(level, 0) if law.noise == DISCOUNT else spread(1.0)
    alive = load(began, 0) <= t
    for jk in range(P.shape[0]):
        where = (t * P.shape[0] + jk) * paths.covariance.shape[2] + first
        stream(paths.covariance, where, select(alive, load(P, jk * WIDTH) * unit, np.nan))
