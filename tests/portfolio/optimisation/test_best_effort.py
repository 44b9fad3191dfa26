"""The largest step towards a target: against SciPy's SLSQP, along the way, and with volumes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.optimisation.best_effort import best_effort, step_towards
from statefolio.portfolio.optimisation.objectives import MinimumVariance
from statefolio.portfolio.problem import Problem
from statefolio.risk.low_rank import LowRankCovariance

N = 8


def problem_of(seed, constraints, *, most_held=None, dates_since=1):
    draw = np.random.default_rng(seed)
    covariance = LowRankCovariance(draw.normal(0.8, 0.4, (N, 2)), np.diag([1e-4, 4e-5]), draw.uniform(5e-5, 4e-4, N))
    return Problem(
        pd.Index(list("ABCDEFGH")),
        covariance,
        factors=pd.Index(["market", "size"]),
        previous=draw.dirichlet(np.ones(N)) * 0.8,
        constraints=constraints,
        trade_cost=np.zeros(N),
        dates_since=dates_since,
        most_held=most_held,
    )


def by_slsqp(problem, target, most, turnover):
    """The same step with w = held + direction * bought, bought in [0, way], written from the definition."""
    held, sigma = problem.previous, problem.covariance.dense() * 1e4
    direction, way = np.sign(target - held), np.abs(target - held)
    way = np.minimum(way, np.maximum(most - held, 0.0) * (direction > 0) + way * (direction <= 0))

    def distance(bought):
        gap = held + direction * bought - target
        return gap @ sigma @ gap, 2.0 * direction * (sigma @ gap)

    limits = [{"type": "ineq", "fun": lambda bought: turnover - bought.sum(), "jac": lambda bought: -np.ones(N)}]
    net = 1.0 - held.sum()  # the net weight stays from what is held to 1
    limits += [
        {"type": "ineq", "fun": lambda bought: direction @ bought, "jac": lambda bought: direction},
        {"type": "ineq", "fun": lambda bought: net - direction @ bought, "jac": lambda bought: -direction},
    ]
    bounds = [(0.0, each) for each in way]
    found = minimize(
        distance,
        np.zeros(N),
        jac=True,
        bounds=bounds,
        constraints=limits,
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert found.success
    return held + direction * found.x


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("with_volumes", [False, True])
def test_the_step_equals_a_general_solver(seed, with_volumes):
    most = np.random.default_rng(seed).uniform(0.02, 0.2, N) if with_volumes else np.ones(N)
    limits = Constraints(turnover=0.15, volume_share=0.1 if with_volumes else None)
    problem = problem_of(seed, limits, most_held=most if with_volumes else None)
    assert not MinimumVariance().solve(problem).converged  # 20 % in cash: a turnover of 15 % cannot invest it
    target = MinimumVariance().solve(replace(problem, constraints=Constraints(), most_held=None)).weights
    step = step_towards(problem, target)
    assert step.converged
    sigma = problem.covariance.dense()
    slow = by_slsqp(problem, target, most, 0.15)
    assert np.abs(step.weights - slow).max() <= 2e-5
    near, far = ((each - target) @ sigma @ (each - target) for each in (step.weights, slow))
    assert near <= far * (1.0 + 1e-9)
    assert near < (problem.previous - target) @ sigma @ (problem.previous - target)


@pytest.mark.parametrize("seed", range(3))
def test_the_rest_takes_as_many_steps_as_it_says(seed):
    problem = problem_of(seed, Constraints(turnover=0.2))
    found = best_effort(problem, MinimumVariance())
    target, left = found.target, found.steps_left
    assert np.abs(found.weights - problem.previous).sum() == pytest.approx(0.2)
    assert found.rest == pytest.approx(np.abs(target - problem.previous).sum() - 0.2)
    count, weights = 0, found.weights
    while np.abs(weights - target).max() > 1e-6:
        weights = step_towards(replace(problem, previous=weights), target).weights
        count += 1
    assert count == left > 0


def test_daily_limits_accrue_until_the_decision_and_then_count_by_date():
    problem = problem_of(0, Constraints(daily_turnover=0.01), dates_since=5)
    found = best_effort(problem, MinimumVariance())
    assert np.abs(found.weights - problem.previous).sum() == pytest.approx(0.05)
    assert found.steps_left == int(np.ceil(found.rest / 0.01 - 1e-6))


def test_volumes_that_stop_the_way_are_said():
    most = np.full(N, 0.1)  # eight positions of at most 10 % cannot be fully invested
    problem = problem_of(1, Constraints(volume_share=0.05), most_held=most)
    found = best_effort(problem, MinimumVariance())
    assert found.volume_stops
    assert found.steps_left is None
    assert (found.weights <= np.maximum(most, problem.previous) + 1e-9).all()


def test_without_these_limits_or_a_target_there_is_no_step():
    assert best_effort(problem_of(0, Constraints()), MinimumVariance()) is None
    impossible = Constraints(factor_limits={"market": (9.0, None)}, turnover=0.1)
    assert best_effort(problem_of(0, impossible), MinimumVariance()) is None
