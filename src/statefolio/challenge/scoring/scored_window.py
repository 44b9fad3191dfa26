"""The result of scoring a submission on a window."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

Number = float | None


@dataclass(frozen=True, eq=False)
class ScoredWindow:
    """Scores of one submission on one window.

    Attributes
    ----------
    track, window : str
    value : float, optional
        The score; larger is better. Forecast track: mean log density of a return (in decimals), one step ahead.
        Portfolio track: annual Sharpe ratio after costs. None where it is not defined, or a gate failed.
    standard_error : float, optional
        Of the value, robust to autocorrelation and fat tails.
    details : mapping from name to float or None
        Other measures, ready for JSON.
    failed_gates : tuple of str
        Names of the gates that the portfolio does not keep to.
    reasons : tuple of str
        Why there is no value, and what to change. On hidden windows they are taken from a fixed list of sentences.
    series : Series by date
        What the value is made of: log density per date (the mean over dates is the value), or net return in excess of
        cash. Hidden until the round is over.
    """

    track: str
    window: str
    value: Number
    standard_error: Number = None
    details: Mapping[str, Number] = field(default_factory=dict)
    failed_gates: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    series: "pd.Series[float]" = field(default_factory=lambda: pd.Series(dtype=np.float64))

    def to_arrays(self) -> dict[str, np.typing.NDArray[Any]]:
        """Return the series as arrays for `numpy.savez`."""
        dates = pd.DatetimeIndex(self.series.index).to_numpy().astype("datetime64[ns]").astype(np.int64)
        return {"dates": dates, "values": self.series.to_numpy(dtype=np.float64)}


def series_of(arrays: Mapping[str, Any]) -> "pd.Series[float]":
    """Return the series that `ScoredWindow.to_arrays` described."""
    dates = pd.DatetimeIndex(np.asarray(arrays["dates"]).astype("datetime64[ns]"), name="date")
    return pd.Series(np.asarray(arrays["values"], dtype=np.float64), index=dates)


def number(value: Any) -> Number:
    """Return a finite number as a float, and anything else as None."""
    found = float(value)
    return found if np.isfinite(found) else None
