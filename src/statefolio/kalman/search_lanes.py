"""Lanes of searches that share sweeps: a search occupies one until it ends, and a free lane takes the next one."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.lanes import WIDTH, inner
from statefolio.kalman.quasi_newton import QuasiNewton
from statefolio.kalman.specification import Floats

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


class SearchLanes(NamedTuple):
    """Searches in progress, one per lane."""

    search: NDArray[np.int64]  # (W,) -1 for an idle lane
    trial: Floats  # (W, D)
    slope: Floats  # (W, D)
    curvature: Floats  # (W, D, D)
    direction: Floats  # (W, D)
    length: Floats  # (W,)

    @property
    def busy(self) -> bool:
        """Whether any lane has a search."""
        return bool((self.search >= 0).any())

    def take(self, searches: Any, waiting: int, last: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Begin the searches from `waiting` on, up to `last`, in idle lanes; return these lanes and the searches.

        `searches` has arrays theta (n, D), where each begins, and value (n,).
        """
        idle = np.flatnonzero(self.search < 0)[: last - waiting]
        new = np.arange(waiting, waiting + len(idle))
        self.search[idle], self.length[idle], self.curvature[idle] = new, 0.0, 0.0
        self.trial[idle], searches.value[new] = searches.theta[new], -np.inf
        return idle, new


def new_search_lanes(size: int) -> SearchLanes:
    """Return idle lanes of searches in `size` coordinates."""
    trial, slope, direction = (np.zeros((WIDTH, size)) for _ in range(3))
    return SearchLanes(np.full(WIDTH, -1), trial, slope, np.zeros((WIDTH, size, size)), direction, np.zeros(WIDTH))


@inner
def search_in(active, searches, i, lane):
    """Return the state of search i, which occupies a lane; `searches` has arrays theta, value and steps."""
    return QuasiNewton(
        searches.theta[i],
        searches.value[i : i + 1],
        searches.steps[i : i + 1],
        active.trial[lane],
        active.slope[lane],
        active.curvature[lane],
        active.direction[lane],
        active.length[lane : lane + 1],
    )
