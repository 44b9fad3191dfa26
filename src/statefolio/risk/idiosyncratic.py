"""Shrinks idiosyncratic variances towards those of similar assets, by empirical Bayes."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.loadings.base import LoadingsModel


def idiosyncratic_variance(
    variance: pd.Series, observations: pd.Series, groups: pd.Series | None = None, kurtosis: float = 3.0
) -> pd.Series:
    """Shrink log-variances towards their group's mean, by empirical Bayes.

    The log of a variance estimated from n returns has error variance s^2 = (kurtosis - 1) / n. The variance of the
    log-variances of a group beyond the mean of s^2 is their true variance tau^2, and each keeps tau^2 / (tau^2 + s^2)
    of its distance from the group's mean (Efron and Morris 1973, Journal of the American Statistical Association 68,
    117-130).

    Parameters
    ----------
    variance : Series by asset
        Positive.
    observations : Series by asset
        Effective number of returns that each was estimated from.
    groups : Series by asset, optional
        Groups such as sectors. Assets without one, and groups of fewer than 3, form one group.
    kurtosis : float
        Kurtosis of the noise; 3 if Gaussian.

    Returns
    -------
    Series by asset
    """
    logs = np.log(variance.to_numpy())
    error = (kurtosis - 1.0) / observations.to_numpy(dtype=np.float64)
    shrunk = logs.copy()
    for places in _members(variance.index, groups):
        shrunk[places] = _shrink(logs[places], error[places])
    return pd.Series(np.exp(shrunk), index=variance.index)


def _shrink(logs: Array, error: Array) -> Array:
    if len(logs) < 3:
        return logs
    between = max(float(logs.var(ddof=1) - error.mean()), 0.0)
    weight = 1.0 / (between + error)
    centre = float(weight @ logs / weight.sum())
    shrunk: Array = centre + between / (between + error) * (logs - centre)
    return shrunk


def _members(assets: pd.Index, groups: pd.Series | None) -> list[NDArray[np.intp]]:
    if groups is None:
        return [np.arange(len(assets))]
    codes, uniques = pd.factorize(groups.reindex(assets))
    places = [np.flatnonzero(codes == code) for code in range(len(uniques))]
    large = [members for members in places if len(members) >= 3]
    return [*large, np.setdiff1d(np.arange(len(assets)), np.concatenate([np.empty(0, dtype=np.intp), *large]))]


def effective_observations(model: LoadingsModel, observed: pd.Series) -> pd.Series:
    """Effective number of returns behind each variance: all observed ones, or those that a memory or window keeps."""
    table, seen = model.parameters_, np.maximum(observed.to_numpy(dtype=np.float64), 1.0)
    if "observations" in table:
        seen = np.fmin(seen, np.maximum(table["observations"].to_numpy(), 1.0))
    half_life = getattr(model, "half_life", None)
    if half_life is not None or "memory" in table:
        memory = table["memory"].to_numpy() if half_life is None else np.full(len(seen), 0.5 ** (1.0 / half_life))
        forgets = memory < 1.0
        kept = np.where(forgets, (1.0 + memory) / np.where(forgets, 1.0 - memory, 1.0), np.inf)
        seen = np.minimum(seen, kept)
    return pd.Series(seen, index=observed.index)
