"""A primal-dual interior-point method that uses the structure of a factor model: O(N (K + rows)^2) operations a step.

In the notation of `factored`, with variables d = (w, t, v), inequalities written as slacks s = S d + constants >= 0
with multipliers z >= 0, and rows written as C d = B w + (sums of t) - v = 0 with multipliers l, and Q = diag(q) on w
and v, an optimum satisfies

    Q d - (gain, -cost, 0) + C'l - S'z = 0,     C d = 0,     s z = 0.

A Newton step from an interior point (s, z > 0) towards s z = target changes d and l by the solution of

    (Q + S' diag(z / s) S) dd + C'dl = (gain, -cost, 0) - Q d - C'l + S'(target / s),     C dd = -C d.

S relates an asset only to its own t, so each t is eliminated, which leaves a diagonal on w and v. The remaining system
in dl has as many equations as there are factors and limits: Woodbury's identity (Boyd and Vandenberghe 2004, appendix
C.4.3). A first solution with target 0 predicts how far s z can fall. The step itself aims there and corrects for the
term that the prediction neglects, the product of the changes of s and z (Mehrotra 1992; Nocedal and Wright 2006,
section 16.6).

The result is close to the optimum; `active_set` makes it exact and verifies it.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from statefolio._arrays.types import Array
from statefolio.portfolio.optimisation.factored import FactoredProgram, factored_form
from statefolio.portfolio.optimisation.quadratic_program import QuadraticProgram

STEPS = 50
_NEAR = 1e-10  # sum of s z
_ROUGH = 1e-6  # of the equations: the active-set refinement makes them exact
_BLOCKED = 1e-5  # so short a step means that limits contradict each other
_WITHIN = 3.0  # how far from its bounds a weight starts, in average weights of a fully invested portfolio
_SHORTENED = 0.995  # share of the way to the point where the first slack is zero
_TINY = 1e-300
_REGULAR = 1e-13  # rows may repeat each other

Change = tuple[Array, Array, Array, Array]
"""Changes of w, t, v and l."""


class _Point(NamedTuple):
    """A point of the central path."""

    w: Array
    t: Array
    v: Array
    l: Array  # noqa: E741 - l for lambda, as in the equations
    s: Array
    z: Array


class _Residuals(NamedTuple):
    """Residuals of the equations: `down` along w, t and v without S'z, and `gap`, C d."""

    down: list[Array]
    gap: Array


def follow_central_path(program: QuadraticProgram) -> tuple[Array, Array] | None:
    """Return weights and multipliers close to the optimum, in the form that `active_set.refine` takes.

    None if the program does not have the form of `factored`, or if the path breaks off because limits contradict each
    other or leave no interior.
    """
    form = factored_form(program)
    if form is None:
        return None
    with np.errstate(all="ignore"):  # the next step detects numbers that are not finite
        found = _followed(form)
    if found is None:
        return None
    limits = program.limits
    weights = limits.lower.copy()
    weights[limits.lower < limits.upper] = found.w
    named = np.append(np.ones(len(limits.rows), dtype=bool), np.isfinite([limits.turnover, limits.gross]))
    multipliers = np.zeros(len(named))
    multipliers[named] = found.l[len(program.factors) :]
    return np.clip(weights, limits.lower, limits.upper), multipliers


def _followed(form: FactoredProgram) -> _Point | None:
    point: _Point | None = _start(form)
    for _ in range(STEPS):
        if point is None:
            return None
        residuals = _residuals(form, point)
        missed = max(np.abs(a + b).max(initial=0.0) for a, b in zip(residuals.down, form.gather(point.z), strict=True))
        product = float(point.s @ point.z)
        if not np.isfinite(product + missed):
            return None
        near = product <= _NEAR * form.scale and missed <= _ROUGH * form.scale
        if near and np.abs(residuals.gap).max(initial=0.0) <= _ROUGH:
            return point
        point = _step(form, point, residuals)
    return None


def _step(form: FactoredProgram, point: _Point, residuals: _Residuals) -> _Point | None:
    """Predict, correct, and shorten the step so that slacks and multipliers stay positive."""
    *_, s, z = point
    newton = _Newton(form, z / s)
    if newton.lost:
        return None
    pairs = max(float(form.slacks.sum()), 1.0)
    # With target 0, s changes by `relative` of itself and z by -(1 + relative) of itself.
    relative = form.change(*newton.solve(residuals)[:3]) / s
    length = _room(-relative, 1.0 + relative)
    mu = float(s @ z) / pairs
    reached = float((s * (1.0 + length * relative)) @ (z * (1.0 - length * (1.0 + relative)))) / pairs
    aim = form.slacks * (mu * (reached / max(mu, _TINY)) ** 3) / s + z * relative * (1.0 + relative)
    down = [a + b for a, b in zip(residuals.down, form.gather(aim), strict=True)]
    changes = newton.solve(_Residuals(down, residuals.gap))
    ds = form.change(*changes[:3])
    dz = aim - z * (1.0 + ds / s)
    absent = 1.0 - form.slacks
    length = max(_SHORTENED, 1.0 - mu) * _room(-ds / s, -dz / (z + absent))
    if length < _BLOCKED:
        return None
    return _Point(*(old + length * new for old, new in zip(point, (*changes, ds, dz), strict=True)))


def _room(*shrinks: Array) -> float:
    """The longest step, at most 1, that shrinks nothing by more than itself."""
    return 1.0 / max([1.0, *(float(shrink.max(initial=0.0)) for shrink in shrinks)])


def _start(form: FactoredProgram) -> _Point:
    """Start at the previous weights, moved off bounds and kinks, with multipliers that make all s z equal."""
    count = len(form.gain)
    size = _WITHIN / count
    w = _inside(form.centre[0] if len(form.centre) else np.zeros(count), form.lower[:count], form.upper[:count], size)
    t = form.kinked * (np.abs(w - form.centre) + size)
    reached = form.rows @ w + form.sums.T @ t.sum(axis=1)
    v = np.where(form.moves > 0.0, _inside(reached, form.lower[count:], form.upper[count:], size), form.lower[count:])
    multipliers = form.curvature[count:] * v
    x = np.concatenate([w, v])
    sides = [form.upper - x, x - form.lower, (t - w + form.centre).ravel(), (t + w - form.centre).ravel()]
    s = np.where(form.slacks > 0.0, np.concatenate(sides), 1.0)
    slope = np.abs(form.curvature[:count] * w - form.gain + multipliers @ form.rows)
    steep = max(float(slope.mean()), float(form.cost.max(initial=0.0)), 1e-3)
    return _Point(w, t, v, multipliers, s, form.slacks * steep * size / s)


def _inside(x: Array, lower: Array, upper: Array, distance: float) -> Array:
    """The point nearest to x that is off the bounds by a distance, or by a quarter of their width."""
    off = np.minimum(distance, 0.25 * (upper - lower))
    return np.clip(x, lower + off, upper - off)


def _residuals(form: FactoredProgram, point: _Point) -> _Residuals:
    w, t, v, multipliers, *_ = point
    count = len(form.gain)
    down = [
        form.gain - form.curvature[:count] * w - multipliers @ form.rows,
        -form.kinked * (form.cost + (form.sums @ multipliers)[:, None]),
        form.moves * (multipliers - form.curvature[count:] * v),
    ]
    return _Residuals(down, form.rows @ w + form.sums.T @ t.sum(axis=1) - v)


class _Newton:
    """The linear system at one point, for several right-hand sides.

    Attributes
    ----------
    size : (P, N) array
        Coefficients of dt; `slant` times it couples dt to dw.
    diagonal : (N,) array
        Coefficients of dw after dt is eliminated.
    give : (R,) array
        Derivative of v with respect to l.
    scaled : (R, N) array
        Rows after dt is eliminated, divided by `diagonal`.
    root
        Cholesky factor of the system in dl.
    lost
        Whether that factor does not exist.
    """

    def __init__(self, form: FactoredProgram, stiffness: Array) -> None:
        count = len(form.gain)
        upper, lower, below, above = form.sides(stiffness)
        own = form.curvature + upper + lower
        self.form = form
        self.size = below + above + (1.0 - form.kinked)
        self.slant = (above - below) / self.size
        self.diagonal = own[:count] + (4.0 * below * above / self.size).sum(axis=0)
        self.give = form.moves / (own[count:] + (1.0 - form.moves))
        rows = form.rows - form.sums.T @ self.slant if form.sums.any() else form.rows
        self.scaled = rows / self.diagonal
        system = self.scaled @ rows.T
        diagonal = np.einsum("ii->i", system)
        diagonal += self.give + form.sums.T @ (form.kinked / self.size).sum(axis=1)
        diagonal *= 1.0 + _REGULAR
        self.root, self.lost = dpotrf(system, lower=True, overwrite_a=True)

    def solve(self, residuals: _Residuals) -> Change:
        """Return changes of w, t, v and l."""
        form, (along_w, along_t, along_v) = self.form, residuals.down
        alone = along_t / self.size
        rest = along_w - (self.slant * along_t).sum(axis=0)
        missed = self.scaled @ rest + form.sums.T @ alone.sum(axis=1) - self.give * along_v + residuals.gap
        dl = dpotrs(self.root, missed, lower=True)[0] if len(missed) else missed
        dw = rest / self.diagonal - dl @ self.scaled
        dt = alone - form.kinked * (form.sums @ dl)[:, None] / self.size - self.slant * dw
        return dw, dt, self.give * (along_v + dl), dl
