"""When a macro series became known: releases and their revisions, from a publication lag or a table of vintages."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed, show
from statefolio._options import is_whole
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError

COLUMNS = ("series", "reference_date", "published", "value")


def read_releases(series: Any, lag: Any = 0) -> pd.DataFrame:
    """Make one long table of releases: what was said of which date, and when.

    Parameters
    ----------
    series : DataFrame
        Either a row a reference date and a column a series (NaN: no value), or a long table of vintages with
        columns "series", "reference_date", "published" and "value"; a second row for the same reference date is
        a revision.
    lag : int, offset, Series, or mapping from series to one of these
        For a frame by reference date: days from the reference date to publication (0: the same day), a pandas
        offset or Timedelta, or a Series of release dates by reference date. Vintages carry their own dates.

    Returns
    -------
    DataFrame
        Columns "series", "reference_date", "published", "value", by publication and reference date.

    Raises
    ------
    InputError
        Vintages with missing or infinite entries or the same release twice; a negative lag; a reference date
        without a release date; a Series of anything but release dates.
    """
    if isinstance(series, pd.DataFrame) and set(COLUMNS) <= set(series.columns):
        table = _checked_vintages(series[list(COLUMNS)])
        if not (isinstance(lag, int | np.integer) and lag == 0):
            raise InputError(f"lag={lag!r} came with a table of vintages, which has its own dates. Leave lag out.")
    else:
        table = _from_lag(series, lag)
    return table.sort_values(["published", "series", "reference_date"], kind="stable", ignore_index=True)


def _checked_vintages(table: pd.DataFrame) -> pd.DataFrame:
    table = table.copy()
    for column in ("reference_date", "published"):
        if not pd.api.types.is_datetime64_any_dtype(table[column]):
            raise DataTypeError(
                f"vintages column {column!r} is {table[column].dtype}; dates were expected. Use pd.to_datetime."
            )
        if getattr(table[column].dt, "tz", None) is not None:
            raise InputError(f"vintages column {column!r} has a time zone; dates without one were expected.")
    if not pd.api.types.is_numeric_dtype(table["value"]):
        raise DataTypeError(f"vintages column 'value' is {table['value'].dtype}; numbers were expected. Convert it.")
    table["value"] = table["value"].astype(np.float64)
    if not len(table) or table.isna().any().any() or np.isinf(table["value"]).any():
        bad = int((table.isna().any(axis=1) | np.isinf(table["value"])).sum())
        raise InputError(
            f"vintages has {len(table)} rows, {bad} of them with missing or infinite entries; releases with finite "
            "values were expected. Drop those rows: what is not published has none."
        )
    again = table.duplicated(["series", "reference_date", "published"])
    if again.any():
        row = table[again].iloc[0]
        raise InputError(
            f"vintages has {int(again.sum())} releases twice (first: {row['series']!r} for "
            f"{show(row['reference_date'])} published {show(row['published'])}); each was expected once."
        )
    return table


def _from_lag(series: Any, lag: Any) -> pd.DataFrame:
    values, dates, names = read_values(series, "series")
    lags = _by_series(lag, names)
    parts = []
    for column, name in enumerate(names):
        known = ~np.isnan(values[:, column])
        if not known.any():
            raise InputError(f"series {name!r} has no value at all; some were expected. Drop the column.")
        published = _published(name, pd.DatetimeIndex(dates[known]), lags[name])
        fields = (name, dates[known], published, values[known, column])
        parts.append(pd.DataFrame(dict(zip(COLUMNS, fields, strict=True))))
    return pd.concat(parts, ignore_index=True)


def _by_series(lag: Any, names: pd.Index) -> dict[Any, Any]:
    if not isinstance(lag, Mapping):
        return dict.fromkeys(names, lag)
    unknown, absent = [name for name in lag if name not in names], [name for name in names if name not in lag]
    if unknown or absent:
        raise UnknownNameError(
            f"lag names {listed(list(lag))}; the series {listed(list(names), most=8)} were expected, each of them. "
            "Give one lag for all, or one for each."
        )
    return dict(lag)


def _published(name: Any, references: pd.DatetimeIndex, lag: Any) -> pd.DatetimeIndex:
    if isinstance(lag, pd.Series):
        if not pd.api.types.is_datetime64_dtype(lag) or not lag.index.is_unique:
            again = "" if lag.index.is_unique else ", reference dates more than once among its labels"
            raise DataTypeError(
                f"lag of {name!r} is a Series of {lag.dtype}{again}; release dates without a time zone by reference "
                "date, each once, were expected. For days from the reference date add them to it first."
            )
        published = pd.DatetimeIndex(lag.reindex(references))
        if published.hasnans:
            first = references[published.isna()][0]
            raise InputError(
                f"series {name!r} has {int(np.sum(published.isna()))} reference dates without a release date (first: "
                f"{show(first)}); one each was expected. Complete the Series, or drop those values."
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
            f"lag of {name!r} is a {type(lag).__name__}; days, an offset or a Series of release dates was expected. "
            "Pass e.g. 30, pd.offsets.BDay(1), or a Series by reference date."
        ) from error
    if np.any(published < references):
        raise InputError(
            f"lag of {name!r} is {lag!r}, which publishes before the reference date; 0 or more was expected. A release "
            "before its reference date can be given as a Series of release dates."
        )
    return published
