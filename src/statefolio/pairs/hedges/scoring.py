"""Maximises the likelihoods of hundreds of simulated baskets by the method of scoring.

The coordinates, bounds and starts are those of maximum_likelihood.py. Each step takes the Fisher
information at the current point (information.py) as its curvature, so that a search needs about ten evaluations. Of a
basket's starts only the best end is searched closely. On 22 baskets of 150 draws, four of 3,300 Dickey-Fuller
statistics differ by more than .001 from those after the searches of maximum_likelihood.py.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio._threads import get_num_threads
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.quasi_newton import EXHAUSTED, MOST_STEPS, RUNNING, above_zero, advance
from statefolio.kalman.search_lanes import new_search_lanes, search_in
from statefolio.pairs.compiled import compiled
from statefolio.pairs.hedges.information import new_lanes, score
from statefolio.pairs.hedges.likelihood import LEAST_NOISE, MOST_PERSISTENCE, Baskets
from statefolio.pairs.hedges.maximum_likelihood import starts_of

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

_ROUGHLY, _CLOSELY = (1e-2, 25), (1e-7, MOST_STEPS)  # gain at which a search ends, and its steps at most
_RIDGE = 1e-9


class Searches(NamedTuple):
    """Searches for the maximum likelihood, one row each."""

    theta: Array  # (n, D) coordinates: the start, and afterwards the maximum
    value: Array  # (n,) log-likelihood up to a constant
    reason: NDArray[np.int64]  # (n,) why it ended
    steps: NDArray[np.int64]  # (n,)
    basket: NDArray[np.intp]  # (n,)


def approximate_maxima(X: Array, Y: Array, reverts: bool) -> Array:
    """Return a, m, R and the state variances (N, k + 3) at the maxima of many baskets, searched for on every core.

    Parameters
    ----------
    X : (T, k, N) array
    Y : (T, N) array
        NaN on dates without all prices, the same for all baskets, and on dates that must not be used.
    reverts : bool
        The level reverts to a mean; otherwise it is a random walk.
    """
    baskets = Baskets(X, Y, reverts)
    groups = np.array_split(np.arange(Y.shape[1]), min(get_num_threads(), Y.shape[1]))
    with ThreadPoolExecutor(len(groups)) as pool:
        return np.concatenate(list(pool.map(lambda columns: _maxima(baskets, columns), groups)))


def _maxima(baskets: Baskets, columns: NDArray[np.intp]) -> Array:
    """Search roughly from every start, and closely from the best end."""
    points = [starts_of(baskets, int(column)) for column in columns]
    many = len(points[0])
    theta = np.array([point for each in points for point in each])
    value = _search(baskets, np.repeat(columns, many), theta, _ROUGHLY)
    theta = theta[value.reshape(-1, many).argmax(axis=1) + many * np.arange(len(columns))]
    _search(baskets, columns, theta, _CLOSELY)
    return baskets.parameters(columns, theta)


def _search(baskets: Baskets, of: NDArray[np.intp], theta: Array, limits: tuple[float, int]) -> Array:
    """Run searches of the baskets `of` from theta (n, D), which is moved to their ends; return the values there."""
    count, size = theta.shape
    X, Y, unit = baskets.scaled()
    lanes = new_lanes(len(Y), baskets.states, baskets.reverts)
    bounds, waiting = above_zero(baskets.floor), 0
    searches = Searches(theta, np.full(count, -np.inf), np.full(count, RUNNING), np.zeros(count, np.int64), of)
    active = new_search_lanes(size)
    while waiting < count or active.busy:
        idle, new = active.take(searches, waiting, count)
        waiting += len(new)
        lanes.x[:, :, idle], lanes.y[:, idle] = X[:, 1:, of[new]], Y[:, of[new]]
        _set_parameters(baskets.reverts, unit, searches.basket, active, lanes.own)
        score(baskets.reverts, lanes)
        _advance_lanes(baskets.reverts, bounds, unit, searches, active, lanes, *limits)
    return searches.value


@compiled
def _set_parameters(reverts, unit, basket, active, own):
    """Write the parameters of the trial points to their lanes."""
    for lane in range(WIDTH):
        if active.search[lane] >= 0:
            trial, units = active.trial[lane], unit[:, basket[active.search[lane]]]
            for j in range(units.size):
                own[j, lane] = units[j] * np.expm1(trial[j])
            own[0, lane] += LEAST_NOISE
            if reverts:
                own[units.size, lane] = min(max(np.tanh(trial[-2]), -MOST_PERSISTENCE), MOST_PERSISTENCE)
                own[units.size + 1, lane] = trial[-1]


@compiled
def _advance_lanes(reverts, bounds, unit, searches, active, lanes, tolerance, most):
    """Judge the trial point of every lane and choose the next one; a lane whose search ends becomes idle."""
    size = active.trial.shape[1]
    by, slope = np.ones(size), np.empty(size)
    for lane in range(WIDTH):
        i = active.search[lane]
        if i < 0:
            continue
        trial, curvature, row = active.trial[lane], active.curvature[lane], 0
        for j in range(unit.shape[0]):
            by[j] = unit[j, searches.basket[i]] * np.exp(trial[j])
        if reverts:
            a = lanes.own[size - 2, lane]
            by[size - 2] = 1.0 - a * a if abs(a) < MOST_PERSISTENCE else 0.0
        for j in range(size):
            slope[j] = lanes.slope[j, lane] * by[j]
            for k in range(j + 1):
                curvature[j, k] = curvature[k, j] = lanes.information[row, lane] * by[j] * by[k]
                row += 1
            curvature[j, j] += _RIDGE * (1.0 + curvature[j, j])
        search = search_in(active, searches, i, lane)
        searches.reason[i] = advance(bounds, tolerance, search, lanes.value[0, lane], slope)
        if searches.reason[i] == RUNNING and searches.steps[i] > most:
            searches.reason[i] = EXHAUSTED
        if searches.reason[i] != RUNNING:
            active.search[lane] = -1
            lanes.y[:, lane] = np.nan
