"""Writes a program in a form whose Newton steps keep the structure of a factor model.

Variables are the weights w; v = B w + (sums of t), which collects the exposures F'w and every other limited sum; and
t >= |w - centre| for each kind of kink (trades around `previous`, absolute weights around zero). With x = (w, v):

    least 1/2 x' diag(q) x - gain'w + cost't

    where lower <= x <= upper, t - w + centre >= 0, t + w - centre >= 0.

q is D on weights, 1 on exposures and 0 on limits: a factor is one row among others.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.portfolio.optimisation.quadratic_program import QuadraticProgram

Mask = NDArray[np.bool_]
Kink = tuple[Array, Array, Array, int]
Bounded = tuple[Array, float, float]


@dataclass(frozen=True, eq=False)
class FactoredProgram:
    """A program of N assets that can move, with R rows and P kinds of kinks.

    Attributes
    ----------
    curvature, lower, upper : (N + R,) array
        q, and bounds of x. Where bounds are equal, v is fixed and q is not used.
    gain : (N,) array
    rows : (R, N) array
        B: factors, limits, then turnover and gross where they are finite.
    centre, cost, kinked : (P, N) array
        Of the kinks; `kinked` is 1 where the asset has one.
    sums : (P, R) array
        1 where a row contains the sum of a kind's t.
    moves : (R,) array
        0 where v is fixed.
    slacks : (2 (N + R) + 2 P N,) array
        1 for each inequality in use: below upper, above lower, t above either side.
    scale : float
        Size of the slopes.
    """

    curvature: Array
    lower: Array
    upper: Array
    gain: Array
    rows: Array
    centre: Array
    cost: Array
    kinked: Array
    sums: Array
    moves: Array = field(init=False)
    slacks: Array = field(init=False)
    scale: float = field(init=False)

    def __post_init__(self) -> None:
        open_ = self.lower < self.upper
        sides = [np.isfinite(self.upper) & open_, np.isfinite(self.lower) & open_, self.kinked, self.kinked]
        object.__setattr__(self, "moves", open_[len(self.gain) :].astype(float))
        object.__setattr__(self, "slacks", np.concatenate([np.ravel(side) for side in sides]).astype(float))
        object.__setattr__(self, "scale", 1.0 + float(np.abs(self.gain).max() + self.cost.max(initial=0.0)))

    def change(self, w: Array, t: Array, v: Array) -> Array:
        """Changes of the slacks for changes of the variables: the product with S."""
        x = np.concatenate([w, v])
        changed: Array = self.slacks * np.concatenate([-x, x, (t - w).ravel(), (t + w).ravel()])
        return changed

    def gather(self, forces: Array) -> tuple[Array, Array, Array]:
        """The product with S': forces on slacks as forces on w, t and v."""
        count = len(self.gain)
        upper, lower, below, above = self.sides(forces)
        x = lower - upper
        return x[:count] + (above - below).sum(axis=0), below + above, x[count:]

    def sides(self, slacks: Array) -> tuple[Array, Array, Array, Array]:
        """Split a vector of slacks by kind: (N + R), (N + R), (P, N) and (P, N)."""
        wide = len(self.curvature)
        below, above = slacks[2 * wide :].reshape(2, *self.centre.shape)
        return slacks[:wide], slacks[wide : 2 * wide], below, above


def factored_form(program: QuadraticProgram) -> FactoredProgram | None:
    """Write a program in this form, without cones; None if an asset has no variance or bounds cross."""
    limits = program.limits
    free = limits.lower < limits.upper
    if not free.any() or not (program.diagonal > 0.0).all():
        return None
    count, held = int(free.sum()), np.where(free, 0.0, limits.lower)
    rows: list[Bounded] = [(exposure[free], -np.inf, np.inf) for exposure in program.factors]
    for row in limits.rows:
        share, bounded = float(row.coefficients @ held), np.isfinite(row.least) or np.isfinite(row.most)
        rows.append((row.coefficients[free] * bounded, row.least - share, row.most - share))
    kinks, absolute = _kinks(program, free, held, len(rows))
    rows += absolute
    least, most = (np.array([row[side] for row in rows], dtype=float) for side in (1, 2))
    if (least > most).any():
        return None
    centre, cost, kinked = (np.array([kink[part] for kink in kinks]).reshape(len(kinks), count) for part in range(3))
    return FactoredProgram(
        np.concatenate([program.diagonal[free], np.isinf(least) & np.isinf(most)]),
        np.concatenate([limits.lower[free], least]),
        np.concatenate([limits.upper[free], most]),
        program.gain[free] - (program.factors @ held) @ program.factors[:, free],
        np.array([row[0] for row in rows]).reshape(len(rows), count),
        centre,
        cost,
        kinked,
        np.array([np.arange(len(rows)) == kink[3] for kink in kinks], dtype=float).reshape(len(kinks), len(rows)),
    )


def _kinks(program: QuadraticProgram, free: Mask, held: Array, before: int) -> tuple[list[Kink], list[Bounded]]:
    """The kinds of kinks, each with the row that sums it up (-1: none), and these rows, after `before` others."""
    limits, count = program.limits, int(free.sum())
    traded, held_most = np.isfinite(limits.turnover), np.isfinite(limits.gross)
    kinks: list[Kink] = []
    rows: list[Bounded] = []
    if traded or program.cost[free].any():
        cost = program.cost[free]
        kinks.append((limits.previous[free], cost, np.where(traded, 1.0, cost > 0.0), before if traded else -1))
    if traded:
        left = limits.turnover - float(np.abs(held - limits.previous)[~free].sum())
        rows.append((np.zeros(count), -np.inf, left))
    if held_most:
        # without short positions absolute weights sum to the net weight
        shorts = bool((limits.lower[free] < 0.0).any())
        if shorts:
            kinks.append((np.zeros(count), np.zeros(count), np.ones(count), before + len(rows)))
        rows.append((np.full(count, 0.0 if shorts else 1.0), -np.inf, limits.gross - float(np.abs(held).sum())))
    return kinks, rows
