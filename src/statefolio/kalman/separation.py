"""Dates on which collinear regressors separate, for assets that have begun with a part of their state unknown.

The directions n of the state (columns of A, see partial_start.py) have x'n = 0 on all dates so far. On the first date
with x'n != 0 the asset's start goes on: that date identifies the direction.
"""

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.specification import FilterPaths, FilterState, Floats
from statefolio.kalman.start import BEGUN, RANK_TOLERANCE, UNDERWAY, Start
from statefolio.kalman.triangles import unpack

_NO_PART = 1e-6
"""Share of a direction below which a loading has no part in it."""


def patience_of(states: int) -> int:
    """Return the observations after which an asset begins although some of its loadings are not identified."""
    return max(20, 3 * states)


def next_separation(start: Start, state: FilterState, X: Floats, Y: Floats) -> tuple[int, NDArray[np.intp]]:
    """Return the first row of Y that identifies more of the state of assets that have begun, and these assets."""
    first, found = len(X), np.zeros(0, dtype=np.intp)
    for i in _partly_unknown(start):
        row = _separation(start, state, X, Y, i)
        if row <= first and row < len(X):
            found = np.append(found, i) if row == first else np.array([i])
            first = row
    return first, found


def separating_blocks(start: Start, state: FilterState, X: Floats, Y: Floats) -> list[int]:
    """Return the blocks of lanes with an asset that has begun and of whose state a row of Y identifies more."""
    assets = _partly_unknown(start)
    return sorted({int(i) // WIDTH for i in assets if _separation(start, state, X, Y, i) < len(X)})


def _separation(start: Start, state: FilterState, X: Floats, Y: Floats, i: int) -> int:
    """Return the first row that identifies more of the state of asset i; the number of rows if there is none."""
    x, rows = _regressors(state, X, Y, i)
    largest = np.maximum.accumulate(np.maximum(np.abs(x), start.size[i]), axis=0)
    separate = (np.abs(x @ start.A[i]) > RANK_TOLERANCE * (largest @ np.abs(start.A[i]))).any(axis=1)
    return int(rows[np.argmax(separate)]) if separate.any() else len(X)


def note_regressors(start: Start, state: FilterState, X: Floats, Y: Floats) -> None:
    """Keep the largest regressors of the rows that ordinary filters have used."""
    for i in _partly_unknown(start):
        x, _ = _regressors(state, X, Y, i)
        start.size[i] = np.maximum(start.size[i], np.abs(x).max(axis=0, initial=0.0))


def reopen(start: Start, state: FilterState, assets: NDArray[np.intp]) -> None:
    """Let the start of some assets go on with the next row."""
    covariance = unpack(state.covariance[:, assets])
    for i, P in zip(assets, covariance, strict=True):
        start.a[i], start.P[i], start.stage[i] = state.mean[:, i], P, UNDERWAY


def hide_unidentified(start: Start, state: FilterState, paths: FilterPaths) -> None:
    """Set the variances of loadings that are not identified to infinity; the means are those of d = 0."""
    assets = _partly_unknown(start)
    if not len(assets) or not len(paths.mean):
        return
    unknown = unidentified(start.A[assets], start.size[assets])
    rows, columns = np.tril_indices(unknown.shape[1])
    for i, hidden in zip(assets, unknown, strict=True):
        first = max(int(state.began[i]) - 1, 0)
        paths.variance[first:, hidden, i] = np.inf
        if len(paths.covariance):
            paths.covariance[first:, hidden[rows] | hidden[columns], i] = np.inf


def unidentified(directions: Floats, size: Floats) -> NDArray[np.bool_]:
    """Return which loadings (N, K) have a part in directions (N, K, M), given the size of their regressors (N, K)."""
    part = np.abs(directions) * size[:, :, None]
    largest: Floats = part.max(axis=1, keepdims=True, initial=0.0)
    found: NDArray[np.bool_] = ((part >= _NO_PART * largest) & (directions != 0.0)).any(axis=2)
    return found


def _partly_unknown(start: Start) -> NDArray[np.intp]:
    return np.flatnonzero((start.stage == BEGUN) & (start.rows > 0))


def _regressors(state: FilterState, X: Floats, Y: Floats, i: int) -> tuple[Floats, NDArray[np.intp]]:
    """Return the regressors of the rows that the ordinary filter of asset i uses, and these rows."""
    rows = np.flatnonzero(~np.isnan(Y[:, i]))
    rows = rows[rows >= state.began[i]]
    return (X[rows] if X.ndim == 2 else X[rows, :, i]), rows
