"""Measures drawdowns: how far and for how long the value is below its peak."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._display.shown import ShownFields
from statefolio.backtest.return_series import read_series


@dataclass(frozen=True, repr=False)
class Drawdown(ShownFields):
    """One fall of the value below its peak.

    Attributes
    ----------
    depth : float
        Value over its peak, minus one: -0.2 is a fall of 20 %. Zero if there is none.
    peak : Timestamp or None
        Last date at the peak; None if the peak is the start, before the first return.
    trough, recovery : Timestamp or None
        Date of the lowest value, and the first date at the peak again; None without a recovery.
    dates : int
        Number of dates from the peak to the recovery, or to the last date.
    dates_to_recover : int or None
        Number of dates from the trough to the recovery.
    """

    depth: float
    peak: pd.Timestamp | None = None
    trough: pd.Timestamp | None = None
    recovery: pd.Timestamp | None = None
    dates: int = 0
    dates_to_recover: int | None = None


def drawdowns(returns: Any) -> "pd.Series[float]":
    """Return the value over its highest value so far, minus one, by date; the start counts as a peak.

    Parameters
    ----------
    returns : Series, or an object with such `returns`
        Simple returns in decimals; they are compounded.
    """
    series = read_series(returns)
    value = np.cumprod(1.0 + series.to_numpy())
    peak = np.maximum(np.maximum.accumulate(value), 1.0)
    return pd.Series(value / peak - 1.0, index=series.index, name="drawdown")


def maximum_drawdown(returns: Any) -> Drawdown:
    """Return the deepest drawdown with its dates; the first, if several are equally deep.

    Parameters
    ----------
    returns : Series, or an object with such `returns`
        Simple returns in decimals; they are compounded.

    Returns
    -------
    Drawdown
    """
    below = drawdowns(returns)
    values, dates = below.to_numpy(), below.index
    trough = int(np.argmin(values))
    if not values[trough] < 0.0:
        return Drawdown(0.0)
    at_peak = np.flatnonzero(values[:trough] >= 0.0)
    peak = int(at_peak[-1]) if len(at_peak) else -1
    later = np.flatnonzero(values[trough:] >= 0.0)
    recovery = trough + int(later[0]) if len(later) else None
    return Drawdown(
        depth=float(values[trough]),
        peak=dates[peak] if peak >= 0 else None,
        trough=dates[trough],
        recovery=None if recovery is None else dates[recovery],
        dates=(len(values) - 1 if recovery is None else recovery) - peak,
        dates_to_recover=None if recovery is None else recovery - trough,
    )


def worst_drawdowns(returns: Any, most: int = 10) -> list[Drawdown]:
    """Return the deepest drawdowns, the deepest first; they do not overlap.

    A drawdown goes from the last date at a peak to the first date at that peak again, or to the last date.

    Parameters
    ----------
    returns : Series, or an object with such `returns`
        Simple returns in decimals; they are compounded.
    most : int
        The most drawdowns.

    Returns
    -------
    list of Drawdown

    Examples
    --------
    >>> import pandas as pd
    >>> dates = pd.bdate_range("2024-01-01", periods=5)
    >>> found = worst_drawdowns(pd.Series([-0.1, 0.2, -0.2, -0.1, 0.05], index=dates))
    >>> [(round(each.depth, 2), f"{each.trough:%d}") for each in found]
    [(-0.28, '04'), (-0.1, '01')]
    """
    below = drawdowns(returns)
    values, dates = below.to_numpy(), below.index
    under = np.flatnonzero(np.diff(np.concatenate([[0], (values < 0.0).astype(int), [0]])))
    found = []
    for first, end in under.reshape(-1, 2):
        trough = int(first + np.argmin(values[first:end]))
        recovered = end < len(values)
        found.append(
            Drawdown(
                depth=float(values[trough]),
                peak=dates[first - 1] if first > 0 else None,
                trough=dates[trough],
                recovery=dates[end] if recovered else None,
                dates=int((end if recovered else len(values) - 1) - (first - 1)),
                dates_to_recover=int(end - trough) if recovered else None,
            )
        )
    return sorted(found, key=lambda each: each.depth)[:most]
