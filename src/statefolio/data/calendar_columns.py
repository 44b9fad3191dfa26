"""Leaves out columns that repeat the date, or name the weekday or the time of day; refuses other columns of dates."""

import re
import warnings

import pandas as pd

from statefolio.data.date_patterns import looks_like_a_date
from statefolio.data.fields import several_dates
from statefolio.data.file_dates import parse_dates
from statefolio.data.missing import is_missing
from statefolio.data.reading import Reading
from statefolio.exceptions import InputError, StatefolioWarning

_CELLS = 50
_NAME = re.compile(r"(.*[^a-z])?(date|dates|day|datum|fecha)([^a-z].*)?", re.IGNORECASE)
_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[ap]m)?", re.IGNORECASE)
_WEEKDAY = re.compile(r"(mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(day)?\.?", re.IGNORECASE)
_MONTH = re.compile(r"(jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.?", re.IGNORECASE)
_COUNTED = re.compile(r"(?:[2-7]\d{4}|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?:\.0+)?")


def drop_calendar_columns(raw: pd.DataFrame, reading: Reading, source: str) -> pd.DataFrame:
    """Return a table without the columns that say no more than its dates.

    Raises
    ------
    InputError
        If another column has other dates: then tables stand side by side, and one would get the dates of the other.
    """
    date = reading.dated(raw)
    if date is not None and date not in raw.columns:
        return raw
    _check_months(list(map(str, raw.columns)), source)
    dropped = []
    for k, name in enumerate(map(str, raw.columns)):
        kind = _kind(raw.iloc[:, k], name) if name != date else None
        if kind is None:
            continue
        if date is not None and not _is_dated(raw[date]):
            return raw  # another column has the dates, and the error says so
        if kind == "dates" and not _same_dates(raw, k, date, reading, source):
            raise several_dates(["the index" if date is None else date or "one without a name", name], source)
        dropped.append(k)
        _warn(f"{source} has a column of {kind}, {name!r}, beside its dates; it is no asset and was left out.")
    return raw if not dropped else raw.iloc[:, [k for k in range(raw.shape[1]) if k not in dropped]]


def _kind(column: "pd.Series[str]", name: str) -> str | None:
    """Return what of the calendar a column holds: dates, times of day or weekdays; None for anything else."""
    named = _NAME.fullmatch(name.strip()) is not None
    if pd.api.types.is_datetime64_any_dtype(column):
        return "dates"
    if pd.api.types.is_numeric_dtype(column) and not named:
        return None
    head = column.iloc[:_CELLS]
    cells = head[~is_missing(head)].astype(str).str.strip()
    if not len(cells):
        return None
    if _is_number(cells.iloc[0]) and not named:
        return None
    if _kind_of_cell(cells.iloc[0]) is None:
        return None
    kinds = set(map(_kind_of_cell, cells))
    return kinds.pop() if len(kinds) == 1 else None


def _kind_of_cell(cell: str) -> str | None:
    if _is_number(cell):
        return "dates" if _COUNTED.fullmatch(cell) else None
    if looks_like_a_date(cell):
        return "dates"
    return "times of day" if _TIME.fullmatch(cell) else "weekdays" if _WEEKDAY.fullmatch(cell) else None


def _check_months(names: list[str], source: str) -> None:
    """Raise InputError for a table with a row per year and a column per month."""
    months = [name for name in names if _MONTH.fullmatch(name.strip())]
    if len(set(months)) >= 6:
        raise InputError(
            f"{source} must have one row per date, got a column per month ({months[0]!r}, {months[1]!r}, ...). Write "
            "one row per month, with the month in the first column and the value in the second."
        )


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[-+]?[\d,]*\.?\d*", cell) is not None


def _is_dated(column: "pd.Series[str]") -> bool:
    if pd.api.types.is_datetime64_any_dtype(column):
        return True
    known = column[~is_missing(column)].astype(str).str.strip()
    return not len(known) or _is_number(known.iloc[0]) or looks_like_a_date(known.iloc[0])


def _same_dates(raw: pd.DataFrame, k: int, date: str | None, reading: Reading, source: str) -> bool:
    if date is None:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", StatefolioWarning)
            mine = parse_dates(raw[date], reading.date_format, source)
            other = parse_dates(raw.iloc[:, k], None, source)
    except InputError:
        return False
    return bool((mine.normalize() == other.normalize()).all())


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=2)
