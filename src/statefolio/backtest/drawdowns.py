"""How far value fell below its peak, and how long that took."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio.backtest.return_series import read_series


@dataclass(frozen=True)
class Drawdown:
    """One fall of value below its peak.

    Attributes
    ----------
    depth : float
        Value over its peak, less one: -0.2 is a fall of 20 %. Zero where there was none.
    peak : Timestamp or None
        Last date at the peak; None where the start itself is the peak, the day before the first return.
    trough, recovery : Timestamp or None
        Date of the lowest value, and the first one on which value is at its peak again; None if that never came.
    dates : int
        Dates from the peak to the recovery, or to the last date.
    dates_to_recover : int or None
        Dates from the trough to the recovery.
    """

    depth: float
    peak: pd.Timestamp | None = None
    trough: pd.Timestamp | None = None
    recovery: pd.Timestamp | None = None
    dates: int = 0
    dates_to_recover: int | None = None


def drawdowns(returns: Any) -> "pd.Series[float]":
    """Value over its highest value so far, less one, on every date; the start counts as a peak.

    Parameters
    ----------
    returns : Series, or anything with such `returns`
        Simple returns in decimals, compounded.
    """
    series = read_series(returns)
    value = np.cumprod(1.0 + series.to_numpy())
    peak = np.maximum(np.maximum.accumulate(value), 1.0)
    return pd.Series(value / peak - 1.0, index=series.index, name="drawdown")


def maximum_drawdown(returns: Any) -> Drawdown:
    """The deepest drawdown, with its dates; of several as deep, the first.

    Parameters
    ----------
    returns : Series, or anything with such `returns`
        Simple returns in decimals, compounded.

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
