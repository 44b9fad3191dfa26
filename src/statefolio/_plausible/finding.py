"""One finding about a table of returns or prices: what looks wrong, where, and its value."""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.types import Array

Kind = Literal["prices", "returns"]
Cells = NDArray[np.bool_]
Columns = NDArray[np.bool_]


class Finding(NamedTuple):
    """A cell, or a column named by its first known cell."""

    kind: str
    place: int
    row: int
    asset: Any
    date: pd.Timestamp
    value: float
    detail: str


class Numbers(NamedTuple):
    """A table with its labels.

    Attributes
    ----------
    values : (T, N) array
        NaN where not observed.
    dates : DatetimeIndex
    columns : Index
    bounds : (array, array), optional
        Smallest and largest value of each column, where they are known.
    """

    values: Array
    dates: pd.DatetimeIndex
    columns: pd.Index
    bounds: tuple[Array, Array] | None = None

    def limits(self) -> tuple[Array, Array]:
        """Return the smallest and the largest value of each column."""
        return self.bounds or (np.fmin.reduce(self.values, axis=0), np.fmax.reduce(self.values, axis=0))

    def finding(self, kind: str, row: int, place: int, detail: str) -> Finding:
        """Return a finding about one cell."""
        return Finding(kind, place, row, self.columns[place], self.dates[row], float(self.values[row, place]), detail)

    def of_cells(self, kind: str, rows: Iterable[int], places: Iterable[int], details: Iterable[str]) -> list[Finding]:
        """Return findings about cells."""
        cells = zip(rows, places, details, strict=True)
        return [self.finding(kind, int(row), int(place), detail) for row, place, detail in cells]

    def of_column(self, kind: str, place: int, detail: str) -> Finding:
        """Return a finding about a whole column, at its first known value."""
        return self.finding(kind, int(np.argmax(~np.isnan(self.values[:, place]))), place, detail)
