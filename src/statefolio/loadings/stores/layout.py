"""The metadata of a store in the Zarr 3 format, as xarray reads it.

Arrays are divided into chunks of some dates, some assets and all factors. A chunk is a file of plain little-endian
numbers, so that any part of it is read without the rest. The metadata of all arrays stand in the group's file as well
(consolidated), so that one rename of that file changes the shape of all arrays at once.
"""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

GROUP_FILE = "zarr.json"
OWN = "statefolio"
"""The folder of a store that is not part of xarray's layout; a Zarr group too."""
DATES_OF_A_CHUNK = 250
ASSETS_OF_A_CHUNK = 512
_LABELS_OF_A_CHUNK = 1 << 12
UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}


class Grid(NamedTuple):
    """The shape of an array and of its chunks."""

    shape: tuple[int, ...]
    chunk: tuple[int, ...]

    @property
    def bytes_of_a_chunk(self) -> int:
        """Size of the file of a chunk."""
        return 8 * math.prod(self.chunk)


def chunk_assets(block_assets: int, lanes: int) -> int:
    """Return the assets of a chunk: whole lanes that divide a block, and at most `ASSETS_OF_A_CHUNK`."""
    pieces = block_assets // lanes
    return lanes * max(n for n in range(1, ASSETS_OF_A_CHUNK // lanes + 1) if pieces % n == 0)


def grid_of(dims: tuple[str, ...], sizes: Mapping[str, int], assets_of_a_chunk: int) -> Grid:
    """Return the grid of an array with these dimensions."""
    chunk = {"date": DATES_OF_A_CHUNK, "asset": assets_of_a_chunk, "factor": max(1, sizes["factor"])}
    return Grid(tuple(sizes[dim] for dim in dims), tuple(chunk[dim] for dim in dims))


def numbers_metadata(grid: Grid, dims: tuple[str, ...]) -> dict[str, Any]:
    """Return the metadata of an array of numbers; a chunk without a file is NaN."""
    return _array_metadata(grid, dims, "float64", "NaN", [_PLAIN])


def date_metadata(count: int, unit: str) -> dict[str, Any]:
    """Return the metadata of the coordinate of dates."""
    grid = Grid((count,), (_LABELS_OF_A_CHUNK,))
    attrs = {"units": f"{UNITS[unit]} since 1970-01-01", "calendar": "proleptic_gregorian"}
    return {**_array_metadata(grid, ("date",), "int64", 0, [_PLAIN]), "attributes": attrs}


def label_metadata(labels: pd.Index, dim: str) -> dict[str, Any]:
    """Return the metadata of a coordinate of names: whole numbers, or text."""
    grid = Grid((len(labels),), (_LABELS_OF_A_CHUNK,))
    if labels.dtype.kind == "i":
        return _array_metadata(grid, (dim,), "int64", 0, [_PLAIN])
    return _array_metadata(grid, (dim,), "string", "", [{"name": "vlen-utf8", "configuration": {}}])


def write_labels(folder: Path, labels: pd.Index) -> None:
    """Write the chunks of a coordinate of names; each file is written whole."""
    for start in range(0, len(labels), _LABELS_OF_A_CHUNK):
        part = labels[start : start + _LABELS_OF_A_CHUNK]
        if labels.dtype.kind == "i":
            padded = np.zeros(_LABELS_OF_A_CHUNK, dtype="<i8")
            padded[: len(part)] = part
            content = padded.tobytes()
        else:
            words = [str(label).encode() for label in part] + [b""] * (_LABELS_OF_A_CHUNK - len(part))
            sizes = [len(word).to_bytes(4, "little") for word in words]
            content = len(words).to_bytes(4, "little") + b"".join(n + w for n, w in zip(sizes, words, strict=True))
        to_disk(folder / f"c.{start // _LABELS_OF_A_CHUNK}", content)


def write_dates(folder: Path, stamps: np.ndarray[Any, Any]) -> None:
    """Write the chunks of the coordinate of dates, whole numbers of its unit; each file is written whole."""
    for start in range(0, len(stamps), _LABELS_OF_A_CHUNK):
        padded = np.zeros(_LABELS_OF_A_CHUNK, dtype="<i8")
        part = stamps[start : start + _LABELS_OF_A_CHUNK]
        padded[: len(part)] = part
        to_disk(folder / f"c.{start // _LABELS_OF_A_CHUNK}", padded.tobytes())


def read_dates(folder: Path, count: int, unit: str) -> pd.DatetimeIndex:
    """Read the coordinate of dates."""
    files = range(0, count, _LABELS_OF_A_CHUNK)
    parts = [np.fromfile(folder / f"c.{start // _LABELS_OF_A_CHUNK}", dtype="<i8") for start in files]
    stamps = np.concatenate([*parts, np.zeros(0, dtype="<i8")])[:count].astype(np.int64)
    return pd.DatetimeIndex(stamps.view(f"datetime64[{unit}]"), name="date")


def group_text(attrs: Mapping[str, Any], arrays: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """Return the metadata of a group with those of its arrays; `own` are the attributes of our folder in it."""
    metadata = {**arrays, OWN: {"attributes": own, "zarr_format": 3, "node_type": "group"}}
    consolidated = {"kind": "inline", "must_understand": False, "metadata": metadata}
    group = {"attributes": attrs, "zarr_format": 3, "node_type": "group", "consolidated_metadata": consolidated}
    return json.dumps(group)


def to_disk(path: Path, content: bytes | str) -> None:
    """Write a file to a temporary name, flush it, and rename it; a former temporary file is replaced."""
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder to disk, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_PLAIN = {"name": "bytes", "configuration": {"endian": "little"}}


def _array_metadata(
    grid: Grid, dims: tuple[str, ...], kind: str, fill: float | str, codecs: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "shape": list(grid.shape),
        "data_type": kind,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(grid.chunk)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
        "fill_value": fill,
        "codecs": codecs,
        "attributes": {},
        "dimension_names": list(dims),
        "zarr_format": 3,
        "node_type": "array",
        "storage_transformers": [],
    }
