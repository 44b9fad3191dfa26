"""Averages filtered loadings over the past year, and leans forecasts over several dates on that average.

A loading has a slow level and a fast part. The signal-to-noise ratio of a filter is a compromise between them: it suits
the next date, and leaves the filtered loading too lively for a quarter or a year. With a the filtered loading, f its
forecast for the average of the next h dates (ahead.py), s the exponentially weighted average of a with a half-life of a
year, and m the mean that the panel's loadings revert to, the forecast is

    f + c (s - f) + d (m - f)        c, d >= 0 by factor and horizon, learned over the panel (horizon_weights.py)
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.specification import Floats

_MEMORY = 0.5 ** (1.0 / 252.0)

_WAIT = 63.0
"""Dates with a known loading before its average begins: filtered loadings are wild on the first ones."""

_ROWS = 256


class SlowAverage(NamedTuple):
    """Exponentially weighted averages of filtered loadings, between two dates."""

    total: Floats  # (K, N) weighted sums
    weight: Floats  # (K, N) sums of the weights
    dates: Floats  # (K, N) numbers of dates with a known loading

    def value(self) -> Floats:
        """Return the averages (K, N); NaN where there is none yet."""
        known = self.weight > 0.0
        return np.where(known, self.total / np.where(known, self.weight, 1.0), np.nan)

    def take(self, before: "SlowAverage", count: int) -> "SlowAverage":
        """Return these with the first `count` assets of others."""
        return SlowAverage(
            *(np.hstack([old[:, :count], own[:, count:]]) for own, old in zip(self, before, strict=True))
        )


def no_average(states: int, lanes: int) -> SlowAverage:
    """Return the averages before the first date."""
    return SlowAverage(*(np.zeros((states, lanes)) for _ in SlowAverage._fields))


def average_after(before: SlowAverage, mean: Floats) -> SlowAverage:
    """Return the averages after the dates of filtered loadings (T, K, N), NaN where unknown."""
    found = SlowAverage(*(part.copy() for part in before))
    for found in _each(before, mean):  # noqa: B007 - the last one
        pass
    return found


def averages_at(mean: Floats, rows: NDArray[np.intp]) -> Floats:
    """Return the averages (R, K, N) after some rows of filtered loadings (T, K, N), in their order."""
    kept = np.empty((len(rows), *mean.shape[1:]))
    place = {row: i for i, row in enumerate(rows.tolist())}
    for row, found in enumerate(_each(no_average(*mean.shape[1:]), mean)):
        if row in place:
            kept[place[row]] = found.value()
    return kept


def _each(before: SlowAverage, mean: Floats) -> Iterator[SlowAverage]:
    """Yield the averages after each date, in arrays that the next date changes."""
    total, weight, dates = (part.copy() for part in before)
    for first in range(0, len(mean), _ROWS):
        rows = mean[first : first + _ROWS]
        known = np.isfinite(rows)
        counts = (known & (dates + np.cumsum(known, axis=0) > _WAIT)).astype(float)
        for row, count in zip(np.where(counts > 0.0, rows, 0.0), counts, strict=True):
            total *= _MEMORY
            weight *= _MEMORY
            total += row
            weight += count
            yield SlowAverage(total, weight, dates)
        dates += known.sum(axis=0)


def lean_forecast(
    forecast: tuple[Floats, Floats, Floats], average: SlowAverage, mean: Floats, weights: tuple[Floats, Floats, Floats]
) -> tuple[Floats, Floats, Floats]:
    """Lean a forecast of the average loading on the average of the past year, and on the panel's mean (K, N).

    Parameters
    ----------
    forecast : mean (N, K), covariance (N, K, K) and noise (N,)
    average : SlowAverage
        Loadings that have none keep their forecast.
    mean : (K, N) array
    weights : three (K,) arrays
        c, d and the share of squared error that is left, by which covariances are scaled.
    """
    f, covariance, noise = forecast
    c, d, left = weights
    value = average.value().T
    known = np.isfinite(value)
    scale = np.where(known, np.sqrt(left), 1.0)
    leaning = f + c * (value - f) + d * (mean.T - f)
    return np.where(known, leaning, f), covariance * (scale[:, :, None] * scale[:, None, :]), noise
