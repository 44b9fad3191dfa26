"""Reads texts that all have one form: days in a given format, months, quarters and years."""

import datetime as dt
import re

import pandas as pd

NO_DAY = "which is no day of the calendar"


def in_calendar(text: "pd.Series[str]", form: str, wrong: str) -> "pd.Series[pd.Timestamp]":
    """Read dates in a format; ValueError names the first that is not, and `wrong` says why."""
    dates = pd.to_datetime(text, format=form, errors="coerce")
    odd = text[dates.isna() & text.notna()]
    if len(odd):
        raise ValueError(f"{odd.iloc[0]!r}, {wrong}")
    return dates


def period_starts(text: "pd.Series[str]", frequency: str) -> "pd.Series[pd.Timestamp]":
    """Return the first day of each month, quarter or year."""
    year = text.str[:4]
    if frequency == "Y":
        return pd.to_datetime(year, format="%Y")
    if frequency == "Q":
        year, quarter = text.str.extract(r"(\d{4})")[0], text.str.extract(r"[qQ]([1-4])")[0]
        month = (3 * quarter.astype("Int64") - 2).astype("string").str.zfill(2)
        return pd.to_datetime(year + month, format="%Y%m")
    parts = text.str.extract(r"(?:(\d{4})\D?(\d{1,2})|(\d{1,2})\D(\d{4}))")
    year, month = parts[0].fillna(parts[3]), parts[1].fillna(parts[2]).str.zfill(2)
    odd = text[(month > "12") | (month < "01")]
    if len(odd):
        raise ValueError(f"{odd.iloc[0]!r}, which is no month")
    return pd.to_datetime(year + month, format="%Y%m")


def in_format(text: "pd.Series[str]", date_format: str) -> "pd.Series[pd.Timestamp]":
    """Read dates in a format; one without a day names months, and one without a month either names years."""
    if "%z" in date_format:  # clocks change: the local day, as written
        dates = text.map(lambda cell: dt.datetime.strptime(cell, date_format).replace(tzinfo=None), na_action="ignore")
        return pd.to_datetime(dates)
    if date_format in ("ISO8601", "mixed"):
        return pd.to_datetime(text, format=date_format)
    dates = in_calendar(text, date_format, f"which is not written as {date_format!r}")
    if re.search(r"%[-#]?[dejuwaAxcDFsUWV]", date_format):
        return dates
    return period_ends(dates, "M" if re.search(r"%[-#]?[mbBh]", date_format) else "Y")


def period_ends(starts: "pd.Series[pd.Timestamp]", frequency: str) -> "pd.Series[pd.Timestamp]":
    """Return the last day of each month, quarter or year."""
    offsets = {"M": pd.offsets.MonthEnd(0), "Q": pd.offsets.QuarterEnd(0), "Y": pd.offsets.YearEnd(0)}
    return starts + offsets[frequency]
