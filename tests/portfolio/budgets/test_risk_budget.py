from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from budgeting import contributions, low_rank, problem_of, simulated, textbook_covariance
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.base import clone

from statefolio.exceptions import DataTypeError, InputError, StatefolioError, UnknownNameError
from statefolio.portfolio.budgets.factor_risk_budget import FactorRiskBudget
from statefolio.portfolio.budgets.risk_budget import RiskBudget
from statefolio.risk.low_rank import LowRankCovariance

TARGET = np.array([0.4, 0.3, 0.2, 0.1])
# riskfolio-lib 7.4.0, Portfolio.rp_optimization(model="Classic", rm="MV", b=TARGET) on textbook_covariance().
RISKFOLIO = np.array([0.1618939177560718, 0.6809282809631091, 0.10253126940286045, 0.05464653187795865])


def named(values):
    return {f"a{i}": value for i, value in enumerate(values)}


def cyclical(sigma, budget, sweeps=3000):
    """Griveau-Billion, Richard and Roncalli (2013), algorithm 2: one coordinate's quadratic equation after another."""
    x = 1.0 / np.sqrt(np.diag(sigma))
    for _ in range(sweeps):
        for i in range(len(x)):
            other = sigma[i] @ x - sigma[i, i] * x[i]
            x[i] = (-other + np.sqrt(other**2 + 4.0 * sigma[i, i] * budget[i])) / (2.0 * sigma[i, i])
    return x / x.sum()


def gap_squared(sigma, budget):
    return lambda w: np.sum((contributions(sigma, w) - budget) ** 2) * 100.0


def best_by_slsqp(function, count, bounds, constraints, starts=20, seed=0):
    rng = np.random.default_rng(seed)
    found = [
        minimize(function, rng.dirichlet(np.ones(count)), method="SLSQP", bounds=bounds, constraints=constraints,
                 options={"ftol": 1e-15, "maxiter": 1000})
        for _ in range(starts)
    ]  # fmt: skip
    return min(one.fun for one in found if one.success) / 100.0


def test_every_asset_bears_its_share_of_a_real_portfolio(stocks):
    sigma = stocks.covariance_.dense()
    budget = np.random.default_rng(0).dirichlet(np.ones(20))
    solution = RiskBudget(named(budget)).solve(problem_of(stocks.covariance_))
    assert np.abs(contributions(sigma, solution.weights) - budget).max() < 1e-10
    assert solution.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert solution.converged
    assert solution.reason == ""
    np.testing.assert_allclose(solution.details["risk_contribution"], budget, atol=1e-10)
    np.testing.assert_allclose(solution.details["risk_budget"], budget)
    np.testing.assert_allclose(solution.weights, cyclical(sigma, budget), atol=1e-9)


def test_riskfolio():
    solution = RiskBudget(named(TARGET)).solve(problem_of(low_rank(textbook_covariance())))
    np.testing.assert_allclose(solution.weights, RISKFOLIO, atol=5e-6)  # its contributions are off by 5e-6


def test_skfolio():
    from skfolio.optimization import RiskBudgeting

    rng = np.random.default_rng(1)
    returns = rng.multivariate_normal(np.full(4, 3e-4), textbook_covariance(), 500)
    theirs = RiskBudgeting(risk_budget=TARGET).fit(returns)
    sigma = theirs.prior_estimator_.return_distribution_.covariance
    ours = RiskBudget(named(TARGET)).solve(problem_of(low_rank(sigma))).weights
    np.testing.assert_allclose(ours, theirs.weights_, atol=1e-4)
    assert np.abs(contributions(sigma, ours) - TARGET).max() < 1e-12
    assert gap_squared(sigma, TARGET)(ours) <= gap_squared(sigma, TARGET)(theirs.weights_)


def test_equal_correlations_give_inverse_volatilities():
    volatility = np.array([0.01, 0.02, 0.005, 0.04, 0.013])
    sigma = np.outer(volatility, volatility) * (0.3 + 0.7 * np.eye(5))
    solution = RiskBudget().solve(problem_of(low_rank(sigma)))
    np.testing.assert_allclose(solution.weights, (1 / volatility) / (1 / volatility).sum(), rtol=1e-11)


@pytest.mark.parametrize("correlation", [-0.9, -0.2, 0.0, 0.5, 0.95])
@pytest.mark.parametrize("b", [0.05, 0.5, 0.8])
def test_two_assets_in_closed_form(correlation, b):
    """Bruder and Roncalli (2012), section 2.2.1."""
    one, two = 0.01, 0.03
    cross = correlation * one * two
    root = one * two * np.sqrt((b - 0.5) ** 2 * correlation**2 + b * (1 - b))
    first = ((b - 0.5) * cross - b * two**2 + root) / ((1 - b) * one**2 - b * two**2 + 2 * (b - 0.5) * cross)
    sigma = np.array([[one**2, cross], [cross, two**2]])
    solution = RiskBudget({"a0": b, "a1": 1 - b}).solve(problem_of(low_rank(sigma)))
    np.testing.assert_allclose(solution.weights, [first, 1 - first], rtol=1e-9)


@given(st.integers(0, 10_000), st.integers(2, 15), st.floats(1e-3, 1e3), st.floats(0.0, 4.0))
@settings(max_examples=40, deadline=None)
def test_exact_for_any_budget_and_the_same_for_any_order_or_scale(seed, assets, scale, spread):
    rng = np.random.default_rng(seed)
    problem = simulated(assets, 3, seed=seed)
    budget = np.exp(rng.normal(0.0, spread, assets))
    budget /= budget.sum()
    w = RiskBudget(named(budget)).solve(problem).weights
    assert np.abs(contributions(problem.covariance.dense(), w) - budget).max() < 1e-9
    order = rng.permutation(assets)
    moved = problem_of(problem.covariance.select(order))
    again = RiskBudget(named(budget[order])).solve(moved).weights
    np.testing.assert_allclose(again, w[order], rtol=1e-6, atol=1e-12)
    c = problem.covariance
    larger = problem_of(LowRankCovariance(c.loadings, scale * c.factor_covariance, scale * c.diagonal))
    np.testing.assert_allclose(RiskBudget(named(budget)).solve(larger).weights, w, rtol=1e-6, atol=1e-12)


def test_signs_are_kept_and_the_budget_is_exact():
    problem = simulated(12, 3, lower=-2.0, net=(None, None), gross=1.5)
    solution = RiskBudget(signs={"a3": -1, "a5": -1.0}).solve(problem)
    assert np.flatnonzero(solution.weights < 0.0).tolist() == [3, 5]
    assert np.abs(contributions(problem.covariance.dense(), solution.weights) - 1 / 12).max() < 1e-12
    assert np.abs(solution.weights).sum() == pytest.approx(1.5)


def test_an_asset_without_a_share_is_not_held():
    problem = simulated(6, 2)
    solution = RiskBudget(named([0.5, 0.0, 0.2, 0.3, 0.0, 0.0])).solve(problem)
    assert np.flatnonzero(solution.weights).tolist() == [0, 2, 3]
    found = contributions(problem.covariance.dense(), solution.weights)
    np.testing.assert_allclose(found, [0.5, 0, 0.2, 0.3, 0, 0], atol=1e-12)


def test_groups_contribute_their_shares_and_assets_equal_parts():
    groups = pd.Series(["x", "y", "y", "x", "y"], index=[f"a{i}" for i in range(5)])
    problem = simulated(5, 2, groups=groups)
    solution = RiskBudget({"x": 0.4, "y": 0.6}).solve(problem)
    np.testing.assert_allclose(solution.details["risk_contribution"], [0.2, 0.2, 0.2, 0.2, 0.2], atol=1e-12)
    with pytest.raises(UnknownNameError, match="groups among 'x', 'y', got 'z'"):
        RiskBudget({"x": 0.4, "y": 0.5, "z": 0.1}).solve(problem)
    with pytest.raises(InputError, match=r"groups must have every asset .* got none for 'a5'"):
        RiskBudget({"x": 0.4, "y": 0.6}).solve(simulated(6, 2, groups=groups))


@pytest.mark.parametrize(("lower", "upper", "name"), [(0.0, 0.4, "upper"), (0.0, 0.3, "upper"), (0.12, 1.0, "lower")])
def test_nearest_within_boxes_is_as_good_as_slsqp(lower, upper, name):
    sigma = textbook_covariance()
    problem = problem_of(low_rank(sigma), lower=lower, upper=upper)
    solution = RiskBudget(named(TARGET)).solve(problem)
    whole = {"type": "eq", "fun": lambda w: w.sum() - 1.0}
    theirs = best_by_slsqp(gap_squared(sigma, TARGET), 4, [(lower, upper)] * 4, whole)
    ours = gap_squared(sigma, TARGET)(solution.weights) / 100.0
    assert ours <= theirs + 1e-9
    assert solution.converged
    assert f"violate '{name}'" in solution.reason
    gap = solution.details["risk_contribution"] - solution.details["risk_budget"]
    assert gap @ gap == pytest.approx(ours)
    assert solution.weights.max() <= upper + 1e-9
    assert solution.weights.min() >= lower - 1e-9
    assert solution.weights.sum() == pytest.approx(1.0)


def test_nearest_on_real_stocks_with_a_limit_on_turnover(stocks):
    problem = problem_of(stocks.covariance_, turnover=0.3)
    held = np.zeros(20)
    held[:4] = 0.25
    problem = type(problem)(**{**problem.__dict__, "previous": held, "dates_since": 21})
    solution = RiskBudget().solve(problem)
    assert np.abs(solution.weights - held).sum() <= 0.3 + 1e-8
    assert "turnover" in solution.reason
    budget = np.full(20, 0.05)
    square = gap_squared(stocks.covariance_.dense(), budget)
    rng = np.random.default_rng(3)
    for _ in range(300):  # no small move within the limits is better
        sold, bought = rng.integers(0, 4), rng.integers(0, 20)
        tried = solution.weights.copy()
        tried[sold] -= 1e-4
        tried[bought] += 1e-4
        if np.abs(tried - held).sum() <= 0.3 and tried.min() >= 0.0:
            assert square(tried) >= square(solution.weights) - 1e-9


def test_a_net_weight_that_scaling_cannot_reach_is_found_or_reported():
    free = simulated(6, 2, lower=-1.0, upper=1.0, net=0.0, gross=2.0)
    solution = RiskBudget(signs={"a0": -1, "a1": -1, "a2": -1}).solve(free)
    assert solution.weights.sum() == pytest.approx(0.0, abs=1e-8)
    assert "violate 'net'" in solution.reason
    impossible = RiskBudget().solve(simulated(6, 2, upper=0.1))
    assert not impossible.converged
    assert np.isnan(impossible.weights).all()
    assert "net is missed by 0.4 at best, with upper kept" in impossible.reason


@pytest.mark.parametrize("objective", [RiskBudget(), FactorRiskBudget({"f0": 0.3, "f1": 0.2, "idiosyncratic": 0.5})])
def test_cash_alone_is_no_risk_budget(objective):
    solution = objective.solve(simulated(6, 2, net=(None, None), gross=0.0))
    assert not solution.converged
    assert "cash bears no risk" in solution.reason


@pytest.mark.parametrize("objective", [RiskBudget(), FactorRiskBudget({"f0": 0.3, "f1": 0.2, "idiosyncratic": 0.5})])
def test_no_assets_have_a_reason(objective):
    whole = simulated(6, 2)
    none = np.zeros(0)
    covariance = whole.covariance.select(np.zeros(0, dtype=int))
    empty = replace(whole, assets=whole.assets[:0], covariance=covariance, previous=none, trade_cost=none)
    solution = objective.solve(empty)
    assert not solution.converged
    assert "no asset" in solution.reason


def test_booleans_are_no_shares():
    with pytest.raises(DataTypeError, match="True or False"):
        RiskBudget({f"a{i}": i == 0 for i in range(6)}).solve(simulated(6, 2))


def test_signs_that_contradict_bounds_raise_an_error():
    with pytest.raises(InputError, match="lower allows no short positions, got -1 for 'a0'"):
        RiskBudget(signs={"a0": -1}).solve(simulated(6, 2))
    with pytest.raises(InputError, match="upper allows no long positions"):
        RiskBudget().solve(simulated(6, 2, lower=-1.0, upper=0.0, net=-1.0))
    short = simulated(6, 2, lower=-1.0, upper=0.0, net=-1.0)
    bears = RiskBudget(signs=dict.fromkeys(short.assets, -1)).solve(short)
    assert contributions(short.covariance.dense(), bears.weights) == pytest.approx(np.full(6, 1 / 6), abs=1e-9)


def test_where_nothing_is_limited_the_nearest_is_found():
    """Six factors and five assets: exposures cannot be those of the budget, and no row limits the search."""
    free = simulated(5, 6, lower=-np.inf, upper=np.inf, net=(None, None))
    solution = FactorRiskBudget({**dict.fromkeys(free.factors, 0.15), "idiosyncratic": 0.1}).solve(free)
    assert solution.converged
    assert solution.reason.startswith("the weights nearest")


@pytest.mark.parametrize(
    ("constraints", "net"),
    [
        ({"net": 0.5}, 0.5),
        ({"net": (0.0, 0.8)}, 0.8),
        ({"net": (None, None)}, 1.0),
        ({"net": (None, None), "gross": 0.7}, 0.7),
        ({"net": (1.2, 1.3), "upper": 2.0}, 1.2),
    ],
)
def test_size_follows_net_then_gross_then_one(constraints, net):
    solution = RiskBudget().solve(simulated(6, 2, **constraints))
    assert solution.weights.sum() == pytest.approx(net)
    assert solution.reason == ""


def test_a_limit_on_turnover_may_decide_the_size():
    problem = simulated(6, 2, net=(0.0, 1.0), turnover=0.1)
    exact = RiskBudget().solve(simulated(6, 2)).weights
    problem = type(problem)(**{**problem.__dict__, "previous": 0.5 * exact, "dates_since": 5})
    solution = RiskBudget().solve(problem)
    np.testing.assert_allclose(solution.weights, 0.6 * exact, atol=1e-9)


def test_three_thousand_assets_on_twenty_factors():
    problem = simulated(3000, 20)
    solution = RiskBudget().solve(problem)
    assert np.abs(solution.details["risk_contribution"] - 1 / 3000).max() < 1e-10


def test_absent_assets_raise_an_error_or_their_shares_are_spread():
    problem = simulated(3, 2)
    budget = named([0.2, 0.3, 0.25, 0.25])
    with pytest.raises(UnknownNameError, match=r"budget must name assets among .* got 'a3'"):
        RiskBudget(budget).solve(problem)
    spread = RiskBudget(budget, signs={"a3": -1}, absent="spread").solve(problem)
    np.testing.assert_allclose(spread.details["risk_contribution"], np.array([0.2, 0.3, 0.25]) / 0.75, atol=1e-12)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"budget": named([0.5, 0.5])}, "got none for 'a2'"),
        ({"budget": named([0.5, 0.4, 0.2])}, "budget must sum to 1, got 1.1"),
        ({"budget": named([1.2, -0.2, 0.0])}, "at least 0, got -0.2 for 'a1'"),
        ({"budget": named([0.5, np.nan, 0.5])}, "NaN or infinite values for 'a1'"),
        ({"budget": [0.5, 0.3, 0.2]}, "budget must be a Series or a mapping"),
        ({"budget": {"a0": "much", "a1": 0.5, "a2": 0.5}}, "must hold numbers"),
        ({"budget": pd.Series([0.5, 0.5, 0.0], index=["a0", "a0", "a1"])}, "'a0' twice"),
        ({"signs": {"a9": -1}}, "signs must name assets .* got 'a9'"),
        ({"signs": {"a1": 0.5}}, "signs must be 1 or -1, got 0.5 for 'a1'"),
        ({"signs": {"a1": -1}}, "lower allows no short positions"),
        ({"absent": "drop"}, "absent must be 'refuse' or 'spread', got 'drop'"),
    ],
)
def test_bad_input(options, words):
    with pytest.raises(StatefolioError, match=words):
        RiskBudget(**options).solve(simulated(3, 2))


def test_fewer_holdings_than_shares():
    with pytest.raises(InputError, match="at most max_holdings=2 assets, got 3"):
        RiskBudget().solve(simulated(3, 2, max_holdings=2))


def test_clone():
    objective = RiskBudget(pd.Series([1.0], index=["a0"]), signs={"a0": 1})
    assert clone(objective).get_params()["signs"] == {"a0": 1}
