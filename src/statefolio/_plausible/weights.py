"""Finds weights that are percent."""

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array


def are_percent(weights: Array) -> NDArray[np.bool_]:
    """Return whether weights (..., N) are percent: their sum is within 1 of 100, and no single one is above 101.

    NaN is no weight.
    """
    largest = np.fmax.reduce(np.abs(weights), axis=-1, initial=0.0)
    return np.asarray((np.abs(np.nansum(weights, axis=-1) - 100.0) <= 1.0) & (largest < 101.0))
