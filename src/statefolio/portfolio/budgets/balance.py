"""Positive positions whose contributions to variance are given: Newton's method on Spinu's convex problem."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from statefolio._arrays.types import Array

_STEPS = 300
_ENOUGH = 1e-13
_NEAR = 1e-2
_TO_THE_WALL = 0.99
_STALLED = 4


class Balanced(NamedTuple):
    """Positions, and how far off the worst of their contributions is, as a share of its own budget."""

    positions: Array
    error: float


def balance(root: Array, diagonal: Array, budget: Array) -> Balanced:
    """Find y > 0 with y_i (Sigma y)_i = b_i, where Sigma = F F' + diag(d).

    They minimise y'Sigma y / 2 - sum b_i log y_i, which is strictly convex: there is one y, and Newton's method
    finds it. The Hessian, F F' + diag(d + b / y^2), has a low rank and a diagonal as Sigma has, so that a step costs
    O(N R^2). Positions are measured in units of each asset's volatility, which makes the steps the same whatever
    the volatilities are.

    Parameters
    ----------
    root : (N, R) array
        F.
    diagonal : (N,) array
        d, 0 or more; Sigma itself may be singular where no y >= 0 but 0 has Sigma y = 0.
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
    pull = _multiply(F, d, y)
    size = np.sqrt(budget.sum() / (y @ pull))
    y, pull = y * size, pull * size
    best, least, since = y, np.inf, 0
    for _ in range(_STEPS):
        error = float(np.abs(y * pull / budget - 1.0).max())
        since = 0 if error < least else since + 1
        if error < least:
            best, least = y, error
        if least <= _ENOUGH or (since >= _STALLED and least < _NEAR):
            break
        step = _newton_step(F, d, y, pull, budget)
        y = _advance(F, d, y, pull, step, budget, careful=error > _NEAR)
        pull = _multiply(F, d, y)
    return Balanced(best / scale, least)


def _multiply(F: Array, d: Array, y: Array) -> Array:
    product: Array = F @ (y @ F) + d * y
    return product


def _newton_step(F: Array, d: Array, y: Array, pull: Array, budget: Array) -> Array:
    """Minus the Hessian's inverse times the gradient, by Woodbury's identity."""
    slope = pull - budget / y
    curvature = d + budget / y**2
    if F.shape[1] >= len(y):
        return np.asarray(-np.linalg.solve(F @ F.T + np.diag(curvature), slope))
    scaled = F / curvature[:, None]
    small = F.T @ scaled
    small[np.diag_indices_from(small)] += 1.0
    step: Array = -(slope / curvature - scaled @ cho_solve(cho_factor(small), scaled.T @ slope))
    return step


def _advance(F: Array, d: Array, y: Array, pull: Array, step: Array, budget: Array, careful: bool) -> Array:
    """Go along a step, never out of y > 0; with care, only where the function falls as its slope promises."""
    shrinks = float((step / y).min())
    length = min(1.0, _TO_THE_WALL / -shrinks) if shrinks < 0.0 else 1.0
    if not careful:
        return y + length * step
    along = _multiply(F, d, step)
    relative = step / y
    linear, square = float(pull @ step), float(step @ along)
    slope = linear - float(budget @ relative)
    while length > 1e-12:
        change = length * linear + 0.5 * length**2 * square - float(budget @ np.log1p(length * relative))
        if change <= 1e-4 * length * slope:
            break
        length *= 0.5
    return y + length * step
