"""Reads releases and revisions of macro series, from a publication lag or a table of vintages."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed, show, shown
from statefolio._options import is_whole
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError

COLUMNS = ("series", "reference_date", "published", "value")


def read_releases(series: Any, lag: Any = 0) -> pd.DataFrame:
    """Build one long table of releases: the value, its reference date and its publication date.

    Parameters
    ----------
    series : DataFrame
        Either one row per reference date and one column per series (NaN: no value), or a long table of vintages with
        columns "series", "reference_date", "published" and "value" (or ALFRED's "date", "realtime_start" and "value");
        a second row for the same reference date is a revision.
    lag : int, offset, Series, or mapping from series to one of these
        For a table by reference date: days from the reference date to publication (0: the same day), a pandas
        offset or Timedelta, or a Series of release dates by reference date. Vintages have their own dates.

    Returns
    -------
    DataFrame
        Columns "series", "reference_date", "published", "value", by publication and reference date.

    Raises
    ------
    InputError
        Vintages with missing or infinite entries or the same release twice; a negative lag; a reference date
        without a release date; a Series of anything but release dates.

    Examples
    --------
    >>> import pandas as pd
    >>> from statefolio.factors import read_releases
    >>> months = pd.to_datetime(["2021-01-31", "2021-02-28"])
    >>> series = pd.DataFrame({"inflation": [1.4, 1.7]}, index=months)
    >>> read_releases(series, lag=12)
          series reference_date  published  value
    0  inflation     2021-01-31 2021-02-12    1.4
    1  inflation     2021-02-28 2021-03-12    1.7
    """
    series = _from_alfred(series)
    if isinstance(series, pd.DataFrame) and set(COLUMNS) <= set(series.columns):
        table = _checked_vintages(series[list(COLUMNS)])
        if not (isinstance(lag, int | np.integer) and lag == 0):
            raise InputError(
                f"lag must be 0 for a table of vintages, which has its own dates, got {shown(lag)}. Leave lag out."
            )
    else:
        table = _from_lag(series, lag)
    paired = [name for name in dict.fromkeys(table["series"]) if isinstance(name, tuple)]
    if paired:
        raise InputError(f"series must have names of one part, got {listed(paired)}. Join the parts, e.g. as one text.")
    return table.sort_values(["published", "series", "reference_date"], kind="stable", ignore_index=True)


def _from_alfred(series: Any) -> Any:
    """Give a table of ALFRED's columns (date, realtime_start, value) the names of this module."""
    if not isinstance(series, pd.DataFrame) or not {"date", "realtime_start", "value"} <= set(series.columns):
        return series
    names = [name for name in ("series", "series_id") if name in series.columns]
    values = pd.to_numeric(series["value"].replace(".", np.nan))
    table = pd.DataFrame(
        {
            "series": series[names[0]] if names else "value",
            "reference_date": pd.to_datetime(series["date"]),
            "published": pd.to_datetime(series["realtime_start"]),
            "value": values,
        }
    )
    return table[table["value"].notna()].drop_duplicates()


def _checked_vintages(table: pd.DataFrame) -> pd.DataFrame:
    table = table.copy()
    for column in ("reference_date", "published"):
        if not pd.api.types.is_datetime64_any_dtype(table[column]):
            raise DataTypeError(
                f"vintages column {column!r} must be dates, got {table[column].dtype}. Use pd.to_datetime."
            )
        if getattr(table[column].dt, "tz", None) is not None:
            raise InputError(
                f"vintages column {column!r} must be dates without a time zone, got {table[column].dtype}. "
                "Use .dt.tz_localize(None)."
            )
    if not pd.api.types.is_numeric_dtype(table["value"]):
        raise DataTypeError(f"vintages column 'value' must be numbers, got {table['value'].dtype}. Convert it.")
    table["value"] = table["value"].astype(np.float64)
    if not len(table) or table.isna().any().any() or np.isinf(table["value"]).any():
        bad = int((table.isna().any(axis=1) | np.isinf(table["value"])).sum())
        raise InputError(
            f"vintages must have rows without missing or infinite entries, got {len(table)} rows, {bad} of them with "
            "missing or infinite entries. Drop those rows."
        )
    repeated = table.duplicated(["series", "reference_date", "published"])
    if repeated.any():
        row = table[repeated].iloc[0]
        raise InputError(
            f"vintages must have each release once, got {int(repeated.sum())} repeated releases (first: "
            f"{row['series']!r} for {show(row['reference_date'])} published {show(row['published'])}). Keep one row of "
            "each."
        )
    return table


def _from_lag(series: Any, lag: Any) -> pd.DataFrame:
    values, dates, names = read_values(series, "series")
    lags = _by_series(lag, names)
    parts = []
    for column, name in enumerate(names):
        known = ~np.isnan(values[:, column])
        if not known.any():
            raise InputError(f"series {name!r} must have values, got none. Drop the column.")
        published = _published(name, pd.DatetimeIndex(dates[known]), lags[name])
        fields = ([name] * int(known.sum()), dates[known], published, values[known, column])
        parts.append(pd.DataFrame(dict(zip(COLUMNS, fields, strict=True))))
    return pd.concat(parts, ignore_index=True)


def _by_series(lag: Any, names: pd.Index) -> dict[Any, Any]:
    if not isinstance(lag, Mapping):
        return dict.fromkeys(names, lag)
    unknown, absent = [name for name in lag if name not in names], [name for name in names if name not in lag]
    if unknown or absent:
        raise UnknownNameError(
            f"lag must name each of the series {listed(list(names), most=8)}, got {listed(list(lag))}. "
            "Pass one lag for all, or one for each."
        )
    return dict(lag)


def _published(name: Any, references: pd.DatetimeIndex, lag: Any) -> pd.DatetimeIndex:
    if isinstance(lag, pd.Series):
        if not pd.api.types.is_datetime64_dtype(lag) or not lag.index.is_unique:
            repeated = "" if lag.index.is_unique else " with repeated reference dates"
            raise DataTypeError(
                f"lag of {name!r} must be a Series of release dates without a time zone, by reference date, each once, "
                f"got a Series of {lag.dtype}{repeated}. Add days to the reference dates first, e.g. dates + "
                "pd.Timedelta(days=30)."
            )
        published = pd.DatetimeIndex(lag.reindex(references))
        if published.hasnans:
            first = references[published.isna()][0]
            raise InputError(
                f"lag of {name!r} must have a release date for every reference date, got "
                f"{int(np.sum(published.isna()))} reference dates without a release date (first: {show(first)}). Add "
                "them, or drop those values."
            )
        return published
    try:
        if is_whole(lag):
            lag = pd.Timedelta(days=int(lag))
        published = pd.DatetimeIndex([date + lag for date in references])
        if published.hasnans:
            raise TypeError
    except (TypeError, OverflowError, pd.errors.OutOfBoundsDatetime, pd.errors.OutOfBoundsTimedelta) as error:
        raise DataTypeError(
            f"lag of {name!r} must be days, an offset or a Series of release dates, got {shown(lag)}. "
            "Pass e.g. 30, pd.offsets.BDay(1), or a Series by reference date."
        ) from error
    if np.any(published < references):
        raise InputError(
            f"lag of {name!r} must be 0 or more, got {lag!r}, which publishes before the reference date. For a release "
            "before its reference date, pass a Series of release dates."
        )
    return published
