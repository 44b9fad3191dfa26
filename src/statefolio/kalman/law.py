"""What the compiled filters are told: one record for the law of motion, one for what each asset has of its own."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CONSTANT, EWMA, DISCOUNT = 0, 1, 2

SURPRISE_CAP = 9.0
"""A squared standardised innovation counts at most this much when a variance is learned."""

LEVEL_FLOOR = 1e-4
"""A learned variance never falls below this share of the level it started from."""

PRIOR_OBSERVATIONS = 10.0
"""What the starting level is worth, in observations, under West and Harrison's variance learning."""


class Law(NamedTuple):
    """How all assets move: the same numbers for the whole panel."""

    noise: int  # CONSTANT, EWMA or DISCOUNT: how an asset's level of observation variance is learned
    scales: bool  # a state variance is a multiple of the asset's level, not a variance
    reverts: bool  # loadings revert to a mean
    tails: float  # degrees of freedom nu of the Student-t; infinite is Gaussian
    memory: float  # factor by which learned variances remember (ewma lambda, West-Harrison delta)
    discount: float  # state covariance is divided by this before each date; 1 is none


class Assets(NamedTuple):
    """What each asset has of its own; lanes run along the last axis, padded to whole blocks."""

    phi: Floats  # (K, N) persistence of each loading
    mean: Floats  # (K, N) mean that a loading reverts to
    state_variance: Floats  # (K, N) variance, or signal-to-noise where it scales
    start_level: Floats  # (N,) level of observation variance at the start


class State(NamedTuple):
    """The filter between two dates: given everything up to the first, nothing of the second."""

    mean: Floats  # (K, N) filtered loadings
    covariance: Floats  # (K(K+1)/2, N) their covariance, lower triangle by rows
    level: Floats  # (N,) learned observation variance
    worth: Floats  # (N,) observations the level is worth (West-Harrison's n)
    began: Floats  # (N,) row of this call whose update is the first of the lanes' own; inf: not in this call
    predicted: NDArray[np.bool_]  # (N,) the state at `began` needs no prediction before its update


class Paths(NamedTuple):
    """What a sweep writes down, in arrays that begin on a cache line; one of no rows is left alone."""

    mean: Floats  # (T, K, N) filtered loadings
    variance: Floats  # (T, K, N)
    innovation: Floats  # (T, N)
    innovation_variance: Floats  # (T, N)
    level: Floats  # (T, N) level of observation variance before the date's update
    covariance: Floats  # (T, K(K+1)/2, N) filtered, lower triangles by rows
    log_likelihood: Floats  # (N,)
    surprise: Floats  # (blocks, T) sum of capped squared standardised innovations
    surprised: Floats  # (blocks, T) how many there were


def triangle(states: int) -> int:
    """Entries of the packed lower triangle."""
    return states * (states + 1) // 2


def diagonal(states: int) -> NDArray[np.intp]:
    """Rows of the packed lower triangle that hold the diagonal."""
    j = np.arange(states)
    return j * (j + 1) // 2 + j


def unpack(packed: Floats) -> Floats:
    """Packed lower triangles (K(K+1)/2, N) as full symmetric matrices (N, K, K)."""
    states = int((np.sqrt(8 * packed.shape[0] + 1) - 1) / 2)
    rows, columns = np.tril_indices(states)
    full = np.empty((packed.shape[1], states, states))
    full[:, rows, columns] = packed.T
    full[:, columns, rows] = packed.T
    return full
