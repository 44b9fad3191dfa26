"""The log-likelihood of a block of assets and its exact derivatives: one pass forward, one back.

Forward is the filter of sweep.py, writing a tape; backward is adjoint.py; the few dates of a diffuse or
stationary start are differentiated by complex steps (Squire and Trapp 1998, SIAM Review 40), exact too.
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
from statefolio.kalman.lanes import WIDTH, compiled, load, scratch, select, spread, store
from statefolio.kalman.law import PRIOR_OBSERVATIONS, Floats, Law
from statefolio.kalman.records import Dates, Room, new_entering
from statefolio.kalman.start import BEGUN, GIVEN, WAITING, run_start
from statefolio.kalman.step import anyone_begins, enter, gain_precision, learn_level, look, predict, update

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

COMPLEX_STEP = 1e-40
_LEVEL, _EXPONENT = 0, 1


def score_lanes(law: Law, dates: Dates, Y: Floats, offset: int, room: Room) -> None:
    """Log-likelihood of the filters of a block and its derivatives, written over what was in `room`.

    Y (T, N) holds the lanes' observations from column `offset` on; `room` their priors and parameters. The
    halves are compiled apart: a block is long enough that calling them from Python costs nothing.
    """
    prior, own, tape, log_likelihood, by, by_shared = room
    states = dates.X.shape[1]
    entering, entering_bar, sums = new_entering(states), new_entering(states), new_sums(law.tails)
    entering_bar.a[:], entering_bar.P[:], log_likelihood[:] = 0.0, 0.0, 0.0
    by.state_variance[:], by.level[:], by.phi[:], by.mean[:] = 0.0, 0.0, 0.0, 0.0
    by_shared.tails[:], by_shared.memory[:], by_shared.exponent[:] = 0.0, 0.0, 0.0
    _begin(law, dates, Y, offset, prior, own, entering, log_likelihood)
    _forward(law, dates, Y, offset, own, entering, tape, sums)
    total_density(law, sums, log_likelihood, 0)
    backward(law, dates, Y, offset, own, entering, tape, by, by_shared, entering_bar)
    if (prior.kind != GIVEN).any():
        _differentiate_starts(law, dates, Y, offset, prior, own, entering, entering_bar, by, by_shared)
    if np.isfinite(law.tails):
        _finish_tails(law.tails, Y, offset, entering, sums, by_shared)


@compiled
def _finish_tails(tails, Y, offset, entering, sums, by_shared):
    """The log density's direct derivative by nu."""
    observed = spread(0.0)
    for t in range(Y.shape[0]):
        y = load(Y, t * Y.shape[1] + offset)
        observed += select((y == y) & (load(entering.began, 0) <= t), spread(1.0), 0.0)
    store(by_shared.tails, 0, load(by_shared.tails, 0) + observed * _student_constant_slope(tails))
    for lane in range(WIDTH):
        by_shared.tails[lane] -= 0.5 * log_of_product(sums.tails, lane)


@compiled
def _begin(law, dates, Y, offset, prior, own, entering, log_likelihood):
    """Run the start of every lane."""
    states = dates.X.shape[1]
    a, P = np.empty(states), np.empty((states, states))
    A, U = np.empty((states, states)), np.empty((states, states + 1))
    fresh = np.int64(WAITING)
    for lane in range(WIDTH):
        given, column = (prior.mean[lane], prior.covariance[lane]), offset + lane
        mine = (own.phi[:, lane].copy(), own.mean[:, lane].copy(), own.state_variance[:, lane].copy())
        kind, early, level = prior.kind, prior.before_prediction, own.level[lane]
        stage, row, skip, gained = run_start(
            law, dates.X, dates.common, Y, column, kind, early, fresh, given, mine, level, a, P, A, U
        )
        entering.began[lane] = row if stage == BEGUN else np.inf
        entering.predicted[lane], log_likelihood[lane] = skip, gained if stage == BEGUN else 0.0
        for j in range(states):
            entering.a[j, lane] = a[j]
            for k in range(j + 1):
                entering.P[j * (j + 1) // 2 + k, lane] = P[j, k]


@compiled
def _forward(law, dates, Y, offset, own, entering, tape, sums):
    """Filter a block, note what the backward half needs, sum up the log densities."""
    X = dates.X
    states = X.shape[1]
    a, P, M = scratch(states), scratch(states * (states + 1) // 2), scratch(states)
    level, worth = scratch(1)[0], scratch(1)[0]
    store(level, 0, load(own.level, 0))
    store(worth, 0, spread(PRIOR_OBSERVATIONS))
    reset_sums(sums)
    for t in range(X.shape[0]):
        begins = anyone_begins(entering.began, t)
        if begins:
            enter(entering, t, False, a, P)
        if law.reverts:
            for j in range(states):
                store(tape.a, (t * states + j) * WIDTH, load(a, j * WIDTH))
            for jk in range(P.shape[0]):
                store(tape.P, (t * P.shape[0] + jk) * WIDTH, load(P, jk * WIDTH))
        predict(law, states, own.phi, own.mean, own.state_variance, level, a, P)
        if begins:
            enter(entering, t, True, a, P)
        here = t * WIDTH
        alive = load(entering.began, 0) <= t
        store(tape.level, here, load(level, 0))
        store(tape.worth, here, load(worth, 0))
        y = load(Y, t * Y.shape[1] + offset)
        ok, v, S, R, unit, u, inverse = look(law, states, X, t, offset, dates.common, y, alive, level, a, P, M)
        add_density(law, t, ok, S * unit, u, worth, sums)
        store(tape.v, here, v)
        store(tape.S, here, S)
        for j in range(states):
            store(tape.M, (t * states + j) * WIDTH, load(M, j * WIDTH))
        update(states, a, P, M, v, select(ok, gain_precision(law, S, R, u, inverse), 0.0))
        learn_level(law, ok, u, level, worth, own.level)


@compiled
def _differentiate_starts(law, dates, Y, offset, prior, own, entering, entering_bar, by, by_shared):
    """Add every lane's derivatives through its start."""
    for lane in range(WIDTH):
        if entering.began[lane] < np.inf:
            _differentiate_start(law, dates, Y, offset, prior, own, entering, entering_bar, lane, by, by_shared)


@compiled
def _differentiate_start(law, dates, Y, offset, prior, own, entering, entering_bar, lane, by, by_shared):
    """Add one lane's derivatives through its start: its log-likelihood's, and the entering state's."""
    states = dates.X.shape[1]
    rows = min(dates.X.shape[0], int(entering.began[lane]) + 1)
    X, column = dates.X[:rows], offset + lane
    given = (prior.mean[lane], prior.covariance[lane])
    a, P = np.empty(states, np.complex128), np.empty((states, states), np.complex128)
    A, U = np.empty((states, states), np.complex128), np.empty((states, states + 1), np.complex128)
    fresh = np.int64(WAITING)
    for which in range(2 + (3 * states if law.reverts else states)):
        if which == _EXPONENT and not dates.log_level.any():
            continue
        phi, mean = own.phi[:, lane] + 0.0j, own.mean[:, lane] + 0.0j
        state_variance, common = own.state_variance[:, lane] + 0.0j, dates.common[:rows] + 0.0j
        level = own.level[lane] + 0.0j
        group, j = (which - 2) // states, (which - 2) % states
        if which == _LEVEL:
            level += COMPLEX_STEP * 1.0j * own.level[lane]
        elif which == _EXPONENT:
            common += common * dates.log_level[:rows] * (COMPLEX_STEP * 1.0j)
        else:
            (state_variance if group == 0 else phi if group == 1 else mean)[j] += COMPLEX_STEP * 1.0j
        mine = (phi, mean, state_variance)
        early, start = prior.before_prediction, (a, P, A, U)
        _, _, _, total = run_start(
            law, X, common, Y, column, prior.kind, early, fresh, given, mine, level, *start
        )  # fmt: skip
        slope = (total + _carried(entering_bar, lane, a, P)).imag / COMPLEX_STEP
        if which == _LEVEL:
            by.level[lane] += slope / own.level[lane]
        elif which == _EXPONENT:
            by_shared.exponent[lane] += slope
        else:
            (by.state_variance if group == 0 else by.phi if group == 1 else by.mean)[j, lane] += slope


@compiled
def _carried(entering_bar, lane, a, P):
    """What the entering state is worth to the rest of the likelihood, to first order."""
    total = 0.0j
    for j in range(a.shape[0]):
        total += entering_bar.a[j, lane] * a[j]
        for k in range(j + 1):
            twice = 1.0 if k == j else 2.0
            total += twice * entering_bar.P[j * (j + 1) // 2 + k, lane] * P[j, k]
    return total


@compiled
def _student_constant_slope(nu):
    """Derivative of the smooth `student_constant`, by a fourth-order difference."""
    h = 1e-3 * (nu - 2.0)
    near = student_constant(nu + h) - student_constant(nu - h)
    far = student_constant(nu + 2.0 * h) - student_constant(nu - 2.0 * h)
    return (8.0 * near - far) / (12.0 * h)
