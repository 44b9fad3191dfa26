"""The transformed values of some series as they were known on each publication date."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.types import Array

TRANSFORMS = ("level", "difference", "log difference")

Places = npt.NDArray[np.intp]
Dates = npt.NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class News:
    """What one publication date brought of k series.

    Attributes
    ----------
    published : datetime64
        The date.
    before : (n, k)
        Transformed values known before it, a row a reference date on which every series has one.
    mixed, now : (m, k)
        Rows known on it, m >= n. `mixed` keeps the values known before it where there were some.
    references : (l,) of datetime64
        The reference dates that are new.
    new : (l,)
        Their rows in `mixed` and `now`.
    """

    published: np.datetime64
    before: Array
    mixed: Array
    now: Array
    references: Dates
    new: Places


class KnownValues:
    """Walks through releases, publication date by publication date.

    Values that only go on are appended to one array, of which the `before` of each date is a view; a revision, or
    a reference date filled in late, starts a new array.

    Parameters
    ----------
    releases : DataFrame
        Of these series, by publication (`read_releases`).
    names : list
        The k series.
    transforms : list of str
        Of `TRANSFORMS`, for each series.
    """

    def __init__(self, releases: pd.DataFrame, names: list[object], transforms: list[str]) -> None:
        self._references, self._where = np.unique(releases["reference_date"].to_numpy(), return_inverse=True)
        self._which = pd.Index(names).get_indexer(pd.Index(releases["series"]))
        self._published = releases["published"].to_numpy()
        self._values = releases["value"].to_numpy()
        self._logarithm = np.array([name == "log difference" for name in transforms])
        self._difference = np.array([name != "level" for name in transforms])
        self._lead = int(self._difference.any())
        self._now = np.full((len(self._references), len(names)), np.nan)
        self._known = np.zeros(len(self._references), dtype=bool)
        self._made, self._count, self._last = np.empty_like(self._now), 0, -1

    def walk(self) -> Iterator[News]:
        """Give the news of each publication date that brings a new reference date; once."""
        edges = np.flatnonzero(np.r_[True, self._published[1:] != self._published[:-1], True])
        for first, last in pairwise(edges):
            at = self._where[first:last]
            revised = bool(self._known[at].any())
            before = self._now[self._known] if revised else None
            self._now[at, self._which[first:last]] = self._values[first:last]
            rows = np.unique(at)
            fresh = rows[~self._known[rows] & ~np.isnan(self._now[rows]).any(axis=1)]
            if revised or (len(fresh) and fresh[0] < self._last):
                found = self._anew(self._now[self._known] if before is None else before, fresh)
            else:
                found = self._appended(fresh)
            self._known[fresh] = True
            self._last = max(self._last, *fresh) if len(fresh) else self._last
            before, mixed, now, new = found
            if len(new):
                references = self._references[fresh[len(fresh) - len(new) :]]
                yield News(self._published[first], before, mixed, now, references, new)

    def _appended(self, fresh: Places) -> tuple[Array, Array, Array, Places]:
        """Transform new rows after the last one known."""
        count = self._count
        rows = fresh if self._last < 0 else np.r_[self._last, fresh]
        made = self._transformed(self._now[rows])
        if self._last >= 0 and not self._lead:
            made = made[1:]
        self._count = count + len(made)
        self._made[count : self._count] = made
        now = self._made[: self._count]
        return self._made[:count], now, now, np.arange(count, self._count)

    def _anew(self, before: Array, fresh: Places) -> tuple[Array, Array, Array, Places]:
        """Transform all rows, as known before and as known now."""
        known = self._known.copy()
        known[fresh] = True
        values = self._now[known]
        new = np.isin(np.flatnonzero(known), fresh)
        mixed = values.copy()
        mixed[~new] = before
        made = self._transformed(values)
        self._made, self._count = np.empty_like(self._now), len(made)
        self._made[: self._count] = made
        places = np.flatnonzero(new[self._lead :])
        return self._transformed(before), self._transformed(mixed), self._made[: self._count], places

    def _transformed(self, values: Array) -> Array:
        """Transform rows (n, k), less the first where there is a difference."""
        if self._logarithm.any():
            values = values.copy()
            values[:, self._logarithm] = np.log(values[:, self._logarithm])
        if not self._lead:
            return values
        made: Array = np.where(self._difference, np.diff(values, axis=0), values[1:])
        return made
