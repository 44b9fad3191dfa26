"""Model specification, parameters and state of a panel of filters: the records that compiled code takes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CONSTANT, EWMA, DISCOUNT = 0, 1, 2

SURPRISE_CAP = 9.0
"""Cap of a squared standardised innovation where a variance is learned."""

LEVEL_FLOOR = 1e-4
"""Least value of a learned variance, as a share of the level it started from."""

PRIOR_OBSERVATIONS = 10.0
"""Weight of the starting level, in observations, under West and Harrison's variance learning."""


class Specification(NamedTuple):
    """Model specification: the numbers that all assets of a panel share."""

    noise: int  # CONSTANT, EWMA or DISCOUNT: how an asset's observation variance is learned
    scales: bool  # state variances are multiples of the asset's observation variance
    reverts: bool  # loadings revert to a mean
    tails: float  # degrees of freedom nu of the Student-t; infinite is Gaussian
    memory: float  # decay of learned variances (lambda of the EWMA, delta of West and Harrison)
    discount: float  # divides the state covariance before each date; 1 for no discounting
    fast_memory: float = 0.0  # decay of the fast part of an exponentially weighted variance
    fast_weight: float = 0.0  # share of the fast part; 0 for one speed
    surprise_scale: float = 1.0  # factor on capped squared standardised innovations, where a variance learns from them


class AssetParameters(NamedTuple):
    """Parameters of each asset; assets along the last axis, padded to whole blocks of lanes."""

    phi: Floats  # (K, N) persistence of each loading
    mean: Floats  # (K, N) mean that a loading reverts to
    state_variance: Floats  # (K, N) variance of a step, or signal-to-noise where `scales`
    start_level: Floats  # (N,) observation variance at the start
    error_variance: Floats  # (K, N) as state_variance, of the errors (errors.py); no rows where they are the filter's


class FilterState(NamedTuple):
    """State of the filters between two dates: given all data up to the first."""

    mean: Floats  # (K, N) filtered loadings
    covariance: Floats  # (K(K+1)/2, N) their covariance, lower triangle by rows
    level: Floats  # (N,) learned observation variance
    fast: Floats  # (N,) its fast part
    worth: Floats  # (N,) weight of the level, in observations (n of West and Harrison)
    began: Floats  # (N,) row of the first ordinary update in this call; inf for none
    predicted: NDArray[np.bool_]  # (N,) whether the state at `began` is predicted already
    error: Floats  # rows by errors.py, (.., N): covariance of the errors, and their drift; none where not asked for


class FilterPaths(NamedTuple):
    """Outputs of a sweep, in arrays that begin on a cache line; an array without rows is not written."""

    mean: Floats  # (T, K, N) filtered loadings
    variance: Floats  # (T, K, N)
    innovation: Floats  # (T, N)
    innovation_variance: Floats  # (T, N)
    level: Floats  # (T, N) observation variance before the update of the date
    covariance: Floats  # (T, K(K+1)/2, N) filtered, lower triangles by rows
    log_likelihood: Floats  # (N,)
    surprise: Floats  # (blocks, T) sum of capped squared standardised innovations
    surprised: Floats  # (blocks, T) their number
