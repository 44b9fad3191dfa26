"""Reads and writes model files: a zip of NumPy arrays and a JSON description, written whole or not at all.

Reading a file executes none of its content: arrays are in NumPy's own format, without pickles.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import shown
from statefolio._writing import write_whole
from statefolio.exceptions import FileFormatError, InputError

FORMAT = "statefolio model"
VERSION = 1
_DESCRIPTION = "model.json"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, LookupError, RuntimeError, TypeError, ValueError)
_REQUIRED = ("model", "options", "assets", "factors", "first_date", "last_date", "tuned_until")


def write(path: Any, contents: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Write a description and named arrays to one file."""
    encoded = {key: _encode(value) for key, value in contents.items()}
    description = json.dumps({"format": FORMAT, "version": VERSION, **encoded})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(_DESCRIPTION, description)
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(values), allow_pickle=False)
    write_whole(path, buffer.getvalue())


def read(path: Any) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """Read the description and the arrays that `write` wrote.

    Raises
    ------
    FileFormatError
        If the file is truncated, is something else, or was written by a newer version.
    """
    try:
        with zipfile.ZipFile(Path(path)) as archive:
            description = json.loads(archive.read(_DESCRIPTION))
            _check_version(path, description)
            contents = {name: _decode(description[name]) for name in _REQUIRED}
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            arrays = {name.removesuffix(".npy"): _array(archive.read(name)) for name in names}
            return contents, arrays
    except FileFormatError:
        raise
    except OSError as error:
        raise FileFormatError(
            f"{path} cannot be read ({error.strerror or error}). Check the path and its permissions."
        ) from error
    except _BROKEN as error:
        raise FileFormatError(
            f"{path} is truncated or not a model file. Save the model again, or check the path."
        ) from error


def _array(member: bytes) -> np.ndarray[Any, Any]:
    array: np.ndarray[Any, Any] = np.lib.format.read_array(io.BytesIO(member), allow_pickle=False)
    return array


def _check_version(path: Any, description: Any) -> None:
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise FileFormatError(f"{path} must be a model file written by save, got something else. Check the path.")
    if description["version"] > VERSION:
        raise FileFormatError(
            f"{path} must have format version {VERSION} or lower, got {description['version']}. "
            "Upgrade statefolio to read it."
        )


def _encode(value: Any) -> Any:
    """Convert an option to JSON values; a type that JSON lacks becomes an object with one key, its name.

    A function, such as a progress callback, belongs to the session and is written as null.
    """
    if callable(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return _encode(value.item())
    if isinstance(value, pd.Timestamp):
        return {"timestamp": [value.isoformat(), value.unit]}
    if isinstance(value, pd.DataFrame):
        return {"frame": [_encode(value.index), _encode(value.columns), _encode(value.to_numpy())]}
    if isinstance(value, pd.Series):
        return {"series": [_encode(value.index), _encode(value.to_numpy())]}
    if isinstance(value, pd.Index):
        return {"index": [[_encode(label) for label in value], _encode(value.name), str(value.dtype)]}
    if isinstance(value, np.ndarray):
        return {"array": [value.shape, str(value.dtype), [_encode(item) for item in value.ravel().tolist()]]}
    if isinstance(value, tuple | list):
        return {type(value).__name__: [_encode(item) for item in value]}
    if isinstance(value, Mapping):
        return {"mapping": [[_encode(key), _encode(item)] for key, item in value.items()]}
    raise InputError(
        "options and names must be numbers, strings, dates, arrays, DataFrames or mappings to be saved, got "
        f"{shown(value)}. Change that option or name."
    )


def _decode(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    [(kind, parts)] = value.items()
    if kind == "timestamp":
        return pd.Timestamp(parts[0]).as_unit(parts[1])
    if kind == "frame":
        index, columns, values = map(_decode, parts)
        return pd.DataFrame(values, index=index, columns=columns)
    if kind == "series":
        return pd.Series(_decode(parts[1]), index=_decode(parts[0]))
    if kind == "index":
        return pd.Index([_decode(label) for label in parts[0]], name=_decode(parts[1]), dtype=parts[2])
    if kind == "array":
        items = [_decode(item) for item in parts[2]]
        return np.array(items, dtype=parts[1]).reshape(parts[0])
    if kind == "mapping":
        return {_decode(key): _decode(item) for key, item in parts}
    return {"tuple": tuple, "list": list}[kind](_decode(part) for part in parts)
