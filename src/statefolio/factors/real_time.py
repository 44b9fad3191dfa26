"""Follows macro series in real time: transformed values as known on each publication date."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.types import Array

TRANSFORMS = ("level", "difference", "log difference")

Rows = npt.NDArray[np.intp]
Dates = npt.NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class Publication:
    """Values of k series that become known on one publication date.

    Attributes
    ----------
    published : datetime64
        The publication date.
    before : (n, k)
        Transformed values known before it, one row per reference date on which every series has a value.
    lagged, current : (m, k)
        Values known on it, m >= n: `current` as revised on it, `lagged` with the values known before it where there
        are any.
    references : (l,) of datetime64
        The new reference dates.
    new : (l,)
        Their rows in `lagged` and `current`.
    """

    published: np.datetime64
    before: Array
    lagged: Array
    current: Array
    references: Dates
    new: Rows


class RealTimeSeries:
    """Values of some series by publication date.

    New values are appended to one array, of which the `before` of each publication is a view. A revision, or a
    reference date that is filled in late, starts a new array.

    Parameters
    ----------
    releases : DataFrame
        Releases of these series, by publication (`read_releases`).
    names : list
        Names of the k series.
    transforms : list of str
        One of `TRANSFORMS` for each series.
    """

    def __init__(self, releases: pd.DataFrame, names: list[object], transforms: list[str]) -> None:
        self._references, self._row = np.unique(releases["reference_date"].to_numpy(), return_inverse=True)
        self._column = pd.Index(names).get_indexer(pd.Index(releases["series"]))
        self._published = releases["published"].to_numpy()
        self._values = releases["value"].to_numpy()
        self._logarithm = np.array([name == "log difference" for name in transforms])
        self._difference = np.array([name != "level" for name in transforms])
        self._lead = int(self._difference.any())
        self._now = np.full((len(self._references), len(names)), np.nan)
        self._known = np.zeros(len(self._references), dtype=bool)
        self._transformed_values, self._count, self._last = np.empty_like(self._now), 0, -1

    def publications(self) -> Iterator[Publication]:
        """Iterate once over the publication dates that add a reference date."""
        edges = np.flatnonzero(np.r_[True, self._published[1:] != self._published[:-1], True])
        for first, last in pairwise(edges):
            published_rows = self._row[first:last]
            revised = bool(self._known[published_rows].any())
            before = self._now[self._known] if revised else None
            self._now[published_rows, self._column[first:last]] = self._values[first:last]
            rows = np.unique(published_rows)
            fresh = rows[~self._known[rows] & ~np.isnan(self._now[rows]).any(axis=1)]
            if revised or (len(fresh) and fresh[0] < self._last):
                found = self._restart(self._now[self._known] if before is None else before, fresh)
            else:
                found = self._append(fresh)
            self._known[fresh] = True
            self._last = max(self._last, *fresh) if len(fresh) else self._last
            before, lagged, current, new = found
            if len(new):
                references = self._references[fresh[len(fresh) - len(new) :]]
                yield Publication(self._published[first], before, lagged, current, references, new)

    def _append(self, fresh: Rows) -> tuple[Array, Array, Array, Rows]:
        """Append new rows after the last one known."""
        count = self._count
        rows = fresh if self._last < 0 else np.r_[self._last, fresh]
        transformed = self._transform(self._now[rows])
        if self._last >= 0 and not self._lead:
            transformed = transformed[1:]
        self._count = count + len(transformed)
        self._transformed_values[count : self._count] = transformed
        current = self._transformed_values[: self._count]
        return self._transformed_values[:count], current, current, np.arange(count, self._count)

    def _restart(self, before: Array, fresh: Rows) -> tuple[Array, Array, Array, Rows]:
        """Transform all rows again, as known before and as known now."""
        known = self._known.copy()
        known[fresh] = True
        values = self._now[known]
        new = np.isin(np.flatnonzero(known), fresh)
        lagged = values.copy()
        lagged[~new] = before
        transformed = self._transform(values)
        self._transformed_values, self._count = np.empty_like(self._now), len(transformed)
        self._transformed_values[: self._count] = transformed
        new_rows = np.flatnonzero(new[self._lead :])
        return self._transform(before), self._transform(lagged), self._transformed_values[: self._count], new_rows

    def _transform(self, values: Array) -> Array:
        """Transform rows (n, k); differences drop the first row."""
        if self._logarithm.any():
            values = values.copy()
            values[:, self._logarithm] = np.log(values[:, self._logarithm])
        if not self._lead:
            return values
        transformed: Array = np.where(self._difference, np.diff(values, axis=0), values[1:])
        return transformed
