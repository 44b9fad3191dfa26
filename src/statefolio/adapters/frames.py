"""What skfolio hands to an estimator, frames or plain arrays, as frames with dates."""

from typing import Any

import numpy as np
import pandas as pd
from skfolio.utils.tools import default_asset_names, get_feature_names

from statefolio.exceptions import DataTypeError, InputError

_FIRST_DAY = pd.Timestamp("1970-01-01")


def dated_frames(X: Any, factors: Any, seen: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give asset and factor returns the dates and names that models of loadings ask for.

    Parameters
    ----------
    X, factors : DataFrame or array (T, N), (T, K)
        Frames with dates keep them. Rows without dates are counted, a day a row, from 1970-01-01 on; factors
        without dates take those of `X`. Columns without names of text are called x0, x1, ... as skfolio does.
    seen : int
        Rows that came before, in earlier calls.

    Returns
    -------
    (DataFrame, DataFrame)

    Raises
    ------
    InputError
        If one of the two has no dates and another number of rows than the other.
    """
    returns, rows = _named(X), _named(factors)
    if isinstance(returns.index, pd.DatetimeIndex) and isinstance(rows.index, pd.DatetimeIndex):
        return returns, rows
    if len(returns) != len(rows):
        raise InputError(
            f"factors has {len(rows)} rows and X has {len(returns)}, and not both have dates; as many rows were "
            "expected. Pass both as DataFrames with dates, or rows of the same dates."
        )
    dated = next((frame.index for frame in (returns, rows) if isinstance(frame.index, pd.DatetimeIndex)), None)
    index = _counted(len(returns), seen) if dated is None else dated
    return returns.set_axis(index), rows.set_axis(index)


def observations_of(X: Any, factors: Any, seen: int = 0) -> Any:
    """Labels of the rows, as skfolio keeps them: the frames' own, else whole numbers."""
    for given in (X, factors):
        if isinstance(given, pd.DataFrame):
            return given.index.to_numpy()
    return np.arange(seen, seen + len(X))


def _named(values: Any) -> pd.DataFrame:
    names = get_feature_names(values)
    if isinstance(values, pd.DataFrame):
        return values if names is not None else values.set_axis(default_asset_names(values.shape[1]), axis=1)
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataTypeError("X or factors holds something that is no number; numbers were expected.") from error
    if array.ndim != 2:
        raise InputError(f"X or factors has {array.ndim} dimensions; a table, rows by columns, was expected.")
    return pd.DataFrame(array, columns=default_asset_names(array.shape[1]))


def _counted(rows: int, seen: int) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(_FIRST_DAY + pd.to_timedelta(np.arange(seen, seen + rows), unit="D"))
