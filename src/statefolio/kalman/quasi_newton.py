"""Maximisation by a projected quasi-Newton method within bounds, one step at a time.

The damped BFGS update keeps the curvature positive definite (Nocedal and Wright 2006, section 18.3). A coordinate at
its bound whose slope points outside stays there, so a bound is reached exactly, and left where the slope turns
(Bertsekas 1982, SIAM Journal on Control and Optimization 20).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.lanes import compiled, inner
from statefolio.kalman.specification import Floats

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

RUNNING, CONVERGED, STALLED, EXHAUSTED, FAILED = -1, 0, 1, 2, 3
REASONS = {
    CONVERGED: "converged",
    STALLED: "no step improved the likelihood any more",
    EXHAUSTED: "iteration limit reached",
    FAILED: "likelihood is not finite at the start",
}
MOST_STEPS = 200
_LONGEST = 3.0


class QuasiNewton(NamedTuple):
    """State of a search, in arrays that are updated in place."""

    theta: Floats  # (D,) best point so far
    value: Floats  # (1,) its value
    steps: NDArray[np.int64]  # (1,) steps taken
    trial: Floats  # (D,) the point to evaluate next
    slope: Floats  # (D,) gradient at theta
    curvature: Floats  # (D, D) estimate of minus the Hessian
    direction: Floats  # (D,)
    length: Floats  # (1,) zero before the first value is known


def new_quasi_newton(theta: Floats, curvature: Floats | None = None) -> QuasiNewton:
    """Start a search from theta, which is updated in place, with the curvature of an earlier search if there is one."""
    size = len(theta)
    learned = np.zeros((size, size)) if curvature is None else curvature.copy()
    value, steps = np.array([-np.inf]), np.zeros(1, np.int64)
    return QuasiNewton(theta, value, steps, theta.copy(), np.zeros(size), learned, np.zeros(size), np.zeros(1))


@compiled
def above_zero(floor):
    """Return bounds (2, D), lower ones first: the marked coordinates may not go below zero, the others are free."""
    bounds = np.empty((2, floor.shape[0]))
    bounds[0], bounds[1] = np.where(floor, 0.0, -np.inf), np.inf
    return bounds


@compiled
def advance(bounds, tolerance, search, new_value, new_slope):
    """Judge the trial point of a search, given its value and gradient, and choose the next one.

    `bounds` (2, D) are the least and the greatest values of the coordinates; the search starts within them. It ends
    when no direction promises a gain of `tolerance`. Returns RUNNING, or the reason why the search ended.
    """
    theta, value, steps, trial, slope, curvature, direction, length = search
    fresh = length[0] == 0.0
    finite = math.isfinite(new_value) and np.isfinite(new_slope).all()
    if fresh:
        if not finite:
            return FAILED
        if curvature[0, 0] == 0.0:
            _guess_curvature(new_slope, curvature)
    else:
        promised = (slope * (trial - theta)).sum()
        if not finite or new_value < value[0] + 1e-4 * promised:
            if length[0] < 1e-6 or abs(promised) < 1e-13 * abs(value[0]):
                return STALLED
            length[0] *= 0.25 if not finite else _shorten(promised, new_value - value[0])
            _step(bounds, theta, direction, length[0], trial)
            return RUNNING
        _learn_curvature(trial - theta, slope - new_slope, curvature)
    theta[:], value[0], slope[:] = trial, new_value, new_slope
    steps[0] += 1
    gain = _choose_direction(bounds, theta, slope, curvature, direction)
    if gain < tolerance:
        return CONVERGED
    if steps[0] > MOST_STEPS:
        return EXHAUSTED
    longest = np.abs(direction).max()
    length[0] = min(1.0, _LONGEST / longest)
    _step(bounds, theta, direction, length[0], trial)
    return RUNNING


@inner
def _guess_curvature(slope, curvature):
    """Start with a diagonal curvature: steps of at most one in each coordinate."""
    curvature[:] = 0.0
    for j in range(slope.shape[0]):
        curvature[j, j] = 1.0 + 2.0 * abs(slope[j])


@inner
def _shorten(promised, found):
    """Return the extremum of the parabola through the slope and the value found, within bounds."""
    best = 0.5 * promised / (promised - found)
    return min(max(best, 0.1), 0.5)


@inner
def _step(bounds, theta, direction, length, trial):
    """Set the trial point to theta + length x direction, cut at the bounds."""
    for j in range(theta.shape[0]):
        trial[j] = min(max(theta[j] + length * direction[j], bounds[0, j]), bounds[1, j])


@inner
def _learn_curvature(step, change, curvature):
    """Update the curvature by Powell's damped BFGS formula, which keeps it positive definite."""
    size = step.shape[0]
    turned = np.zeros(size)
    for j in range(size):
        for k in range(size):
            turned[j] += curvature[j, k] * step[k]
    bend, along = (step * turned).sum(), (step * change).sum()
    if bend <= 0.0:
        return
    if along < 0.2 * bend:
        share = 0.8 * bend / (bend - along)
        change = share * change + (1.0 - share) * turned
        along = (step * change).sum()
    for j in range(size):
        for k in range(size):
            curvature[j, k] += change[j] * change[k] / along - turned[j] * turned[k] / bend


@inner
def _choose_direction(bounds, theta, slope, curvature, direction):
    """Choose Newton's direction among the coordinates that are not kept at a bound; returns the gain it promises."""
    size = theta.shape[0]
    free = np.empty(size, np.int64)
    count = 0
    for j in range(size):
        direction[j] = 0.0
        if (theta[j] > bounds[0, j] or slope[j] > 0.0) and (theta[j] < bounds[1, j] or slope[j] < 0.0):
            free[count] = j
            count += 1
    if count == 0:
        return 0.0
    B, g = np.empty((count, count)), np.empty(count)
    for j in range(count):
        g[j] = slope[free[j]]
        for k in range(count):
            B[j, k] = curvature[free[j], free[k]]
    p = _solve(B, g)
    gain = 0.0
    for j in range(count):
        coordinate = free[j]
        direction[coordinate] = p[j]
        least, most = bounds[0, coordinate] - theta[coordinate], bounds[1, coordinate] - theta[coordinate]
        gain += 0.5 * g[j] * min(max(p[j], least), most)
    if not gain > 0.0:
        for j in range(count):
            direction[free[j]] = g[j] / curvature[free[j], free[j]]
        gain = 0.5 * (direction * slope).sum()
    return gain


@inner
def _solve(B, g):
    """Solve B p = g for a positive definite B by its Cholesky factor, which overwrites it."""
    size = g.shape[0]
    p = g.copy()
    for j in range(size):
        for k in range(j):
            B[j, j] -= B[j, k] * B[j, k]
        B[j, j] = math.sqrt(max(B[j, j], 1e-300))
        for i in range(j + 1, size):
            for k in range(j):
                B[i, j] -= B[i, k] * B[j, k]
            B[i, j] /= B[j, j]
    for j in range(size):
        for k in range(j):
            p[j] -= B[j, k] * p[k]
        p[j] /= B[j, j]
    for j in range(size - 1, -1, -1):
        for k in range(j + 1, size):
            p[j] -= B[k, j] * p[k]
        p[j] /= B[j, j]
    return p
