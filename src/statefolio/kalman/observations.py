"""Observations of a panel where tuning needs them: in memory, or by blocks of assets elsewhere.

Tuning works on complete vectors with one entry per asset, and asks for everything that needs the observations through
`Observations`. Sums over assets are thus made in one place and in one order, wherever the observations lie.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.blocks import Report, pad_last
from statefolio.kalman.specification import Floats


class Subject(Protocol):
    """What a computation needs besides the observations; it can be cut to some of the assets."""

    def part(self, first: int, last: int) -> Self:
        """Return what the lanes [first, last) need, whole blocks of lanes."""

    def shared(self) -> tuple[Floats, ...]:
        """Return the large arrays that all parts have in common."""


S = TypeVar("S", bound=Subject)

Work = Callable[[S, Floats, Report | None], Any]
"""Computes an array, or a tuple of arrays, from a subject and its observations (T, lanes), padded to whole blocks.

The last axis of each array belongs to the assets: lanes, blocks of lanes or searches, in their order.
"""


class Observations(Protocol):
    """Observations of T dates and N assets, padded to whole blocks of lanes."""

    @property
    def count(self) -> int:
        """Number of assets, without the padding."""

    def counts(self) -> NDArray[np.intp]:
        """Return the number of observations of each asset, padding included."""

    def columns(self, assets: NDArray[np.intp]) -> Floats:
        """Return the observations of some assets, (T, n)."""

    def until(self, row: int) -> "Observations":
        """Return the observations on the dates before a row."""

    def only(self, kept: NDArray[np.bool_]) -> "Observations":
        """Return these with those of other assets than `kept` (N,) as missing."""

    def compute(self, work: "Work[S]", subject: S, report: Report | None = None) -> Any:
        """Return the result of `work` for all assets; `report(done, total)` is called as it advances."""


@dataclass(frozen=True)
class Observed:
    """Observations in memory."""

    Y: Floats  # (T, N) padded
    count: int

    @classmethod
    def of(cls, Y: "Floats | Observations") -> "Observations":
        """Pad an array (T, N); other observations are returned as they are."""
        return cls(pad_last(Y, np.nan), Y.shape[1]) if isinstance(Y, np.ndarray) else Y

    def counts(self) -> NDArray[np.intp]:
        """Return the number of observations of each asset, padding included."""
        found: NDArray[np.intp] = np.isfinite(self.Y).sum(axis=0)
        return found

    def columns(self, assets: NDArray[np.intp]) -> Floats:
        """Return the observations of some assets, (T, n)."""
        return self.Y[:, assets]

    def until(self, row: int) -> "Observed":
        """Return the observations on the dates before a row."""
        return Observed(self.Y[:row], self.count)

    def only(self, kept: NDArray[np.bool_]) -> "Observed":
        """Return these with those of other assets than `kept` (N,) as missing."""
        if kept.all():
            return self
        padding = np.ones(self.Y.shape[1] - self.count, dtype=bool)
        return Observed(np.where(np.append(kept, padding), self.Y, np.nan), self.count)

    def compute(self, work: "Work[S]", subject: S, report: Report | None = None) -> Any:
        """Return the result of `work` for all assets."""
        return work(subject, self.Y, report)


ELSEWHERE = Observed(np.empty((0, 0)), 0)
"""Stands in a part of a subject, whose observations are handed to the work."""
