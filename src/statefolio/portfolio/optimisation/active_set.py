"""Refines nearly optimal weights to exact ones by a primal-dual active-set method (Hintermüller, Ito and Kunisch 2002).

Costs and limits are, for each asset, a convex function with kinks: at its bounds, at the previous weight (costs,
turnover) and at zero (gross). At the optimum an asset either lies on a kink or satisfies an equation. Given which
applies, weights and multipliers solve one linear system, which Woodbury's identity reduces to as many equations as rows
bind. An asset leaves a kink whose subgradients do not contain its gradient, and stops at a kink that a step would
cross.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.portfolio.optimisation.quadratic_program import QuadraticProgram

NEAR = 1e-5
_EXACT = 1e-9
_ROUNDS = 30

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _ActiveSet:
    """The constraints and kinks assumed to be active.

    `free` assets lie between kinks, with the signs of their trade and weight; the others are fixed at `values`. `sides`
    has one entry per row (then turnover, gross): 0 inactive, 1 at its upper limit, -1 at its lower limit.
    """

    free: Mask
    values: Array
    trade: Array
    sign: Array
    sides: Array


def refine(program: QuadraticProgram, weights: Array, multipliers: Array) -> tuple[Array, Array] | None:
    """Return weights and multipliers that satisfy the conditions of optimality, or None if the method finds none.

    It also returns None if an asset has no idiosyncratic variance: its equation then has no unique solution.

    Parameters
    ----------
    program : QuadraticProgram
        Its cones must not bind; they are ignored.
    weights : (N,) array
        Nearly optimal.
    multipliers : (rows + 2,) array
        Nearly optimal: of the rows, of turnover and of gross; positive at an upper limit, negative at a lower one.
    """
    if not (program.diagonal > 0.0).all():
        return None
    active = _first_active_set(program, weights)
    scale = 1.0 + float(np.abs(program.gain).max(initial=0.0) + np.abs(program.gradient(weights)).max(initial=0.0))
    for _ in range(_ROUNDS):
        weights, multipliers = _solve(program, active, multipliers)
        corrected = _corrected(program, active, weights, multipliers, _EXACT * scale)
        if corrected is None:
            return weights, multipliers
        active = corrected
    return None


def _first_active_set(program: QuadraticProgram, weights: Array) -> _ActiveSet:
    limits = program.limits
    values = weights.copy()
    free = np.ones(len(weights), dtype=bool)
    for kink in _kinks(program):
        near = np.abs(weights - kink) < NEAR * np.maximum(np.abs(weights).max(), 1e-3)
        values[near] = np.broadcast_to(kink, weights.shape)[near]
        free &= ~near
    sides = np.zeros(len(limits.rows) + 2)
    for place, row in enumerate(limits.rows):
        at = row.coefficients @ weights
        reach = NEAR * (1.0 + np.abs(at))
        sides[place] = 1.0 if row.most - at < reach else -1.0 if at - row.least < reach else 0.0
    sides[-2] = np.abs(weights - limits.previous).sum() > limits.turnover - NEAR
    sides[-1] = np.abs(weights).sum() > limits.gross - NEAR
    return _ActiveSet(free, values, np.sign(weights - limits.previous), np.sign(weights), sides)


def _kinks(program: QuadraticProgram) -> list[Array]:
    """Positions of the kinks; bounds last, so that they take precedence."""
    limits = program.limits
    kinks = []
    if np.isfinite(limits.gross):
        kinks.append(np.zeros(len(limits.lower)))
    if np.isfinite(limits.turnover):
        kinks.append(limits.previous)
    elif program.cost.any():
        kinks.append(np.where(program.cost > 0.0, limits.previous, np.nan))
    return [*kinks, limits.lower, limits.upper]


def _solve(program: QuadraticProgram, active: _ActiveSet, multipliers: Array) -> tuple[Array, Array]:
    """Weights and multipliers for an active set; among many multipliers, those nearest to the last ones."""
    free, limits = active.free, program.limits
    binding = np.flatnonzero(active.sides)
    rows = np.array([row.coefficients for row in limits.rows] + [active.trade, active.sign])[binding]
    ends = _ends(program, active)[binding]
    fixed = np.where(free, 0.0, active.values)
    # a fixed asset's share of turnover and gross is known whatever its sign
    held = rows @ fixed
    for place, at in enumerate(binding):
        if at >= len(limits.rows):
            centre = limits.previous if at == len(limits.rows) else np.zeros_like(fixed)
            held[place] = np.abs(fixed - centre)[~free].sum() - (rows[place] * centre)[free].sum()
    pull = (program.gain - program.cost * active.trade - (program.factors @ fixed) @ program.factors)[free]
    inverse = _Inverse(program.diagonal[free], program.factors[:, free])
    at_rest = inverse(pull)
    new = np.zeros_like(multipliers)
    if len(binding):
        G = rows[:, free]
        towards = inverse(G)
        system = G @ towards.T
        gap = G @ at_rest + held - ends
        start = multipliers[binding]
        new[binding] = start + np.linalg.lstsq(system, gap - system @ start, rcond=1e-13)[0]
        at_rest = at_rest - new[binding] @ towards
    weights = fixed
    weights[free] = at_rest
    return weights, new


class _Inverse:
    """(D + F F')^-1, applied to rows."""

    def __init__(self, diagonal: Array, factors: Array) -> None:
        self.diagonal = diagonal
        self.scaled = factors / diagonal
        self.core = np.eye(len(factors)) + self.scaled @ factors.T

    def __call__(self, x: Array) -> Array:
        inner = np.linalg.solve(self.core, self.scaled @ x.T)
        found: Array = x / self.diagonal - (self.scaled.T @ inner).T
        return found


def _ends(program: QuadraticProgram, active: _ActiveSet) -> Array:
    limits = program.limits
    ends = [row.most if side > 0.0 else row.least for row, side in zip(limits.rows, active.sides, strict=False)]
    return np.array([*ends, limits.turnover, limits.gross])


def _corrected(
    program: QuadraticProgram, active: _ActiveSet, weights: Array, multipliers: Array, scale: float
) -> _ActiveSet | None:
    """A better active set, or None if the conditions of optimality hold."""
    limits = program.limits
    low, high = _interval(program, active)
    below, above = active.free & (weights < low - _EXACT), active.free & (weights > high + _EXACT)
    trade = program.cost + multipliers[-2]
    slope = program.gradient(weights)
    for row, multiplier in zip(limits.rows, multipliers, strict=False):
        slope = slope + multiplier * row.coefficients
    falls, rises = _subgradients(program, weights, trade, float(multipliers[-1]))
    up, down = ~active.free & (slope + rises < -scale), ~active.free & (slope - falls > scale)
    sides = _sides(program, active, weights, multipliers, scale)
    if not (below.any() or above.any() or up.any() or down.any()) and (sides == active.sides).all():
        return None
    values = np.where(below, low, np.where(above, high, active.values))
    leaving = up | down
    step = up.astype(float) - down.astype(float)
    signs = {}
    for name, centre in (("trade", limits.previous), ("sign", np.zeros_like(weights))):
        side = np.sign(active.values - centre)
        signs[name] = np.where(leaving, np.where(side == 0.0, step, side), getattr(active, name))
    return _ActiveSet((active.free & ~below & ~above) | leaving, values, signs["trade"], signs["sign"], sides)


def _interval(program: QuadraticProgram, active: _ActiveSet) -> tuple[Array, Array]:
    """The nearest kinks on either side of each free asset."""
    limits = program.limits
    low, high = limits.lower.copy(), limits.upper.copy()
    kinked = np.isfinite(limits.turnover) | (program.cost > 0.0)
    pairs = [(active.trade, limits.previous, kinked)]
    if np.isfinite(limits.gross):
        pairs.append((active.sign, np.zeros_like(low), np.ones_like(kinked)))
    for side, kink, there in pairs:
        low = np.where(there & (side > 0.0), np.maximum(low, kink), low)
        high = np.where(there & (side < 0.0), np.minimum(high, kink), high)
    return low, high


def _subgradients(program: QuadraticProgram, weights: Array, trade: Array, gross: float) -> tuple[Array, Array]:
    """Slopes of the kinked part below and above each asset's weight."""
    limits = program.limits
    moved, sign = np.sign(weights - limits.previous), np.sign(weights)
    rises = np.where(moved >= 0.0, trade, -trade) + np.where(sign >= 0.0, gross, -gross)
    falls = np.where(moved <= 0.0, trade, -trade) + np.where(sign <= 0.0, gross, -gross)
    return np.where(weights <= limits.lower, np.inf, falls), np.where(weights >= limits.upper, np.inf, rises)


def _sides(program: QuadraticProgram, active: _ActiveSet, weights: Array, multipliers: Array, scale: float) -> Array:
    """Active rows: violated rows enter, rows whose multiplier has the wrong sign leave."""
    limits = program.limits
    least = np.array([row.least for row in limits.rows] + [-np.inf, -np.inf])
    most = np.array([row.most for row in limits.rows] + [limits.turnover, limits.gross])
    at = [row.coefficients @ weights for row in limits.rows]
    at += [np.abs(weights - limits.previous).sum(), np.abs(weights).sum()]
    reach = _EXACT * (1.0 + np.abs(at))
    sides = np.where(least == most, 1.0, np.where(active.sides * multipliers < -scale, 0.0, active.sides))
    missed = np.where(at > most + reach, 1.0, np.where(at < least - reach, -1.0, 0.0))
    found: Array = np.where((missed != 0.0) & (least < most), missed, sides)
    # a row that is active and still violated stays active: others must leave first
    return found
