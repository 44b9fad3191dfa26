"""Who is listed: assets that can be held on the next date, and why others cannot."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio.exceptions import InputError

Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]


def listed_only(returns: pd.DataFrame, active_mask: Any) -> tuple[pd.DataFrame, Flags]:
    """Leave aside returns of dates on which an asset was not listed.

    Parameters
    ----------
    returns : DataFrame (T, N)
    active_mask : array-like of bool (T, N) or None
        None: always listed.

    Returns
    -------
    DataFrame, (N,) array of bool
        The returns, and which assets are no longer listed on the last date.

    Raises
    ------
    InputError
        If the mask has another shape, or other names or dates, or is not of truth values.
    """
    if active_mask is None:
        return returns, np.zeros(returns.shape[1], dtype=bool)
    if isinstance(active_mask, pd.DataFrame) and not active_mask.columns.equals(returns.columns):
        raise InputError(
            "active_mask has other columns than X; the same, in the same order, were expected. Reorder it."
        )
    if isinstance(active_mask, pd.DataFrame) and not active_mask.index.equals(returns.index):
        raise InputError("active_mask has other dates than X; the same were expected. Use active_mask.loc[X.index].")
    mask = np.asarray(active_mask)
    if mask.shape != returns.shape or mask.dtype != bool:
        raise InputError(
            f"active_mask is a {mask.shape} array of {mask.dtype}; truth values of X's shape, {returns.shape}, were "
            "expected. Pass one for each return."
        )
    if mask.all():
        return returns, np.zeros(returns.shape[1], dtype=bool)
    return returns.where(mask), ~mask[-1]


def dates_without(returns: pd.DataFrame, before: Counts | None = None) -> Counts:
    """How many of the latest dates an asset has had no return on, (N,), given how many there were before."""
    seen = ~np.isnan(returns.to_numpy(dtype=np.float64))
    latest = np.argmax(seen[::-1], axis=0)
    earlier = np.zeros(seen.shape[1], dtype=np.int64) if before is None else before
    return np.where(seen.any(axis=0), latest, earlier + len(seen))


def not_investable(
    excluded: pd.DataFrame, universe: pd.Index, inactive: Flags, silent: Counts, most: Any
) -> pd.DataFrame:
    """Assets that cannot be held, by asset: reason.

    Parameters
    ----------
    excluded : DataFrame
        Those without a covariance.
    universe : Index
        All N assets.
    inactive : (N,) array of bool
        No longer listed.
    silent : (N,) array
        Latest dates without a return.
    most : int or None
        From this many of them on an asset counts as delisted.

    Raises
    ------
    InputError
        If nothing is left.
    """
    reasons = excluded["reason"].reindex(universe)
    gone = np.zeros(len(universe), dtype=bool) if most is None else silent >= most
    reasons[gone & reasons.isna()] = [f"no return on the last {n} dates" for n in silent[gone & reasons.isna()]]
    reasons[inactive] = "not listed on the last date, as active_mask says"
    if reasons.notna().all():
        raise InputError(
            f"none of {len(universe)} assets can be held (the first: {reasons.iloc[0]}); at least one was expected. "
            "Pass later returns, or another active_mask or absent_after."
        )
    return reasons.dropna().to_frame()
