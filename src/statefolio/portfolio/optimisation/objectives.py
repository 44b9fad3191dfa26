"""Minimum variance, and maximum utility after costs."""

from dataclasses import dataclass

from statefolio._options import Number, check_options
from statefolio.portfolio.optimisation.constrained import solve_constrained
from statefolio.portfolio.optimisation.limits import Limits
from statefolio.portfolio.optimisation.program_solver import solve_program
from statefolio.portfolio.optimisation.quadratic_program import ProgramResult, scaled
from statefolio.portfolio.problem import Problem, Solution

RULES = {"risk_aversion": Number(above=0.0, example=5.0)}


@dataclass(frozen=True)
class MinimumVariance:
    """Minimise w'Sigma w. Expected returns and costs are not used.

    For the lowest risk after costs, use `Utility` and a problem without a mean.

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
    ...     constraints=sf.Constraints(),
    ...     trade_cost=np.zeros(3),
    ...     mean=np.array([1e-4, 2e-4, 4e-4]),
    ... )
    >>> solution = sf.portfolio.MinimumVariance().solve(problem)
    >>> [round(float(w), 3) for w in solution.weights]
    [0.571, 0.286, 0.143]
    """

    def solve(self, problem: Problem) -> Solution:
        """Return the weights with the lowest variance within the constraints."""

        def best(limits: Limits) -> ProgramResult:
            return solve_program(scaled(problem, limits, 1.0, gain=False, cost=False))

        return solve_constrained(problem, best)


@dataclass(frozen=True)
class Utility:
    """Maximise ``mean'w - risk_aversion/2 w'Sigma w - trade_cost'|w - previous| / holding_period``, per date.

    A trade's cost is paid once and its expected return earned on every date until the next decision, hence the
    division. Sigma includes the covariance of the mean's error, so that an uncertain view leads to a small position. A
    problem without a mean counts as one with a mean of zero.

    Parameters
    ----------
    risk_aversion
        Positive. 1 maximises the growth of log value to second order (full Kelly). skfolio's `risk_aversion` is half of
        this one, as it has no 1/2.

    Examples
    --------
    Higher risk aversion moves weight from the asset with the highest expected return to the safest:

    >>> import numpy as np
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> covariance = sf.risk.LowRankCovariance(np.full((3, 1), 0.01), np.eye(1), np.array([1e-4, 2e-4, 4e-4]))
    >>> problem = sf.portfolio.Problem(
    ...     pd.Index(["bonds", "gold", "stocks"]),
    ...     covariance,
    ...     factors=pd.Index(["market"]),
    ...     previous=np.zeros(3),
    ...     constraints=sf.Constraints(),
    ...     trade_cost=np.zeros(3),
    ...     mean=np.array([1e-4, 2e-4, 4e-4]),
    ... )
    >>> for risk_aversion in (1.0, 5.0):
    ...     solution = sf.portfolio.Utility(risk_aversion).solve(problem)
    ...     print(risk_aversion, [round(float(w), 2) for w in solution.weights])
    1.0 [0.0, 0.33, 0.67]
    5.0 [0.43, 0.31, 0.26]
    """

    risk_aversion: float = 5.0

    def solve(self, problem: Problem) -> Solution:
        """Return the weights with the highest utility within the constraints."""
        check_options(self, RULES)

        def best(limits: Limits) -> ProgramResult:
            return solve_program(scaled(problem, limits, self.risk_aversion))

        return solve_constrained(problem, best)
