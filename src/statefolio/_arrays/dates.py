"""Reads dates that users pass as arguments: one rule for every function.

A text that names a period means its first moment where a period starts ("2019" is 2019-01-01) and its last moment where
a period ends (`tune_until="2019"` includes all of 2019). Dates have no time zone.
"""

from typing import Any

import pandas as pd

from statefolio._arrays.text import show, shown, span
from statefolio.exceptions import InputError


def read_date(given: Any, name: str, *, last: bool = False) -> pd.Timestamp:
    """Read one date.

    Parameters
    ----------
    given
        A date, or text such as "2021", "2021-03" or "2021-03-31".
    name
        Name of the argument, for messages.
    last
        The date ends a period, so that a text that names a period means its last moment.

    Raises
    ------
    InputError
        If it is not a date, or has a time zone.
    """
    try:
        date: Any = pd.Timestamp(given)
        if pd.isna(date) or isinstance(given, bool | int | float):
            raise _not_a_date(given, name)
        if date.tz is not None:
            plain = show(date.tz_localize(None))
            raise InputError(f"{name} must be a date without a time zone, got {given}. Pass {name}={plain!r}.")
        found: pd.Timestamp = pd.Period(given).end_time if last and isinstance(given, str) else date
    except (ValueError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise _not_a_date(given, name) from error
    return found


def read_dates(given: Any, name: str) -> pd.DatetimeIndex:
    """Read several dates.

    Raises
    ------
    InputError
        If it is not a list of dates.
    """
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise InputError(f"{name} must be a list of dates, got {shown(given)}. Pass e.g. {name}=['2021-01-04'].")
    return pd.DatetimeIndex([read_date(date, name) for date in given])


def rows_until(dates: pd.DatetimeIndex, until: Any, name: str = "tune_until") -> int:
    """Count the dates that are not after `until`; None counts them all.

    Raises
    ------
    InputError
        If `until` is not a date, or before the first one.
    """
    rows = rows_through(dates, until, name)
    if rows == 0:
        raise InputError(
            f"{name} must not be before the first date, {show(dates[0])}, got {shown(until)}. Pass a date within "
            f"{span(dates)}."
        )
    return rows


def row_from(dates: pd.DatetimeIndex, start: Any, name: str) -> int:
    """Return the row of the first date that is not before `start`: 0 for None, the number of dates if there is none.

    Raises
    ------
    InputError
        If `start` is not a date.
    """
    return 0 if start is None else int(dates.searchsorted(read_date(start, name)))


def rows_through(dates: pd.DatetimeIndex, end: Any, name: str) -> int:
    """Count the dates that are not after `end`; None counts them all, and a date before the first gives 0.

    Raises
    ------
    InputError
        If `end` is not a date.
    """
    return len(dates) if end is None else int(dates.searchsorted(read_date(end, name, last=True), side="right"))


def split_row(dates: pd.DatetimeIndex, start: Any, name: str) -> int:
    """Return the row of the first date that is not before `start`, where dates lie on both sides of it.

    Raises
    ------
    InputError
        If `start` is not a date, or all dates lie on one side of it.
    """
    row = row_from(dates, start, name)
    if not 0 < row < len(dates):
        raise InputError(
            f"{name} must be a date after {show(dates[0])} and not after {show(dates[-1])}, got {shown(start)}: "
            f"{row} dates are before it and {len(dates) - row} from it on. Pass a date between them."
        )
    return row


def _not_a_date(given: Any, name: str) -> InputError:
    return InputError(f"{name} must be a date, got {shown(given)}. Pass e.g. {name}='2021-01-04'.")
