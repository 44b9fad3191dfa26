"""Tests whether residuals are uncorrelated across assets: largest eigenvalue and mean absolute correlation.

The null distribution is a wild bootstrap of the residuals. Each block of dates of each asset changes sign at random:
this removes correlation between assets and preserves fat tails, shared volatility, gaps, and autocorrelation within a
block. The factors are then regressed out again, of out-of-block residuals (`jackknife.py`), because least-squares
residuals are too small.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse.linalg import ArpackError, eigsh

from statefolio._arrays.types import Array
from statefolio.diagnostics.blocks import block_lengths, block_starts, random_signs
from statefolio.diagnostics.least_squares import inverses, second_moments

Singles = npt.NDArray[np.float32]
_DENSE = 60
"""Most assets for which all eigenvalues are computed at once."""
LEAST_OVERLAP = 30
"""Least number of common dates of two assets whose correlation counts in the mean."""


@dataclass(frozen=True, eq=False)
class Projection:
    """Residuals of N assets in units of their standard deviation, and the projection that makes residuals.

    Attributes
    ----------
    values : (T, N) array
        Zero where missing.
    before : (T, N) array
        Out-of-block residuals in the same units, before the projection.
    known : (T, N) array
        Where there is a residual.
    regressors : (T, K) array
        Orthogonal to every asset's residuals over its own dates; K = 0 for innovations.
    inverse : (N, K, K) array
        (X'X)^-1 over these dates.
    """

    values: Singles
    before: Singles
    known: npt.NDArray[np.bool_]
    regressors: Singles
    inverse: Singles

    def correlation_of(self, values: Singles) -> Singles:
        """Correlation matrix of the least-squares residuals of values; overwrites the values."""
        if self.regressors.shape[1]:
            loadings = np.einsum("nkl,ln->kn", self.inverse, self.regressors.T @ values)
            values -= self.regressors @ loadings
            if self.gaps:
                values *= self.known
        products: Singles = values.T @ values
        length = np.sqrt(np.diagonal(products))
        unit = 1.0 / np.where(length > 0.0, length, 1.0)
        products *= unit
        products *= unit[:, None]
        return products

    @property
    def gaps(self) -> bool:
        """Whether any residual is missing."""
        return not bool(self.known.all())


@dataclass(frozen=True, eq=False)
class CorrelationNull:
    """Both statistics of the residuals, and of each bootstrap panel without correlation."""

    correlation: Array
    largest: float
    mean_absolute: float
    null_largest: Array
    null_mean_absolute: Array


def project(residuals: Array, regressors: Array, before: Array | None = None) -> Projection:
    """Prepare residuals (T, N), NaN where there are none, that are orthogonal to regressors (T, K)."""
    known = ~np.isnan(residuals)
    scale = np.sqrt((regressors**2).mean(axis=0))
    unit = regressors / np.where(scale > 0.0, scale, 1.0)
    filled = np.where(known, residuals, 0.0)
    spread = np.sqrt((filled**2).sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    spread = np.where(spread > 0.0, spread, 1.0)
    values = (filled / spread).astype(np.float32)
    first = values if before is None else (np.nan_to_num(before) / spread).astype(np.float32)
    inverse = inverses(second_moments(unit, known))
    return Projection(values, first, known, unit.astype(np.float32), inverse.astype(np.float32))


def correlation_null(
    projection: Projection, block_length: int, replications: int, rng: np.random.Generator
) -> CorrelationNull:
    """Compute largest eigenvalue and mean absolute correlation of residuals, and their null distributions.

    The matrix has elements sum_t z_i z_j / sqrt(sum z_i^2 sum z_j^2) with zeros for missing residuals, so it is
    positive semidefinite for any gaps. The mean is over pairs with enough common dates, each correlation over these.
    """
    weights, values = _pair_weights(projection.known), projection.values
    correlation = projection.correlation_of(values.copy())
    starts = block_starts(len(values), block_length)
    lengths = block_lengths(starts, len(values))
    largest, absolute = np.empty(replications), np.empty(replications)
    for place in range(replications):
        signs = random_signs(rng, len(starts), values.shape[1]).astype(np.float32)
        broken = np.repeat(signs, lengths, axis=0)
        broken *= projection.before
        found = projection.correlation_of(broken)
        largest[place], absolute[place] = largest_eigenvalue(found), _mean_absolute(found, weights)
    observed = largest_eigenvalue(correlation), _mean_absolute(correlation, weights)
    return CorrelationNull(correlation.astype(float), *observed, largest, absolute)


def largest_eigenvalue(matrix: npt.NDArray[np.floating]) -> float:
    """Largest eigenvalue of a symmetric matrix."""
    assets = len(matrix)
    if assets > _DENSE:
        start = np.cos(1.0 + np.arange(assets)).astype(matrix.dtype)
        try:
            return float(eigsh(matrix, k=1, which="LA", v0=start, tol=1e-4, return_eigenvectors=False)[0])
        except ArpackError:
            pass
    return float(np.linalg.eigvalsh(matrix)[-1])


def marchenko_pastur_edge(assets: int, dates: float) -> float:
    """(1 + sqrt(N / T))^2: limit of the largest eigenvalue of independent unit noise as N and T grow together."""
    return float((1.0 + np.sqrt(assets / dates)) ** 2)


def _pair_weights(known: npt.NDArray[np.bool_]) -> Singles:
    """Weights (N, N) that turn a matrix with zeros for missing residuals into the mean absolute correlation."""
    held = known.astype(np.float32)
    shared = held.T @ held
    count = np.diagonal(shared)
    own = np.sqrt(count[:, None] * count[None, :])
    np.fill_diagonal(shared, 0.0)
    enough = shared >= LEAST_OVERLAP
    weights = np.where(enough, own / np.maximum(shared, 1.0), 0.0) / max(1, np.count_nonzero(enough))
    single: Singles = weights.astype(np.float32)
    return single


def _mean_absolute(matrix: npt.NDArray[np.floating], weights: Singles) -> float:
    return float(np.einsum("ij,ij->", np.abs(matrix), weights)) if weights.any() else float("nan")
