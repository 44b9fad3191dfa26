"""Gives arrays their labels, and gives labelled results as pandas, polars or long tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_labels
from statefolio._arrays.other_tables import is_other_table, to_pandas
from statefolio._arrays.text import shown
from statefolio.exceptions import DataTypeError, InputError

if TYPE_CHECKING:
    import polars as pl


def to_frame(values: Any, *, dates: Any = None, assets: Sequence[Any] | None = None) -> pd.DataFrame:
    """Return an array with labels, another library's table, or a result of statefolio as a DataFrame.

    Parameters
    ----------
    values : array (T,) or (T, N), table or result
        With `dates` and `assets`, numbers without labels. Else a DataFrame, a Series, a table of polars or pyarrow, a
        DataArray or Dataset of xarray, or a result with a method ``to_frame``.
    dates : sequence of dates, length T
        One for each row.
    assets : sequence, length N
        Names of the assets or factors, one for each column.

    Returns
    -------
    DataFrame
        Dates in the index ``date``, one column per name. A Dataset or an array of three dimensions has one row for each
        combination of labels in its index, and one column per variable.

    Raises
    ------
    InputError
        If labels do not fit the shape, or dates are no dates, repeated or out of order.
    DataTypeError
        If it is none of these, or has no labels and none are given.

    Examples
    --------
    >>> import numpy as np
    >>> import statefolio as sf
    >>> returns = sf.data.to_frame(
    ...     np.array([[0.01, 0.02], [-0.01, 0.0]]), dates=["2024-01-02", "2024-01-03"], assets=["KO", "XOM"]
    ... )
    >>> returns
                  KO   XOM
    date
    2024-01-02  0.01  0.02
    2024-01-03 -0.01  0.00
    """
    if dates is not None or assets is not None:
        return _from_array(values, dates, assets)
    if isinstance(values, pd.DataFrame):
        return values
    if hasattr(values, "data_vars") or (hasattr(values, "dims") and len(values.dims) > 2):
        return _from_xarray(values)
    if isinstance(values, pd.Series) and not isinstance(values.index, pd.DatetimeIndex | pd.PeriodIndex):
        return values.to_frame("value" if values.name is None else values.name)
    if isinstance(values, pd.Series) or is_other_table(values):
        return to_pandas(values, "values").rename_axis("date")
    if callable(getattr(values, "to_frame", None)):
        return pd.DataFrame(values.to_frame())
    raise DataTypeError(
        f"values must be a table, a result or an array with dates and names, got {shown(values)}. Pass dates and "
        "assets for an array."
    )


def to_long(result: Any, value: str = "value") -> pd.DataFrame:
    """Return a table or a result in long form: one row for each combination of labels, labels in the first columns.

    Parameters
    ----------
    result : table or result
        As for `to_frame`.
    value : str
        Name of the column of values where the result has none.

    Returns
    -------
    DataFrame
        Rows without a value are left out.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> sf.data.to_long(demo.returns.iloc[:2, :2].round(4), "return")
            date asset  return
    0 2014-01-03  AAPL -0.0219
    1 2014-01-03   AMD  0.0127
    2 2014-01-06  AAPL  0.0054
    3 2014-01-06   AMD  0.0325
    >>> model = sf.StaticLoadings().fit(demo.returns.iloc[-300:, :1], demo.factors.iloc[-300:, :1])
    >>> sf.data.to_long(model.loadings_["filtered"].round(2)).tail(1)
              date asset  factor  filtered
    597 2022-12-28  AAPL  market       1.3
    """
    if hasattr(result, "dims") and not isinstance(result, pd.DataFrame | pd.Series):
        table = _from_xarray(result, value).dropna(how="all")
        return table.reset_index()
    frame = to_frame(result)
    if not isinstance(frame.index, pd.DatetimeIndex):
        return frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()
    named = "asset" if frame.columns.name is None else str(frame.columns.name)
    stacked = frame.rename_axis(index="date", columns=named).stack().dropna()
    long = stacked.reset_index()
    long.columns = pd.Index([*long.columns[:-1], value])
    return long


def to_polars(result: Any, *, long: bool = False) -> "pl.DataFrame":
    """Return a table or a result as a polars DataFrame, labels in the first columns.

    Parameters
    ----------
    result : table or result
        As for `to_frame`.
    long : bool
        One row for each combination of labels, as `to_long`.

    Raises
    ------
    DataTypeError
        If polars is not installed.

    Examples
    --------
    >>> import statefolio as sf
    >>> sf.data.to_polars(sf.load_demo().returns.iloc[:2, :2]).columns
    ['date', 'AAPL', 'AMD']
    """
    try:
        import polars as pl
    except ImportError as error:
        raise DataTypeError("polars must be installed to return its tables. Run pip install polars.") from error
    frame = to_long(result) if long else to_frame(result)
    labelled = isinstance(frame.index, pd.RangeIndex) and frame.index.name is None
    plain = frame if labelled else frame.reset_index()
    return pl.from_pandas(plain.set_axis([str(name) for name in plain.columns], axis=1))


def _from_array(values: Any, dates: Any, assets: Sequence[Any] | None) -> pd.DataFrame:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataTypeError(f"values must be numbers, got one that is not ({error}). Convert it.") from error
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2:
        raise InputError(f"values must have one or two dimensions, got {array.ndim}. Choose dates by assets.")
    if dates is None or assets is None:
        missing = "dates" if dates is None else "assets"
        raise InputError(f"{missing} must be given with an array, got none. Pass dates=... and assets=[...].")
    try:
        index = dates if isinstance(dates, pd.Index) else pd.DatetimeIndex(list(dates))
    except (TypeError, ValueError) as error:
        raise InputError(f"dates must be dates, got {shown(dates)} ({error}). Pass e.g. ['2024-01-02'].") from error
    columns = pd.Index(list(assets), tupleize_cols=False)
    if array.shape != (len(index), len(columns)):
        raise InputError(
            f"values must have one row per date and one column per name, got {array.shape[0]} rows and "
            f"{array.shape[1]} columns for {len(index)} dates and {len(columns)} names. Transpose it, or correct them."
        )
    frame = pd.DataFrame(array, index, columns)
    days, _ = read_labels(frame, "values")
    return frame.set_axis(days.rename("date"))


def _from_xarray(values: Any, value: str = "value") -> pd.DataFrame:
    """Return a DataArray or Dataset with its labels in the index, and one column per variable."""
    named = values if hasattr(values, "data_vars") else values.rename(values.name or value)
    keep = [name for name in named.coords if name not in named.dims]
    return pd.DataFrame(named.drop_vars(keep).to_dataframe())
