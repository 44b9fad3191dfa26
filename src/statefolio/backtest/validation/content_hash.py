"""Hashes data and parameters by their content, so that equal content has an equal hash."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import shown
from statefolio.exceptions import DataTypeError

_NAN = np.float64(np.nan)


def hash_frame(frame: "pd.DataFrame | pd.Series[Any]") -> str:
    """Return the SHA-256 of the dates (or other labels), column names and values of a frame.

    Integers and floats of all widths are hashed as float64; -0.0 equals 0.0 and all NaN are equal.
    """
    table = frame.to_frame() if isinstance(frame, pd.Series) else frame
    found = hashlib.sha256(_labels(table.index))
    if isinstance(frame, pd.DataFrame):
        found.update(_labels(table.columns))
    for place in range(table.shape[1]):
        found.update(_values(table.iloc[:, place]))
    return found.hexdigest()


def hash_parameters(parameters: Mapping[str, Any]) -> str:
    """Return the SHA-256 of parameters; their order does not matter."""
    return hashlib.sha256(json.dumps(to_plain(parameters), sort_keys=True).encode()).hexdigest()


def to_plain(value: Any) -> Any:
    """Convert a parameter to JSON types: numbers, text, None, and lists and mappings of them.

    Dates become text, frames become their hash, and an estimator becomes its class and its parameters.

    Raises
    ------
    DataTypeError
        If it has another type.
    """
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, np.generic) and not isinstance(value, np.datetime64 | np.timedelta64):
        return to_plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else repr(value)
    if isinstance(value, pd.DataFrame | pd.Series):
        return hash_frame(value)
    if isinstance(value, Mapping):
        return {str(key): to_plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | pd.Index | np.ndarray):
        return [to_plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted((to_plain(one) for one in value), key=repr)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, np.datetime64):
        return pd.Timestamp(value).isoformat()
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if hasattr(value, "get_params"):
        return {"class": to_plain(type(value)), "parameters": to_plain(value.get_params(deep=False))}
    raise DataTypeError(
        f"a parameter must be a number, text, date, frame or estimator, or a list or mapping of them, got "
        f"{shown(value)}. Pass its name, or its own parameters."
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
