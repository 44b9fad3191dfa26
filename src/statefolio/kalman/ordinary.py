"""Ordinary least squares for every asset of a panel with gaps: where tuning starts from."""

from typing import NamedTuple

import numpy as np

from statefolio.kalman.law import Floats

_EXACT = 1e-24  # share of squared returns left over under which they are taken for explained exactly


class Ordinary(NamedTuple):
    """Constant loadings, an asset a column; NaN where there are too few observations, or nothing is left over.

    The last column is that of an asset never observed, so that it can be filled like the others.
    """

    mean: Floats  # (K, N)
    variance: Floats  # (K, N) of the loadings
    residual_variance: Floats  # (N,)
    observations: Floats  # (N,)


def ordinary_least_squares(X: Floats, Y: Floats) -> Ordinary:
    """Regress every column of Y (T, N) on X (T, K), or its own (T, K, N), each on the dates it was observed."""
    states = X.shape[1]
    scale = np.sqrt(np.mean(X * X, axis=0))
    scale[scale == 0.0] = 1.0
    Z = X / scale
    seen = np.isfinite(Y)
    count = seen.sum(axis=0).astype(float)
    moments = _moments(Z, seen.astype(float))
    inverse = np.linalg.pinv(moments, rcond=1e-12, hermitian=True)
    mean = np.einsum("njk,kn->jn", inverse, _sum_over_dates(Z, np.where(seen, Y, 0.0)))
    for _ in range(2):  # refined, so that collinear factors cost no digits
        left_over = np.where(seen, Y - _fitted(Z, mean), 0.0)
        mean = mean + np.einsum("njk,kn->jn", inverse, _sum_over_dates(Z, left_over))
    squares = np.sum(np.where(seen, Y - _fitted(Z, mean), 0.0) ** 2, axis=0)
    enough = (count > states) & (squares > _EXACT * np.sum(np.where(seen, Y, 0.0) ** 2, axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        residual_variance = np.where(enough, squares / (count - states), np.nan)
    variance = np.diagonal(inverse, axis1=1, axis2=2).T * residual_variance
    mean = np.where(enough, mean, np.nan)
    scale = scale if X.ndim == 3 else scale[:, None]
    mean, variance = mean / scale, variance / scale**2
    stranger = unknown(0, states)
    found = (mean, variance, residual_variance, count)
    return Ordinary(*(np.concatenate([a, b], axis=-1) for a, b in zip(found, stranger, strict=True)))


def _fitted(X: Floats, mean: Floats) -> Floats:
    """Return x'b of every date and asset, (T, N), for loadings (K, N)."""
    return X @ mean if X.ndim == 2 else np.einsum("tkn,kn->tn", X, mean)


def _moments(Z: Floats, seen: Floats) -> Floats:
    """Every asset's sum of z z' over the dates it was observed, (N, K, K)."""
    if Z.ndim == 3:
        own: Floats = np.einsum("tjn,tkn,tn->njk", Z, Z, seen, optimize=True)
        return own
    pairs = (Z[:, :, None] * Z[:, None, :]).reshape(len(Z), -1)
    return (seen.T @ pairs).reshape(-1, Z.shape[1], Z.shape[1])


def _sum_over_dates(Z: Floats, y: Floats) -> Floats:
    """Every asset's sum of z y, (K, N)."""
    return Z.T @ y if Z.ndim == 2 else np.einsum("tkn,tn->kn", Z, y)


def unknown(assets: int, states: int) -> Ordinary:
    """Assets of which nothing is known, and the last column."""
    shape = (states, assets + 1)
    return Ordinary(np.full(shape, np.nan), np.full(shape, np.nan), np.full(assets + 1, np.nan), np.zeros(assets + 1))


def moderate_ratio(ordinary: Ordinary) -> Floats:
    """Signal-to-noise (K, N) at which a loading is remembered for about a fifth of an asset's history.

    A local level of signal-to-noise s observed through a regressor of mean square i has a memory of about
    1 / sqrt(s i) dates.
    """
    information = ordinary.residual_variance / ordinary.variance  # i times the number of observations
    return 25.0 / (ordinary.observations * information)


def filled_with_median(values: Floats, fallback: float) -> Floats:
    """Assets without a value take the median of those that have one, along the last axis."""
    known = np.isfinite(values)
    filled = values.copy()
    for row, have in zip(np.atleast_2d(filled), np.atleast_2d(known), strict=True):
        row[~have] = np.median(row[have]) if have.any() else fallback
    return filled
