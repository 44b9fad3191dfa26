"""Draws from a covariance of low rank plus diagonal: scaled normals plus a common part."""

import numpy as np

from statefolio.kalman.blocks import over_blocks
from statefolio.kalman.lanes import WIDTH, compiled, inner
from statefolio.kalman.normals import fill_normal, key_of, new_buffers
from statefolio.kalman.rows import columns
from statefolio.kalman.specification import Floats

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

ROWS = 16
"""Rows drawn at a time: few enough to stay in the second-level cache until the common part is added."""


def draw(shared: Floats, scale: Floats, stretch: Floats, seed: np.random.SeedSequence) -> Floats:
    """Draw len(stretch) rows on all cores; the result does not depend on the number of threads.

    Parameters
    ----------
    shared : (R, N) array
        Loadings on factors of unit variance, by factor, contiguous.
    scale : (N,) array
        Standard deviations of the specific part of each column.
    stretch : (T,) array
        Factor on each row.
    seed : SeedSequence

    Returns
    -------
    (T, N) array
        Row t is stretch_t (scale_i e_ti + f_t' shared_i), e and f standard normal.
    """
    drawn, key = np.empty((len(stretch), len(scale))), key_of(seed)
    blocks = -(-len(stretch) // ROWS)

    def work(first: int, last: int) -> None:
        draw_rows(drawn, shared, scale, stretch, key, first * ROWS, min(last * ROWS, len(drawn)))

    if drawn.size:
        over_blocks(work, blocks, drawn.size)
    return drawn


@compiled
def draw_rows(out, shared, scale, stretch, key, begin, end):
    """Fill rows `begin` to `end` of `out` (T, N); a row depends only on the key and its number."""
    assets, factors = scale.size, len(shared)
    buffers, common = new_buffers(), np.empty((ROWS, factors))
    words = assets + factors + 2
    for row in range(begin, end, ROWS):
        count = min(ROWS, end - row)
        for i in range(count):
            start = np.uint64(row + i) * np.uint64(words)
            fill_normal(common[i], key, start, buffers)
            fill_normal(out[row + i], key, start + np.uint64(factors + factors % 2), buffers)
            common[i] *= stretch[row + i]
        whole = assets - assets % WIDTH
        for column in range(0, whole, WIDTH):
            for i in range(count):
                _mix(out, row + i, common, i, shared, column, scale, stretch[row + i])
        for i in range(count):
            for column in range(whole, assets):
                own = out[row + i, column] * (stretch[row + i] * scale[column])
                for k in range(factors):
                    own += common[i, k] * shared[k, column]
                out[row + i, column] = own


@inner
def _mix(out, t, common, i, shared, column, scale, stretch):
    """Scale the normals of one row, and add the common part."""
    out, loadings, deviation = columns(out, column), columns(shared, column), columns(scale, column)
    mixed = out[t] * (deviation[:] * stretch)
    for k in range(len(loadings)):
        mixed += common[i, k] * loadings[k]
    out[t] = mixed
