"""Allocates arrays for lanes; they begin on a cache line, so that no vector straddles two."""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
import math

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.lanes import WIDTH, compiled, inner
from statefolio.kalman.rows import rows

_LINE = 8  # doubles in a cache line


@compiled
def scratch(count):
    """Zeros of shape (count, WIDTH)."""
    memory = np.zeros(count * WIDTH + _LINE)
    first = (-memory.ctypes.data % (8 * _LINE)) // 8
    return memory[first : first + count * WIDTH].reshape((count, WIDTH))


def aligned_empty(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """`np.empty` that begins on a cache line."""
    size = math.prod(shape)
    memory = np.empty(size + _LINE)
    first = -memory.ctypes.data % (8 * _LINE) // 8
    return memory[first : first + size].reshape(shape)


@inner
def zeros(count):
    """View `count` rows of lanes, all zero."""
    return rows(scratch(count))
