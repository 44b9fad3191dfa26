"""Maximises the likelihoods of many pair hedges by the method of scoring, sixty-four searches at a time.

Each step is a quasi-Newton step of kalman/quasi_newton.py whose curvature is the Fisher information at the current
point (scoring.py); a search takes about ten. Each search occupies one lane of a block; a free lane takes the next one.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.quasi_newton import RUNNING, above_zero, advance
from statefolio.kalman.search_lanes import new_search_lanes, search_in
from statefolio.pairs.compiled import compiled
from statefolio.pairs.screening.scoring import (
    VARIANCES,
    Pairs,
    load_pairs,
    new_lanes,
    read_slopes,
    score,
    set_variances,
)

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

_TOLERANCE = 1e-6  # a search ends when the next step promises a smaller gain of log-likelihood


class Searches(NamedTuple):
    """Searches for the maximum likelihood, one row each."""

    pair: NDArray[np.intp]  # (n,)
    theta: Array  # (n, 3) coordinates: the start, and afterwards the maximum
    value: Array  # (n,) log-likelihood up to a constant
    reason: NDArray[np.int64]  # (n,) code of the reason why it ended
    steps: NDArray[np.int64]  # (n,)
    fixed: NDArray[np.int64]  # (n,) the variance that is fixed at zero; -1 for none


def new_searches(pair: NDArray[np.intp], theta: Array, fixed: int = -1) -> Searches:
    """Return searches that start at coordinates (n, 3), with one variance fixed at zero if it is given."""
    count, none = len(pair), np.zeros(len(pair), np.int64)
    theta = theta.copy()
    if fixed >= 0:
        theta[:, fixed] = 0.0
    return Searches(pair, theta, np.empty(count), none, none.copy(), np.full(count, fixed))


def run_searches(pairs: Pairs, searches: Searches, first: int, last: int) -> None:
    """Run the searches [first, last); a lane whose search ends takes the next one."""
    lanes, active = new_lanes(len(pairs.y)), new_search_lanes(VARIANCES)
    waiting = first
    while waiting < last or active.busy:
        idle, new = active.take(searches, waiting, last)
        waiting += len(new)
        load_pairs(pairs, searches.pair[new], active.trial, idle, lanes)
        score(lanes)
        _advance_lanes(pairs.scale, searches, active, lanes)


@compiled
def _advance_lanes(scale, searches, active, lanes):
    """Evaluate every lane's trial point and choose the next one; a lane whose search ends becomes idle."""
    bounds, slope = above_zero(np.ones(VARIANCES, np.bool_)), np.empty(VARIANCES)
    for lane in range(WIDTH):
        i = active.search[lane]
        if i < 0:
            continue
        own, trial = scale[:, searches.pair[i]], active.trial[lane]
        read_slopes(own, trial, lanes.sums, lane, slope, active.curvature[lane])
        if searches.fixed[i] >= 0:
            slope[searches.fixed[i]] = -1.0  # keeps the variance at its lower bound of zero
        here = search_in(active, searches, i, lane)
        searches.reason[i] = advance(bounds, _TOLERANCE, here, lanes.value[lane], slope)
        if searches.reason[i] == RUNNING:
            set_variances(own, trial, lanes.own, lane)
        else:
            active.search[lane] = -1
            lanes.y[:, lane] = np.nan
