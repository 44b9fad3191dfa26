"""Reduces series to as many points as a figure can show."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MOST_POINTS = 420
"""The most dates drawn of a line or an area."""


def evenly_spaced(n: int, most: int = MOST_POINTS) -> NDArray[np.intp]:
    """Return evenly spaced positions of about `most` of n dates, always with the last one."""
    step = max(1, -(-n // most))
    return np.arange(n - 1, -1, -step, dtype=np.intp)[::-1]


def keep_extremes(values: "pd.Series[float]", most: int = 2 * MOST_POINTS) -> NDArray[np.intp]:
    """Return positions that keep the lowest and highest value of each stretch and both ends, so that spikes remain.

    Parameters
    ----------
    values : Series
        The values of a line.
    most : int
        About how many positions to return: two per stretch.
    """
    n = len(values)
    if n <= most:
        return np.arange(n, dtype=np.intp)
    length = -(-n // (most // 2))
    kept = [0, n - 1]
    known = values.to_numpy(dtype=float)
    for start in range(0, n, length):
        stretch = known[start : start + length]
        if np.isnan(stretch).all():
            kept.append(start)
            continue
        kept += [start + int(np.nanargmin(stretch)), start + int(np.nanargmax(stretch))]
    return np.unique(np.array(kept, dtype=np.intp))


def date_strings(dates: pd.Index) -> list[str]:
    """Return dates as texts for plotly."""
    return list(pd.DatetimeIndex(dates).strftime("%Y-%m-%d"))
