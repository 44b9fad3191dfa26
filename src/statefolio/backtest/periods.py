"""Reads the option `periods_per_year`: the number given, or the one that the dates show."""

from typing import Any

import pandas as pd

from statefolio._arrays.frequency import BUSINESS_DAYS, infer_periods_per_year
from statefolio._options import Number, check

PERIODS_RULE = Number(above=0.0, example=BUSINESS_DAYS) | None


def read_periods(given: Any, dates: pd.Index | None) -> float:
    """Return the number of dates per year; None infers it from the dates, and is 252 without dates.

    Raises
    ------
    InputError
        If it is not a number above 0.
    """
    check("periods_per_year", given, PERIODS_RULE)
    if given is not None:
        return float(given)
    return infer_periods_per_year(dates) if isinstance(dates, pd.DatetimeIndex) else BUSINESS_DAYS
