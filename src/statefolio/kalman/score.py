"""The log-likelihoods of a block of assets and their exact derivatives: one pass forward, one backward.

The forward pass is the filter of sweep.py and records a tape. The backward pass is adjoint.py, and start_adjoint.py for
the few dates of a diffuse or stationary start.
"""

import numpy as np

from statefolio.kalman.adjoint import backward
from statefolio.kalman.allocation import scratch, zeros
from statefolio.kalman.density import (
    add_density,
    log_of_product,
    new_sums,
    reset_sums,
    student_constant,
    total_density,
)
from statefolio.kalman.lanes import WIDTH, compiled, inner, select, spread
from statefolio.kalman.records import Dates, Workspace, new_entering
from statefolio.kalman.rows import columns, regressors, rows
from statefolio.kalman.specification import CONSTANT, PRIOR_OBSERVATIONS, Floats, Specification
from statefolio.kalman.start import BEGUN, ENDLESS, WAITING, hand_over, run_start
from statefolio.kalman.start_adjoint import differentiate_starts
from statefolio.kalman.start_tape import new_start_tape
from statefolio.kalman.step import any_begins, enter, gain_precision, learn_level, observe, predict, update

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


def score_block(spec: Specification, dates: Dates, Y: Floats, offset: int, workspace: Workspace) -> None:
    """Compute the log-likelihoods of a block and their derivatives; the results replace those in `workspace`.

    Y (T, N) has the observations of the lanes from column `offset` on; `workspace` has their priors and parameters.
    Both passes are compiled separately: a block is long enough that calling them from Python costs little.
    """
    prior, own, tape, log_likelihood, by, by_shared = workspace
    states = dates.X.shape[1]
    entering, entering_bar, sums = new_entering(states), new_entering(states), new_sums(spec.tails)
    A, U = np.empty((WIDTH, states, states)), np.empty((WIDTH, states, states + 1))
    start_tape, at = new_start_tape(spec, 2 * states * WIDTH, states), np.zeros(WIDTH + 1, dtype=np.int64)
    entering_bar.a[:], entering_bar.P[:], log_likelihood[:] = 0.0, 0.0, 0.0
    by.state_variance[:], by.level[:], by.phi[:], by.mean[:] = 0.0, 0.0, 0.0, 0.0
    for derivative in by_shared:
        derivative[:] = 0.0
    _begin(spec, dates, Y, offset, prior, own, A, U, start_tape, at, entering, log_likelihood)
    if at[-1] > start_tape.F.size:
        start_tape = new_start_tape(spec, at[-1], states)
        _begin(spec, dates, Y, offset, prior, own, A, U, start_tape, at, entering, log_likelihood)
    _forward(spec, dates, Y, offset, own, entering, tape, sums, log_likelihood)
    backward(spec, dates, Y, offset, own, entering, tape, by, by_shared, entering_bar)
    differentiate_starts(spec, dates, offset, prior, own, A, U, start_tape, at, entering, entering_bar, by, by_shared)
    if np.isfinite(spec.tails):
        _finish_tails(spec.tails, Y, offset, entering, sums, by_shared)


@compiled
def _finish_tails(tails, Y, offset, entering, sums, by_shared):
    """Add the direct derivative of the log density by nu."""
    observed, began, sums = spread(0.0), rows(entering.began), rows(sums)
    series, slope = columns(Y, offset), rows(by_shared.tails)
    for t in range(len(Y)):
        y = series[t]
        observed += select((y == y) & (began[:] <= t), spread(1.0), 0.0)
    slope[:] += observed * _student_constant_slope(tails) - 0.5 * log_of_product(sums.tails)


@compiled
def _begin(spec, dates, Y, offset, prior, own, A, U, tape, at, entering, log_likelihood):
    """Run the start of every lane; the rows [at[lane], at[lane + 1]) of the tape belong to a lane."""
    states = dates.X.shape[1]
    a, P, largest, wait = np.empty(states), np.empty((states, states)), np.empty(states), (ENDLESS, np.int64(0))
    given, mine = (prior.mean, prior.covariance), (own.phi, own.mean, own.state_variance)
    kind, early, fresh, X = prior.kind, prior.before_prediction, np.int64(WAITING), dates.X
    for lane in range(WIDTH):
        column, level = offset + lane, own.level[lane]
        system, largest[:] = (a, P, A[lane], U[lane], wait, largest), 0.0
        stage, row, skip, gained, after, _ = run_start(
            spec, X, dates.common, Y, column, kind, early, fresh, given, mine, level, lane, *system, tape, at[lane]
        )
        entering.began[lane] = row if stage == BEGUN else np.inf
        at[lane + 1] = after if stage == BEGUN else at[lane]
        entering.predicted[lane], log_likelihood[lane] = skip, gained if stage == BEGUN else 0.0
        hand_over(a, P, entering.a, entering.P, lane)


@compiled
def _forward(spec, dates, Y, offset, own, entering, tape, sums, log_likelihood):
    """Filter a block, record what the backward pass needs, and sum the log densities."""
    states, common = dates.X.shape[1], dates.common
    X, y, total = regressors(dates.X, offset), columns(Y, offset), rows(log_likelihood)
    own, entering, tape, sums = rows(own), rows(entering), rows(tape), rows(sums)
    a, P, M = zeros(states), zeros(states * (states + 1) // 2), zeros(states)
    level, fast, worth = rows(scratch(1)[0]), rows(scratch(1)[0]), rows(scratch(1)[0])
    level[:], fast[:], worth[:] = own.level[:], own.level[:], PRIOR_OBSERVATIONS
    reset_sums(sums)
    for t in range(len(dates.X)):
        begins = any_begins(entering.began, t)
        if begins:
            enter(entering, t, False, a, P)
        if spec.reverts:
            for j in range(states):
                tape.a[t, j] = a[j]
            for jk in range(len(P)):
                tape.P[t, jk] = P[jk]
        predict(spec, states, own.phi, own.mean, own.state_variance, level, a, P)
        if begins:
            enter(entering, t, True, a, P)
        alive = entering.began[:] <= t
        tape.level[t], tape.fast[t], tape.worth[t] = level[:], fast[:], worth[:]
        ok, v, S, R, unit, u, inverse = observe(spec, states, X, t, common, y[t], alive, level, a, P, M)
        add_density(spec, t, ok, S * unit, u, worth, sums)
        tape.v[t], tape.S[t] = v, S
        for j in range(states):
            tape.M[t, j] = M[j]
        update(states, a, P, M, v, select(ok, gain_precision(spec, S, R, u, inverse), 0.0))
        if spec.noise != CONSTANT:
            learn_level(spec, ok, u, level, fast, worth, own.level)
    total_density(spec, sums, a, total)


@inner
def _student_constant_slope(nu):
    """Return the derivative of `student_constant` by a fourth-order difference."""
    h = 1e-3 * (nu - 2.0)
    near = student_constant(nu + h) - student_constant(nu - h)
    far = student_constant(nu + 2.0 * h) - student_constant(nu - 2.0 * h)
    return (8.0 * near - far) / (12.0 * h)
