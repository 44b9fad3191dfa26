"""What something holds, as a hash: the same content, the same hash, whatever it is called and wherever it lies."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio.exceptions import DataTypeError

_NAN = np.float64(np.nan)


def hash_frame(frame: "pd.DataFrame | pd.Series[Any]") -> str:
    """SHA-256 of dates (or other labels), column names and values of a frame.

    Integers and floats of every width count by their value as float64; -0.0 is 0.0 and every NaN is the same.
    """
    table = frame.to_frame() if isinstance(frame, pd.Series) else frame
    found = hashlib.sha256(_labels(table.index))
    if isinstance(frame, pd.DataFrame):
        found.update(_labels(table.columns))
    for place in range(table.shape[1]):
        found.update(_values(table.iloc[:, place]))
    return found.hexdigest()


def hash_parameters(parameters: Mapping[str, Any]) -> str:
    """SHA-256 of parameters, whatever their order."""
    return hashlib.sha256(json.dumps(plain(parameters), sort_keys=True).encode()).hexdigest()


def plain(value: Any) -> Any:
    """Write a parameter in words and numbers: a number, text, None, lists and mappings of them.

    Dates become text, frames their hash, an estimator its class and its parameters.

    Raises
    ------
    DataTypeError
        If it is something else, whose content cannot be read.
    """
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, np.generic) and not isinstance(value, np.datetime64 | np.timedelta64):
        return plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else repr(value)
    if isinstance(value, pd.DataFrame | pd.Series):
        return hash_frame(value)
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | pd.Index | np.ndarray):
        return [plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(one) for one in value), key=repr)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, np.datetime64):
        return pd.Timestamp(value).isoformat()
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if hasattr(value, "get_params"):
        return {"class": plain(type(value)), "parameters": plain(value.get_params(deep=False))}
    raise DataTypeError(
        f"a parameter is a {type(value).__name__}; numbers, text, dates, frames, estimators, and lists and mappings of "
        "them were expected. Describe it by a name, or by its own parameters."
    )


def _labels(index: pd.Index) -> bytes:
    if isinstance(index, pd.DatetimeIndex):
        return b"dates" + _days(index)
    return json.dumps([str(label) for label in index]).encode()


def _values(column: "pd.Series[Any]") -> bytes:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return b"dates" + _days(pd.DatetimeIndex(column))
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0
        values[np.isnan(values)] = _NAN
        return b"numbers" + values.astype("<f8").tobytes()
    return b"text" + json.dumps([None if pd.isna(value) else str(value) for value in column]).encode()


def _days(dates: pd.DatetimeIndex) -> bytes:
    return dates.as_unit("ns").asi8.astype("<i8").tobytes()
