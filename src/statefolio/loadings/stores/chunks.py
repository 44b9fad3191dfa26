"""Writes and reads parts of an array whose chunks are files of plain numbers.

The first axis is the date. Rows of a chunk beyond the dates of the array, and columns beyond its assets, are not read
by anybody, so new dates are written behind the former ones before the shape of the array changes.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.loadings.stores.layout import Grid

_Rows = NDArray[np.intp]


def write_columns(folder: Path, grid: Grid, row: int, first: int, values: Array) -> None:
    """Write whole chunks: the dates of one row of chunks, and assets; they are on disk afterwards.

    Parameters
    ----------
    folder : Path
        Of the array.
    grid : Grid
    row, first : int
        The first date and the first asset of `values`: the first ones of a chunk.
    values : (t, n) or (t, n, K) array
        Up to the end of a chunk, or to the last date and asset.
    """
    step, width = grid.chunk[:2]
    for j in range(0, values.shape[1], width):
        part = values[:, j : j + width]
        file = folder / chunk_name(row // step, (first + j) // width, values.ndim)
        if _is_empty(part):
            file.unlink(missing_ok=True)
        else:
            _write_chunk(file, grid, part)


def write_rows(folder: Path, grid: Grid, first: int, values: Array) -> None:
    """Write dates from row `first` on for all assets, behind the rows that are there.

    Parameters
    ----------
    folder : Path
    grid : Grid
    first : int
        The first row to write; earlier rows of its chunk are kept.
    values : (t, N) or (t, N, K) array
    """
    step, width = grid.chunk[:2]
    row = first
    while row < first + len(values):
        start = row % step
        count = min(step - start, first + len(values) - row)
        for j in range(0, values.shape[1], width):
            part = values[row - first : row - first + count, j : j + width]
            file = folder / chunk_name(row // step, j // width, values.ndim)
            if not file.exists():
                if _is_empty(part):
                    continue
                temporary = file.with_name(f".{file.name}.part")
                _write_chunk(temporary, grid, part, start)
                temporary.replace(file)
            else:
                with file.open("r+b") as opened:
                    opened.seek(start * (grid.bytes_of_a_chunk // step))
                    opened.write(_padded(part, grid).data)
                    opened.flush()
                    os.fsync(opened.fileno())
        row += count


def read_part(folder: Path, grid: Grid, rows: _Rows, columns: _Rows, rest: Any, out: Array) -> None:
    """Read some dates and assets into `out` (t, n, ...); NaN where a chunk has no file.

    `rows` and `columns` are positions in any order; `rest` selects factors.
    """
    step, width = grid.chunk[:2]
    for i, mine in _by_chunk(rows, step):
        for j, own in _by_chunk(columns, width):
            file = folder / chunk_name(i, j, len(grid.chunk))
            try:
                values = np.memmap(file, dtype="<f8", mode="r", shape=grid.chunk)
            except FileNotFoundError:
                out[_at(mine, own)] = np.nan
                continue
            found = values[_as_slice(rows[mine] - i * step)][:, _as_slice(columns[own] - j * width)]
            out[_at(mine, own)] = found[..., rest] if found.ndim == 3 else found


def chunk_name(i: int, j: int, dims: int) -> str:
    """Return the name of the file of a chunk."""
    return f"c.{i}.{j}.0" if dims == 3 else f"c.{i}.{j}"


def _write_chunk(file: Path, grid: Grid, part: Array, start: int = 0) -> None:
    """Write the file of a chunk: its rows from `start` on, NaN before, and nothing (a hole) after."""
    row = grid.bytes_of_a_chunk // grid.chunk[0]
    with file.open("wb") as opened:
        if start:
            opened.write(np.full((start, *grid.chunk[1:]), np.nan).data)
        opened.write(_padded(part, grid).data)
        opened.truncate(grid.chunk[0] * row)
        opened.flush()
        os.fsync(opened.fileno())


def _is_empty(part: Array) -> bool:
    """Tell whether all numbers are missing: such a chunk needs no file."""
    return bool(np.isnan(part[0].flat[0]) and np.isnan(part).all())


def _padded(part: Array, grid: Grid) -> Array:
    """Return the rows of a chunk, contiguous, with NaN in the columns of assets that are not there."""
    if part.shape[1] == grid.chunk[1]:
        return np.ascontiguousarray(part, dtype="<f8")
    whole = np.full((part.shape[0], *grid.chunk[1:]), np.nan, dtype="<f8")
    whole[:, : part.shape[1]] = part
    return whole


def _by_chunk(positions: _Rows, step: int) -> Iterator[tuple[int, _Rows]]:
    """Give each chunk's number and the places in `positions` that lie in it."""
    numbers = positions // step
    for number in np.unique(numbers):
        yield int(number), np.flatnonzero(numbers == number)


def _as_slice(positions: _Rows) -> Any:
    """Return positions as a slice where they follow each other: reading that copies once."""
    if len(positions) and (np.diff(positions) == 1).all():
        return slice(int(positions[0]), int(positions[-1]) + 1)
    return positions


def _at(rows: _Rows, columns: _Rows) -> Any:
    first, second = _as_slice(rows), _as_slice(columns)
    return (first, second) if isinstance(first, slice) or isinstance(second, slice) else np.ix_(rows, columns)
