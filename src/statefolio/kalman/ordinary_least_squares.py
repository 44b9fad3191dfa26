"""Ordinary least squares for every asset of a panel with gaps: the starting point of tuning."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.regression_sums import sum_of_products, sum_of_residuals
from statefolio.kalman.specification import Floats

_EXACT = 1e-24  # share of squared returns below which residuals count as rounding errors
LEAST_RESIDUAL, LEAST_TEACHING = 1e-6, 1e-4
"""Shares of an asset's mean squared return: a residual variance is at least the first, and the asset has a part in what
the panel shares only above the second. Below it, the asset is nearly a combination of the factors, or a constant."""
ONE_DATE, _ONE_CELL = 0.5, 0.99
"""Shares of an asset's squared returns on a single date: above the first (a bad print, or an infinite variance) the
asset has no part in what the panel shares; above the second, the date has no part in its variance either."""

MODERATE_PARTS = 5.0
"""Parts of an asset's history that a loading with a moderate signal-to-noise remembers one of."""


class OLSFit(NamedTuple):
    """Constant loadings, one column per asset; NaN where there are too few observations or no residuals.

    The last column is for an asset that was never observed.
    """

    mean: Floats  # (K, N)
    variance: Floats  # (K, N) of the loadings
    residual_variance: Floats  # (N,)
    observations: Floats  # (N,)
    squares: Floats  # (N,) sum of squared observations


def ordinary_least_squares(X: Floats, Y: Floats) -> OLSFit:
    """Regress every column of Y (T, N) on X (T, K) or (T, K, N), each over the dates on which it was observed."""
    states = X.shape[1]
    scale = np.sqrt(np.mean(X * X, axis=0))
    scale[scale == 0.0] = 1.0
    Z = X / scale
    count = np.isfinite(Y).sum(axis=0).astype(float)
    inverse = np.linalg.pinv(_products(Z, Y), rcond=1e-12, hermitian=True)
    mean = np.zeros((states, Y.shape[1]))
    sums, total = _residual_sums(Z, Y, mean)
    squares = total
    for _ in range(3):  # the fit, refined twice, so that collinear factors cost no digits
        mean = mean + np.einsum("njk,kn->jn", inverse, sums)
        sums, squares = _residual_sums(Z, Y, mean)
    enough = (count > states) & (squares > _EXACT * total)
    with np.errstate(divide="ignore", invalid="ignore"):
        residual_variance = np.where(enough, squares / (count - states), np.nan)
    variance = np.diagonal(inverse, axis1=1, axis2=2).T * residual_variance
    mean = np.where(enough, mean, np.nan)
    scale = scale if X.ndim == 3 else scale[:, None]
    mean, variance = mean / scale, variance / scale**2
    stranger = unfitted(0, states)
    found = (mean, variance, residual_variance, count, total)
    return OLSFit(*(np.concatenate([a, b], axis=-1) for a, b in zip(found, stranger, strict=True)))


class Residuals(NamedTuple):
    """Residual variances with a floor, and the assets whose residuals teach nothing about others, (N,) each."""

    variance: Floats  # NaN where there are too few observations
    hardly_any: NDArray[np.bool_]  # the asset is a combination of the factors, or a constant
    one_date: NDArray[np.bool_]  # most squared returns are those of one date


def judge_residuals(fit: OLSFit, Y: Floats) -> Residuals:
    """Return the residual variance of each asset, at least a floor, and which assets may teach what a panel shares.

    The floor is `LEAST_RESIDUAL` times the mean squared return. An asset whose squared returns are almost those of a
    single date has the mean of the others as its variance.
    """
    count, total, variance = fit.observations[:-1], fit.squares[:-1], fit.residual_variance[:-1]
    enough = count > fit.mean.shape[0]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        largest = np.fmax(np.fmax.reduce(Y, axis=0, initial=0.0), -np.fmin.reduce(Y, axis=0, initial=0.0)) ** 2
        usual = total / np.maximum(count, 1.0)
        floored = np.fmax(variance, np.where(enough, LEAST_RESIDUAL * usual, np.nan))
        one_cell = enough & (largest > _ONE_CELL * total)
        if one_cell.any():
            # Column by column, so that the order of each sum does not depend on the other assets.
            others = [np.sort(np.nan_to_num(Y[:, i]) ** 2)[:-1].sum() for i in np.flatnonzero(one_cell)]
            floored[one_cell] = others / (count[one_cell] - 1.0)
        hardly_any = enough & ~(variance > LEAST_TEACHING * usual)
    return Residuals(
        np.where(floored > 0.0, floored, np.nan), hardly_any, enough & ~hardly_any & (largest > ONE_DATE * total)
    )


def _products(Z: Floats, Y: Floats) -> Floats:
    """Return the sum of z z' of every asset over the dates on which it was observed, (N, K, K)."""
    if Z.ndim == 2:
        return sum_of_products(Z, Y)
    own: Floats = np.einsum("tjn,tkn,tn->njk", Z, Z, np.isfinite(Y).astype(float), optimize=True)
    return own


def _residual_sums(Z: Floats, Y: Floats, mean: Floats) -> tuple[Floats, Floats]:
    """Return the sums of z e (K, N) and e^2 (N,) over the observed dates, with e = y - z'b."""
    if Z.ndim == 2:
        return sum_of_residuals(Z, Y, mean)
    error = np.where(np.isfinite(Y), Y - np.einsum("tkn,kn->tn", Z, mean), 0.0)
    return np.einsum("tkn,tn->kn", Z, error), np.sum(error**2, axis=0)


def weighted_products(a: Floats, b: Floats, weights: Floats) -> Floats:
    """Return the sums over dates of a_t b_t' times the weights of every asset, (N, J, K).

    Parameters
    ----------
    a, b : (T, J) and (T, K) arrays
    weights : (T, N) array
        E.g. one on the dates on which an asset was observed, else zero.
    """
    J, K = a.shape[1], b.shape[1]
    products = (a[:, :, None] * b[:, None, :]).reshape(len(a), J * K)
    sums: Floats = (weights.T @ products).reshape(weights.shape[1], J, K)
    return sums


def unfitted(assets: int, states: int) -> OLSFit:
    """Return the result for assets without a fit, and the last column."""
    shape = (states, assets + 1)
    none = np.zeros(assets + 1)
    return OLSFit(np.full(shape, np.nan), np.full(shape, np.nan), np.full(assets + 1, np.nan), none, none.copy())


def moderate_ratio(fit: OLSFit) -> Floats:
    """Return the signal-to-noise (K, N) at which a loading has a memory of about a fifth of an asset's history.

    A local level of signal-to-noise s observed through a regressor of mean square i has a memory of about
    1 / sqrt(s i) dates.
    """
    information = fit.residual_variance / fit.variance  # i times the number of observations
    return MODERATE_PARTS**2 / (fit.observations * information)


def filled_with_median(values: Floats, fallback: float) -> Floats:
    """Fill missing values with the median along the last axis, or with `fallback` where all are missing."""
    known = np.isfinite(values)
    filled = values.copy()
    for row, have in zip(np.atleast_2d(filled), np.atleast_2d(known), strict=True):
        row[~have] = np.median(row[have]) if have.any() else fallback
    return filled
