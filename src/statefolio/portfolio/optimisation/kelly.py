"""Growth of the logarithm of value, and a cautious fraction of what it asks for (Kelly 1956; Thorp 2006)."""

from dataclasses import dataclass, replace

import numpy as np

from statefolio._arrays.types import Array
from statefolio._options import is_number
from statefolio.exceptions import InputError
from statefolio.portfolio.optimisation.decision import decide
from statefolio.portfolio.optimisation.limits import Limits, Row, limits_of
from statefolio.portfolio.optimisation.program import scaled
from statefolio.portfolio.optimisation.solving import FEASIBLE, solve_program
from statefolio.portfolio.problem import Problem, Solution


@dataclass(frozen=True)
class FractionalKelly:
    """A fraction of the portfolio of most growth, then capped.

    1. Full Kelly, cash free: most mean'w - 1/2 w'Sigma w, the growth of log value to second order, with the signs
       that the boxes allow (long only where `lower` is not negative) and no other constraint. Sigma holds what the
       mean is not sure of: the posterior's risk, not only the returns'.
    2. Times the fraction. The rest is cash.
    3. Capped: positions into their boxes, then all of them scaled towards cash until net (its most), gross, groups
       and factor limits hold, then as much of the trade as turnover allows. Where scaling cannot help (a limit that
       cash does not keep to), the nearest weights in terms of risk that keep to all.

    Cash is what Kelly is free to hold, so the least of `net` is not kept: `net=1` means fully invested at most. Costs
    play no part. With fraction c and no cap that binds this is `Utility(risk_aversion=1 / c)` without costs (1 / (2c)
    where utility is written without its 1/2); with a cap it is not: there, utility asks again for the best mix, and
    this scales the growth-optimal one.

    Parameters
    ----------
    fraction
        c, above 0, at most 1.
    """

    fraction: float = 0.25

    def solve(self, problem: Problem) -> Solution:
        """Return the capped fraction of the growth-optimal weights."""
        if not is_number(self.fraction) or not 0.0 < self.fraction <= 1.0:
            raise InputError(f"fraction={self.fraction!r}; a number above 0, at most 1, was expected. Try .25.")
        if problem.mean is None:
            raise InputError(
                "the problem has no mean; expected returns were expected by Kelly. Give the policy a view."
            )
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
    """Weights in their boxes, the largest of them where few may be held, scaled towards cash, and as far as turnover.

    Parameters
    ----------
    wanted : (N,) array
    limits : Limits

    Returns
    -------
    (N,) array
        Limits that scaling cannot meet may be missed.
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
    """By how much weights miss limits, rounding aside."""
    return {name: miss for name, miss in limits.violations(weights).items() if miss > FEASIBLE}


def _share(weights: Array, limits: Limits) -> float:
    """The largest share of weights, at most 1, that keeps to gross, rows and bands, where cash does."""
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
    """Least (w - wanted)' Sigma (w - wanted) within all limits."""
    towards = replace(problem, mean=problem.risk.multiply(wanted))
    return decide(problem, lambda given: solve_program(scaled(towards, given, 1.0, cost=False)), limits)


def _within_band(weights: Array, limits: Limits, band: float) -> Array:
    """Small trades are not made; the other positions are scaled towards cash where limits would be missed for it."""
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
