"""Loadings estimated again, turned to those before, so that a loading's path means something."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from statefolio._arrays.types import Array

ALIGNMENTS = ("rotation", "assignment", "none")


def turn_to(new: Array, old: Array, alignment: str) -> Array:
    """Orthogonal matrix R (K, K) so that new @ R lies as near to the loadings before as it may.

    Parameters
    ----------
    new, old : (M, K)
        Loadings of the same assets, estimated again.
    alignment : {"rotation", "assignment", "none"}
        "rotation" is the orthogonal Procrustes solution (Schoenemann, 1966, Psychometrika 31), min |new R - old|;
        "assignment" permutes components and changes signs only, maximising the sum of absolute overlaps;
        "none" keeps the order by strength and fixes signs by the overlap of each component with itself.

    Returns
    -------
    (K, K) array
    """
    overlap = new.T @ old
    if alignment == "rotation":
        left, _, right = np.linalg.svd(overlap)
        turn: Array = left @ right
        return turn
    size = len(overlap)
    rows, columns = (np.arange(size),) * 2 if alignment == "none" else linear_sum_assignment(-np.abs(overlap))
    signed = np.zeros((size, size))
    signed[rows, columns] = np.where(overlap[rows, columns] < 0.0, -1.0, 1.0)
    return signed


def first_signs(loadings: Array) -> Array:
    """Signs that make the sum of each component's loadings positive, as a diagonal matrix."""
    return np.diag(np.where(loadings.sum(axis=0) < 0.0, -1.0, 1.0))
