"""The log-likelihood of a block of assets and its exact derivatives: one pass forward, one back.

Forward is the filter of sweep.py, writing a tape; backward is adjoint.py, and start_adjoint.py for the few dates
of a diffuse or stationary start.
"""

import numpy as np

from statefolio.kalman.adjoint import backward
from statefolio.kalman.density import (
    add_density,
    log_of_product,
    new_sums,
    reset_sums,
    student_constant,
    total_density,
)
from statefolio.kalman.lanes import WIDTH, compiled, inner, select, spread
from statefolio.kalman.law import PRIOR_OBSERVATIONS, Floats, Law
from statefolio.kalman.memory import scratch, zeros
from statefolio.kalman.records import Dates, Room, new_entering
from statefolio.kalman.rows import columns, regressors, rows
from statefolio.kalman.start import BEGUN, WAITING, hand_over, run_start
from statefolio.kalman.start_adjoint import differentiate_starts
from statefolio.kalman.start_tape import new_start_tape
from statefolio.kalman.step import anyone_begins, enter, gain_precision, learn_level, look, predict, update

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


def score_lanes(law: Law, dates: Dates, Y: Floats, offset: int, room: Room) -> None:
    """Log-likelihood of the filters of a block and its derivatives, written over what was in `room`.

    Y (T, N) holds the lanes' observations from column `offset` on; `room` their priors and parameters. The
    halves are compiled apart: a block is long enough that calling them from Python costs nothing.
    """
    prior, own, tape, log_likelihood, by, by_shared = room
    states = dates.X.shape[1]
    entering, entering_bar, sums = new_entering(states), new_entering(states), new_sums(law.tails)
    A, U = np.empty((WIDTH, states, states)), np.empty((WIDTH, states, states + 1))
    start_tape, at = new_start_tape(law, 2 * states * WIDTH, states), np.zeros(WIDTH + 1, dtype=np.int64)
    entering_bar.a[:], entering_bar.P[:], log_likelihood[:] = 0.0, 0.0, 0.0
    by.state_variance[:], by.level[:], by.phi[:], by.mean[:] = 0.0, 0.0, 0.0, 0.0
    by_shared.tails[:], by_shared.memory[:], by_shared.exponent[:] = 0.0, 0.0, 0.0
    _begin(law, dates, Y, offset, prior, own, A, U, start_tape, at, entering, log_likelihood)
    if at[-1] > start_tape.F.size:
        start_tape = new_start_tape(law, at[-1], states)
        _begin(law, dates, Y, offset, prior, own, A, U, start_tape, at, entering, log_likelihood)
    _forward(law, dates, Y, offset, own, entering, tape, sums, log_likelihood)
    backward(law, dates, Y, offset, own, entering, tape, by, by_shared, entering_bar)
    differentiate_starts(law, dates, offset, prior, own, A, U, start_tape, at, entering, entering_bar, by, by_shared)
    if np.isfinite(law.tails):
        _finish_tails(law.tails, Y, offset, entering, sums, by_shared)


@compiled
def _finish_tails(tails, Y, offset, entering, sums, by_shared):
    """The log density's direct derivative by nu."""
    observed, began, sums = spread(0.0), rows(entering.began), rows(sums)
    series, slope = columns(Y, offset), rows(by_shared.tails)
    for t in range(len(Y)):
        y = series[t]
        observed += select((y == y) & (began[:] <= t), spread(1.0), 0.0)
    slope[:] += observed * _student_constant_slope(tails) - 0.5 * log_of_product(sums.tails)


@compiled
def _begin(law, dates, Y, offset, prior, own, A, U, tape, at, entering, log_likelihood):
    """Run the start of every lane; lane's rows of the tape are [at[lane], at[lane + 1])."""
    states = dates.X.shape[1]
    a, P = np.empty(states), np.empty((states, states))
    given, mine = (prior.mean, prior.covariance), (own.phi, own.mean, own.state_variance)
    kind, early, fresh, X = prior.kind, prior.before_prediction, np.int64(WAITING), dates.X
    for lane in range(WIDTH):
        column, level = offset + lane, own.level[lane]
        system = (a, P, A[lane], U[lane])
        stage, row, skip, gained, after = run_start(
            law, X, dates.common, Y, column, kind, early, fresh, given, mine, level, lane, *system, tape, at[lane]
        )
        entering.began[lane] = row if stage == BEGUN else np.inf
        at[lane + 1] = after if stage == BEGUN else at[lane]
        entering.predicted[lane], log_likelihood[lane] = skip, gained if stage == BEGUN else 0.0
        hand_over(a, P, entering.a, entering.P, lane)


@compiled
def _forward(law, dates, Y, offset, own, entering, tape, sums, log_likelihood):
    """Filter a block, note what the backward half needs, sum up the log densities."""
    states, common = dates.X.shape[1], dates.common
    X, y, total = regressors(dates.X, offset), columns(Y, offset), rows(log_likelihood)
    own, entering, tape, sums = rows(own), rows(entering), rows(tape), rows(sums)
    a, P, M = zeros(states), zeros(states * (states + 1) // 2), zeros(states)
    level, worth = rows(scratch(1)[0]), rows(scratch(1)[0])
    level[:], worth[:] = own.level[:], PRIOR_OBSERVATIONS
    reset_sums(sums)
    for t in range(len(dates.X)):
        begins = anyone_begins(entering.began, t)
        if begins:
            enter(entering, t, False, a, P)
        if law.reverts:
            for j in range(states):
                tape.a[t, j] = a[j]
            for jk in range(len(P)):
                tape.P[t, jk] = P[jk]
        predict(law, states, own.phi, own.mean, own.state_variance, level, a, P)
        if begins:
            enter(entering, t, True, a, P)
        alive = entering.began[:] <= t
        tape.level[t], tape.worth[t] = level[:], worth[:]
        ok, v, S, R, unit, u, inverse = look(law, states, X, t, common, y[t], alive, level, a, P, M)
        add_density(law, t, ok, S * unit, u, worth, sums)
        tape.v[t], tape.S[t] = v, S
        for j in range(states):
            tape.M[t, j] = M[j]
        update(states, a, P, M, v, select(ok, gain_precision(law, S, R, u, inverse), 0.0))
        learn_level(law, ok, u, level, worth, own.level)
    total_density(law, sums, a, total)


@inner
def _student_constant_slope(nu):
    """Derivative of the smooth `student_constant`, by a fourth-order difference."""
    h = 1e-3 * (nu - 2.0)
    near = student_constant(nu + h) - student_constant(nu - h)
    far = student_constant(nu + 2.0 * h) - student_constant(nu - 2.0 * h)
    return (8.0 * near - far) / (12.0 * h)
