"""From nearly optimal weights to exact ones: guess what binds, solve those equations, check, correct the guess.

Per asset, cost and limits are a convex function with kinks: at its bounds, at the weight held before (costs, turnover)
and at zero (gross). At the optimum an asset either lies on a kink or satisfies an equation. Given which, weights and
multipliers are one linear system, of which Woodbury's identity leaves as many equations as there are rows that bind.
A kink is left where its subgradients do not contain the pull on the asset, and met where a step would cross it
(a primal-dual active-set method: Hintermüller, Ito and Kunisch 2002).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.portfolio.optimisation.program import Program

NEAR = 1e-5
_EXACT = 1e-9
_ROUNDS = 30

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Guess:
    """What binds.

    `free` assets lie between kinks, with signs of the trade and of the weight; others are fixed at `values`. `sides`
    of the rows (then turnover, gross): 0 free, 1 at most, -1 at least.
    """

    free: Mask
    values: Array
    trade: Array
    sign: Array
    sides: Array


def polish(program: Program, weights: Array, multipliers: Array) -> tuple[Array, Array] | None:
    """Weights and multipliers that satisfy the conditions of optimality, or None where none were found.

    None too where an asset has no variance of its own: its equation has no solution by itself.

    Parameters
    ----------
    program : Program
        Without bands of error that bind; they are not looked at.
    weights : (N,) array
        Nearly optimal.
    multipliers : (rows + 2,) array
        Nearly optimal: of the rows, of turnover and of gross; positive at most, negative at least.
    """
    if not (program.diagonal > 0.0).all():
        return None
    guess = _first_guess(program, weights)
    scale = 1.0 + float(np.abs(program.gain).max(initial=0.0) + np.abs(program.gradient(weights)).max(initial=0.0))
    for _ in range(_ROUNDS):
        weights, multipliers = _solve(program, guess, multipliers)
        corrected = _corrected(program, guess, weights, multipliers, _EXACT * scale)
        if corrected is None:
            return weights, multipliers
        guess = corrected
    return None


def _first_guess(program: Program, weights: Array) -> _Guess:
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
    return _Guess(free, values, np.sign(weights - limits.previous), np.sign(weights), sides)


def _kinks(program: Program) -> list[Array]:
    """Where an asset may lie fixed: its bounds last, so that they win."""
    limits = program.limits
    kinks = []
    if np.isfinite(limits.gross):
        kinks.append(np.zeros(len(limits.lower)))
    if np.isfinite(limits.turnover):
        kinks.append(limits.previous)
    elif program.cost.any():
        kinks.append(np.where(program.cost > 0.0, limits.previous, np.nan))
    return [*kinks, limits.lower, limits.upper]


def _solve(program: Program, guess: _Guess, multipliers: Array) -> tuple[Array, Array]:
    """Weights and multipliers that the guess leads to; among many multipliers, those nearest to what they were."""
    free, limits = guess.free, program.limits
    binding = np.flatnonzero(guess.sides)
    rows = np.array([row.coefficients for row in limits.rows] + [guess.trade, guess.sign])[binding]
    ends = _ends(program, guess)[binding]
    fixed = np.where(free, 0.0, guess.values)
    # a fixed asset's own share of turnover and gross is known whatever its sign
    held = rows @ fixed
    for place, at in enumerate(binding):
        if at >= len(limits.rows):
            centre = limits.previous if at == len(limits.rows) else np.zeros_like(fixed)
            held[place] = np.abs(fixed - centre)[~free].sum() - (rows[place] * centre)[free].sum()
    pull = (program.gain - program.cost * guess.trade - (program.factors @ fixed) @ program.factors)[free]
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
    """(D + F F')^-1 applied to rows."""

    def __init__(self, diagonal: Array, factors: Array) -> None:
        self.diagonal = diagonal
        self.scaled = factors / diagonal
        self.core = np.eye(len(factors)) + self.scaled @ factors.T

    def __call__(self, x: Array) -> Array:
        inner = np.linalg.solve(self.core, self.scaled @ x.T)
        found: Array = x / self.diagonal - (self.scaled.T @ inner).T
        return found


def _ends(program: Program, guess: _Guess) -> Array:
    limits = program.limits
    ends = [row.most if side > 0.0 else row.least for row, side in zip(limits.rows, guess.sides, strict=False)]
    return np.array([*ends, limits.turnover, limits.gross])


def _corrected(program: Program, guess: _Guess, weights: Array, multipliers: Array, scale: float) -> _Guess | None:
    """A better guess, or None where the conditions of optimality hold."""
    limits = program.limits
    low, high = _interval(program, guess)
    below, above = guess.free & (weights < low - _EXACT), guess.free & (weights > high + _EXACT)
    trade = program.cost + multipliers[-2]
    slope = program.gradient(weights)
    for row, multiplier in zip(limits.rows, multipliers, strict=False):
        slope = slope + multiplier * row.coefficients
    falls, rises = _subgradients(program, weights, trade, float(multipliers[-1]))
    up, down = ~guess.free & (slope + rises < -scale), ~guess.free & (slope - falls > scale)
    sides = _sides(program, guess, weights, multipliers, scale)
    if not (below.any() or above.any() or up.any() or down.any()) and (sides == guess.sides).all():
        return None
    values = np.where(below, low, np.where(above, high, guess.values))
    leaving = up | down
    step = up.astype(float) - down.astype(float)
    signs = {}
    for name, centre in (("trade", limits.previous), ("sign", np.zeros_like(weights))):
        side = np.sign(guess.values - centre)
        signs[name] = np.where(leaving, np.where(side == 0.0, step, side), getattr(guess, name))
    return _Guess((guess.free & ~below & ~above) | leaving, values, signs["trade"], signs["sign"], sides)


def _interval(program: Program, guess: _Guess) -> tuple[Array, Array]:
    """The nearest kinks on either side of each free asset."""
    limits = program.limits
    low, high = limits.lower.copy(), limits.upper.copy()
    kinked = np.isfinite(limits.turnover) | (program.cost > 0.0)
    pairs = [(guess.trade, limits.previous, kinked)]
    if np.isfinite(limits.gross):
        pairs.append((guess.sign, np.zeros_like(low), np.ones_like(kinked)))
    for side, kink, there in pairs:
        low = np.where(there & (side > 0.0), np.maximum(low, kink), low)
        high = np.where(there & (side < 0.0), np.minimum(high, kink), high)
    return low, high


def _subgradients(program: Program, weights: Array, trade: Array, gross: float) -> tuple[Array, Array]:
    """What the kinked part loses on the way down, and gains on the way up, a unit of each asset."""
    limits = program.limits
    moved, sign = np.sign(weights - limits.previous), np.sign(weights)
    rises = np.where(moved >= 0.0, trade, -trade) + np.where(sign >= 0.0, gross, -gross)
    falls = np.where(moved <= 0.0, trade, -trade) + np.where(sign <= 0.0, gross, -gross)
    return np.where(weights <= limits.lower, np.inf, falls), np.where(weights >= limits.upper, np.inf, rises)


def _sides(program: Program, guess: _Guess, weights: Array, multipliers: Array, scale: float) -> Array:
    """Rows that bind: those missed are taken up, those that push the wrong way are dropped."""
    limits = program.limits
    least = np.array([row.least for row in limits.rows] + [-np.inf, -np.inf])
    most = np.array([row.most for row in limits.rows] + [limits.turnover, limits.gross])
    at = [row.coefficients @ weights for row in limits.rows]
    at += [np.abs(weights - limits.previous).sum(), np.abs(weights).sum()]
    reach = _EXACT * (1.0 + np.abs(at))
    sides = np.where(least == most, 1.0, np.where(guess.sides * multipliers < -scale, 0.0, guess.sides))
    missed = np.where(at > most + reach, 1.0, np.where(at < least - reach, -1.0, 0.0))
    found: Array = np.where((missed != 0.0) & (least < most), missed, sides)
    # a row taken up already and missed still is a guess that cannot be met: others must give way first
    return found
