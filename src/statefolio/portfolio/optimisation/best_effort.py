"""Finds the largest step towards target weights that turnover and volume limits allow.

With the target w*, held weights h and risk Sigma, the step w minimises (w - w*)' Sigma (w - w*) with

* each w_i between h_i and w*_i, and no larger than volumes allow (unless more is held);
* sum |w_i - h_i| at most the turnover limit;
* all other limits, each relaxed to what is held, so that no limit is violated further than it is now.

h satisfies all of them, so that a step exists. Where volumes allow w*, each step uses the whole turnover until it is
reached: every point on the line to w* is allowed, and the distance in risk falls along it. A unit traded is then a unit
less to trade, and the number of steps is sum |w*_i - h_i| over the limit, rounded up.
"""

from dataclasses import dataclass, replace

import numpy as np

from statefolio._arrays.types import Array
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.optimisation.limits import Cone, Limits, Row, limits_of
from statefolio.portfolio.optimisation.program_solver import solve_program
from statefolio.portfolio.optimisation.quadratic_program import scaled
from statefolio.portfolio.problem import Objective, Problem, Solution

ON_LIMIT = 1e-6
A_STEP = "the largest step towards the target that turnover and volumes allow"
"""The note of a decision that is such a step."""


@dataclass(frozen=True, eq=False)
class Step:
    """The largest step towards a target.

    Attributes
    ----------
    weights : (N,) array
        After the step.
    target : (N,) array
        Weights without the limits on turnover and, where `volume_stops`, on volumes.
    rest : float
        Turnover that is left after the step.
    steps_left : int, optional
        Steps that the rest takes on the following dates at unchanged prices; None where volumes or a turnover limit of
        zero stop it for good.
    volume_stops : bool
        Whether volumes stop some asset before its target.
    """

    weights: Array
    target: Array
    rest: float
    steps_left: int | None
    volume_stops: bool


def best_effort(problem: Problem, objective: Objective, chosen: Array | None = None) -> Step | None:
    """Return the largest step towards the weights that the objective wants without limits on turnover and volumes.

    The limit on volumes is lifted only if the objective has no solution with it.

    Parameters
    ----------
    problem : Problem
    objective : Objective
    chosen : (N,) array, optional
        The objective's own weights within all limits, where it has found some: they are the step then.

    Returns
    -------
    Step or None
        None if there is no solution without these limits either, or the problem has neither.
    """
    given = problem.constraints
    limits = limits_of(problem)
    if not np.isfinite(limits.turnover) and not limits.by_volume:
        return None
    free = replace(problem, constraints=replace(given, turnover=None, daily_turnover=None))
    found = objective.solve(free)
    if not found.converged and limits.by_volume:
        lifted = replace(given, turnover=None, daily_turnover=None, volume_share=None)
        found = objective.solve(replace(free, constraints=lifted, most_held=None))
    if not found.converged or not np.isfinite(found.weights).all():
        return None
    stepped = Solution(chosen) if chosen is not None else step_towards(problem, found.weights)
    if not stepped.converged:
        return None
    return _step(stepped.weights, found.weights, _reachable(found.weights, limits), per_date(given))


def step_towards(problem: Problem, target: Array) -> Solution:
    """Return the weights nearest to a target in terms of risk that one trade can reach.

    Parameters
    ----------
    problem : Problem
    target : (N,) array
    """
    limits = _relaxed(limits_of(problem), target)
    towards = replace(problem, mean=problem.risk.multiply(target), mean_covariance=None, covariance=problem.risk)
    found = solve_program(scaled(towards, limits, 1.0, cost=False))
    return Solution(found.weights, found.converged, found.reason)


def per_date(given: Constraints) -> float:
    """Return the turnover that is allowed per date where every date trades."""
    both = (given.turnover, given.daily_turnover)
    return min(np.inf if each is None else each for each in both)


def _step(weights: Array, target: Array, reachable: Array, limit: float) -> Step:
    rest = float(np.abs(reachable - weights).sum())
    blocked = float(np.abs(target - reachable).sum())
    rest = 0.0 if rest <= ON_LIMIT else rest
    volume_stops = blocked > ON_LIMIT
    stuck = volume_stops or (rest > 0.0 and limit <= 0.0)
    steps = None if stuck else int(np.ceil(rest / limit - ON_LIMIT)) if rest > 0.0 else 0
    return Step(weights, target, rest + (blocked if volume_stops else 0.0), steps, volume_stops)


def _reachable(target: Array, limits: Limits) -> Array:
    """The target, stopped where volumes stop it on the way from the present weights."""
    if not limits.by_volume:
        return target
    low, high = np.minimum(limits.lower, limits.previous), np.maximum(limits.upper, limits.previous)
    return np.clip(target, low, high)


def _relaxed(limits: Limits, target: Array) -> Limits:
    held, end = limits.previous, _reachable(target, limits)
    return replace(
        limits,
        lower=np.minimum(held, end),
        upper=np.maximum(held, end),
        rows=tuple(_relaxed_row(row, held) for row in limits.rows),
        cones=tuple(_relaxed_cone(cone, held) for cone in limits.cones),
        gross=max(limits.gross, float(np.abs(held).sum())),
        max_holdings=len(held),
    )


def _relaxed_row(row: Row, held: Array) -> Row:
    value = float(row.coefficients @ held)
    return replace(row, least=min(row.least, value), most=max(row.most, value))


def _relaxed_cone(cone: Cone, held: Array) -> Cone:
    value = float(cone.coefficients @ held)
    error = cone.z * float(np.linalg.norm(cone.deviation * held))
    return replace(cone, least=min(cone.least, value - error), most=max(cone.most, value + error))


def binding_limits(problem: Problem, weights: Array) -> tuple[list[str], list[str]]:
    """Return which limits weights lie on: those of the whole portfolio, and that of each asset.

    Parameters
    ----------
    problem : Problem
    weights : (N,) array

    Returns
    -------
    list of str
        Names of binding limits on net, gross, groups, factors, turnover and number of holdings.
    list of str
        By asset: "upper", "lower", "volume_share", the limits of its groups, or "".
    """
    limits = limits_of(problem)
    whole = [row.name for row in limits.rows if row.name != "net" and _on_row(row, weights)]
    whole += [cone.name for cone in limits.cones if _on_cone(cone, weights)]
    named = {"gross": np.abs(weights).sum() - limits.gross}
    named["turnover"] = np.abs(weights - limits.previous).sum() - limits.turnover
    whole += [name for name, gap in named.items() if gap >= -ON_LIMIT]
    if 0 < limits.max_holdings < len(weights) and np.count_nonzero(weights) >= limits.max_holdings:
        whole.append("max_holdings")
    own = []
    for place, weight in enumerate(weights):
        volume = problem.most_held is not None and abs(weight) >= problem.most_held[place] - ON_LIMIT
        at = [
            row.name
            for row in limits.rows
            if row.name in whole and row.name.startswith("group") and row.coefficients[place] != 0.0
        ]
        if volume and limits.by_volume:
            at.insert(0, "volume_share")
        elif weight >= limits.upper[place] - ON_LIMIT:
            at.insert(0, "upper")
        elif weight <= limits.lower[place] + ON_LIMIT:
            at.insert(0, "lower")
        own.append(", ".join(at))
    return whole, own


def _on_row(row: Row, weights: Array) -> bool:
    value = float(row.coefficients @ weights)
    return value <= row.least + ON_LIMIT or value >= row.most - ON_LIMIT


def _on_cone(cone: Cone, weights: Array) -> bool:
    value = float(cone.coefficients @ weights)
    error = cone.z * float(np.linalg.norm(cone.deviation * weights))
    return value - error <= cone.least + ON_LIMIT or value + error >= cone.most - ON_LIMIT
