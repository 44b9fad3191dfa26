"""Builds the regression that all hedges share: x_1 on (1, x_2 ... x_k)."""

import numpy as np

from statefolio._arrays.types import Array


def design(x: Array) -> tuple[Array, Array]:
    """Return regressors (T, k) and observations (T,) of prices (T, k); missing prices stay NaN."""
    X = np.ones(x.shape)
    X[:, 1:] = x[:, 1:]
    return X, np.ascontiguousarray(x[:, 0])
