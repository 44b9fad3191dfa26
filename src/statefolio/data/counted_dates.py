"""Reads dates that are plain numbers: counts of days or seconds, and six digits of a day or a month."""

import warnings
from typing import Literal

import numpy as np
import pandas as pd

from statefolio.exceptions import InputError, StatefolioWarning

_COUNTS = r"\d{5}(\.\d+)?|\d{9,10}(\.0+)?|\d{12,13}(\.0+)?|\d{16}|\d{19}"
_SERIALS = (15_000, 80_000)  # 1941 to 2119 as Excel counts days
_EXCEL = pd.Timestamp("1899-12-30")
_UNIX_IN_EXCEL = 25_569
_NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
_UNITS: tuple[tuple[Literal["ns", "us", "ms", "s"], float], ...] = (
    ("ns", 1e17),
    ("us", 1e14),
    ("ms", 1e11),
    ("s", 0.0),
)
_SIX = {"%Y%m": "months", "%y%m%d": "year, month, day", "%d%m%y": "day, month, year", "%m%d%y": "month, day, year"}
_YEARS = (1850, 2150)
_FEW = 10


def counted(known: "pd.Series[str]", source: str, column: str) -> "list[pd.Timestamp] | None":
    """Read days counted by a spreadsheet, and seconds or parts of them since 1970; None where the cells are neither."""
    if not bool(known.str.fullmatch(_COUNTS).all()):
        return None
    numbers = known.astype("float64").to_numpy()
    if numbers.max() < 1e5:
        if not (numbers.min() >= _SERIALS[0] and numbers.max() <= _SERIALS[1]):
            return None
        days = [_EXCEL + pd.Timedelta(days=int(each)) for each in numbers]
        kind = "days as Excel counts them"
        _check_serials(days, numbers.max(), f"{known.iloc[0]} for {days[0]:%Y-%m-%d}", source, column)
    else:
        unit, other = (next(unit for unit, least in _UNITS if n >= least) for n in (numbers.min(), numbers.max()))
        if unit != other:
            return None
        days = [pd.Timestamp(int(each.split(".")[0]), unit=unit) for each in known]
        kind = f"{_NAMES[unit]} since 1970 (UTC)"
    example = f"{known.iloc[0]} for {days[0]:%Y-%m-%d}"
    _warn(f"{source} writes its dates as {kind} in the column {column!r}, e.g. {example}.")
    if kind.endswith("(UTC)"):
        warn_of_shifted_days(days, source, column)
    return days


def warn_of_shifted_days(days: "list[pd.Timestamp]", source: str, column: str) -> None:
    """Warn of days in UTC that run from Sunday to Thursday: midnights of Monday to Friday east of there do."""
    weekdays = {day.weekday() for day in days}
    if len(days) >= _FEW and weekdays == {6, 0, 1, 2, 3}:
        _warn(
            f"{source} has dates in UTC from Sunday to Thursday in the column {column!r}, as midnights of Monday to "
            "Friday east of there are; the days in UTC were taken. Write local days if the next days are meant."
        )


def six_digits(known: "pd.Series[str]", source: str, column: str) -> "list[pd.Timestamp]":
    """Read months written 202001, and days written 200131, 310120 or 013120, as the whole column allows.

    Raises
    ------
    InputError
        If the digits are no dates, or can be meant two ways.
    """
    found = {form: dates for form in _SIX if (dates := _in_form(known, form)) is not None}
    ordered = {form: dates for form, dates in found.items() if _is_ordered(dates)}
    forms = ordered or found
    if "%Y%m" in forms and (len(forms) == 1 or _are_all_months(forms["%Y%m"])):
        return list(forms["%Y%m"] + pd.offsets.MonthEnd(0))
    if len(forms) != 1:
        which = " or ".join(f"{_SIX[form]} ({dates[0]:%Y-%m-%d})" for form, dates in forms.items())
        raise InputError(
            f"{source} must show how its dates are written in the column {column!r}, got {known.iloc[0]!r}, which "
            + (
                f"can be {which}. Set date_format, e.g. date_format='%Y%m'."
                if forms
                else "is no date of six digits. Write dates, e.g. 2015-12-31."
            )
        )
    form, dates = forms.popitem()
    example = f"{known.iloc[0]} for {dates[0]:%Y-%m-%d}"
    _warn(f"{source} writes its dates as {_SIX[form]} in the column {column!r}, e.g. {example}.")
    return list(dates)


def _in_form(known: "pd.Series[str]", form: str) -> pd.DatetimeIndex | None:
    dates = pd.DatetimeIndex(pd.to_datetime(known, format=form, errors="coerce"))
    if dates.hasnans or dates.year.min() < _YEARS[0] or dates.year.max() > _YEARS[1]:
        return None
    return None if form != "%Y%m" and dates.max() > latest() else dates


def latest() -> pd.Timestamp:
    """Return the last day that a year of two digits may mean."""
    return pd.Timestamp.now().normalize() + pd.Timedelta(days=400)


def _is_ordered(dates: pd.DatetimeIndex) -> bool:
    return dates.is_monotonic_increasing or dates.is_monotonic_decreasing


def _are_all_months(dates: pd.DatetimeIndex) -> bool:
    """Return whether months follow each other without a gap over a turn of a year, as days from 1 to 12 do not."""
    months = np.sort(dates.year * 12 + dates.month)
    return bool((np.diff(months) == 1).all()) and bool((months[:-1] % 12 == 0).any())


def _check_serials(days: "list[pd.Timestamp]", largest: float, example: str, source: str, column: str) -> None:
    """Refuse counts of days that may begin elsewhere than Excel's: in 1904, 1960 or 1970."""
    weekdays = {day.weekday() for day in days}
    regular = len(days) >= _FEW and weekdays == {0, 1, 2, 3, 4}
    shifted = len(days) >= _FEW and len(weekdays) == 5 and not regular
    ends = len(days) > 1 and (all(day.is_month_end for day in days) or all(day.is_month_start for day in days))
    if shifted or (largest < _UNIX_IN_EXCEL and not (regular or ends)):
        raise InputError(
            f"{source} must have dates, got counts of days in the column {column!r} ({example} as Excel counts), which "
            "may be counted from 1904, 1960 or 1970 too. Write dates, e.g. 2015-12-31."
        )


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=2)
