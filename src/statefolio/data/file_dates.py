"""Reads the dates of a file: days, or months, quarters and years, which are dated by their last day."""

import re

import numpy as np
import pandas as pd

from statefolio.exceptions import InputError

_PERIODS = {
    "months": (r"\d{4}-(0[1-9]|1[0-2])|(1[89]|20)\d{2}(0[1-9]|1[0-2])", "M"),
    "quarters": (r"\d{4}[- ]?[qQ][1-4]", "Q"),
    "years": (r"(1[89]|20)\d{2}", "Y"),
}
_WRITTEN = re.compile(
    r"\s*(\d{4}-\d{1,2}(-\d{1,2}([ T].*)?)?|\d{1,2}[./-]\d{1,2}[./-](\d{2}|\d{4})"
    r"|(1[89]|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?|\d{4}[- ]?[qQ][1-4])\s*"
)


def looks_like_a_date(text: str) -> bool:
    """Return whether a text is written like a date, e.g. 2015-12-31, 20151231, 31.12.2015 or 2015-12."""
    return _WRITTEN.fullmatch(text) is not None


def parse_dates(written: "pd.Series[str]", date_format: str | None, source: str) -> pd.DatetimeIndex:
    """Read dates: days as they are; months, quarters and years (1963-07, 196307, 1963Q3, 1963) as their last day.

    Raises
    ------
    InputError
        If a text is no date, or some name a day and others a month.
    """
    if isinstance(written.dtype, pd.PeriodDtype):
        return pd.PeriodIndex(written).to_timestamp(how="end").normalize().rename("date")
    if pd.api.types.is_datetime64_any_dtype(written):
        return pd.DatetimeIndex(written, name="date")
    text = written.astype("string").str.strip()
    try:
        dates = _in_format(text, date_format) if date_format else _plain(text, source, str(written.name))
        return pd.DatetimeIndex(dates, name="date")
    except (ValueError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{source} must have dates such as 2015-12-31 or 20151231, without a time zone, in the column "
            f"{written.name!r}, got something else ({str(error).splitlines()[0]}). Name the column of dates with date, "
            "or their format with date_format."
        ) from error


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
    compact = bool(known.str.fullmatch(r"\d{8}").all())
    return pd.to_datetime(text, format="%Y%m%d" if compact else "ISO8601")


def _start(text: "pd.Series[str]", frequency: str) -> "pd.Series[pd.Timestamp]":
    """Return the first day of each month, quarter or year."""
    year = text.str[:4]
    if frequency == "Y":
        return pd.to_datetime(year, format="%Y")
    if frequency == "Q":
        month = (3 * text.str[-1].astype("Int64") - 2).astype("string").str.zfill(2)
        return pd.to_datetime(year + month, format="%Y%m")
    return pd.to_datetime(text.str.replace("-", ""), format="%Y%m")


def _in_format(text: "pd.Series[str]", date_format: str) -> "pd.Series[pd.Timestamp]":
    """Read dates in a format; one without a day names months, and one without a month either names years."""
    dates = pd.to_datetime(text, format=date_format)
    if date_format in ("ISO8601", "mixed") or re.search(r"%[-#]?[dejuwaAxcDFsUWV]", date_format):
        return dates
    return _ends(dates, "M" if re.search(r"%[-#]?[mbBh]", date_format) else "Y")


def _ends(starts: "pd.Series[pd.Timestamp]", frequency: str) -> "pd.Series[pd.Timestamp]":
    offsets = {"M": pd.offsets.MonthEnd(0), "Q": pd.offsets.QuarterEnd(0), "Y": pd.offsets.YearEnd(0)}
    return starts + offsets[frequency]
