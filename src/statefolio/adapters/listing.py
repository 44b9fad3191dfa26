"""Decides which assets can be held on the next date, and gives the reasons for the others."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio.exceptions import InputError

Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]


def listed_only(returns: pd.DataFrame, active_mask: Any) -> tuple[pd.DataFrame, Flags]:
    """Drop returns of dates on which an asset is not listed.

    Parameters
    ----------
    returns : DataFrame (T, N)
    active_mask : array-like of bool (T, N) or None
        True where an asset is listed. None: always.

    Returns
    -------
    DataFrame, (N,) array of bool
        The returns, and True for assets that are not listed on the last date.

    Raises
    ------
    InputError
        If the mask has another shape, other names or dates, or values other than True and False.
    """
    if active_mask is None:
        return returns, np.zeros(returns.shape[1], dtype=bool)
    if isinstance(active_mask, pd.DataFrame) and not active_mask.columns.equals(returns.columns):
        raise InputError(
            "active_mask must have the columns of X in the same order, got others. Use active_mask[X.columns]."
        )
    if isinstance(active_mask, pd.DataFrame) and not active_mask.index.equals(returns.index):
        raise InputError("active_mask must have the dates of X, got others. Use active_mask.loc[X.index].")
    mask = np.asarray(active_mask)
    if mask.shape != returns.shape or mask.dtype != bool:
        raise InputError(
            f"active_mask must be True or False for each return of X, shape {returns.shape}, got a {mask.shape} array "
            f"of {mask.dtype}. Use active_mask.astype(bool) for zeros and ones."
        )
    if mask.all():
        return returns, np.zeros(returns.shape[1], dtype=bool)
    return returns.where(mask), ~mask[-1]


def dates_without(returns: pd.DataFrame, before: Counts | None = None) -> Counts:
    """Count the latest dates without a return of each asset, (N,); `before` is the count of earlier calls."""
    seen = ~np.isnan(returns.to_numpy(dtype=np.float64))
    latest = np.argmax(seen[::-1], axis=0)
    earlier = np.zeros(seen.shape[1], dtype=np.int64) if before is None else before
    return np.where(seen.any(axis=0), latest, earlier + len(seen))


def not_investable(
    excluded: pd.DataFrame, universe: pd.Index, inactive: Flags, absent: Counts, limit: Any
) -> pd.DataFrame:
    """Return the reason for each asset that cannot be held, by asset.

    Parameters
    ----------
    excluded : DataFrame
        Assets without a covariance, with the reason.
    universe : Index
        All N assets.
    inactive : (N,) array of bool
        Assets that are no longer listed.
    absent : (N,) array
        Number of latest dates without a return.
    limit : int or None
        Number of such dates from which on an asset counts as delisted.

    Raises
    ------
    InputError
        If no asset can be held.
    """
    reasons = excluded["reason"].reindex(universe)
    gone = np.zeros(len(universe), dtype=bool) if limit is None else absent >= limit
    reasons[gone & reasons.isna()] = [f"no return on the last {n} dates" for n in absent[gone & reasons.isna()]]
    reasons[inactive] = "not listed on the last date in active_mask"
    if reasons.notna().all():
        raise InputError(
            f"X must have an asset that can be held, got none of {len(universe)} assets (the first: "
            f"{reasons.iloc[0]}). Pass later returns, or another active_mask or absent_after."
        )
    return reasons.dropna().to_frame()
