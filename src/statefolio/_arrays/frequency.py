"""Infers the number of dates per year from the spacing of dates."""

import warnings

import numpy as np
import pandas as pd

from statefolio._arrays.text import span
from statefolio.exceptions import StatefolioWarning

BUSINESS_DAYS, CALENDAR_DAYS = 252.0, 365.0
_SPACINGS = {52.0: (5.0, 9.0), 12.0: (26.0, 35.0), 4.0: (85.0, 97.0), 1.0: (355.0, 375.0)}
_DAILY = (0.9, 1.5)
_DAYS_PER_YEAR = 365.25
_FEW, _LONGEST_WEEKEND = 10, 4.5
_ENOUGH_TO_COUNT, _TOLERANCE = 30, 0.3


def infer_periods_per_year(dates: pd.DatetimeIndex) -> float:
    """Return 252 for business days, 365 for calendar days, 52 for weeks, 12 for months, 4 for quarters, 1 for years.

    The spacing is the median number of days between dates; daily dates with Saturdays and Sundays are calendar days.
    Where it is none of these, the dates per year are counted; where the count contradicts the spacing by more than
    30 %, the spacing decides. Both give a `StatefolioWarning`. A single date counts as a business day.
    """
    taken, finding = _infer(dates)
    if finding:
        warnings.warn(
            f"periods_per_year must be given for irregular dates: {span(dates)} {finding}; {taken:.4g} per year is "
            f"used. Pass periods_per_year={taken:.4g}, or another number.",
            StatefolioWarning,
            stacklevel=4,
        )
    return taken


def count_per_year(dates: pd.DatetimeIndex) -> float:
    """Return the same without a warning."""
    return _infer(dates)[0]


def _infer(dates: pd.DatetimeIndex) -> tuple[float, str]:
    """Return the number of dates per year, and how the dates contradict it or any regular spacing."""
    if len(dates) < 2:
        return BUSINESS_DAYS, ""
    days = dates.to_numpy().astype("datetime64[s]").astype(np.int64) / 86400.0
    gaps = np.diff(days)
    counted = float((len(days) - 1) * _DAYS_PER_YEAR / (days[-1] - days[0]))
    found = _from_spacing(float(np.median(gaps)), float(gaps.max()), dates)
    off = found is None or (len(days) >= _ENOUGH_TO_COUNT and abs(counted / found - 1.0) > _TOLERANCE)
    taken = counted if found is None else found
    finding = f"has {counted:.4g} dates per year, with a median of {np.median(gaps):.3g} days between them"
    return taken, finding if off else ""


def _from_spacing(median: float, largest: float, dates: pd.DatetimeIndex) -> float | None:
    few_days = len(dates) <= _FEW and median >= _DAILY[0] and largest <= _LONGEST_WEEKEND
    if _DAILY[0] <= median <= _DAILY[1] or few_days:
        weekend = [float((dates.day_of_week == day).mean()) for day in (5, 6)]
        return CALENDAR_DAYS if min(weekend) > 0.05 else BUSINESS_DAYS
    return next((rate for rate, (low, high) in _SPACINGS.items() if low <= median <= high), None)
