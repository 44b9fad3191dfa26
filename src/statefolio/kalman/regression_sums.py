"""The sums over dates that a regression of every asset of a panel on the same regressors needs, without BLAS.

Each sum adds one date after another, so it depends neither on the number of threads nor on the other assets.
"""

import numpy as np

from statefolio.kalman.blocks import over_blocks
from statefolio.kalman.lanes import WIDTH, compiled
from statefolio.kalman.specification import Floats

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


def sum_of_products(X: Floats, Y: Floats) -> Floats:
    """Return the sum of x x' of every asset over the dates on which it was observed, (N, K, K)."""
    (states, count), Y = (X.shape[1], Y.shape[1]), np.ascontiguousarray(Y)
    sums = np.zeros((states, states, count))

    def work(first: int, last: int) -> None:
        _add_products(X, Y, sums, first * WIDTH, min(last * WIDTH, count))

    over_blocks(work, -(-count // WIDTH), float(states * Y.size))
    return np.ascontiguousarray(sums.transpose(2, 0, 1))


def sum_of_residuals(X: Floats, Y: Floats, mean: Floats) -> tuple[Floats, Floats]:
    """Return the sums of x e (K, N) and e^2 (N,) over the observed dates, with e = y - x'b for loadings b (K, N)."""
    (states, count), Y, mean = (X.shape[1], Y.shape[1]), np.ascontiguousarray(Y), np.ascontiguousarray(mean)
    sums, squares = np.zeros((states, count)), np.zeros(count)

    def work(first: int, last: int) -> None:
        _add_residuals(X, Y, mean, sums, squares, first * WIDTH, min(last * WIDTH, count))

    over_blocks(work, -(-count // WIDTH), float(states * Y.size))
    return sums, squares


@compiled
def _add_products(X, Y, sums, first, last):
    states, seen = X.shape[1], np.empty(WIDTH)
    for start in range(first, last, WIDTH):
        width = min(WIDTH, last - start)
        for t in range(len(X)):
            for i in range(width):
                seen[i] = 1.0 if np.isfinite(Y[t, start + i]) else 0.0
            for j in range(states):
                for k in range(j + 1):
                    product = X[t, j] * X[t, k]
                    for i in range(width):
                        sums[j, k, start + i] += product * seen[i]
        for j in range(states):
            for k in range(j):
                sums[k, j, start : start + width] = sums[j, k, start : start + width]


@compiled
def _add_residuals(X, Y, mean, sums, squares, first, last):
    states, error = X.shape[1], np.empty(WIDTH)
    for start in range(first, last, WIDTH):
        width = min(WIDTH, last - start)
        for t in range(len(X)):
            for i in range(width):
                error[i] = Y[t, start + i]
            for j in range(states):
                x = X[t, j]
                for i in range(width):
                    error[i] -= x * mean[j, start + i]
            for i in range(width):
                error[i] = error[i] if np.isfinite(Y[t, start + i]) else 0.0
                squares[start + i] += error[i] * error[i]
            for j in range(states):
                x = X[t, j]
                for i in range(width):
                    sums[j, start + i] += x * error[i]
