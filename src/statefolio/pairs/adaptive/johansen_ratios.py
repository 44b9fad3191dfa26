"""Computes hedge ratios from Johansen's first cointegrating vector, compiled for the bootstrap.

The model has one lagged difference and an unrestricted constant (Johansen 1991, Econometrica 59; statsmodels'
``coint_johansen(prices, 0, 1)``). The vector belongs to the largest eigenvalue of |l S_kk - S_k0 S_00^-1 S_0k| = 0,
where S are the moments of the lagged levels and the differences after regression of both on the lagged differences.
"""

import numpy as np

from statefolio.pairs.compiled import compiled

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@compiled
def johansen_ratios(prices):
    """Return -w_j / w_1 (k - 1,) of the first cointegrating vector w of prices (T, k) without gaps."""
    k = prices.shape[1]
    gram = _moments(prices)
    # Moments of the residuals of lagged levels and differences on the lagged differences (the first k columns).
    lagged = np.ascontiguousarray(gram[:k, k:])
    partial = gram[k:, k:] - np.ascontiguousarray(lagged.T) @ np.linalg.solve(gram[:k, :k], lagged)
    levels, cross, changes = partial[:k, :k], partial[:k, k:], partial[k:, k:]
    root = np.linalg.cholesky(levels)
    half = np.linalg.solve(root, cross)
    _, vectors = np.linalg.eigh(half @ np.linalg.solve(changes, np.ascontiguousarray(half.T)))
    w = np.linalg.solve(root.T, np.ascontiguousarray(vectors[:, k - 1]))
    return -w[1:] / w[0]


@compiled
def _moments(prices):
    """Return the centred cross-products (3 k, 3 k) of lagged differences, lagged levels and differences."""
    dates, k = prices.shape
    rows = np.empty((dates - 2, 3 * k))
    for t in range(2, dates):
        for j in range(k):
            rows[t - 2, j] = prices[t - 1, j] - prices[t - 2, j]
            rows[t - 2, k + j] = prices[t - 2, j]
            rows[t - 2, 2 * k + j] = prices[t, j] - prices[t - 1, j]
    for j in range(3 * k):
        rows[:, j] -= rows[:, j].mean()
    return rows.T @ rows
