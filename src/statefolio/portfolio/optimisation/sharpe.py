"""Maximises the Sharpe ratio within constraints, as a convex program (Charnes and Cooper 1962)."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from statefolio._arrays.types import Array
from statefolio._options import Flag, check_options
from statefolio.exceptions import InputError
from statefolio.portfolio.optimisation.clarabel_solver import ConicResult, solve_conic
from statefolio.portfolio.optimisation.conic import EQUAL, LESS, Block, ConicProgram, conic_form
from statefolio.portfolio.optimisation.constrained import solve_constrained
from statefolio.portfolio.optimisation.limits import Limits
from statefolio.portfolio.optimisation.program_solver import FEASIBLE, multipliers_of, reason_of, refined, solve_program
from statefolio.portfolio.optimisation.quadratic_program import ProgramResult, failed, scaled
from statefolio.portfolio.problem import Problem, Solution

NOT_POSITIVE = (
    "mean: no weights within the constraints are expected to earn more than cash (after costs), so the highest Sharpe "
    "ratio is not positive, and maximising it would maximise risk"
)
SIZELESS = "net: a Sharpe ratio does not depend on a portfolio's size, and no constraint bounds it"
_GROWN = 1e6

RULES = {"costs": Flag()}


@dataclass(frozen=True)
class MaximumSharpe:
    """Maximise ``(mean'w - trade_cost'|w - previous| / holding_period) / sqrt(w'Sigma w)``.

    With v = t w, t > 0, every constraint a'w <= b becomes a'v <= t b, and the ratio is highest where v'Sigma v is
    lowest while v earns 1: a convex program in (v, t), whatever the constraints. The weights are v / t. If several
    multiples of the weights satisfy the constraints with the same ratio (cash is allowed, and trades cost nothing), the
    largest is returned. If no weights have a positive expected return after costs, the solution has `converged=False`
    and says so.

    Parameters
    ----------
    costs
        Whether trading costs count.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> covariance = sf.risk.LowRankCovariance(np.full((3, 1), 0.01), np.eye(1), np.array([1e-4, 2e-4, 4e-4]))
    >>> problem = sf.portfolio.Problem(
    ...     pd.Index(["bonds", "gold", "stocks"]),
    ...     covariance,
    ...     factors=pd.Index(["market"]),
    ...     previous=np.zeros(3),
    ...     constraints=sf.Constraints(upper=0.5),
    ...     trade_cost=np.zeros(3),
    ...     mean=np.array([1e-4, 2e-4, 4e-4]),
    ... )
    >>> solution = sf.MaximumSharpe().solve(problem)
    >>> [round(float(w), 2) for w in solution.weights]
    [0.06, 0.44, 0.5]

    Expected losses have no such portfolio:

    >>> from dataclasses import replace
    >>> sf.MaximumSharpe().solve(replace(problem, mean=-problem.mean)).converged
    False
    """

    costs: bool = True

    def solve(self, problem: Problem) -> Solution:
        """Return the weights with the highest Sharpe ratio within the constraints.

        Raises
        ------
        InputError
            If `costs` is not a boolean or the problem has no mean.
        """
        check_options(self, RULES)
        if problem.mean is None:
            raise InputError(
                "mean must be given for MaximumSharpe, got None. Give the policy a view, or use MinimumVariance."
            )
        return solve_constrained(problem, lambda limits: _best(problem, limits, self.costs))


def _best(problem: Problem, limits: Limits, costs: bool) -> ProgramResult:
    size = float(np.abs(problem.mean).max(initial=0.0)) if problem.mean is not None else 0.0
    count = len(limits.lower)
    if size == 0.0:
        return failed(count, NOT_POSITIVE)
    unit = float(np.mean(problem.risk.asset_variance))
    # with this risk aversion the program's mean has size 1, whatever the returns' unit
    program = scaled(problem, limits, size / unit, cost=costs)
    form = conic_form(program)
    found = solve_conic(np.r_[form.curvature, 0.0], np.zeros(form.columns.count + 1), _homogeneous(form))
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
    return _exact(problem, limits, weights, multipliers_of(form, _without_added_rows(form, found), limits) / t, costs)


def _homogeneous(form: ConicProgram) -> list[Block]:
    """The blocks with a column -b for t in place of bounds b, plus two rows: earn at least 1, and t >= 0."""
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


def _without_added_rows(form: ConicProgram, found: ConicResult) -> ConicResult:
    """The solver's answer without the duals of the two added rows."""
    place = sum(block.kind == EQUAL for block in form.blocks)
    return found._replace(duals=found.duals[:place] + found.duals[place + 2 :])


def _largest_share(weights: Array, limits: Limits) -> float:
    """The largest number, at least 1, that scales the weights within limits; the limits are convex."""

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


def _exact(problem: Problem, limits: Limits, weights: Array, multipliers: Array, costs: bool) -> ProgramResult:
    """Refine the weights: they maximise utility with risk aversion mean / variance."""
    ratio, variance = _ratio(problem, weights, costs)
    if not ratio > 0.0:
        return failed(len(weights), NOT_POSITIVE)
    aversion = ratio / np.sqrt(variance)
    outcome = refined(scaled(problem, limits, aversion, cost=costs), weights, multipliers)
    if not outcome.converged:
        return outcome
    return replace(outcome, value=-_ratio(problem, outcome.weights, costs)[0])


def _ratio(problem: Problem, weights: Array, costs: bool) -> tuple[float, float]:
    """The Sharpe ratio per date, after costs, and the variance."""
    variance = float(problem.risk.variance(weights))
    earned = float(weights @ problem.mean) if problem.mean is not None else 0.0
    if costs:
        earned -= float(problem.trade_cost @ np.abs(weights - problem.previous)) / problem.holding_period
    return earned / np.sqrt(variance) if variance > 0.0 else 0.0, variance
