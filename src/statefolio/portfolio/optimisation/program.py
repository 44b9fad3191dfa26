"""A convex quadratic program over weights, scaled, and what solving it found."""

from dataclasses import dataclass

import numpy as np

from statefolio._arrays.types import Array
from statefolio.portfolio.optimisation.limits import Limits
from statefolio.portfolio.problem import Problem


@dataclass(frozen=True, eq=False)
class Program:
    """Least 1/2 w'(D + F F')w - gain'w + cost'|w - previous| within limits; N assets, R factors.

    Returns have variances of 1e-4: `scaled` divides by them, so that a solver's tolerances mean what they say.

    Attributes
    ----------
    diagonal : (N,) array
        D, not negative.
    factors : (R, N) array
        F'.
    gain, cost : (N,) array
        Expected returns and costs of trading a unit, each in units of risk.
    limits : Limits
    """

    diagonal: Array
    factors: Array
    gain: Array
    cost: Array
    limits: Limits

    def gradient(self, weights: Array) -> Array:
        """Of the part that is smooth: (D + F F')w - gain."""
        slope: Array = self.diagonal * weights + (self.factors @ weights) @ self.factors - self.gain
        return slope

    def value(self, weights: Array) -> float:
        """What is minimised."""
        exposure = self.factors @ weights
        smooth = 0.5 * (exposure @ exposure + weights @ (self.diagonal * weights)) - self.gain @ weights
        return float(smooth + self.cost @ np.abs(weights - self.limits.previous))


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a program.

    Attributes
    ----------
    weights : (N,) array
        NaN where not `converged`.
    value : float
        What was minimised, to compare outcomes of one problem by; infinite where not `converged`.
    converged, reason
        As in `Solution`.
    infeasible : bool
        Whether no weights keep to the limits.
    multipliers : (rows,) array
        Of the rows, then of turnover and gross: by how much the value falls for a little more of each limit. Empty
        where not `converged`.
    """

    weights: Array
    value: float
    converged: bool = True
    reason: str = ""
    infeasible: bool = False
    multipliers: Array | None = None


def failed(count: int, reason: str, infeasible: bool = False) -> Outcome:
    """An outcome without weights."""
    return Outcome(np.full(count, np.nan), np.inf, False, reason, infeasible)


def scaled(problem: Problem, limits: Limits, risk_aversion: float, *, gain: bool = True, cost: bool = True) -> Program:
    """The program of a utility, divided by its risk aversion and by the assets' average variance.

    Parameters
    ----------
    problem : Problem
    limits : Limits
    risk_aversion : float
        Positive.
    gain, cost : bool
        Whether expected returns and costs of the trade take part.
    """
    risk = problem.risk
    common = (risk.loadings @ risk.factor_root).T
    unit = float(np.mean(risk.asset_variance)) if len(risk) else 1.0
    nothing = np.zeros(len(risk))
    expected = problem.mean if gain and problem.mean is not None else nothing
    paid = problem.trade_cost / problem.holding_period if cost else nothing
    exchange = 1.0 / (risk_aversion * unit)
    return Program(
        risk.diagonal / unit, np.ascontiguousarray(common) / np.sqrt(unit), expected * exchange, paid * exchange, limits
    )
