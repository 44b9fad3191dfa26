"""Exponentially weighted second moments, updated date by date."""

import math

import numpy as np

from statefolio.kalman.lanes import compiled
from statefolio.kalman.specification import Floats

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


def standardised_moments(
    values: Floats, squares: Floats, products: Floats, weight: float, memory: tuple[float, float]
) -> tuple[Floats, Floats, float]:
    """Update weighted sums of squares, and of products of values standardised by their deviation on the date.

    Parameters
    ----------
    values : (T, K) array
        Values with mean zero.
    squares, products : (K,) and (K, K) array
        The sums so far.
    weight : float
        Sum of the weights of the squares so far.
    memory : (float, float)
        Decay per date of the weights, of squares and of products.

    Returns
    -------
    squares, products, weight
        New arrays that include these dates.
    """
    squares, products = squares.copy(), products.copy()
    weight = _standardised(np.ascontiguousarray(values), squares, products, weight, *memory)
    return squares, products, weight


def observed_squares(values: Floats, squares: Floats, weight: Floats, memory: float) -> tuple[Floats, Floats]:
    """Update weighted sums (N,) of squares and of weights by values (T, N), NaN where not observed."""
    squares, weight = squares.copy(), weight.copy()
    _observed(np.ascontiguousarray(values), squares, weight, memory)
    return squares, weight


@compiled
def _standardised(values, squares, products, weight, fast, slow):
    dates, factors = values.shape
    z = np.empty(factors)
    for t in range(dates):
        weight = fast * weight + 1.0
        for i in range(factors):
            u = values[t, i]
            squares[i] = fast * squares[i] + u * u
            z[i] = u * math.sqrt(weight / (squares[i] if squares[i] > 0.0 else 1.0))
        for i in range(factors):
            for j in range(i + 1):
                products[i, j] = slow * products[i, j] + z[i] * z[j]
    for i in range(factors):
        products[:i, i] = products[i, :i]
    return weight


@compiled
def _observed(values, squares, weight, memory):
    for t in range(len(values)):
        row = values[t]
        for i in range(row.size):
            seen = row[i] == row[i]
            square = memory * squares[i] + row[i] * row[i]
            count = memory * weight[i] + 1.0
            squares[i] = square if seen else squares[i]
            weight[i] = count if seen else weight[i]
