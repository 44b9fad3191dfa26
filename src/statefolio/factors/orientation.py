"""Rotates new estimates of loadings towards earlier ones, so that components keep their identity through time."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from statefolio._arrays.types import Array

ALIGNMENTS = ("rotation", "assignment", "none")


def align_to(new: Array, old: Array, alignment: str) -> Array:
    """Return the orthogonal matrix R (K, K) for which new @ R is closest to the earlier loadings.

    Parameters
    ----------
    new, old : (M, K)
        New and earlier loadings of the same assets.
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
        rotation: Array = left @ right
        return rotation
    size = len(overlap)
    rows, columns = (np.arange(size),) * 2 if alignment == "none" else linear_sum_assignment(-np.abs(overlap))
    signed = np.zeros((size, size))
    signed[rows, columns] = np.where(overlap[rows, columns] < 0.0, -1.0, 1.0)
    return signed


def positive_signs(loadings: Array) -> Array:
    """Return the signs that make the sum of each component's loadings positive, as a diagonal matrix."""
    return np.diag(np.where(loadings.sum(axis=0) < 0.0, -1.0, 1.0))
