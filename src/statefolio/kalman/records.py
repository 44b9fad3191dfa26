"""What passes between the parts of a score."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.lanes import WIDTH, compiled, inner
from statefolio.kalman.law import Floats
from statefolio.kalman.memory import scratch
from statefolio.kalman.rows import columns, copy

# mypy: disable-error-code="no-untyped-def"


class Dates(NamedTuple):
    """What the filters are driven by, date by date."""

    X: Floats  # (T, K) regressors, or (T, K, N): each asset its own
    common: Floats  # (T,) factor on every observation variance
    log_level: Floats  # (T,) log of the common level; common = level ** exponent


class Prior(NamedTuple):
    """How the filters of a panel, or of a block, start."""

    kind: NDArray[np.int64]  # (K,) DIFFUSE, GIVEN or STATIONARY
    before_prediction: bool
    mean: Floats  # (N, K) given
    covariance: Floats  # (N, K, K) given


class Lanes(NamedTuple):
    """Parameters of the filters of a block, or derivatives by them."""

    state_variance: Floats  # (K, W)
    level: Floats  # (W,)
    phi: Floats  # (K, W)
    mean: Floats  # (K, W)


class SharedLanes(NamedTuple):
    """Derivatives by what the panel shares, a lane each."""

    tails: Floats  # (W,)
    memory: Floats  # (W,)
    exponent: Floats  # (W,) of the common level


class Entering(NamedTuple):
    """The states that lanes begin with."""

    began: Floats  # (W,) date, inf for never
    predicted: NDArray[np.bool_]  # (W,) no prediction before it
    a: Floats  # (K, W)
    P: Floats  # (K(K+1)/2, W)


class Tape(NamedTuple):
    """What the forward half leaves for the backward one."""

    M: Floats  # (T, K, W)
    v: Floats  # (T, W)
    S: Floats  # (T, W)
    level: Floats  # (T, W)
    worth: Floats  # (T, W)
    a: Floats  # (T, K, W) before the prediction; no rows where nothing reverts
    P: Floats  # (T, K(K+1)/2, W)


@inner
def new_tape(law, dates, states):
    """Room for one block."""
    kept, pairs = dates if law.reverts else 0, states * (states + 1) // 2
    return Tape(
        scratch(dates * states).reshape((dates, states, WIDTH)),
        scratch(dates),
        scratch(dates),
        scratch(dates),
        scratch(dates),
        scratch(kept * states).reshape((kept, states, WIDTH)),
        scratch(kept * pairs).reshape((kept, pairs, WIDTH)),
    )


@compiled
def new_lanes(states):
    """Zeros, but for levels and persistence of one."""
    lanes = Lanes(scratch(states), scratch(1)[0], scratch(states), scratch(states))
    lanes.level[:] = 1.0
    lanes.phi[:] = 1.0
    return lanes


@compiled
def new_shared():
    """Derivatives of zero."""
    return SharedLanes(scratch(1)[0], scratch(1)[0], scratch(1)[0])


@compiled
def new_entering(states):
    """Room for the entering states of one block."""
    pairs = states * (states + 1) // 2
    return Entering(scratch(1)[0], np.empty(WIDTH, np.bool_), scratch(states), scratch(pairs))


@inner
def load_block(assets, state, first, own, entering):
    """Parameters and state of the assets from `first` on; `own.level` is the level they started from."""
    theirs, now = columns(assets, first), columns(state, first)
    copy(theirs.phi, own.phi)
    copy(theirs.mean, own.mean)
    copy(theirs.state_variance, own.state_variance)
    own.level[:] = theirs.start_level[:]
    copy(now.mean, entering.a)
    copy(now.covariance, entering.P)
    entering.began[:] = now.began[:]
    for lane in range(WIDTH):
        entering.predicted[lane] = state.predicted[first + lane]


class Room(NamedTuple):
    """Parameters, tape and results of the score of one block, allocated once."""

    prior: Prior
    own: Lanes
    tape: Tape
    log_likelihood: Floats  # (W,)
    by: Lanes
    by_shared: SharedLanes


@compiled
def new_room(law, prior, dates, states):
    """Room for one block whose filters start as `prior` says, by rows that are to be filled in."""
    covariance = np.zeros((WIDTH, states, states))
    here = Prior(prior.kind, prior.before_prediction, np.zeros((WIDTH, states)), covariance)
    tape = new_tape(law, dates, states)
    return Room(here, new_lanes(states), tape, np.zeros(WIDTH), new_lanes(states), new_shared())
