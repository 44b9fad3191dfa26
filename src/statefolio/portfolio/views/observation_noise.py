"""Provides the covariance of returns around their means: given, estimated, or from a risk model."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, shown
from statefolio._arrays.types import Array
from statefolio._estimator import clone
from statefolio.exceptions import DataTypeError, InputError
from statefolio.risk.low_rank import LowRankCovariance

Noise = Array | LowRankCovariance


def observation_noise(given: Any, returns: Array, assets: pd.Index, correlated: bool = True) -> Noise:
    """H: (N,) if diagonal, (N, N), or of low rank.

    Parameters
    ----------
    given : number, Series, array, DataFrame, LowRankCovariance, skfolio covariance estimator, or None
        None: the assets' variances with Ledoit and Wolf's correlations of standardised returns, in which a missing
        return counts as the asset's mean. An asset with fewer than 3 returns gets the median variance and no
        correlation.
    returns : (T, N) array
        For an estimate.
    assets : Index (N,)
    correlated : bool
        Whether the estimate has correlations.
    """
    if given is None:
        return estimated_noise(returns, correlated)
    if hasattr(given, "fit"):
        return _checked(clone(given).fit(returns).covariance_, assets)
    if isinstance(given, LowRankCovariance):
        if len(given) != len(assets):
            raise _wrong_size((len(given),), assets)
        return given
    if isinstance(given, pd.Series | pd.DataFrame):
        absent = assets[~assets.isin(given.index)]
        if len(absent):
            raise InputError(
                f"observation_covariance must have every asset of X, got none for {listed(absent)}. Add them."
            )
        given = given.loc[assets] if isinstance(given, pd.Series) else given.loc[assets, assets]
    return _checked(given, assets)


def estimated_noise(returns: Array, correlated: bool = True) -> Array:
    """Covariance (N, N) of returns with gaps, positive definite; or their variances (N,)."""
    from sklearn.covariance import ledoit_wolf

    known = ~np.isnan(returns)
    count = known.sum(axis=0)
    enough = count > 2
    mean = np.where(known, returns, 0.0).sum(axis=0) / np.maximum(count, 1)
    centred = np.where(known, returns - mean, 0.0)
    variance = (centred**2).sum(axis=0) / np.maximum(count - 1, 1)
    enough &= variance > 0.0
    if not enough.any():
        raise InputError("X must have an asset with at least 3 different returns, got none. Pass more dates.")
    variance = np.where(enough, variance, np.median(variance[enough]))
    if not correlated:
        diagonal: Array = variance
        return diagonal
    standardised = np.where(enough, centred / np.sqrt(variance), 0.0)
    covariance, _ = ledoit_wolf(standardised[:, enough], assume_centered=True)
    own = np.sqrt(np.diag(covariance))
    correlation = np.eye(len(enough))
    correlation[np.ix_(enough, enough)] = covariance / np.outer(own, own)
    scale = np.sqrt(variance)
    H: Array = correlation * np.outer(scale, scale)
    H[np.diag_indices(len(H))] = variance
    return H


def variances(noise: Noise) -> Array:
    """The diagonal of H."""
    if isinstance(noise, LowRankCovariance):
        return noise.asset_variance
    return noise if noise.ndim == 1 else np.diag(noise).copy()


def times_ratios(noise: Noise, ratio: Array) -> Noise:
    """diag(p)^1/2 H diag(p)^1/2, in the form of H; this is p H if all assets have the same p."""
    root = np.sqrt(ratio)
    if isinstance(noise, LowRankCovariance):
        floor = np.maximum(ratio, _LEAST)
        return LowRankCovariance(noise.loadings * root[:, None], noise.factor_covariance, noise.diagonal * floor)
    return noise * ratio if noise.ndim == 1 else noise * np.outer(root, root)


def with_factor(noise: Noise, loadings: Array, variance: float) -> Noise:
    """Add the covariance of one factor of this variance, in the form of the covariance."""
    if isinstance(noise, LowRankCovariance):
        count = noise.loadings.shape[1]
        block = np.zeros((count + 1, count + 1))
        block[:count, :count], block[count, count] = noise.factor_covariance, variance
        return LowRankCovariance(np.column_stack([noise.loadings, loadings]), block, noise.diagonal)
    dense: Array = (np.diag(noise) if noise.ndim == 1 else noise) + variance * np.outer(loadings, loadings)
    return dense


def low_rank(covariance: Noise, scale: Array) -> LowRankCovariance:
    """Convert any covariance to low rank; `scale` (N,) are variances that set the smallest diagonal allowed."""
    if isinstance(covariance, LowRankCovariance):
        return covariance
    assets = len(covariance)
    if covariance.ndim == 1:
        return LowRankCovariance(np.empty((assets, 0)), np.empty((0, 0)), np.maximum(covariance, _LEAST * scale))
    least = 0.5 * max(float(np.linalg.eigvalsh(covariance)[0]), 0.0)
    diagonal = np.maximum(np.full(assets, least), _LEAST * scale)
    return LowRankCovariance(np.eye(assets), covariance - least * np.eye(assets), diagonal)


def joined_noise(noise: Noise, newcomers: int) -> Noise:
    """H with more assets: with the median variance and no correlation."""
    variance = variances(noise)
    more = np.full(newcomers, np.median(variance))
    if isinstance(noise, LowRankCovariance):
        rows = np.zeros((newcomers, noise.loadings.shape[1]))
        return LowRankCovariance(
            np.vstack([noise.loadings, rows]), noise.factor_covariance, np.append(noise.diagonal, more)
        )
    if noise.ndim == 1:
        return np.append(noise, more)
    H: Array = np.diag(np.append(variance, more))
    H[: len(variance), : len(variance)] = noise
    return H


_LEAST = 1e-12


def _checked(given: Any, assets: pd.Index) -> Array:
    try:
        values = np.array(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataTypeError(
            "observation_covariance must be a number, numbers by asset, a covariance or an estimator of one, got "
            f"{shown(given)}. Pass e.g. observation_covariance=1e-4."
        ) from error
    count = len(assets)
    if values.ndim == 0:
        values = np.full(count, float(values))
    if values.shape not in ((count,), (count, count)):
        raise _wrong_size(values.shape, assets)
    variance = values if values.ndim == 1 else np.diag(values)
    if not (np.isfinite(values).all() and (variance > 0.0).all()):
        odd = assets[~(np.isfinite(variance) & (variance > 0.0))]
        found = f"others for {listed(odd)}" if len(odd) else "NaN or infinite covariances"
        raise InputError(
            f"observation_covariance must have positive, finite variances, got {found}. Leave those assets out."
        )
    if values.ndim == 2 and not np.allclose(values, values.T, rtol=0.0, atol=1e-10 * variance.max()):
        raise InputError(
            "observation_covariance must be symmetric, got different values above and below the diagonal. Pass e.g. "
            "the mean of the matrix and its transpose."
        )
    return values


def _wrong_size(shape: tuple[int, ...], assets: pd.Index) -> InputError:
    count = len(assets)
    return InputError(
        f"observation_covariance must be a number or have shape ({count},) or ({count}, {count}) for {count} assets, "
        f"got {shape}. Select the same assets."
    )
