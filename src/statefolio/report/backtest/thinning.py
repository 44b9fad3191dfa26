"""Fewer points where the picture could not show more."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MOST_POINTS = 420
"""Dates drawn of a line or an area, at most."""


def every_few(n: int, most: int = MOST_POINTS) -> NDArray[np.intp]:
    """Return positions of at most about `most` of n dates, evenly apart, the last one always."""
    step = max(1, -(-n // most))
    return np.arange(n - 1, -1, -step, dtype=np.intp)[::-1]


def with_extremes(values: "pd.Series[float]", most: int = 2 * MOST_POINTS) -> NDArray[np.intp]:
    """Return positions that keep each stretch's lowest and highest value, and both ends, so no spike is lost.

    Parameters
    ----------
    values : Series
        A line.
    most : int
        About how many positions: two a stretch.
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


def days(dates: pd.Index) -> list[str]:
    """Return dates as the short texts that plotly reads."""
    return list(pd.DatetimeIndex(dates).strftime("%Y-%m-%d"))
