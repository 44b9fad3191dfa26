"""Symmetric matrices packed as lower triangles, row by row: (0, 0), (1, 0), (1, 1), (2, 0), ..."""

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.lanes import inner
from statefolio.kalman.specification import Floats

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@inner
def lower(j, k):
    """Return the row of entry (j, k), k <= j, in a packed lower triangle."""
    return j * (j + 1) // 2 + k


@inner
def packed(j, k):
    """Return the row of entry (j, k) of a symmetric matrix in its packed lower triangle."""
    return lower(j, k) if k <= j else lower(k, j)


def triangle(states: int) -> int:
    """Count the entries of a lower triangle."""
    return states * (states + 1) // 2


def diagonal(states: int) -> NDArray[np.intp]:
    """Return the rows of the diagonal in a packed lower triangle."""
    j = np.arange(states)
    return j * (j + 1) // 2 + j


def unpack(packed: Floats) -> Floats:
    """Convert packed lower triangles (K(K+1)/2, N) to full symmetric matrices (N, K, K)."""
    states = int((np.sqrt(8 * packed.shape[0] + 1) - 1) / 2)
    rows, columns = np.tril_indices(states)
    full = np.empty((packed.shape[1], states, states))
    full[:, rows, columns] = packed.T
    full[:, columns, rows] = packed.T
    return full
