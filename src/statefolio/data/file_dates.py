"""Reads the dates of a file: days however written, or months, quarters and years, which are dated by their last day."""

import re
import warnings

import numpy as np
import pandas as pd

from statefolio.data.counted_dates import counted, latest, six_digits, warn_of_shifted_days
from statefolio.data.date_patterns import (
    COMPACT,
    ISO,
    MONTHS,
    NAMED,
    NAMED_MONTH,
    NUMERIC,
    PERIODS,
    looks_like_a_date,
)
from statefolio.data.formatted_dates import NO_DAY, in_calendar, in_format, period_ends, period_starts
from statefolio.exceptions import InputError, StatefolioWarning

_CELLS = 200


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
    codes, known = pd.factorize(written)  # a long table repeats each date for every asset
    if len(known) < len(written):
        days = parse_dates(pd.Series(known, name=written.name), date_format, source)
        dated = np.append(days.to_numpy(), np.datetime64("NaT"))[codes]
        return pd.DatetimeIndex(dated, name="date")
    text = written.astype("string").str.strip()
    try:
        dates = in_format(text, date_format) if date_format else _plain(text, source, str(written.name))
        if isinstance(dates.dtype, pd.DatetimeTZDtype):
            dates = dates.dt.tz_localize(None)
        return pd.DatetimeIndex(dates, name="date")
    except (ValueError, TypeError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{source} must have dates such as 2015-12-31 or 20151231 in the column "
            f"{written.name!r}, got something else ({str(error).splitlines()[0]}). {_advice(text)}"
        ) from error


def _advice(text: "pd.Series[str]") -> str:
    """Return what to do: most cells of the right column are dates."""
    cells = text.dropna().iloc[:_CELLS]
    if sum(map(looks_like_a_date, cells)) >= max(1.0, 0.5 * len(cells)):
        return "Correct that row, or delete it; for another way of writing dates, set date_format."
    return "Name the column of dates with date, or their format with date_format."


def days_alone(dates: pd.DatetimeIndex, assets: pd.Index | None = None) -> pd.DatetimeIndex:
    """Return dates without their times of day where each day is there once, or once for each asset."""
    if dates.hasnans or dates.tz is not None:
        return dates
    days = pd.DatetimeIndex(dates.normalize().to_numpy(), name=dates.name)  # without a frequency
    if days.equals(dates):
        return dates
    keys = days if assets is None else pd.MultiIndex.from_arrays([days, assets])
    return days if keys.is_unique else dates


def local_days(dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return dates without their time zone, as the clocks there show them."""
    return dates.tz_localize(None) if dates.tz is not None else dates


def _plain(text: "pd.Series[str]", source: str, column: str) -> "pd.Series[pd.Timestamp]":
    known = pd.Series(text.dropna().unique(), dtype="string")
    if len(known) and bool(known.str.fullmatch(r"\d{4}-\d{2}-\d{2}").all()):
        return in_calendar(text, "%Y-%m-%d", NO_DAY)
    if len(known) and bool(known.str.fullmatch(r"\d{6}").all()):
        return _by_text(text, known, six_digits(known, source, column))
    for kind, (pattern, frequency) in PERIODS.items():
        matches = known.str.fullmatch(pattern).to_numpy(dtype=bool)
        if matches.all() and len(known):
            return period_ends(period_starts(text, frequency), frequency)
        if matches.any():
            other = known.iloc[int(np.argmin(matches))]
            raise InputError(
                f"{source} must have either days or {kind} in the column {column!r}, got "
                f"{known.iloc[int(np.argmax(matches))]!r} and {other!r}. Write all dates as days, e.g. 2015-12-31."
            )
    if not len(known):
        return pd.to_datetime(text)
    if bool(known.str.fullmatch(r"\d{8}").all()):
        return in_calendar(text, "%Y%m%d", NO_DAY)
    days = counted(known, source, column)
    return _by_text(text, known, _written_days(known, source, column) if days is None else days)


def _by_text(text: "pd.Series[str]", known: "pd.Series[str]", days: "list[pd.Timestamp]") -> "pd.Series[pd.Timestamp]":
    return pd.to_datetime(text.map(dict(zip(known, days, strict=True))))


def _written_days(known: "pd.Series[str]", source: str, column: str) -> "list[pd.Timestamp]":
    """Read days that are written with a year, a month and a day in some order."""
    cells = list(known)
    readers = {ISO: _iso, COMPACT: _iso, NUMERIC: _numeric, NAMED: _named, NAMED_MONTH: _named_months}
    for pattern, reader in readers.items():
        found = [pattern.fullmatch(cell) for cell in cells]
        if all(found):
            return reader([each for each in found if each is not None], source, column)
        if any(found) and pattern is not NAMED_MONTH:
            row = next(k for k, each in enumerate(found) if each is None)
            raise ValueError(f"{cells[row]!r} next to {next(c for c, f in zip(cells, found, strict=True) if f)!r}")
    raise ValueError(repr(cells[0]))


def _iso(found: list["re.Match[str]"], source: str, column: str) -> "list[pd.Timestamp]":
    days = [_stamp(each[1], each[3], each[4], each) for each in found]
    _warn_of_late_hours(found, days, source, column)
    return days


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
    day, month = (1, 3) if day_first else (3, 1)
    _check_century([(each[4], each[month], each[0]) for each in found], source, column)
    if not dotted:
        order = "day/month/year" if day_first else "month/day/year"
        _warn(f"{source} writes its dates as {order} in the column {column!r}, e.g. {found[0][0]!r}.")
    return [_stamp(each[4], each[month], each[day], each) for each in found]


def _named(found: list["re.Match[str]"], source: str, column: str) -> "list[pd.Timestamp]":
    """Read Nov 28, 2025, 28-Nov-2025 and 2025-Nov-28."""
    parts = [[each[f"{part}1"] or each[f"{part}2"] or each[f"{part}3"] for part in "ymd"] for each in found]
    months = [_month(month) for _, month, _ in parts]
    _check_century(
        [(year, month, each[0]) for (year, _, _), month, each in zip(parts, months, found, strict=True)], source, column
    )
    return [_stamp(year, month, day, each) for (year, _, day), month, each in zip(parts, months, found, strict=True)]


def _named_months(found: list["re.Match[str]"], source: str, column: str) -> "list[pd.Timestamp]":
    """Read Nov 2025, as its last day."""
    parts = [(each[2] or each[3], _month(each[1] or each[4]), each[0]) for each in found]
    _check_century(parts, source, column)
    return [_stamp(year, month, "1") + pd.offsets.MonthEnd(0) for year, month, _ in parts]


def _month(name: str) -> str:
    return str(MONTHS[name.lower().rstrip(".")])


def _stamp(year: str, month: str, day: str, found: "re.Match[str] | None" = None) -> pd.Timestamp:
    number = int(year)
    if len(year) == 2:  # as POSIX: 69 to 99 are of the last century
        number += 1900 if number >= 69 else 2000
    try:
        date = pd.Timestamp(number, int(month), int(day))
    except ValueError as error:
        written = f"{year}-{month}-{day}" if found is None else found[0]
        raise ValueError(f"{written!r}, {NO_DAY}") from error
    time = None if found is None else found["time"]
    if time is None or found is None:
        return date
    hour = int(time.split(":")[0])
    if found["half"]:  # 12 is the hour before 1
        hour = hour % 12 + 12 * (found["half"][0] in "pP")
    rest = time.partition(":")[2]
    return date + pd.Timedelta(f"{hour}:{rest}" if ":" in rest else f"{hour}:{rest}:00")


def _check_century(dates: list[tuple[str, str, str]], source: str, column: str) -> None:
    """Refuse years of two digits that would lie in the future."""
    last = latest()
    for year, month, text in dates:
        if len(year) == 2 and int(year) < 69 and (2000 + int(year), int(month)) > (last.year, last.month):
            raise InputError(
                f"{source} must show the century of its dates in the column {column!r}, got {text!r}, which can be of "
                f"19{year} or 20{year}. Write years with four digits."
            )


def _warn_of_late_hours(found: list["re.Match[str]"], days: "list[pd.Timestamp]", source: str, column: str) -> None:
    """Warn where midnights of another zone may have been written in UTC: the day before is written then."""
    late = [each["time"] for each in found if each["zone"] in ("Z", "+00:00", "+0000", "UTC") and each["time"]]
    hours = {int(time.split(":")[0]) for time in late}
    if not late:
        return
    if hours <= set(range(18, 24)):
        _warn(
            f"{source} has dates at {late[0]} in UTC in the column {column!r}, which are midnights of the next day "
            "east of there; the day as written was taken. Write local days if the next day is meant."
        )
    elif hours != {0}:
        warn_of_shifted_days(days, source, column)


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=2)
