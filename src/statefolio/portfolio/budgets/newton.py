"""Finds the positions whose contributions to variance equal a budget: Newton's method on Spinu's convex problem."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from statefolio._arrays.types import Array

_STEPS = 300
_ENOUGH = 1e-13
_NEAR = 1e-2
_TO_THE_BOUNDARY = 0.99
_STALLED = 4


class BudgetedPositions(NamedTuple):
    """Positions, and the largest deviation of a contribution, as a share of its budget."""

    positions: Array
    error: float


def budgeted_positions(root: Array, diagonal: Array, budget: Array) -> BudgetedPositions:
    """Find y > 0 with y_i (Sigma y)_i = b_i, where Sigma = F F' + diag(d).

    y minimises y'Sigma y / 2 - sum b_i log y_i, which is strictly convex: the solution is unique, and Newton's method
    finds it. The Hessian, F F' + diag(d + b / y^2), is of low rank plus a diagonal, so that a step costs O(N R^2).
    Positions are measured in units of each asset's volatility, which makes the steps independent of the volatilities.

    Parameters
    ----------
    root : (N, R) array
        F.
    diagonal : (N,) array
        d, not negative; Sigma may be singular if Sigma y = 0 for no y >= 0 but 0.
    budget : (N,) array
        b, positive.

    References
    ----------
    Spinu (2013), An Algorithm for Computing Risk Parity Weights, equations 4 and 7;
    Griveau-Billion, Richard and Roncalli (2013), A Fast Algorithm for Computing High-dimensional Risk Parity
    Portfolios.
    """
    scale = np.sqrt(np.vecdot(root, root) + diagonal)
    F, d = root / scale[:, None], diagonal / scale**2
    y = np.sqrt(budget)
    marginal = _multiply(F, d, y)
    size = np.sqrt(budget.sum() / (y @ marginal))
    y, marginal = y * size, marginal * size
    best, least, since = y, np.inf, 0
    for _ in range(_STEPS):
        error = float(np.abs(y * marginal / budget - 1.0).max())
        since = 0 if error < least else since + 1
        if error < least:
            best, least = y, error
        if least <= _ENOUGH or (since >= _STALLED and least < _NEAR):
            break
        step = _newton_step(F, d, y, marginal, budget)
        y = _advance(F, d, y, marginal, step, budget, careful=error > _NEAR)
        marginal = _multiply(F, d, y)
    return BudgetedPositions(best / scale, least)


def _multiply(F: Array, d: Array, y: Array) -> Array:
    product: Array = F @ (y @ F) + d * y
    return product


def _newton_step(F: Array, d: Array, y: Array, marginal: Array, budget: Array) -> Array:
    """Minus the inverse Hessian times the gradient, by Woodbury's identity."""
    slope = marginal - budget / y
    curvature = d + budget / y**2
    if F.shape[1] >= len(y):
        return np.asarray(-np.linalg.solve(F @ F.T + np.diag(curvature), slope))
    scaled = F / curvature[:, None]
    small = F.T @ scaled
    small[np.diag_indices_from(small)] += 1.0
    step: Array = -(slope / curvature - scaled @ cho_solve(cho_factor(small), scaled.T @ slope))
    return step


def _advance(F: Array, d: Array, y: Array, marginal: Array, step: Array, budget: Array, careful: bool) -> Array:
    """Step within y > 0; if `careful`, shorten the step until the function falls enough (Armijo's rule)."""
    shrinks = float((step / y).min())
    length = min(1.0, _TO_THE_BOUNDARY / -shrinks) if shrinks < 0.0 else 1.0
    if not careful:
        return y + length * step
    along = _multiply(F, d, step)
    relative = step / y
    linear, square = float(marginal @ step), float(step @ along)
    slope = linear - float(budget @ relative)
    while length > 1e-12:
        change = length * linear + 0.5 * length**2 * square - float(budget @ np.log1p(length * relative))
        if change <= 1e-4 * length * slope:
            break
        length *= 0.5
    return y + length * step
