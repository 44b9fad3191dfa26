"""The largest Sharpe ratio within constraints, made convex (Charnes and Cooper 1962)."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from statefolio._arrays.types import Array
from statefolio.exceptions import InputError
from statefolio.portfolio.optimisation.conic import EQUAL, LESS, Block, Conic, conic_form
from statefolio.portfolio.optimisation.decision import decide
from statefolio.portfolio.optimisation.interior import Found, solve
from statefolio.portfolio.optimisation.limits import Limits
from statefolio.portfolio.optimisation.program import Outcome, failed, scaled
from statefolio.portfolio.optimisation.solving import FEASIBLE, exact, multipliers_of, reason_of, solve_program
from statefolio.portfolio.problem import Problem, Solution

NOT_POSITIVE = (
    "mean: no weights within the constraints are expected to earn more than cash (after costs), so the largest Sharpe "
    "ratio is not positive, and looking for it would look for risk"
)
SIZELESS = "net: a Sharpe ratio does not depend on a portfolio's size, and no constraint bounds it"
_GROWN = 1e6


@dataclass(frozen=True)
class MaximumSharpe:
    """Most (mean'w - trade_cost'|w - previous| / holding_period) / sqrt(w'Sigma w).

    With v = t w, t > 0, every constraint a'w <= b is a'v <= t b, and the ratio is largest where v'Sigma v is least
    while v earns 1: a convex program in (v, t), whatever the constraints. The weights are v / t. Where they may be
    multiplied by a number and keep to the constraints and the ratio (cash is allowed, and trades cost nothing), the
    largest such portfolio is taken. Where no weights have a positive mean, it says so and finds none.

    Parameters
    ----------
    costs
        Whether costs of the trade count.
    """

    costs: bool = True

    def solve(self, problem: Problem) -> Solution:
        """Return the weights of the largest ratio within the constraints."""
        if not isinstance(self.costs, bool):
            raise InputError(f"costs={self.costs!r}; True or False was expected: what they are the policy knows.")
        if problem.mean is None:
            raise InputError(
                "the problem has no mean; expected returns were expected by the largest Sharpe ratio. Give the policy "
                "a view, or use MinimumVariance."
            )
        return decide(problem, lambda limits: _best(problem, limits, self.costs))


def _best(problem: Problem, limits: Limits, costs: bool) -> Outcome:
    size = float(np.abs(problem.mean).max(initial=0.0)) if problem.mean is not None else 0.0
    count = len(limits.lower)
    if size == 0.0:
        return failed(count, NOT_POSITIVE)
    unit = float(np.mean(problem.risk.asset_variance))
    # risk aversion such that the program's mean is of size 1, whatever the returns' unit
    program = scaled(problem, limits, size / unit, cost=costs)
    form = conic_form(program)
    found = solve(np.r_[form.curvature, 0.0], np.zeros(form.columns.count + 1), _homogeneous(form))
    if found.status == "infeasible":
        apart = solve_program(scaled(problem, limits, 1.0, gain=False, cost=False))
        return apart if apart.infeasible else failed(count, NOT_POSITIVE)
    if found.status != "solved":
        return failed(count, reason_of(found))
    v, t = found.x[:count], float(found.x[-1])
    if t <= FEASIBLE * float(np.abs(v).max(initial=0.0)):
        return failed(count, SIZELESS)
    weights = v / t
    if not program.cost.any():
        share = _largest_share(weights, limits)
        if share >= _GROWN:
            return failed(count, SIZELESS)
        weights = weights * share
    return _exact(problem, limits, weights, multipliers_of(form, _own(form, found), limits) / t, costs)


def _homogeneous(form: Conic) -> list[Block]:
    """The blocks with a column -b for t in place of bounds b, and the rows: to earn 1 at least, and t >= 0."""
    blocks = [
        replace(
            block,
            rows=sparse.hstack([block.rows, sparse.csr_array(-block.bounds[:, None])], format="csr"),
            bounds=np.zeros_like(block.bounds),
        )
        for block in form.blocks
    ]
    width = form.columns.count + 1
    earns = sparse.csr_array(np.r_[form.slope, 0.0][None])
    positive = sparse.csr_array(([-1.0], ([0], [width - 1])), shape=(1, width))
    place = sum(block.kind == EQUAL for block in blocks)
    blocks[place:place] = [Block("", LESS, earns, np.array([-1.0])), Block("", LESS, positive, np.zeros(1))]
    return blocks


def _own(form: Conic, found: Found) -> Found:
    """What was found, without the duals of the two rows that were added."""
    place = sum(block.kind == EQUAL for block in form.blocks)
    return found._replace(duals=found.duals[:place] + found.duals[place + 2 :])


def _largest_share(weights: Array, limits: Limits) -> float:
    """The largest number, 1 or more, by which weights can be multiplied; the limits are convex."""

    def fits(share: float) -> bool:
        missed = limits.violations(share * weights)
        return all(miss <= FEASIBLE * 1e-2 for name, miss in missed.items() if name != "max_holdings")

    least, most = 1.0, 2.0
    if not fits(1.0 + 1e-6):
        return 1.0
    while most < _GROWN and fits(most):
        least, most = most, 2.0 * most
    if most >= _GROWN:
        return _GROWN
    for _ in range(60):
        middle = 0.5 * (least + most)
        least, most = (middle, most) if fits(middle) else (least, middle)
    return least


def _exact(problem: Problem, limits: Limits, weights: Array, multipliers: Array, costs: bool) -> Outcome:
    """The weights of largest ratio are those of most utility at the risk aversion mean / variance: polish there."""
    ratio, variance = _ratio(problem, weights, costs)
    if not ratio > 0.0:
        return failed(len(weights), NOT_POSITIVE)
    aversion = ratio / np.sqrt(variance)
    outcome = exact(scaled(problem, limits, aversion, cost=costs), weights, multipliers)
    if not outcome.converged:
        return outcome
    return replace(outcome, value=-_ratio(problem, outcome.weights, costs)[0])


def _ratio(problem: Problem, weights: Array, costs: bool) -> tuple[float, float]:
    """The Sharpe ratio of a date, after costs, and the variance."""
    variance = float(problem.risk.variance(weights))
    earned = float(weights @ problem.mean) if problem.mean is not None else 0.0
    if costs:
        earned -= float(problem.trade_cost @ np.abs(weights - problem.previous)) / problem.holding_period
    return earned / np.sqrt(variance) if variance > 0.0 else 0.0, variance
