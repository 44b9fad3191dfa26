"""Reads the dates of a file: days however written, or months, quarters and years, which are dated by their last day."""

import re
import warnings
from typing import Literal

import numpy as np
import pandas as pd

from statefolio.exceptions import InputError, StatefolioWarning

_PERIODS = {
    "months": (r"\d{4}[-mM:]\d{1,2}|\d{4}/(0[1-9]|1[0-2])|(1[89]|20)\d{2}(0[1-9]|1[0-2])", "M"),
    "quarters": (r"\d{4}[- :]?[qQ][1-4]", "Q"),
    "years": (r"(1[89]|20)\d{2}", "Y"),
}
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_ZONE = r"(Z|[-+]\d{2}:?(?:\d{2})?(?::?\d{2})?|[A-Z]{3,4})"
_TIME = rf"(?:[T ]\s*(\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?)\s*{_ZONE}?)?"
_ISO = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}")
_NUMERIC = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}")
_NAMED = re.compile(
    rf"{_WEEKDAY}(?:({_MONTH})[ -](\d{{1,2}}),?[ -](\d{{4}})"
    rf"|(\d{{1,2}})[ -]?({_MONTH}),?[ -]?(\d{{4}}|\d{{2}})){_TIME}",
    re.IGNORECASE,
)
_NAMED_MONTH = re.compile(rf"({_MONTH})[ -](\d{{4}}|\d{{2}})|(\d{{4}})[ -]({_MONTH})", re.IGNORECASE)
_WRITTEN = re.compile(
    r"\s*(\d{4}-\d{1,2}(-\d{1,2}([ T].*)?)?|\d{1,2}[./-]\d{1,2}[./-](\d{2}|\d{4})|\d{4}[/.]\d{1,2}[/.]\d{1,2}"
    r"|(1[89]|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?|\d{4}[- ]?[qQ][1-4])\s*"
)
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: k + 1 for k, name in enumerate(_NAMES)}
_SERIALS = (15_000, 80_000)  # 1941 to 2119 as Excel counts days
_COUNTED = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
_UNITS: tuple[tuple[Literal["ns", "us", "ms", "s"], float], ...] = (
    ("ns", 1e17),
    ("us", 1e14),
    ("ms", 1e11),
    ("s", 0.0),
)
_EPOCH = pd.Timestamp("1899-12-30")


def looks_like_a_date(text: str) -> bool:
    """Return whether a text is written like a date, e.g. 2015-12-31, 20151231, 31.12.2015, Dec 31, 2015 or 2015-12."""
    text = text.strip()
    return bool(_WRITTEN.fullmatch(text) or _NAMED.fullmatch(text) or _NAMED_MONTH.fullmatch(text))


def parse_dates(written: "pd.Series[str]", date_format: str | None, source: str) -> pd.DatetimeIndex:
    """Read dates: days as they are; months, quarters and years (1963-07, 196307, 1963Q3, 1963) as their last day.

    A time zone is dropped: the day is the local one, as written. Whether 01/02/2020 begins with the day or the month is
    judged on the whole column.

    Raises
    ------
    InputError
        If a text is no date, some name a day and others a month, or every date could begin with its day or its month.
    """
    if isinstance(written.dtype, pd.PeriodDtype):
        return pd.PeriodIndex(written).to_timestamp(how="end").normalize().rename("date")
    if isinstance(written.dtype, pd.DatetimeTZDtype):
        return local_days(pd.DatetimeIndex(written)).rename("date")
    if pd.api.types.is_datetime64_any_dtype(written):
        return pd.DatetimeIndex(written, name="date")
    text = written.astype("string").str.strip()
    try:
        dates = _in_format(text, date_format) if date_format else _plain(text, source, str(written.name))
        if isinstance(dates.dtype, pd.DatetimeTZDtype):
            dates = dates.dt.tz_localize(None)
        return pd.DatetimeIndex(dates, name="date")
    except (ValueError, TypeError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{source} must have dates such as 2015-12-31 or 20151231 in the column "
            f"{written.name!r}, got something else ({str(error).splitlines()[0]}). Name the column of dates with date, "
            "or their format with date_format."
        ) from error


def local_days(dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return dates without their time zone, as the clocks there show them."""
    return dates.tz_localize(None) if dates.tz is not None else dates


def _plain(text: "pd.Series[str]", source: str, column: str) -> "pd.Series[pd.Timestamp]":
    known = pd.Series(text.dropna().unique(), dtype="string")
    for kind, (pattern, frequency) in _PERIODS.items():
        matches = known.str.fullmatch(pattern).to_numpy(dtype=bool)
        if matches.all() and len(known):
            return _ends(_start(text, frequency), frequency)
        if matches.any():
            other = known.iloc[int(np.argmin(matches))]
            raise InputError(
                f"{source} must have either days or {kind} in the column {column!r}, got "
                f"{known.iloc[int(np.argmax(matches))]!r} and {other!r}. Write all dates as days, e.g. 2015-12-31."
            )
    if not len(known):
        return pd.to_datetime(text)
    if bool(known.str.fullmatch(r"\d{8}").all()):
        return pd.to_datetime(text, format="%Y%m%d")
    days = _counted(known, source, column)
    if days is None:
        days = _written_days(known, source, column)
    return pd.to_datetime(text.map(dict(zip(known, days, strict=True))))


def _written_days(known: "pd.Series[str]", source: str, column: str) -> "list[pd.Timestamp]":
    """Read days that are written with a year, a month and a day in some order."""
    cells = list(known)
    for pattern in (_ISO, _NUMERIC, _NAMED, _NAMED_MONTH):
        found = [pattern.fullmatch(cell) for cell in cells]
        if all(found):
            matches = [each for each in found if each is not None]
            if pattern in (_NAMED, _NAMED_MONTH):
                return list(map(_named if pattern is _NAMED else _named_month, matches))
            return (_iso if pattern is _ISO else _numeric)(matches, source, column)
        if any(found) and pattern is not _NAMED_MONTH:
            row = next(k for k, each in enumerate(found) if each is None)
            raise ValueError(f"{cells[row]!r} next to {next(c for c, f in zip(cells, found, strict=True) if f)!r}")
    raise ValueError(repr(cells[0]))


def _iso(found: list["re.Match[str]"], source: str, column: str) -> "list[pd.Timestamp]":
    _warn_of_late_hours([each[6] for each in found], [each[5] for each in found], source, column)
    return [_stamp(each[1], each[3], each[4], each[5]) for each in found]


def _numeric(found: list["re.Match[str]"], source: str, column: str) -> "list[pd.Timestamp]":
    """Read 31.12.2015, 12/31/2015 and 31/12/2015."""
    first = max(int(each[1]) for each in found)
    second = max(int(each[3]) for each in found)
    if first > 12 and second > 12:
        odd = [next(each[0] for each in found if int(each[k]) > 12) for k in (1, 3)]
        raise InputError(
            f"{source} must have days and months in one order in the column {column!r}, got {odd[0]!r} and {odd[1]!r}. "
            "Correct the dates."
        )
    dotted = found[0][2] == "."
    if first <= 12 and second <= 12 and not dotted:
        raise InputError(
            f"{source} must show which part of its dates is the day in the column {column!r}, got dates such as "
            f"{found[0][0]!r}, which all could begin with the day or the month. Set date_format, e.g. "
            f"date_format='%d{found[0][2]}%m{found[0][2]}%{'Y' if len(found[0][4]) == 4 else 'y'}'."
        )
    if dotted and second > 12:
        raise InputError(
            f"{source} must begin its dates with the day where it writes points in the column {column!r}, got "
            f"{next(each[0] for each in found if int(each[3]) > 12)!r}. Set date_format."
        )
    day_first = dotted or first > 12
    if not dotted:
        order = "day/month/year" if day_first else "month/day/year"
        _warn(f"{source} writes its dates as {order} in the column {column!r}, e.g. {found[0][0]!r}.")
    day, month = (1, 3) if day_first else (3, 1)
    return [_stamp(each[4], each[month], each[day], each[5]) for each in found]


def _named(found: "re.Match[str]") -> pd.Timestamp:
    """Read Nov 28, 2025 and 28-Nov-2025."""
    month = _MONTHS[(found[1] or found[5])[:3].lower()]
    return _stamp(found[3] or found[6], str(month), found[2] or found[4], found[7])


def _named_month(found: "re.Match[str]") -> pd.Timestamp:
    """Read Nov 2025, as its last day."""
    month = _MONTHS[(found[1] or found[4])[:3].lower()]
    return _stamp(found[2] or found[3], str(month), "1", None) + pd.offsets.MonthEnd(0)


def _stamp(year: str, month: str, day: str, time: str | None) -> pd.Timestamp:
    number = int(year)
    if len(year) == 2:  # as POSIX: 69 to 99 are of the last century
        number += 1900 if number >= 69 else 2000
    date = pd.Timestamp(number, int(month), int(day))
    return date if time is None else date + pd.Timedelta(time if time.count(":") == 2 else f"{time}:00")


def _warn_of_late_hours(zones: list[str | None], times: list[str | None], source: str, column: str) -> None:
    """Warn where midnights of another zone may have been written in UTC: the day before is written then."""
    late = [time for zone, time in zip(zones, times, strict=True) if zone in ("Z", "+00:00", "+0000", "UTC") and time]
    hours = {int(time.split(":")[0]) for time in late}
    if late and hours and hours <= set(range(18, 24)):
        _warn(
            f"{source} has dates at {late[0]} in UTC in the column {column!r}, which are midnights of the next day "
            "east of there; the day as written was taken. Write local days if the next day is meant."
        )


def _counted(known: "pd.Series[str]", source: str, column: str) -> "list[pd.Timestamp] | None":
    """Read days counted by a spreadsheet, and seconds or milliseconds since 1970; None where the cells are neither."""
    if not bool(known.str.fullmatch(r"\d{5}(\.0+)?|\d{9,10}|\d{12,13}|\d{16}|\d{19}").all()):
        return None
    numbers = known.astype("float64").to_numpy()
    if numbers.max() < 1e5:
        if not (numbers.min() >= _SERIALS[0] and numbers.max() <= _SERIALS[1]):
            return None
        days = [_EPOCH + pd.Timedelta(days=float(each)) for each in numbers]
        kind = "days as Excel counts them"
    else:
        unit, other = (next(unit for unit, least in _UNITS if n >= least) for n in (numbers.min(), numbers.max()))
        if unit != other:
            return None
        days = [pd.Timestamp(int(each), unit=unit) for each in known]
        kind = f"{_COUNTED[unit]} since 1970 (UTC)"
    example = f"{known.iloc[0]} for {days[0]:%Y-%m-%d}"
    _warn(f"{source} writes its dates as {kind} in the column {column!r}, e.g. {example}.")
    return days


def _start(text: "pd.Series[str]", frequency: str) -> "pd.Series[pd.Timestamp]":
    """Return the first day of each month, quarter or year."""
    year = text.str[:4]
    if frequency == "Y":
        return pd.to_datetime(year, format="%Y")
    if frequency == "Q":
        month = (3 * text.str[-1].astype("Int64") - 2).astype("string").str.zfill(2)
        return pd.to_datetime(year + month, format="%Y%m")
    month = text.str[4:].str.replace(r"\D", "", regex=True).str.zfill(2)
    return pd.to_datetime(year + month, format="%Y%m")


def _in_format(text: "pd.Series[str]", date_format: str) -> "pd.Series[pd.Timestamp]":
    """Read dates in a format; one without a day names months, and one without a month either names years."""
    dates = pd.to_datetime(text, format=date_format)
    if date_format in ("ISO8601", "mixed") or re.search(r"%[-#]?[dejuwaAxcDFsUWV]", date_format):
        return dates
    return _ends(dates, "M" if re.search(r"%[-#]?[mbBh]", date_format) else "Y")


def _ends(starts: "pd.Series[pd.Timestamp]", frequency: str) -> "pd.Series[pd.Timestamp]":
    offsets = {"M": pd.offsets.MonthEnd(0), "Q": pd.offsets.QuarterEnd(0), "Y": pd.offsets.YearEnd(0)}
    return starts + offsets[frequency]


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=2)
