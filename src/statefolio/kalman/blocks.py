"""Pads arrays to whole blocks of assets, and shares the blocks among threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statefolio._threads import get_num_threads
from statefolio.exceptions import InputError
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.specification import Floats

_SMALL = 100_000
_ROWS = 16

Report = Callable[[int, int], None]


def padded(count: int) -> int:
    """Round a number of assets up to whole blocks of lanes."""
    return -(-count // WIDTH) * WIDTH


def pad_last(array: Floats, fill: float) -> Floats:
    """Fill the last axis up to whole blocks."""
    missing = padded(array.shape[-1]) - array.shape[-1]
    if missing == 0:
        return np.ascontiguousarray(array, dtype=float)
    whole = np.full((*array.shape[:-1], array.shape[-1] + missing), fill)
    whole[..., : array.shape[-1]] = array
    return whole


def own_regressors(X: Floats, Y: Floats) -> tuple[Floats, Floats]:
    """Replace NaN in regressors (T, K, N) by zero, and set the observations (T, N) that they belong to to NaN."""
    missing = ~np.isfinite(X)
    return np.where(missing, 0.0, X), np.where(missing.any(axis=1), np.nan, Y)


def count_observed(Y: Floats, enough: NDArray[Any]) -> NDArray[np.intp]:
    """Return the observations (N,) of the columns of Y (T, N), counted until each column has `enough` (N,)."""
    found = np.zeros(Y.shape[1], dtype=np.intp)
    for first in range(0, len(Y), _ROWS):
        few = np.flatnonzero(found < enough)
        if not len(few):
            break
        found[few] += np.count_nonzero(~np.isnan(Y[first : first + _ROWS, few]), axis=0)
    return found


def check_padded(X: Floats, Y: Floats, count: int) -> None:
    """Raise InputError unless Y (T, count), and X (T, K, count) if it has three axes, are padded to whole blocks."""
    for name, array in (("Y", Y), *((("X", X),) if X.ndim == 3 else ())):
        if array.shape[-1] != count or array.dtype != float or not array.flags.c_contiguous:
            raise InputError(
                f"{name} must be contiguous float64 with {count} columns (whole blocks), got {array.dtype} of shape "
                f"{array.shape}. Use pad_last."
            )


def over_blocks(
    work: Callable[[int, int], None],
    blocks: int,
    cost: float,
    *,
    pieces: int = 4,
    report: Report | None = None,
) -> None:
    """Call `work(first, last)` on pieces that cover all blocks, on several threads unless `cost` is small.

    Each thread takes about `pieces` of them. `report(done, total)` is called after each piece. An interrupt stops after
    the pieces in progress.
    """
    if cost < _SMALL or blocks == 1:
        work(0, blocks)
        return
    threads = get_num_threads()
    edges = np.unique(np.linspace(0, blocks, pieces * threads + 1).astype(int)).tolist()
    with ThreadPoolExecutor(threads) as pool:
        under_way = [pool.submit(work, a, b) for a, b in pairwise(edges)]
        try:
            for number, done in enumerate(under_way, start=1):
                done.result()
                if report is not None:
                    report(number, len(under_way))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
