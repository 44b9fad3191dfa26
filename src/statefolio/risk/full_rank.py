"""Writes a positive definite matrix as a `LowRankCovariance` with as many loadings as assets."""

import numpy as np

from statefolio._arrays.types import Array
from statefolio.exceptions import InputError
from statefolio.risk.low_rank import LowRankCovariance

MOST_ASSETS = 1500
"""Most assets of a covariance without few factors; its cost rises with their cube: about 5 s a date at this number."""
_SHARE = 0.5


def full_rank_covariance(matrix: Array) -> LowRankCovariance:
    """Return Sigma (N, N) as G G' + diag(d) with G (N, N); d is half the part that can be split off as a diagonal.

    With volatilities s and correlations C = V diag(l) V': d = s^2 min(l) / 2, G = diag(s) V diag(l - min(l) / 2)^.5.
    """
    loadings, diagonal = split_diagonal(matrix, np.diag(matrix))
    return LowRankCovariance(loadings, np.eye(len(matrix)), diagonal)


def split_diagonal(matrix: Array, variance: Array) -> tuple[Array, Array]:
    """Return G and d with G G' + diag(d) = matrix and d proportional to `variance`."""
    scale = np.sqrt(variance)
    values, vectors = np.linalg.eigh(matrix / np.outer(scale, scale))
    share = _SHARE * float(values[0])
    if not share > 0.0:
        raise InputError(
            f"covariance must be positive definite, got one with the eigenvalue {float(values[0]):g} of its "
            "correlations. Leave out assets that others replicate."
        )
    loadings: Array = scale[:, None] * vectors * np.sqrt(values - share)
    return loadings, share * variance


def check_count(count: int, name: str) -> None:
    """Raise InputError for more assets than a covariance without few factors is computed for."""
    if count > MOST_ASSETS:
        raise InputError(
            f"returns must have at most {MOST_ASSETS:,} assets for {name}, whose cost rises with their cube, got "
            f"{count:,}. Use FactorRisk(), or fewer assets."
        )


def to_correlations(matrix: Array) -> Array:
    """Correlations of a covariance matrix, with ones on the diagonal."""
    deviation = np.sqrt(np.diag(matrix))
    correlations: Array = matrix / np.outer(deviation, deviation)
    correlations[np.diag_indices(len(matrix))] = 1.0
    return correlations
