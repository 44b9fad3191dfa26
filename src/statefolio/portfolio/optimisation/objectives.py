"""What is looked for: the least variance, or the most utility after costs."""

from dataclasses import dataclass

from statefolio._options import is_number
from statefolio.exceptions import InputError
from statefolio.portfolio.optimisation.decision import decide
from statefolio.portfolio.optimisation.limits import Limits
from statefolio.portfolio.optimisation.program import Outcome, scaled
from statefolio.portfolio.optimisation.solving import solve_program
from statefolio.portfolio.problem import Problem, Solution


@dataclass(frozen=True)
class MinimumVariance:
    """Least w'Sigma w. Means and costs play no part: without a price of risk they cannot be weighed against it.

    For the least risk after costs, use `Utility` and a problem without a mean.
    """

    def solve(self, problem: Problem) -> Solution:
        """Return the weights of least variance within the constraints."""

        def best(limits: Limits) -> Outcome:
            return solve_program(scaled(problem, limits, 1.0, gain=False, cost=False))

        return decide(problem, best)


@dataclass(frozen=True)
class Utility:
    """Most mean'w - risk_aversion/2 w'Sigma w - trade_cost'|w - previous| / holding_period, a date.

    The cost of a trade is paid once and its mean earned on every date until the next decision: hence the division.
    Sigma holds what the mean is not sure of, so an uncertain view is a small position. Without a mean it is zero.

    Parameters
    ----------
    risk_aversion
        Positive. 1: the growth of the logarithm of value, to second order (full Kelly). skfolio's `risk_aversion` is
        half of it, as it has no 1/2.
    """

    risk_aversion: float = 5.0

    def solve(self, problem: Problem) -> Solution:
        """Return the weights of most utility within the constraints."""
        if not is_number(self.risk_aversion) or not 0.0 < self.risk_aversion < float("inf"):
            raise InputError(f"risk_aversion={self.risk_aversion!r}; a positive number was expected. Try 5.")

        def best(limits: Limits) -> Outcome:
            return solve_program(scaled(problem, limits, self.risk_aversion))

        return decide(problem, best)
