"""Maximum likelihood of many pair hedges by the method of scoring: sixty-four climbs side by side, a lane each.

Each step is one of kalman/climb.py whose curvature is Fisher's information at the point reached (scoring.py), so
that a climb takes about ten. A lane whose climb ends takes the next one waiting.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.kalman.climb import RUNNING, Climb, advance
from statefolio.kalman.lanes import WIDTH
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

_TOLERANCE = 1e-6  # gain of log-likelihood that a further step must promise


class Climbs(NamedTuple):
    """Climbs to make, a row each."""

    pair: NDArray[np.intp]  # (n,)
    theta: Array  # (n, 3) coordinates: where it starts, and where it ended
    value: Array  # (n,) log-likelihood up to a constant
    reason: NDArray[np.int64]  # (n,)
    steps: NDArray[np.int64]  # (n,)
    held: NDArray[np.int64]  # (n,) the variance that stays zero, where it starts; -1 for none


class _Under(NamedTuple):
    task: NDArray[np.int64]  # (W,) -1 where the lane is idle
    trial: Array  # (W, 3)
    slope: Array  # (W, 3)
    curvature: Array  # (W, 3, 3)
    direction: Array  # (W, 3)
    length: Array  # (W,)


def new_climbs(pair: NDArray[np.intp], theta: Array, held: int = -1) -> Climbs:
    """Climbs that nobody has begun."""
    count, none = len(pair), np.zeros(len(pair), np.int64)
    theta = theta.copy()
    if held >= 0:
        theta[:, held] = 0.0
    return Climbs(pair, theta, np.empty(count), none, none.copy(), np.full(count, held))


def climb(pairs: Pairs, climbs: Climbs, first: int, last: int) -> None:
    """Make the climbs [first, last); a lane whose climb ends takes the next one waiting."""
    dates, size = len(pairs.y), VARIANCES
    lanes = new_lanes(dates)
    trial, slope, direction = (np.zeros((WIDTH, size)) for _ in range(3))
    under = _Under(np.full(WIDTH, -1), trial, slope, np.zeros((WIDTH, size, size)), direction, np.zeros(WIDTH))
    waiting = first
    while waiting < last or (under.task >= 0).any():
        idle = np.flatnonzero(under.task < 0)[: last - waiting]
        new = np.arange(waiting, waiting + len(idle))
        waiting += len(idle)
        under.task[idle], under.length[idle] = new, 0.0
        under.trial[idle], climbs.value[new] = climbs.theta[new], -np.inf
        load_pairs(pairs, climbs.pair[new], under.trial, idle, lanes)
        score(lanes)
        _advance_lanes(pairs.scale, climbs, under, lanes)


@compiled
def _advance_lanes(scale, climbs, under, lanes):
    """Judge every lane's trial point and choose the next; lanes that are done become idle."""
    floor, slope = np.ones(VARIANCES, np.bool_), np.empty(VARIANCES)
    for lane in range(WIDTH):
        i = under.task[lane]
        if i < 0:
            continue
        own, trial = scale[:, climbs.pair[i]], under.trial[lane]
        read_slopes(own, trial, lanes.sums, lane, slope, under.curvature[lane])
        if climbs.held[i] >= 0:
            slope[climbs.held[i]] = -1.0  # at its floor, and told to stay there
        here = Climb(
            climbs.theta[i],
            climbs.value[i : i + 1],
            climbs.steps[i : i + 1],
            trial,
            under.slope[lane],
            under.curvature[lane],
            under.direction[lane],
            under.length[lane : lane + 1],
        )
        climbs.reason[i] = advance(floor, _TOLERANCE, here, lanes.value[lane], slope)
        if climbs.reason[i] == RUNNING:
            set_variances(own, trial, lanes.own, lane)
        else:
            under.task[lane] = -1
            lanes.y[:, lane] = np.nan
