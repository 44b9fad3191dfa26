"""Refuses rates of cash that are yearly or in percent where the return of one date is needed."""

import warnings

import numpy as np
import pandas as pd

from statefolio._arrays.frequency import count_per_year
from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError, StatefolioWarning

MOST_PER_YEAR = 1.0
"""Highest mean rate, times dates per year: 100 % a year."""
UNUSUAL_PER_YEAR = 0.3
MOST_ON_A_DATE = 10.0
"""Highest rate of one date, times dates per year."""


def check_cash_rate(name: str, rates: Array, dates: pd.DatetimeIndex) -> None:
    """Check that rates are returns of cash on one date in decimals.

    The mean absolute rate times the dates per year must be at most 100 %; above 30 % it gives a warning. The rate of a
    single date times the dates per year must be at most 1,000 %.

    Parameters
    ----------
    name : str
        Name of the argument, for messages.
    rates : (T,) array
        NaN is ignored.
    dates : DatetimeIndex

    Raises
    ------
    InputError
        If the rates are too high.
    """
    sizes = np.abs(rates[~np.isnan(rates)])
    if not sizes.any():
        return
    periods = count_per_year(dates)
    mean, row = float(sizes.mean()), int(np.nanargmax(np.abs(rates)))
    advice = f"Divide it by {periods:.4g}, and by 100 if it is in percent."
    if mean * periods > MOST_PER_YEAR:
        raise InputError(
            f"{name} must be the return of cash on one date in decimals, got {mean:.4g} on average, "
            f"{mean * periods:.0%} a year: a yearly rate or percent, it seems. {advice}"
        )
    if sizes.max() * periods > MOST_ON_A_DATE:
        raise InputError(
            f"{name} must be the return of cash on one date in decimals, got {rates[row]:.4g} on {show(dates[row])}: a "
            "yearly rate or percent, it seems. Correct that date."
        )
    if mean * periods > UNUSUAL_PER_YEAR:
        warnings.warn(
            f"{name} must be the return of cash on one date in decimals, got {mean:.4g} on average, "
            f"{mean * periods:.0%} a year: if it is a yearly rate, divide it by {periods:.4g}.",
            StatefolioWarning,
            stacklevel=4,
        )
