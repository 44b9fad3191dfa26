"""Validates the dates of files, and DataFrames of prices or returns."""

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import show
from statefolio.exceptions import InputError

_YEARS = (1600, 2500)


def checked_table(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Validate a DataFrame and return its values as floats, one row per date.

    Parameters
    ----------
    table : DataFrame
        pandas with dates in the index, or polars with a column of dates.
    name : str
        Name of the table, for messages.
    """
    values, dates, columns = read_values(table, name)
    return pd.DataFrame(values, index=dates.rename("date"), columns=columns, copy=False)


def checked_dates(dates: pd.DatetimeIndex, source: str) -> pd.DatetimeIndex:
    """Return the dates of a file's rows if they are increasing, unique and without a time zone.

    Parameters
    ----------
    dates : DatetimeIndex
        The date of each row.
    source : str
        Name of the file, for messages.

    Raises
    ------
    InputError
        If dates are missing, repeated or out of order, or have a time zone.
    """
    if dates.tz is not None:
        raise InputError(
            f"{source} must have dates without a time zone, got dates in the time zone {dates.tz}. Write the local day "
            "alone, e.g. 2015-12-31."
        )
    if dates.hasnans:
        raise InputError(
            f"{source} must have a date in every row, got {int(np.sum(dates.isna()))} rows without a date. "
            "Remove those rows."
        )
    strange = (dates.year < _YEARS[0]) | (dates.year > _YEARS[1])
    if strange.any():
        raise InputError(
            f"{source} must have dates of the years {_YEARS[0]} to {_YEARS[1]}, got {show(dates[strange][0])}. Correct "
            "it, or set date_format."
        )
    if not dates.is_unique:
        repeated = dates[dates.duplicated()]
        raise InputError(
            f"{source} must have each date once, got {len(repeated)} duplicate dates (first: {show(repeated[0])}). "
            "Keep one row per date. A file with one row per asset and date needs layout='long'."
        )
    if not dates.is_monotonic_increasing:
        row = int(np.argmax(np.diff(dates.asi8) < 0)) + 1
        raise InputError(
            f"{source} must have increasing dates, got dates out of order ({show(dates[row])} comes after "
            f"{show(dates[row - 1])}). Sort the rows by date."
        )
    return dates.rename("date")
