"""The per-date results of scorings, in files beside the hidden data: only the scorers and the organiser read them."""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statefolio._writing import write_whole

Arrays = Mapping[str, NDArray[Any]]


def series_file(folder: Path, submission: str, engine_version: str, window: str) -> Path:
    """Return the file of a submission's per-date results."""
    return folder / f"{submission}-{engine_version}-{window}.npz"


def save_series(file: Path, arrays: Arrays) -> str:
    """Write per-date results, whole and private, and return their hash.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    content = io.BytesIO()
    plain: dict[str, Any] = {name: np.asarray(values) for name, values in arrays.items()}
    np.savez(content, **plain)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(file, content.getvalue(), private=True)
    return hash_series(arrays)


def load_series(file: Path, expected_hash: str | None = None) -> dict[str, NDArray[Any]] | None:
    """Read per-date results; None if there are none, or they are not those that were scored."""
    try:
        with np.load(file, allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
    except (OSError, ValueError, EOFError, KeyError):
        return None
    if expected_hash is not None and hash_series(arrays) != expected_hash:
        return None
    return arrays


def hash_series(arrays: Arrays) -> str:
    """Return SHA-256 of the names, types and bytes of arrays.

    Examples
    --------
    >>> values = {"values": np.array([0.5, 1.0])}
    >>> hash_series(values) == hash_series({"values": np.array([0.5, 1.0])})
    True
    >>> hash_series(values) == hash_series({"values": np.array([0.5, np.nextafter(1.0, 2.0)])})
    False
    """
    found = hashlib.sha256()
    for name in sorted(arrays):
        values = np.ascontiguousarray(arrays[name])
        found.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        found.update(values.tobytes())
    return found.hexdigest()
