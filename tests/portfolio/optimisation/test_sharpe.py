"""The highest Sharpe ratio against SLSQP, many random portfolios, and infeasible problems."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from statefolio.exceptions import InputError
from statefolio.portfolio.optimisation.objectives import MinimumVariance, Utility
from statefolio.portfolio.optimisation.sharpe import MaximumSharpe


def slsqp(problem, start):
    """The forum's way: the ratio itself, long only, at most so much each, fully invested. Costs are none here."""
    sigma = problem.risk.dense()

    def fall(w):
        return -(problem.mean @ w) / np.sqrt(w @ sigma @ w)

    def slope(w):
        variance = w @ sigma @ w
        return -problem.mean / np.sqrt(variance) + problem.mean @ w * (sigma @ w) / variance**1.5

    bounds = [(problem.constraints.lower, problem.constraints.upper)] * len(start)
    whole = {"type": "eq", "fun": lambda w: w.sum() - 1.0, "jac": lambda w: np.ones_like(w)}
    options = {"ftol": 1e-14, "maxiter": 1000}
    return minimize(fall, start, jac=slope, bounds=bounds, constraints=[whole], method="SLSQP", options=options)


@pytest.mark.parametrize("seed", range(6))
def test_slsqp_finds_nothing_better(make, ratio, seed):
    problem = make(20, seed=seed, upper=0.1, trade_cost=np.zeros(20))
    found = MaximumSharpe().solve(problem)
    theirs = slsqp(problem, np.full(20, 0.05))
    assert found.converged
    assert ratio(problem, found.weights) >= -theirs.fun - 1e-12
    np.testing.assert_allclose(found.weights, theirs.x, atol=1e-4)
    assert found.weights.max() <= 0.1
    np.testing.assert_allclose(found.weights.sum(), 1.0, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_slsqp_finds_nothing_better_where_costs_are_large(make, ratio, seed):
    """Bought and sold apart, so that SLSQP meets no kink."""
    count = 10
    problem = make(count, seed=seed, upper=0.5, trade_cost=np.full(count, 5e-3), mean=np.linspace(2e-4, 1e-3, count))
    sigma, cost = problem.risk.dense(), problem.trade_cost / problem.holding_period

    def fall(x):
        w = problem.previous + x[:count] - x[count:]
        return -(problem.mean @ w - cost @ (x[:count] + x[count:])) / np.sqrt(w @ sigma @ w)

    whole = [{"type": "eq", "fun": lambda x: x[:count].sum() - x[count:].sum()}]
    whole.append({"type": "ineq", "fun": lambda x: problem.previous + x[:count] - x[count:]})
    options = {"ftol": 1e-15, "maxiter": 2000}
    bounds = [(0.0, 1.0)] * (2 * count)
    theirs = minimize(fall, np.full(2 * count, 0.01), bounds=bounds, constraints=whole, method="SLSQP", options=options)
    found = MaximumSharpe().solve(problem)
    assert found.converged
    assert ratio(problem, found.weights) >= -theirs.fun - 1e-10
    without = MaximumSharpe(costs=False).solve(problem)
    assert ratio(problem, found.weights) > ratio(problem, without.weights) + 1e-3


@pytest.mark.parametrize("limits", [{}, {"upper": 0.3, "turnover": 0.5}, {"lower": -0.2, "upper": 0.4, "gross": 1.4}])
def test_no_portfolio_near_is_better_after_costs(make, ratio, limits):
    problem = make(15, seed=2, **limits)
    best = MaximumSharpe().solve(problem).weights
    least = limits.get("lower", 0.0)
    rng = np.random.default_rng(0)
    tried = 0
    for size in np.repeat([0.001, 0.01, 0.1], 300):
        other = best + size * rng.normal(size=15) * (rng.random(15) < 0.4)
        other = np.clip(other, least, limits.get("upper", 1.0))
        other += (1.0 - other.sum()) / 15
        inside = other.min() >= least and other.max() <= limits.get("upper", 1.0)
        inside &= np.abs(other).sum() <= limits.get("gross", np.inf)
        inside &= np.abs(other - problem.previous).sum() <= limits.get("turnover", np.inf)
        mixed = other if inside else 0.5 * (best + other)
        if not inside:
            continue
        tried += 1
        assert ratio(problem, mixed) <= ratio(problem, best) + 1e-12
    if "gross" in limits or not limits:
        assert tried > 5


def test_it_is_utility_at_its_own_risk_aversion(make, ratio):
    problem = make(15, upper=0.3)
    best = MaximumSharpe().solve(problem).weights
    variance = best @ problem.risk.dense() @ best
    aversion = ratio(problem, best) / np.sqrt(variance)
    np.testing.assert_allclose(Utility(aversion).solve(problem).weights, best, atol=1e-7)


def test_unconstrained_in_closed_form(make):
    free = {"lower": -np.inf, "upper": np.inf, "trade_cost": np.zeros(10)}
    problem = make(10, mean=np.linspace(1e-4, 9e-4, 10), **free)
    tangency = np.linalg.solve(problem.risk.dense(), problem.mean)
    np.testing.assert_allclose(MaximumSharpe().solve(problem).weights, tangency / tangency.sum(), rtol=1e-6)


def test_of_portfolios_with_the_same_ratio_the_largest_is_taken(make):
    problem = make(15, net=(0.0, 1.0), trade_cost=np.zeros(15))
    np.testing.assert_allclose(MaximumSharpe().solve(problem).weights.sum(), 1.0, atol=1e-7)
    capped = make(15, net=(0.0, 1.0), upper=0.1, trade_cost=np.zeros(15))
    np.testing.assert_allclose(MaximumSharpe().solve(capped).weights.max(), 0.1, atol=1e-9)


def test_without_a_bound_on_size_it_says_so(make):
    found = MaximumSharpe().solve(make(8, upper=np.inf, net=(None, None), trade_cost=np.zeros(8)))
    assert not found.converged
    assert "size" in found.reason


def test_where_all_means_are_negative_there_is_none(make):
    problem = make(8, mean=np.full(8, -1e-4))
    found = MaximumSharpe().solve(problem)
    assert not found.converged
    assert "mean" in found.reason
    assert np.isnan(found.weights).all()
    assert not MaximumSharpe().solve(replace(problem, mean=np.zeros(8))).converged


def test_one_positive_mean_is_enough_where_all_may_be_in_it(make):
    mean = np.r_[2e-4, np.full(7, -1e-4)]
    free = {"mean": mean, "trade_cost": np.zeros(8)}
    assert MaximumSharpe().solve(make(8, **free)).converged
    assert not MaximumSharpe().solve(make(8, upper=0.2, **free)).converged


def test_costs_can_leave_nothing_to_earn(make):
    problem = make(8, mean=np.full(8, 1e-4), previous=np.zeros(8), trade_cost=np.full(8, 0.01))
    assert not MaximumSharpe().solve(problem).converged
    assert MaximumSharpe(costs=False).solve(problem).converged


def test_infeasible_constraints_are_not_reported_as_a_bad_mean(make):
    found = MaximumSharpe().solve(make(8, upper=0.1))
    assert "net is missed by 0.2" in found.reason


def test_a_mean_is_needed(make):
    with pytest.raises(InputError, match="mean must be given for MaximumSharpe"):
        MaximumSharpe().solve(make(mean=None))


def test_equal_means_and_one_variance_give_equal_weights(make):
    problem = make(6, 0, mean=np.full(6, 2e-4), trade_cost=np.zeros(6))
    problem = replace(problem, covariance=replace(problem.covariance, diagonal=np.full(6, 1e-4)))
    np.testing.assert_allclose(MaximumSharpe().solve(problem).weights, 1.0 / 6.0, atol=1e-9)
    np.testing.assert_allclose(MinimumVariance().solve(problem).weights, 1.0 / 6.0, atol=1e-12)
