"""From a problem to a solution: what every objective does around its own program."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from statefolio._arrays.types import Array
from statefolio.portfolio.optimisation.band import keep_small_trades
from statefolio.portfolio.optimisation.conflict import conflict
from statefolio.portfolio.optimisation.holdings import hold_few
from statefolio.portfolio.optimisation.limits import Limits, limits_of
from statefolio.portfolio.optimisation.program import Outcome
from statefolio.portfolio.problem import Problem, Solution

Best = Callable[[Limits], Outcome]
"""The best weights within limits, the number of holdings and the no-trade band aside."""


def decide(problem: Problem, best: Best, limits: Limits | None = None) -> Solution:
    """Solve a problem with all of its constraints.

    The program first; then, where it holds too many assets, the best choice of them; then positions whose trade would
    be within the no-trade band are kept, and the others solved for again.

    Parameters
    ----------
    problem : Problem
    best : callable
        Limits to an `Outcome`; a larger `value` is worse.
    limits : Limits, optional
        Those of the problem.
    """
    limits = limits_of(problem) if limits is None else limits
    if len(limits.lower) == 0:
        return Solution(np.empty(0), False, "no asset can be held on this date")
    outcome = best(limits)
    if outcome.converged and np.count_nonzero(outcome.weights) > limits.max_holdings:
        outcome, limits = hold_few(limits, best, outcome)
    band = problem.constraints.no_trade_band
    if outcome.converged and band > 0.0 and limits.previous.any():
        outcome = keep_small_trades(limits, best, outcome, band)
    if outcome.infeasible:
        outcome = replace(outcome, reason=conflict(limits) or outcome.reason)
    weights: Array = outcome.weights
    return Solution(weights, outcome.converged, outcome.reason)
