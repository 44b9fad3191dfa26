"""A convex quadratic program over weights, in scaled units, and its result."""

from dataclasses import dataclass

import numpy as np

from statefolio._arrays.types import Array
from statefolio.portfolio.optimisation.limits import Limits
from statefolio.portfolio.problem import Problem


@dataclass(frozen=True, eq=False)
class QuadraticProgram:
    """Minimise 1/2 w'(D + F F')w - gain'w + cost'|w - previous| within limits; N assets, R factors.

    Daily returns have variances of about 1e-4: `scaled` divides by them, so that the solver's tolerances are
    meaningful.

    Attributes
    ----------
    diagonal : (N,) array
        D, not negative.
    factors : (R, N) array
        F'.
    gain, cost : (N,) array
        Expected returns and costs of trading a unit, in units of risk.
    limits : Limits
    """

    diagonal: Array
    factors: Array
    gain: Array
    cost: Array
    limits: Limits

    def gradient(self, weights: Array) -> Array:
        """Gradient of the smooth part: (D + F F')w - gain."""
        slope: Array = self.diagonal * weights + (self.factors @ weights) @ self.factors - self.gain
        return slope

    def value(self, weights: Array) -> float:
        """The objective, which is minimised."""
        exposure = self.factors @ weights
        smooth = 0.5 * (exposure @ exposure + weights @ (self.diagonal * weights)) - self.gain @ weights
        return float(smooth + self.cost @ np.abs(weights - self.limits.previous))


@dataclass(frozen=True, eq=False)
class ProgramResult:
    """The result of a program.

    Attributes
    ----------
    weights : (N,) array
        NaN where not `converged`.
    value : float
        The minimum of the objective, which compares results of one problem; infinite where not `converged`.
    converged, reason
        As in `Solution`.
    infeasible : bool
        Whether no weights satisfy the limits.
    multipliers : (rows,) array
        Of the rows, then of turnover and gross: the fall of the objective per unit of each limit. None where not
        `converged`.
    """

    weights: Array
    value: float
    converged: bool = True
    reason: str = ""
    infeasible: bool = False
    multipliers: Array | None = None


def failed(count: int, reason: str, infeasible: bool = False) -> ProgramResult:
    """A result without weights."""
    return ProgramResult(np.full(count, np.nan), np.inf, False, reason, infeasible)


def scaled(
    problem: Problem, limits: Limits, risk_aversion: float, *, gain: bool = True, cost: bool = True
) -> QuadraticProgram:
    """The program of a utility, divided by its risk aversion and by the assets' average variance.

    Parameters
    ----------
    problem : Problem
    limits : Limits
    risk_aversion : float
        Positive.
    gain, cost : bool
        Whether the objective includes expected returns and trading costs.
    """
    risk = problem.risk
    common = (risk.loadings @ risk.factor_root).T
    unit = float(np.mean(risk.asset_variance)) if len(risk) else 1.0
    nothing = np.zeros(len(risk))
    expected = problem.mean if gain and problem.mean is not None else nothing
    paid = problem.trade_cost / problem.holding_period if cost else nothing
    exchange = 1.0 / (risk_aversion * unit)
    return QuadraticProgram(
        risk.diagonal / unit, np.ascontiguousarray(common) / np.sqrt(unit), expected * exchange, paid * exchange, limits
    )
