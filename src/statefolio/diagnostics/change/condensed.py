"""Condenses a panel to K rows per block of dates, which are sufficient if loadings are constant within a block.

With weights h = 1 / sigma^2, and over the dates of block b on which an asset was observed,

    S_b = sum h x x' = L L'     c_b = sum h x r     C C' = Lbar^-1 V Lbar^-T
    rows  X_b = C^-1 L'    y_b = C^-1 L^-1 c_b      y_b = X_b beta + noise of covariance I

where V is the sum of h^2 x x' e^2 over all dates and Lbar Lbar' the sum of S_b. This robust scaling (Eicker, Huber and
White; Hansen 1992) accounts for residuals e whose size depends on x.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array

_SINGULAR = 1e-10
_FULL = 2  # least observations per coefficient of a block


@dataclass(frozen=True, eq=False)
class Condensed:
    """K rows for each of B blocks of dates and N assets.

    Attributes
    ----------
    rows : (B, K, K, N) array
        Regressors of row r: rows[b, r]; zero where a block has too few observations of the asset.
    values : (B, K, N) array
        Observations of the rows; NaN where a row of regressors is zero.
    loadings : (K, N) array
        Constant loadings by weighted least squares; NaN for an asset with too few observations.
    residuals : (T, N) array
        Residuals of constant loadings, divided by sigma.
    scale : (K,) array
        Scale by which regressors are divided in the rows; loadings are in the original units.
    edges : (B + 1,) array
        First row of each block; the number of dates at the end.
    """

    rows: Array
    values: Array
    loadings: Array
    residuals: Array
    scale: Array
    edges: NDArray[np.intp]

    @property
    def observed(self) -> Array:
        """Number of rows with an observation, by asset."""
        count: Array = np.isfinite(self.values).sum(axis=(0, 1)).astype(float)
        return count

    def moments(self) -> tuple[Array, Array]:
        """X_b'X_b (N, B, K, K) and X_b'y_b (N, B, K)."""
        X, y = self.rows.transpose(3, 0, 1, 2), np.nan_to_num(self.values).transpose(2, 0, 1)
        return X.swapaxes(2, 3) @ X, np.einsum("nbrk,nbr->nbk", X, y)


def block_edges(dates: int, length: int) -> NDArray[np.intp]:
    """First rows of blocks of about `length` dates, and the number of dates."""
    blocks = max(1, round(dates / length))
    return np.linspace(0, dates, blocks + 1).astype(np.intp)


def condense(X: Array, Y: Array, sigma: Array, edges: NDArray[np.intp], robust: bool = True) -> Condensed:
    """Condense a panel.

    Parameters
    ----------
    X : (T, K) array
        Regressors.
    Y : (T, N) array
        Returns, NaN where not observed.
    sigma : (T, N) array
        Standard deviation of the noise on each date, up to a constant factor.
    edges : (B + 1,) array
        Blocks of dates.
    robust : bool
        Estimate C from the residuals; otherwise it is a multiple of the identity.
    """
    states = X.shape[1]
    scale = np.sqrt(np.mean(X * X, axis=0))
    scale = np.where(scale > 0.0, scale, 1.0)
    Z = X / scale
    h = np.where(np.isfinite(Y) & np.isfinite(sigma), 1.0 / sigma**2, 0.0)
    y = np.nan_to_num(Y)
    S, c, count = _sums(Z, h, y, edges)
    mean, total = _solve(S.sum(axis=0), c.sum(axis=0))
    residuals = np.where(h > 0.0, (y - Z @ mean) * np.sqrt(h), np.nan)
    meat = _pairs(Z, np.nan_to_num(residuals**2) * h, states)
    C = _coupling(total, meat, robust)
    L = _cholesky(np.where(count[:, None, None] >= _FULL * states, S, np.nan))
    rows = _divide(C[None], L.swapaxes(1, 2))
    values = _divide(C[None], _divide(L, c[:, :, None]))[:, :, 0]
    known = np.asarray(np.isfinite(rows).all(axis=(1, 2)) & np.isfinite(values).all(axis=1))
    return Condensed(
        np.where(known[:, None, None], rows, 0.0),
        np.where(known[:, None], values, np.nan),
        mean / scale[:, None],
        residuals,
        scale,
        edges,
    )


def _sums(Z: Array, h: Array, y: Array, edges: NDArray[np.intp]) -> tuple[Array, Array, Array]:
    """S_b (B, K, K, N), c_b (B, K, N) and observations (B, N) of each block."""
    blocks, states, count = len(edges) - 1, Z.shape[1], h.shape[1]
    S, c, seen = np.empty((blocks, states, states, count)), np.empty((blocks, states, count)), np.empty((blocks, count))
    for b in range(blocks):
        here = slice(edges[b], edges[b + 1])
        S[b] = _pairs(Z[here], h[here], states)
        c[b] = Z[here].T @ (h[here] * y[here])
        seen[b] = np.count_nonzero(h[here], axis=0)
    return S, c, seen


def _pairs(Z: Array, h: Array, states: int) -> Array:
    """Sum of h z z' over dates, (K, K, N)."""
    pairs = (Z[:, :, None] * Z[:, None, :]).reshape(len(Z), states * states)
    return (pairs.T @ h).reshape(states, states, h.shape[1])


def _solve(S: Array, c: Array) -> tuple[Array, Array]:
    """S^-1 c (K, N) and the Cholesky factor of S (K, K, N); NaN where S is singular."""
    L = _cholesky(S)
    half = _divide(L, c[:, None])
    return _divide_back(L, half)[:, 0], L


def _coupling(L: Array, meat: Array, robust: bool) -> Array:
    """C (K, K, N): Cholesky factor of the covariance of L^-1 (sum of scores)."""
    inner = _divide(L, _divide(L, meat).swapaxes(0, 1))
    if robust:
        return _cholesky(inner)
    states = len(L)
    level = np.trace(inner) / states
    return np.asarray(np.eye(states)[:, :, None] * np.sqrt(level))


def _cholesky(S: Array) -> Array:
    """Cholesky factors of (..., K, K, N) matrices; NaN where one is not positive definite."""
    L = np.zeros_like(S)
    states = S.shape[-2]
    with np.errstate(invalid="ignore", divide="ignore"):
        for j in range(states):
            pivot = S[..., j, j, :] - np.sum(L[..., j, :j, :] ** 2, axis=-2)
            L[..., j, j, :] = np.sqrt(np.where(pivot > _SINGULAR * S[..., j, j, :], pivot, np.nan))
            for i in range(j + 1, states):
                inner = np.sum(L[..., i, :j, :] * L[..., j, :j, :], axis=-2)
                L[..., i, j, :] = (S[..., i, j, :] - inner) / L[..., j, j, :]
    return L


def _divide(L: Array, b: Array) -> Array:
    """L^-1 b for lower triangles (..., K, K, N) and right-hand sides (..., K, M, N)."""
    found = np.empty(np.broadcast_shapes(L.shape[:-3], b.shape[:-3]) + b.shape[-3:])
    for i in range(L.shape[-2]):
        known = np.einsum("...kn,...kmn->...mn", L[..., i, :i, :], found[..., :i, :, :])
        found[..., i, :, :] = (b[..., i, :, :] - known) / L[..., i, i, None, :]
    return found


def _divide_back(L: Array, b: Array) -> Array:
    """L'^-1 b."""
    found = np.empty_like(b)
    for i in reversed(range(len(L))):
        known = np.einsum("kn,kmn->mn", L[i + 1 :, i], found[i + 1 :])
        found[i] = (b[i] - known) / L[i, i]
    return found
