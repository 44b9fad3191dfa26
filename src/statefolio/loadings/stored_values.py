"""Converts options, names and dates to JSON values, and back."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import shown
from statefolio.exceptions import InputError

_DTYPE = re.compile(
    r"object|str|string(\[\w+\])?|bool|boolean|category|u?int(8|16|32|64)|float(16|32|64)|[<|]U\d{1,4}"
    r"|(datetime|timedelta)64\[\w+(, ?[\w/+:-]{1,64})?\]",
    re.IGNORECASE,
)
"""Types of the values that a file may have: their sizes are those of the values themselves."""


def encode(value: Any) -> Any:
    """Convert an option to JSON values; a type that JSON lacks becomes an object with one key, its name.

    A function, such as a progress callback, belongs to the session and is written as null.
    """
    if callable(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return encode(value.item())
    if isinstance(value, pd.Timestamp):
        return {"timestamp": [value.isoformat(), value.unit]}
    if isinstance(value, pd.DataFrame):
        return {"frame": [encode(value.index), encode(value.columns), encode(value.to_numpy())]}
    if isinstance(value, pd.Series):
        return {"series": [encode(value.index), encode(value.to_numpy())]}
    if isinstance(value, pd.Index):
        return {"index": [[encode(label) for label in value], encode(value.name), str(value.dtype)]}
    if isinstance(value, np.ndarray):
        return {"array": [value.shape, str(value.dtype), [encode(item) for item in value.ravel().tolist()]]}
    if isinstance(value, tuple | list):
        return {type(value).__name__: [encode(item) for item in value]}
    if isinstance(value, Mapping):
        return {"mapping": [[encode(key), encode(item)] for key, item in value.items()]}
    raise InputError(
        "options and names must be numbers, strings, dates, arrays, DataFrames or mappings to be saved, got "
        f"{shown(value)}. Change that option or name."
    )


def decode(value: Any) -> Any:
    """Convert JSON values to what `encode` converted.

    Raises
    ------
    ValueError, TypeError, LookupError, ArithmeticError, RecursionError
        If they are other values.
    """
    if not isinstance(value, dict):
        return value
    [(kind, parts)] = value.items()
    if not isinstance(parts, list):
        raise ValueError(f"{shown(kind)} has no list of values")
    if kind == "timestamp":
        return _timestamp(*parts)
    if kind == "frame":
        index, columns, values = map(decode, parts)
        return pd.DataFrame(values, index=index, columns=columns)
    if kind == "series":
        return pd.Series(decode(parts[1]), index=decode(parts[0]))
    if kind == "index":
        labels, name, dtype = parts
        return pd.Index([decode(label) for label in labels], name=decode(name), dtype=_dtype(dtype))
    if kind == "array":
        shape, dtype, items = parts
        return np.array([decode(item) for item in items], dtype=_dtype(dtype)).reshape(shape)
    if kind == "mapping":
        return {decode(key): decode(item) for key, item in parts}
    return {"tuple": tuple, "list": list}[kind](decode(part) for part in parts)


def _timestamp(text: Any, unit: Any) -> pd.Timestamp:
    if not isinstance(text, str) or not text[:4].isdigit():
        raise ValueError("a date has another form")
    return pd.Timestamp(text).as_unit(unit)


def _dtype(name: Any) -> str:
    if not isinstance(name, str) or not _DTYPE.fullmatch(name):
        raise ValueError(f"values have the unknown type {shown(name)}")
    return name
