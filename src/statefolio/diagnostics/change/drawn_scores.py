"""Sums one asset's condensed rows by block, and simulates the same sums of noise."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from statefolio._arrays.types import Array
from statefolio.diagnostics.change.condensed import Condensed


@dataclass(frozen=True, eq=False)
class DrawnScores:
    """Sufficient statistics of an asset's B blocks, and D simulated draws of them without breaks.

    Attributes
    ----------
    moments, sums, square : (B, K, K), (B, K) and (B,) arrays
        X_b'X_b, X_b'y_b and y_b'y_b.
    drawn, drawn_square : (B, K, D) and (B, D) arrays
        X_b'e_b and e_b'e_b, e independent standard normals.
    """

    moments: Array
    sums: Array
    square: Array
    drawn: Array
    drawn_square: Array

    @property
    def full(self) -> Array:
        """Whether each block has rows, (B,)."""
        return np.asarray(self.moments.any(axis=(1, 2)))

    @cached_property
    def drawn_so_far(self) -> Array:
        """Sums of `drawn` over the blocks up to each, (B, K, D)."""
        return running_sums(self.drawn)


def running_sums(values: Array) -> Array:
    """Cumulative sums along the first axis; faster than NumPy's where the other axes are long."""
    sums = values.copy()
    for before, here in pairwise(sums):
        here += before
    return sums


def draw_scores(condensed: Condensed, asset: int, noise: Array) -> DrawnScores:
    """Take one asset from a condensed panel, with noise (B, K, D) of standard normals."""
    rows, values = condensed.rows[..., asset], condensed.values[..., asset]
    seen = np.isfinite(values)
    y, e = np.where(seen, values, 0.0), noise * seen[:, :, None]
    transposed = rows.swapaxes(1, 2)
    return DrawnScores(transposed @ rows, np.einsum("bkr,br->bk", transposed, y), (y**2).sum(axis=1), transposed @ e,
                       np.einsum("brd,brd->bd", e, e))  # fmt: skip
