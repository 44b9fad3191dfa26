"""Solves a problem with all of its constraints: the part that every objective shares."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from statefolio._arrays.types import Array
from statefolio.portfolio.optimisation.cardinality import limit_holdings
from statefolio.portfolio.optimisation.infeasibility import explain_infeasibility
from statefolio.portfolio.optimisation.limits import Limits, limits_of
from statefolio.portfolio.optimisation.no_trade_band import apply_no_trade_band
from statefolio.portfolio.optimisation.quadratic_program import ProgramResult
from statefolio.portfolio.problem import Problem, Solution

Best = Callable[[Limits], ProgramResult]
"""Finds the best weights within limits, without the limit on holdings and the no-trade band."""


def solve_constrained(problem: Problem, best: Best, limits: Limits | None = None) -> Solution:
    """Solve a problem with all of its constraints.

    First the convex program; then, if it holds too many assets, the best selection of them; then positions whose trade
    is within the no-trade band are kept and the others are optimised again.

    Parameters
    ----------
    problem : Problem
    best : callable
        Maps limits to a `ProgramResult`; a larger `value` is worse.
    limits : Limits, optional
        By default those of the problem.
    """
    limits = limits_of(problem) if limits is None else limits
    if len(limits.lower) == 0:
        return Solution(np.empty(0), False, "no asset can be held on this date")
    outcome = best(limits)
    if outcome.converged and np.count_nonzero(outcome.weights) > limits.max_holdings:
        outcome, limits = limit_holdings(limits, best, outcome)
    band = problem.constraints.no_trade_band
    if outcome.converged and band > 0.0 and limits.previous.any():
        outcome = apply_no_trade_band(limits, best, outcome, band)
    if outcome.infeasible:
        outcome = replace(outcome, reason=explain_infeasibility(limits) or outcome.reason)
    weights: Array = outcome.weights
    return Solution(weights, outcome.converged, outcome.reason)
