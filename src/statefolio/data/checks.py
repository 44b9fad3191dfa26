"""What dates in a file must be, and what a frame must be."""

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import show
from statefolio.exceptions import InputError


def checked_table(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a frame of floats, a row a date and a column a name.

    Parameters
    ----------
    table : DataFrame
        Of pandas, dates in the index; or of polars, dates in a column.
    name : str
        The table's name, for messages.
    """
    values, dates, columns = read_values(table, name)
    return pd.DataFrame(values, index=dates.rename("date"), columns=columns, copy=False)


def checked_dates(dates: pd.DatetimeIndex, what: str) -> pd.DatetimeIndex:
    """Return the dates of a file's rows if they increase, each once, without a time zone.

    Parameters
    ----------
    dates : DatetimeIndex
        The date of each row.
    what : str
        The file's name, for messages.
    """
    if dates.tz is not None:
        raise InputError(
            f"{what} has dates in the time zone {dates.tz}; dates without one were expected. Write the local "
            "day alone, e.g. 2015-12-31."
        )
    if dates.hasnans:
        raise InputError(
            f"{what} has {int(np.sum(dates.isna()))} rows without a date; a date on every row was expected. "
            "Remove those rows."
        )
    if not dates.is_unique:
        again = dates[dates.duplicated()]
        raise InputError(
            f"{what} has {len(again)} duplicate dates (first: {show(again[0])}); each was expected once. "
            "Keep one row of each, or, for a row an asset and date, say layout='long'."
        )
    if not dates.is_monotonic_increasing:
        at = int(np.argmax(np.diff(dates.asi8) < 0)) + 1
        raise InputError(
            f"{what} has dates out of order ({show(dates[at])} comes after {show(dates[at - 1])}); "
            "increasing dates were expected. Sort the rows by date."
        )
    return dates.rename("date")
