"""Maximum likelihood for many assets at once: one bounded quasi-Newton search in each lane.

The searches share the sweeps of score.py. A lane whose search ends takes the next one that waits. A variance can end
at exactly zero (quasi_newton.py).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.coordinates import Scales, bounds_of, dimension, set_gradient, set_parameters
from statefolio.kalman.lanes import WIDTH, compiled
from statefolio.kalman.quasi_newton import RUNNING, advance
from statefolio.kalman.records import Dates, Prior, Workspace, new_workspace
from statefolio.kalman.score import score_block
from statefolio.kalman.search_lanes import new_search_lanes, search_in
from statefolio.kalman.specification import Floats, Specification

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

GAIN_TOLERANCE = 1e-9


class Tasks(NamedTuple):
    """Points to evaluate, or searches to make; one row each."""

    asset: NDArray[np.intp]  # (n,)
    theta: Floats  # (n, D) the point; a search moves it to its end point
    value: Floats  # (n,)
    gradient: Floats  # (n, D)
    reason: NDArray[np.int64]  # (n,) why the search ended (quasi_newton.py)
    steps: NDArray[np.int64]  # (n,)
    held: NDArray[np.int64]  # (n,) the loading that a search keeps constant, as it is at the start; -1 for none


def new_tasks(asset: NDArray[np.intp], theta: Floats, held: NDArray[np.int64] | None = None) -> Tasks:
    """Create tasks; `held` are loadings whose state variance stays zero, -1 for none."""
    count = len(asset)
    none = np.zeros(count, np.int64)
    held = np.full(count, -1) if held is None else held
    return Tasks(asset, theta.copy(), np.empty(count), np.empty_like(theta), none, none.copy(), held)


def evaluate(
    spec: Specification, dates: Dates, Y: Floats, prior: Prior, scales: Scales, tasks: Tasks, first: int, last: int
) -> None:
    """Compute log-likelihood and gradient at the points [first, last)."""
    here, y, workspace = _new_block(spec, dates, prior)
    for block in range(first, last, WIDTH):
        lanes = np.arange(min(WIDTH, last - block))
        _load_tasks(spec, dates.X, Y, prior, scales, tasks, block + lanes, lanes, here.X, y, workspace)
        score_block(spec, here, y, 0, workspace)
        _read_tasks(spec, scales, tasks, block + lanes, lanes, workspace)


def maximise(
    spec: Specification,
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
    """Maximise from theta, for the searches [first, last); theta ends at the maximum.

    The value is the log-likelihood minus strength/2 times the squared distance of the signal-to-noise
    coordinates from `anchor` (K, N).
    """
    here, y, workspace = _new_block(spec, dates, prior)
    searches = new_search_lanes(dimension(spec, dates.X.shape[1]))
    waiting = first
    while waiting < last or searches.busy:
        idle, new = searches.take(tasks, waiting, last)
        waiting += len(new)
        _load_tasks(spec, dates.X, Y, prior, scales, tasks, new, idle, here.X, y, workspace)
        score_block(spec, here, y, 0, workspace)
        _advance_lanes(spec, scales, anchor, strength, tasks, searches, y, workspace)


def _new_block(spec: Specification, dates: Dates, prior: Prior) -> tuple[Dates, Floats, Workspace]:
    """Create a block without assets: its regressors, observations and workspace."""
    length, states = dates.X.shape[:2]
    X = dates.X if dates.X.ndim == 2 else np.zeros((length, states, WIDTH))
    workspace = new_workspace(spec, prior, length, states, dates.slopes.shape[1])
    return dates._replace(X=X), np.full((length, WIDTH), np.nan), workspace


@compiled
def _load_tasks(spec, X, Y, prior, scales, tasks, rows, lanes, x, y, workspace):
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
        workspace.prior.mean[lane], workspace.prior.covariance[lane] = prior.mean[asset], prior.covariance[asset]
        set_parameters(spec, tasks.theta[i], scales, asset, workspace.own, lane)


@compiled
def _read_tasks(spec, scales, tasks, rows, lanes, workspace):
    """Take the values and gradients of tasks from their lanes."""
    for n in range(len(rows)):
        i, lane = rows[n], lanes[n]
        tasks.value[i] = workspace.log_likelihood[lane]
        set_gradient(spec, tasks.theta[i], scales, tasks.asset[i], workspace.own, workspace.by, lane, tasks.gradient[i])


@compiled
def _advance_lanes(spec, scales, anchor, strength, tasks, searches, y, workspace):
    """Judge the trial point of every lane and choose the next one; lanes whose search ended become idle."""
    states = anchor.shape[0]
    bounds = bounds_of(spec, states)
    for lane in range(WIDTH):
        i = searches.search[lane]
        if i < 0:
            continue
        asset, trial, slope = tasks.asset[i], searches.trial[lane], tasks.gradient[i]
        set_gradient(spec, trial, scales, asset, workspace.own, workspace.by, lane, slope)
        value = workspace.log_likelihood[lane]
        for j in range(states):
            away = trial[1 + j] - anchor[j, asset]
            value -= 0.5 * strength * away * away
            slope[1 + j] -= strength * away
        if tasks.held[i] >= 0:
            slope[1 + tasks.held[i]] = -1.0  # keeps the coordinate at its floor
        tasks.reason[i] = advance(bounds, GAIN_TOLERANCE, search_in(searches, tasks, i, lane), value, slope)
        if tasks.reason[i] == RUNNING:
            set_parameters(spec, trial, scales, asset, workspace.own, lane)
        else:
            searches.search[lane] = -1
            y[:, lane] = np.nan
