"""Ordinary least squares of every asset on the dates it was observed, all assets at once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from statefolio._arrays.types import Array
from statefolio.kalman.ordinary_least_squares import weighted_products

_SINGULAR = 1e-11


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """Ordinary least squares of N assets on the same K regressors, each asset on its own dates.

    Attributes
    ----------
    loadings : (N, K) array
        b = (X'X)^-1 X'r over the asset's own dates; NaN where X'X has no inverse.
    residuals : (T, N) array
        r - Xb, NaN where there is no return.
    inverse : (N, K, K) array
        (X'X)^-1 over the asset's own dates.
    count : (N,) array
        Returns observed.
    variance : (N,) array
        e'e / (count - K).
    """

    loadings: Array
    residuals: Array
    inverse: Array
    count: npt.NDArray[np.int64]
    variance: Array

    @property
    def standard_error(self) -> Array:
        """Classical standard errors (N, K), for independent errors of constant variance."""
        error: Array = np.sqrt(self.variance[:, None] * np.diagonal(self.inverse, axis1=1, axis2=2))
        return error


def least_squares(returns: Array, regressors: Array) -> LeastSquares:
    """Regress each column of returns (T, N), NaN where unobserved, on regressors (T, K)."""
    states = regressors.shape[1]
    known = ~np.isnan(returns)
    filled = np.where(known, returns, 0.0)
    count = known.sum(axis=0)
    inverse = inverses(second_moments(regressors, known))
    loadings = np.einsum("nkl,ln->nk", inverse, regressors.T @ filled)
    residuals = np.where(known, filled - regressors @ loadings.T, np.nan)
    squares = np.where(known, residuals**2, 0.0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(count > states, squares / (count - states), np.nan)
    return LeastSquares(loadings, residuals, inverse, count, variance)


def second_moments(regressors: Array, known: npt.NDArray[np.bool_]) -> Array:
    """X'X over each asset's own dates, (N, K, K)."""
    states, assets = regressors.shape[1], known.shape[1]
    if known.all():
        products = (regressors[:, :, None] * regressors[:, None, :]).reshape(len(regressors), states**2)
        shared = products.sum(axis=0).reshape(1, states, states)
        return np.repeat(shared, assets, axis=0)
    return weighted_products(regressors, regressors, known.astype(float))


def inverses(moments: Array) -> Array:
    """Inverses of many symmetric matrices (..., K, K); NaN for singular ones."""
    states = moments.shape[-1]
    root = np.sqrt(np.diagonal(moments, axis1=-2, axis2=-1))
    scale = np.where(root > 0.0, root, 1.0)
    scaled = moments / (scale[..., :, None] * scale[..., None, :])
    singular = np.linalg.eigvalsh(scaled)[..., 0] < _SINGULAR if states else np.zeros(moments.shape[:-2], dtype=bool)
    safe = np.where(singular[..., None, None], np.eye(states), scaled)
    inverse = np.linalg.inv(safe) / (scale[..., :, None] * scale[..., None, :])
    found: Array = np.where(singular[..., None, None], np.nan, inverse)
    return found
