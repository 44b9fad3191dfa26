"""From a problem to a solution: what every objective does around its own program."""

from collections.abc import Callable

from statefolio.portfolio.optimisation.limits import Limits, limits_of
from statefolio.portfolio.optimisation.program import Outcome
from statefolio.portfolio.problem import Problem, Solution

Best = Callable[[Limits], Outcome]
"""The best weights within limits, the number of holdings and the no-trade band aside."""


def decide(problem: Problem, best: Best) -> Solution:
    """Solve a problem with all of its constraints.

    Parameters
    ----------
    problem : Problem
    best : callable
        Limits to an `Outcome`.
    """
    limits = limits_of(problem)
    outcome = best(limits)
    return Solution(outcome.weights, outcome.converged, outcome.reason)
