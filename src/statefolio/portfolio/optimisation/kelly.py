"""Kelly's growth-optimal portfolio, scaled down by a fraction (Kelly 1956; Thorp 2006)."""

from dataclasses import dataclass, replace

import numpy as np

from statefolio._arrays.types import Array
from statefolio._options import Number, check_options
from statefolio.exceptions import InputError
from statefolio.portfolio.optimisation.constrained import solve_constrained
from statefolio.portfolio.optimisation.limits import Limits, Row, limits_of
from statefolio.portfolio.optimisation.program_solver import FEASIBLE, solve_program
from statefolio.portfolio.optimisation.quadratic_program import scaled
from statefolio.portfolio.problem import Problem, Solution

RULES = {"fraction": Number(above=0.0, at_most=1.0, example=0.25)}


@dataclass(frozen=True)
class FractionalKelly:
    """A fraction of the growth-optimal portfolio, reduced until it satisfies the constraints.

    1. Full Kelly with free cash: maximise mean'w - 1/2 w'Sigma w, the growth of log value to second order, with the
       signs that the bounds allow (long only unless `lower` is negative) and no other constraint. Sigma includes the
       covariance of the mean's error.
    2. Multiply by the fraction. The remainder is cash.
    3. Apply the constraints: clip positions to their bounds, then scale all of them towards cash until the upper limits
       on net, gross, groups and factors hold, then trade only as far as turnover allows. If scaling cannot help (a
       limit that cash violates), take the weights nearest in terms of risk that satisfy all constraints.

    Kelly may hold cash, so the lower limit on `net` is not used: `net=1` means at most fully invested. (Where bounds
    exclude it, pass e.g. `net=(0, 1)`.) Costs are not used. With fraction c and no binding constraint this is
    `Utility(risk_aversion=1 / c)` without costs (1 / (2c) where utility is written without its 1/2). With a binding
    constraint they differ: utility optimises the mix again, while this scales the growth-optimal mix.

    Parameters
    ----------
    fraction
        c, above 0 and at most 1.

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
    >>> for fraction in (0.1, 0.25):
    ...     solution = sf.FractionalKelly(fraction).solve(problem)
    ...     print(f"{fraction}: {solution.weights.sum():.2f} invested, {1 - solution.weights.sum():.2f} in cash")
    0.1: 0.11 invested, 0.89 in cash
    0.25: 0.29 invested, 0.71 in cash
    """

    fraction: float = 0.25

    def solve(self, problem: Problem) -> Solution:
        """Return the fraction of the growth-optimal weights that satisfies the constraints.

        Raises
        ------
        InputError
            If the fraction is invalid or the problem has no mean.
        """
        check_options(self, RULES)
        if problem.mean is None:
            raise InputError("mean must be given for FractionalKelly, got None. Give the policy a view.")
        given = limits_of(problem)
        limits = replace(given, rows=tuple(_cash_free(row) for row in given.rows))
        full = solve_program(scaled(problem, _signs_only(limits), 1.0, cost=False))
        if not full.converged:
            return Solution(full.weights, False, f"full Kelly: {full.reason}")
        wanted = self.fraction * full.weights
        weights = capped(wanted, limits)
        if missed(weights, limits):
            return _nearest(problem, wanted, limits)
        return Solution(_within_band(weights, limits, problem.constraints.no_trade_band))


def capped(wanted: Array, limits: Limits) -> Array:
    """Clip weights to bounds, keep the largest if holdings are limited, scale towards cash, limit turnover.

    Parameters
    ----------
    wanted : (N,) array
    limits : Limits

    Returns
    -------
    (N,) array
        Limits that scaling cannot satisfy may be violated.
    """
    weights = np.clip(wanted, limits.lower, limits.upper)
    if np.count_nonzero(weights) > limits.max_holdings:
        smallest = np.argsort(-np.abs(weights), kind="stable")[limits.max_holdings :]
        weights[smallest] = 0.0
    weights = weights * _share(weights, limits)
    trade = weights - limits.previous
    traded = float(np.abs(trade).sum())
    if traded > limits.turnover:
        weights = limits.previous + trade * (limits.turnover / traded)
    return weights


def missed(weights: Array, limits: Limits) -> dict[str, float]:
    """Amounts by which weights violate limits, by name, apart from rounding."""
    return {name: miss for name, miss in limits.violations(weights).items() if miss > FEASIBLE}


def _share(weights: Array, limits: Limits) -> float:
    """The largest share of the weights, at most 1, that satisfies gross, rows and cones, if cash does."""
    ends = [(float(np.abs(weights).sum()), 0.0, -np.inf, limits.gross)]
    ends += [(float(row.coefficients @ weights), 0.0, row.least, row.most) for row in limits.rows]
    for cone in limits.cones:
        error = cone.z * float(np.linalg.norm(cone.deviation * weights))
        ends.append((float(cone.coefficients @ weights), error, cone.least, cone.most))
    share = 1.0
    for value, error, least, most in ends:
        if value + error > most >= 0.0:
            share = min(share, most / (value + error))
        if value - error < least <= 0.0:
            share = min(share, least / (value - error))
    return share


def _cash_free(row: Row) -> Row:
    return replace(row, least=-np.inf) if row.name == "net" else row


def _signs_only(limits: Limits) -> Limits:
    return replace(
        limits,
        lower=np.where(limits.lower < 0.0, -np.inf, 0.0),
        upper=np.where(limits.upper > 0.0, np.inf, 0.0),
        rows=(),
        cones=(),
        turnover=np.inf,
        gross=np.inf,
        max_holdings=len(limits.lower),
    )


def _nearest(problem: Problem, wanted: Array, limits: Limits) -> Solution:
    """Minimise (w - wanted)' Sigma (w - wanted) within all limits."""
    towards = replace(problem, mean=problem.risk.multiply(wanted))
    return solve_constrained(problem, lambda given: solve_program(scaled(towards, given, 1.0, cost=False)), limits)


def _within_band(weights: Array, limits: Limits, band: float) -> Array:
    """Skip small trades; scale the other positions towards cash if that violates limits."""
    small = np.abs(weights - limits.previous) < band
    small &= (limits.previous >= limits.lower) & (limits.previous <= limits.upper)
    kept, others = np.where(small, limits.previous, 0.0), np.where(small, 0.0, weights)
    if not limits.previous.any() or missed(kept, limits):
        return weights
    least, most = 0.0, 1.0
    if not missed(kept + others, limits):
        return kept + others
    for _ in range(50):
        middle = 0.5 * (least + most)
        least, most = (least, middle) if missed(kept + middle * others, limits) else (middle, most)
    scaled_others: Array = kept + least * others
    return scaled_others
