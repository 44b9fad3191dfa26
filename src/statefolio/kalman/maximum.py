"""Maximum likelihood for every asset at once: a bounded quasi-Newton climb in each lane.

Climbs share one sweep of score.py, a lane each; a lane whose climb ends takes the next one waiting. A variance
ends at exactly zero where the likelihood says so (climb.py).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.climb import RUNNING, Climb, advance
from statefolio.kalman.coordinates import Scales, dimension, floors, set_gradient, set_parameters
from statefolio.kalman.lanes import WIDTH, compiled
from statefolio.kalman.law import Floats, Law
from statefolio.kalman.records import Dates, Prior, Room, new_room
from statefolio.kalman.score import score_lanes

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

GAIN_TOLERANCE = 1e-9


class Tasks(NamedTuple):
    """Points to evaluate, or climbs to make; a row each."""

    asset: NDArray[np.intp]  # (n,)
    theta: Floats  # (n, D) the point; a climb moves it to where it ends
    value: Floats  # (n,)
    gradient: Floats  # (n, D)
    reason: NDArray[np.int64]  # (n,) how a climb ended
    steps: NDArray[np.int64]  # (n,)
    held: NDArray[np.int64]  # (n,) the loading that a climb keeps constant, which it is at its start; -1 for none


class _Under(NamedTuple):
    """The climbs under way, a lane each."""

    task: NDArray[np.int64]  # (W,) -1 where the lane is idle
    trial: Floats  # (W, D)
    slope: Floats  # (W, D)
    curvature: Floats  # (W, D, D)
    direction: Floats  # (W, D)
    length: Floats  # (W,)


def new_tasks(asset: NDArray[np.intp], theta: Floats, held: NDArray[np.int64] | None = None) -> Tasks:
    """Tasks that nobody has begun; `held` are loadings whose state variance stays zero, -1 for none."""
    count = len(asset)
    none = np.zeros(count, np.int64)
    held = np.full(count, -1) if held is None else held
    return Tasks(asset, theta.copy(), np.empty(count), np.empty_like(theta), none, none.copy(), held)


def evaluate(
    law: Law, dates: Dates, Y: Floats, prior: Prior, scales: Scales, tasks: Tasks, first: int, last: int
) -> None:
    """Log-likelihood and gradient at the points [first, last)."""
    here, y, room = _new_lanes(law, dates, prior)
    for block in range(first, last, WIDTH):
        lanes = np.arange(min(WIDTH, last - block))
        _load_tasks(law, dates.X, Y, prior, scales, tasks, block + lanes, lanes, here.X, y, room)
        score_lanes(law, here, y, 0, room)
        _read_tasks(law, scales, tasks, block + lanes, lanes, room)


def maximise(
    law: Law,
    dates: Dates,
    Y: Floats,
    prior: Prior,
    scales: Scales,
    anchor: Floats,
    strength: float,
    tasks: Tasks,
    first: int,
    last: int,
) -> None:
    """Climb from theta, for the climbs [first, last); theta ends at the maximum.

    The value is the log-likelihood less strength/2 times the squared distance of the signal-to-noise
    coordinates from `anchor` (K, N).
    """
    size = dimension(law, dates.X.shape[1])
    here, y, room = _new_lanes(law, dates, prior)
    under = _Under(
        np.full(WIDTH, -1),
        np.empty((WIDTH, size)),
        np.empty((WIDTH, size)),
        np.empty((WIDTH, size, size)),
        np.empty((WIDTH, size)),
        np.empty(WIDTH),
    )
    waiting = first
    while waiting < last or (under.task >= 0).any():
        idle = np.flatnonzero(under.task < 0)[: last - waiting]
        new = np.arange(waiting, waiting + len(idle))
        waiting += len(idle)
        under.task[idle], under.length[idle], under.curvature[idle] = new, 0.0, 0.0
        under.trial[idle], tasks.value[new] = tasks.theta[new], -np.inf
        _load_tasks(law, dates.X, Y, prior, scales, tasks, new, idle, here.X, y, room)
        score_lanes(law, here, y, 0, room)
        _advance_lanes(law, scales, anchor, strength, tasks, under, y, room)


def _new_lanes(law: Law, dates: Dates, prior: Prior) -> tuple[Dates, Floats, Room]:
    """Lanes that hold no asset yet: their regressors, observations and room."""
    length, states = dates.X.shape[:2]
    X = dates.X if dates.X.ndim == 2 else np.zeros((length, states, WIDTH))
    return dates._replace(X=X), np.full((length, WIDTH), np.nan), new_room(law, prior, length, states)


@compiled
def _load_tasks(law, X, Y, prior, scales, tasks, rows, lanes, x, y, room):
    """Put the assets and parameters of tasks into lanes."""
    for n in range(len(rows)):
        i, lane = rows[n], lanes[n]
        asset = tasks.asset[i]
        for t in range(Y.shape[0]):
            y[t, lane] = Y[t, asset]
        if X.ndim == 3:
            for t in range(X.shape[0]):
                for j in range(X.shape[1]):
                    x[t, j, lane] = X[t, j, asset]
        room.prior.mean[lane], room.prior.covariance[lane] = prior.mean[asset], prior.covariance[asset]
        set_parameters(law, tasks.theta[i], scales, asset, room.own, lane)


@compiled
def _read_tasks(law, scales, tasks, rows, lanes, room):
    """Take the values and gradients of tasks from their lanes."""
    for n in range(len(rows)):
        i, lane = rows[n], lanes[n]
        tasks.value[i] = room.log_likelihood[lane]
        set_gradient(law, tasks.theta[i], scales, tasks.asset[i], room.own, room.by, lane, tasks.gradient[i])


@compiled
def _advance_lanes(law, scales, anchor, strength, tasks, under, y, room):
    """Judge every lane's trial point and choose the next; lanes that are done become idle."""
    states = anchor.shape[0]
    floor = floors(law, states)
    for lane in range(WIDTH):
        i = under.task[lane]
        if i < 0:
            continue
        asset, trial, slope = tasks.asset[i], under.trial[lane], tasks.gradient[i]
        set_gradient(law, trial, scales, asset, room.own, room.by, lane, slope)
        value = room.log_likelihood[lane]
        for j in range(states):
            away = trial[1 + j] - anchor[j, asset]
            value -= 0.5 * strength * away * away
            slope[1 + j] -= strength * away
        if tasks.held[i] >= 0:
            slope[1 + tasks.held[i]] = -1.0  # at its floor, and told to stay there
        climb = Climb(
            tasks.theta[i],
            tasks.value[i : i + 1],
            tasks.steps[i : i + 1],
            trial,
            under.slope[lane],
            under.curvature[lane],
            under.direction[lane],
            under.length[lane : lane + 1],
        )
        tasks.reason[i] = advance(floor, GAIN_TOLERANCE, climb, value, slope)
        if tasks.reason[i] == RUNNING:
            set_parameters(law, trial, scales, asset, room.own, lane)
        else:
            under.task[lane] = -1
            y[:, lane] = np.nan
