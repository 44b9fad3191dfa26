"""Records that the compiled functions of filter, smoother and score pass to each other."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.allocation import scratch
from statefolio.kalman.lanes import WIDTH, compiled, inner
from statefolio.kalman.rows import columns, copy
from statefolio.kalman.specification import Floats

# mypy: disable-error-code="no-untyped-def"


class Dates(NamedTuple):
    """Inputs of the filters, date by date."""

    X: Floats  # (T, K) regressors, or (T, K, N): one set per asset
    common: Floats  # (T,) factor on every observation variance
    slopes: Floats  # (T, J) derivatives of its logarithm by the parameters of the common volatility


class Prior(NamedTuple):
    """Distribution of the first state of the assets of a panel, or of a block."""

    kind: NDArray[np.int64]  # (K,) DIFFUSE, GIVEN or STATIONARY
    before_prediction: bool
    mean: Floats  # (N, K) given
    covariance: Floats  # (N, K, K) given


class BlockParameters(NamedTuple):
    """Parameters of the filters of a block, or derivatives by them."""

    state_variance: Floats  # (K, W)
    level: Floats  # (W,)
    phi: Floats  # (K, W)
    mean: Floats  # (K, W)


class SharedDerivatives(NamedTuple):
    """Derivatives by the shared parameters, one per lane."""

    tails: Floats  # (W,)
    memory: Floats  # (W,)
    fast_memory: Floats  # (W,)
    fast_weight: Floats  # (W,)
    surprise_scale: Floats  # (W,)
    common: Floats  # (J, W) by the parameters of the common volatility


class Entering(NamedTuple):
    """States with which lanes enter the ordinary filter."""

    began: Floats  # (W,) date, inf for never
    predicted: NDArray[np.bool_]  # (W,) whether the state needs no prediction before its update
    a: Floats  # (K, W)
    P: Floats  # (K(K+1)/2, W)


class Tape(NamedTuple):
    """Values of the forward pass that the backward pass needs."""

    M: Floats  # (T, K, W)
    v: Floats  # (T, W)
    S: Floats  # (T, W)
    level: Floats  # (T, W)
    fast: Floats  # (T, W)
    worth: Floats  # (T, W)
    a: Floats  # (T, K, W) before the prediction; no rows where nothing reverts
    P: Floats  # (T, K(K+1)/2, W)


@inner
def new_tape(spec, dates, states):
    """Allocate the tape of one block."""
    kept, pairs = dates if spec.reverts else 0, states * (states + 1) // 2
    return Tape(
        scratch(dates * states).reshape((dates, states, WIDTH)),
        scratch(dates),
        scratch(dates),
        scratch(dates),
        scratch(dates),
        scratch(dates),
        scratch(kept * states).reshape((kept, states, WIDTH)),
        scratch(kept * pairs).reshape((kept, pairs, WIDTH)),
    )


@compiled
def new_block_parameters(states):
    """Allocate parameters: zero, except for levels and persistence of one."""
    lanes = BlockParameters(scratch(states), scratch(1)[0], scratch(states), scratch(states))
    lanes.level[:] = 1.0
    lanes.phi[:] = 1.0
    return lanes


@compiled
def new_shared_derivatives(common):
    """Allocate derivatives of zero, `common` of them by the parameters of the common volatility."""
    return SharedDerivatives(scratch(1)[0], scratch(1)[0], scratch(1)[0], scratch(1)[0], scratch(1)[0], scratch(common))


@compiled
def new_entering(states):
    """Allocate the entering states of one block."""
    pairs = states * (states + 1) // 2
    return Entering(scratch(1)[0], np.empty(WIDTH, np.bool_), scratch(states), scratch(pairs))


@inner
def load_block(assets, state, first, own, entering):
    """Copy parameters and state of the assets from `first` on; `own.level` is the level at their start."""
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


class Workspace(NamedTuple):
    """Parameters, tape and results of the score of one block, allocated once."""

    prior: Prior
    own: BlockParameters
    tape: Tape
    log_likelihood: Floats  # (W,)
    by: BlockParameters
    by_shared: SharedDerivatives


@compiled
def new_workspace(spec, prior, dates, states, common):
    """Allocate the workspace of one block; its prior has the kinds of `prior`, and zeros to fill in."""
    covariance = np.zeros((WIDTH, states, states))
    here = Prior(prior.kind, prior.before_prediction, np.zeros((WIDTH, states)), covariance)
    tape = new_tape(spec, dates, states)
    return Workspace(
        here,
        new_block_parameters(states),
        tape,
        np.zeros(WIDTH),
        new_block_parameters(states),
        new_shared_derivatives(common),
    )
