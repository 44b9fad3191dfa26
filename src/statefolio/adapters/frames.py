"""Converts what skfolio passes to estimators, DataFrames or arrays, to DataFrames with dates."""

from typing import Any

import numpy as np
import pandas as pd
from skfolio.utils.tools import default_asset_names, get_feature_names

from statefolio._arrays.frames import local_days
from statefolio._arrays.other_tables import has_dates, is_other_table, to_pandas
from statefolio._arrays.text import listed
from statefolio.exceptions import DataTypeError, InputError

_FIRST_DAY = pd.Timestamp("1970-01-01")


def dated_frames(X: Any, factors: Any, seen: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give asset and factor returns the dates and names that models of loadings need.

    Parameters
    ----------
    X, factors : DataFrame or array (T, N), (T, K)
        DataFrames with dates keep them; those of a time zone become local days. Rows without dates get one day each,
        from 1970-01-01 on; factors without dates get those of `X`. Columns without text names are called x0, x1, ... as
        in skfolio.
    seen : int
        Number of rows in earlier calls.

    Returns
    -------
    (DataFrame, DataFrame)

    Raises
    ------
    InputError
        If one of the two has no dates and a different number of rows.
    """
    X, factors = as_pandas(X, "X"), as_pandas(factors, "factors")
    returns, rows = _plain_days(_named(X), "X"), _plain_days(_named(factors), "factors")
    if isinstance(returns.index, pd.DatetimeIndex) and isinstance(rows.index, pd.DatetimeIndex):
        return returns, rows
    if len(returns) != len(rows):
        raise InputError(
            f"factors must have as many rows as X where one of them has no dates, got {len(rows)} rows and X has "
            f"{len(returns)}. Pass both as DataFrames with dates, or rows of the same dates."
        )
    dated = next((frame.index for frame in (returns, rows) if isinstance(frame.index, pd.DatetimeIndex)), None)
    index = _days(len(returns), seen) if dated is None else dated
    return returns.set_axis(index), rows.set_axis(index)


def labelled_frames(X: Any, factors: Any, seen: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give returns dates as `dated_frames` does, but DataFrames keep their column names, also where these are no text.

    Raises
    ------
    InputError
        If names of one DataFrame are text and others are not.
    """
    for given in (X, factors):
        texts = [isinstance(name, str) for name in given.columns] if isinstance(given, pd.DataFrame) else []
        if any(texts) and not all(texts):
            raise InputError(
                f"columns must be all text or all other names, got {listed(given.columns)}. Convert them, e.g. with "
                "columns.map(str)."
            )
    frames = dated_frames(X, factors, seen)
    kept = [
        frame.set_axis(given.columns, axis=1) if isinstance(given, pd.DataFrame) else frame
        for frame, given in zip(frames, (X, factors), strict=True)
    ]
    return kept[0], kept[1]


def observations_of(X: Any, factors: Any, seen: int = 0) -> Any:
    """Return the labels of the rows, as skfolio keeps them: those of the DataFrames, or whole numbers."""
    for given in (X, factors):
        if isinstance(given, pd.DataFrame):
            return given.index.to_numpy()
    return np.arange(seen, seen + len(X))


def as_pandas(values: Any, name: str) -> Any:
    """Return a table of polars, pyarrow or xarray with dates as a DataFrame; others as they are."""
    return to_pandas(values, name) if is_other_table(values) and has_dates(values) else values


def _named(values: Any) -> pd.DataFrame:
    names = get_feature_names(values)
    if isinstance(values, pd.DataFrame):
        return values if names is not None else values.set_axis(default_asset_names(values.shape[1]), axis=1)
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataTypeError(
            f"X and factors must hold numbers, got a value that is not one ({error}). Convert it."
        ) from error
    if array.ndim != 2:
        raise InputError(
            f"X and factors must have 2 dimensions, got {array.ndim} dimensions. Reshape to rows by columns."
        )
    return pd.DataFrame(array, columns=default_asset_names(array.shape[1]))


def _plain_days(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    zoned = isinstance(frame.index, pd.DatetimeIndex) and frame.index.tz is not None
    return frame.set_axis(local_days(pd.DatetimeIndex(frame.index), name)) if zoned else frame


def _days(rows: int, seen: int) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(_FIRST_DAY + pd.to_timedelta(np.arange(seen, seen + rows), unit="D"))
