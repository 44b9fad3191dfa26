"""Dates as users write them."""

from typing import Any

import pandas as pd

from statefolio.exceptions import InputError


def read_date(given: Any, name: str, *, last: bool = False) -> pd.Timestamp:
    """Return a date, checked.

    Parameters
    ----------
    given
        A date, or text: as a first date "2021" is its 1 January, as the `last` one all of the year belongs to it.
    name
        What to call it in messages.
    last
        Whether what is meant is the end of the period that a text names.

    Raises
    ------
    InputError
        If it is no date, or has a time zone.
    """
    try:
        date: Any = pd.Period(given).end_time if last and isinstance(given, str) else pd.Timestamp(given)
    except (ValueError, TypeError) as error:
        raise InputError(f"{name}={given!r}; a date was expected. Pass e.g. '2021-01-04'.") from error
    if pd.isna(date) or date.tz is not None:
        raise InputError(f"{name}={given!r}; a date without time zone was expected. Pass e.g. '2021-01-04'.")
    found: pd.Timestamp = date
    return found


def read_dates_given(given: Any, name: str) -> pd.DatetimeIndex:
    """Return several dates, checked.

    Raises
    ------
    InputError
        If they are no list of dates.
    """
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise InputError(f"{name}={given!r}; a list of dates was expected. Pass e.g. ['2021-01-04'].")
    return pd.DatetimeIndex([read_date(date, name) for date in given])
