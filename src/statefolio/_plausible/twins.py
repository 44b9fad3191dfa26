"""Finds assets that move as another one does, but for a ten-thousandth."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio._plausible.finding import Columns, Finding, Numbers

_MOVES_TO_JUDGE = 20
_ROWS = 64
_DIRECTIONS = 6
_NEARLY_EQUAL = 1e-4
_NEAR = 0.06  # distance of unit vectors whose correlation is a little below 1 - _NEARLY_EQUAL
_FEW = 500
_SAME_SIZE = 0.01
_ROUNDING = 1e-9


def find_twins(table: Numbers, simple: Array, columns: Columns) -> list[Finding]:
    """Return the assets among `columns` whose returns (T, N) are nearly those of an earlier one."""
    places = np.flatnonzero(columns)
    earlier = pairs_of_twins(near_pairs(sample_of(simple, places), places), lambda place: simple[:, place])
    return [
        table.of_column("near_duplicate", twin, said_of_twin(table.columns[other])) for twin, other in earlier.items()
    ]


def said_of_twin(other: Any) -> str:
    """Return the detail of a finding."""
    return f"moves as {other!r} does"


def pairs_of_twins(pairs: list[tuple[int, int]], column: Callable[[int], Array]) -> dict[int, int]:
    """Return the earlier asset of each twin among pairs of columns, in the order of the twins."""
    earlier: dict[int, int] = {}
    for first, second in pairs:
        if second not in earlier and _are_twins(column(first), column(second)):
            earlier[second] = first
    return dict(sorted(earlier.items()))


def sample_of(simple: Array, places: NDArray[np.intp]) -> Array:
    """Return some columns on a few dates; no dates where the table is too short."""
    if len(simple) < _MOVES_TO_JUDGE:
        return np.empty((0, len(places)))
    rows = np.unique(np.linspace(0, len(simple) - 1, _ROWS).astype(int))
    found: Array = np.nan_to_num(simple[np.ix_(rows, places)])
    return found


def near_pairs(z: Array, places: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Return pairs of columns that are alike in a sample (R, N), found by their distances in a few directions."""
    if not len(z) or len(places) < 2:
        return []
    size = np.sqrt((z * z).sum(axis=0))
    moved = np.flatnonzero((size > 0.0) & np.isfinite(size))
    z = z[:, moved] / size[moved]
    pairs = _all_near(z) if z.shape[1] <= _FEW else _near_in_directions(z)
    near = ((z[:, pairs[:, 0]] - z[:, pairs[:, 1]]) ** 2).sum(axis=0) < _NEAR**2
    found = places[moved[pairs[near]]]
    return sorted((min(a, b), max(a, b)) for a, b in found.tolist())


def _all_near(z: Array) -> NDArray[np.intp]:
    """Return the pairs of unit vectors (columns) that are near, and a few more: of few vectors, without a tree."""
    distances = 2.0 - 2.0 * (z.T @ z)
    return np.argwhere(np.triu(distances < 1.1 * _NEAR**2, 1))


def _near_in_directions(z: Array) -> NDArray[np.intp]:
    """Return the pairs of vectors (columns) that are near in a few random directions."""
    from scipy.spatial import cKDTree  # it takes half a second to import

    directions = np.random.default_rng(0).normal(size=(len(z), _DIRECTIONS))
    pairs: NDArray[np.intp] = cKDTree((np.linalg.qr(directions)[0].T @ z).T).query_pairs(_NEAR, output_type="ndarray")
    return pairs


def _are_twins(a: Array, b: Array) -> bool:
    """Compare returns, and their changes, which for cash and other smooth rates say more."""
    a, b = np.nan_to_num(a), np.nan_to_num(b)
    return _are_equal(a, b) and _are_equal(_centred(np.diff(a)), _centred(np.diff(b)))


def _centred(changes: Array) -> Array:
    away: Array = changes - changes.mean()
    return away if np.abs(away).max() > _ROUNDING * np.abs(changes).max() else np.zeros_like(away)


def _are_equal(a: Array, b: Array) -> bool:
    size_a, size_b = np.sqrt(a @ a), np.sqrt(b @ b)
    if not (0.0 < size_a < np.inf and 0.0 < size_b < np.inf):
        return False
    return bool(a @ b > (1.0 - _NEARLY_EQUAL) * size_a * size_b and abs(np.log(size_a / size_b)) < _SAME_SIZE)
