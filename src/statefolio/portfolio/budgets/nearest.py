"""Finds the weights within limits whose risk contributions are nearest to a budget, if none meet it exactly."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from statefolio._arrays.types import Array
from statefolio.portfolio.budgets.damped_step import Gaps, damped_step
from statefolio.portfolio.optimisation.infeasibility import explain_infeasibility
from statefolio.portfolio.optimisation.limits import Limits
from statefolio.portfolio.optimisation.program_solver import solve_program
from statefolio.portfolio.optimisation.quadratic_program import ProgramResult, QuadraticProgram
from statefolio.risk.low_rank import LowRankCovariance

_ITERATIONS = 200
_START_DAMPING = 1e-3
_LEAST_DAMPING = 1e-10
_MOST_DAMPING = 1e6
_STEP = 1e-9
_SMALL = 1e-8
_NOTHING = 1e-18
_SLOW = 3
_MANY = 500
ONLY_CASH = "only cash satisfies all constraints, and cash bears no risk"


class Nearest(NamedTuple):
    """The weights found, whether the search converged, and the reason if `weights` is None."""

    weights: Array | None
    converged: bool
    reason: str


def nearest(gaps: Callable[[Array], Gaps], limits: Limits, candidates: list[Array], risk: LowRankCovariance) -> Nearest:
    """Minimise the sum of squared gaps within limits, starting near portfolios without gaps.

    The sum is not convex. The result is the lowest of a few local minima, from these starts: the portfolio within the
    limits with the lowest tracking error to each candidate, the one with the weights closest to the first candidate,
    and equal weights. (With more than 500 assets, only the first two.) Each step is one of Levenberg and Marquardt
    within the limits: gaps are linearised, moves are damped, and a convex quadratic program is solved.

    References
    ----------
    Feng and Palomar (2015), SCRIP: Successive Convex Optimization Methods for Risk Parity Portfolio Design;
    Richard and Roncalli (2019), Constrained Risk Budgeting Portfolios, on why no portfolio may meet the budget exactly.
    """
    first = candidates[0]
    close = _project(limits, first)
    if not close.converged:
        return Nearest(None, False, (close.infeasible and explain_infeasibility(limits)) or close.reason)
    starts = [_track(limits, first, risk), close]
    if len(first) <= _MANY:
        starts += [_track(limits, other, risk) for other in candidates[1:]]
        starts.append(_project(limits, np.full(len(first), max(np.abs(first).mean(), 1.0 / len(first)))))
    ends = []
    for start in starts:
        w = start.weights
        if not start.converged or not w.any():
            continue
        settled, reached = _descend(gaps, limits, w)
        ends.append((gaps(reached).square, settled, reached))
        if ends[-1][0] <= _NOTHING:
            break
    if not ends:
        return Nearest(None, False, ONLY_CASH)
    _, settled, best = min(ends, key=lambda end: end[0])
    return Nearest(best, settled, "")


def _descend(gaps: Callable[[Array], Gaps], limits: Limits, w: Array) -> tuple[bool, Array]:
    """Descend from w; return whether the search converged, and where it ended."""
    found, damping, slow = gaps(w), _START_DAMPING, 0
    for _ in range(_ITERATIONS):
        v = damped_step(found, w, limits, damping)
        if damping > _MOST_DAMPING or (v is not None and np.abs(v - w).max() < _STEP):
            return True, w
        if v is None or not v.any():
            damping *= 10.0
            continue
        tried = gaps(v)
        fall = found.square - tried.square
        slow = slow + 1 if abs(fall) < _SMALL * found.square else 0
        if fall > 0.0:
            w, found, damping = v, tried, max(damping * 0.3, _LEAST_DAMPING)
        else:
            damping *= 10.0
        if found.square <= _NOTHING or slow == _SLOW:
            return True, w
    return False, w


def _project(limits: Limits, start: Array) -> ProgramResult:
    """The weights within the limits that are nearest to `start`."""
    count = len(start)
    return solve_program(QuadraticProgram(np.ones(count), np.empty((0, count)), start, np.zeros(count), limits))


def _track(limits: Limits, start: Array, risk: LowRankCovariance) -> ProgramResult:
    """The weights within the limits with the lowest tracking error to `start`, in units of the largest variance."""
    unit = float(risk.asset_variance.max())
    common = np.ascontiguousarray((risk.loadings @ risk.factor_root).T) / np.sqrt(unit)
    gain = risk.multiply(start) / unit
    return solve_program(QuadraticProgram(risk.diagonal / unit, common, gain, np.zeros(len(start)), limits))
