"""Weights against SLSQP, cvxpy, skfolio and closed forms, and the conditions of optimality written out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from statefolio.exceptions import InputError
from statefolio.portfolio.optimisation.objectives import MinimumVariance, Utility
from statefolio.risk.low_rank import LowRankCovariance

LIMITS = [
    {},
    {"upper": 0.2},
    {"net": (0.2, 0.8)},
    {"lower": -0.2, "upper": 0.3, "gross": 1.4},
    {"lower": -0.2, "upper": 0.3, "net": (None, None), "gross": 0.7},
    {"turnover": 0.3},
    {"daily_turnover": 0.02},
    {"factor_limits": {"F0": (0.8, 0.9), "F1": (None, 0.0)}},
    {"lower": -1.0, "net": 0.0, "gross": 1.0, "turnover": 1.5, "factor_limits": {"F0": (0.0, 0.0)}},
]


def smooth_answer(problem, slope, curvature, start):
    """SLSQP on purchases and sales, longs and shorts apart, so that nothing has a kink."""
    count, limits = len(problem.assets), problem.constraints
    sigma, previous = problem.risk.dense(), problem.previous
    cost = problem.trade_cost / problem.holding_period
    unit = np.trace(sigma) / count

    def weights(x):
        return previous + x[:count] - x[count : 2 * count]

    def objective(x):
        w = weights(x)
        return (0.5 * curvature * w @ sigma @ w - slope @ w + cost @ (x[:count] + x[count : 2 * count])) / unit

    def gradient(x):
        pull = curvature * sigma @ weights(x) - slope
        return np.r_[pull + cost, cost - pull, np.zeros(2 * count)] / unit

    eye, nothing = np.eye(count), np.zeros((count, count))
    move = np.hstack([eye, -eye, nothing, nothing])
    rows = [("eq", np.hstack([eye, -eye, -eye, eye]), previous)]  # w = longs - shorts
    net = limits.net if isinstance(limits.net, tuple) else (limits.net, limits.net)
    ranges = [(np.ones(count), *net)]
    for name, (least, most) in (limits.factor_limits or {}).items():
        ranges.append((problem.covariance.loadings[:, list(problem.factors).index(name)], least, most))
    for direction, least, most in ranges:
        if most is not None:
            rows.append(("ineq", -direction[None] @ move, most - direction @ previous))
        if least is not None:
            rows.append(("ineq", direction[None] @ move, direction @ previous - least))
    if limits.gross is not None:
        rows.append(("ineq", -np.r_[np.zeros(2 * count), np.ones(2 * count)][None], limits.gross))
    allowed = [limits.turnover, None if limits.daily_turnover is None else limits.daily_turnover * problem.dates_since]
    traded = np.r_[np.ones(2 * count), np.zeros(2 * count)][None]
    rows += [("ineq", -traded, most) for most in allowed if most is not None]
    bounds = [(0.0, None)] * (2 * count) + [(0.0, max(limits.upper, 0.0))] * count
    bounds += [(0.0, max(-limits.lower, 0.0))] * count
    trade = start - previous
    x = np.r_[np.maximum(trade, 0.0), np.maximum(-trade, 0.0), np.maximum(start, 0.0), np.maximum(-start, 0.0)]
    constraints = [{"type": kind, "fun": lambda x, A=A, b=b: A @ x + b, "jac": lambda x, A=A: A} for kind, A, b in rows]
    options = {"maxiter": 500, "ftol": 1e-13}
    found = minimize(
        objective, x, jac=gradient, bounds=bounds, constraints=constraints, method="SLSQP", options=options
    )
    return weights(found.x), -found.fun * unit


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("seed", range(3))
def test_slsqp_finds_nothing_better(make, utility, limits, seed):
    problem = make(8, seed=seed, **limits)
    found = Utility(5.0).solve(problem)
    assert found.converged, found.reason
    for start in (problem.previous, found.weights):
        theirs, best = smooth_answer(problem, problem.mean, 5.0, start)
        ours = utility(problem, found.weights, 5.0)
        assert ours >= best - 1e-6 * np.abs(best)
    np.testing.assert_allclose(found.weights, theirs, atol=2e-5)


def with_cvxpy(problem, risk_aversion):
    """The problem as a user of cvxpy would write it, with the dense covariance."""
    cp = pytest.importorskip("cvxpy")
    w, limits = cp.Variable(len(problem.assets)), problem.constraints
    root = np.linalg.cholesky(problem.risk.dense() * 1e4)
    cost = problem.trade_cost @ cp.abs(w - problem.previous) / problem.holding_period * 1e4
    goal = 1e4 * problem.mean @ w - risk_aversion / 2 * cp.sum_squares(root.T @ w) - cost
    net = limits.net if isinstance(limits.net, tuple) else (limits.net, limits.net)
    rows = [w >= limits.lower, w <= limits.upper]
    rows += [cp.sum(w) >= net[0]] if net[0] is not None else []
    rows += [cp.sum(w) <= net[1]] if net[1] is not None else []
    rows += [cp.norm1(w) <= limits.gross] if limits.gross is not None else []
    rows += [cp.norm1(w - problem.previous) <= limits.turnover] if limits.turnover is not None else []
    if limits.daily_turnover is not None:
        rows.append(cp.norm1(w - problem.previous) <= limits.daily_turnover * problem.dates_since)
    for place, name in enumerate(problem.factors):
        least, most = (limits.factor_limits or {}).get(name, (None, None))
        exposure = problem.covariance.loadings[:, place] @ w
        rows += [exposure >= least] if least is not None else []
        rows += [exposure <= most] if most is not None else []
    tight = {"tol_gap_abs": 1e-12, "tol_gap_rel": 1e-12, "tol_feas": 1e-12}
    cp.Problem(cp.Maximize(goal), rows).solve(solver=cp.CLARABEL, **tight)
    return w.value


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("size", [(30, 4), (100, 8)])
def test_cvxpy_finds_the_same_weights(make, utility, limits, size):
    problem = make(*size, seed=7, **limits)
    found = Utility(5.0).solve(problem).weights
    theirs = with_cvxpy(problem, 5.0)
    np.testing.assert_allclose(found, theirs, atol=1e-6)
    assert utility(problem, found, 5.0) >= utility(problem, theirs, 5.0) - 1e-12


def pulls(problem, weights, risk_aversion):
    """The least slope of utility's fall over all directions allowed, by linear programming: 0 at the optimum."""
    from scipy.optimize import linprog

    count = len(weights)
    gradient = problem.mean - risk_aversion * problem.risk.dense() @ weights
    cost = problem.trade_cost / problem.holding_period
    trade = weights - problem.previous
    still = np.abs(trade) < 1e-12
    buy = np.where(trade > -1e-12, cost, -cost) - gradient
    sell = np.where(trade < 1e-12, cost, -cost) + gradient
    room_up = np.where(weights < problem.constraints.upper, 1.0, 0.0)
    room_down = np.where(weights > problem.constraints.lower, 1.0, 0.0)
    found = linprog(
        np.r_[buy, sell],
        A_eq=np.r_[np.ones(count), -np.ones(count)][None],
        b_eq=[0.0],
        bounds=[(0.0, high) for high in np.r_[room_up, room_down]],
    )
    return found.fun, still


@pytest.mark.parametrize("seed", range(5))
def test_no_small_step_gains_anything(make, seed):
    problem = make(40, 5, seed=seed, upper=0.15)
    weights = Utility(5.0).solve(problem).weights
    gain, still = pulls(problem, weights, 5.0)
    assert abs(gain) < 1e-13
    assert still.any()  # some positions are not worth trading, exactly


def test_skfolio_finds_the_same_weights(make):
    from skfolio.optimization import MeanRisk, ObjectiveFunction
    from skfolio.prior import BasePrior, ReturnDistribution

    problem = make(25, 4, seed=3, upper=0.2, holding_period=1.0, trade_cost=np.full(25, 3e-5))
    sigma = problem.covariance.dense()

    class Given(BasePrior):
        def __init__(self):
            pass

        def fit(self, X, y=None, **params):
            returns = np.asarray(X)
            self.return_distribution_ = ReturnDistribution(mu=problem.mean, covariance=sigma, returns=returns)
            return self

    returns = pd.DataFrame(np.random.default_rng(0).normal(0.0, 0.01, (50, 25)), columns=problem.assets)
    model = MeanRisk(
        objective_function=ObjectiveFunction.MAXIMIZE_UTILITY,
        risk_aversion=2.5,
        prior_estimator=Given(),
        max_weights=0.2,
        scale_objective=1e3,
        transaction_costs=3e-5,
        previous_weights=problem.previous,
        solver_params={"tol_gap_abs": 1e-9, "tol_gap_rel": 1e-9, "tol_feas": 1e-9},
    ).fit(returns)
    np.testing.assert_allclose(Utility(5.0).solve(problem).weights, model.weights_, atol=1e-6)


def test_minimum_variance_in_closed_form(make):
    problem = make(20, lower=-np.inf, upper=np.inf)
    inverse = np.linalg.solve(problem.risk.dense(), np.ones(20))
    np.testing.assert_allclose(MinimumVariance().solve(problem).weights, inverse / inverse.sum(), rtol=1e-9)


def test_utility_in_closed_form(make):
    free = {"lower": -np.inf, "upper": np.inf, "net": (None, None), "trade_cost": np.zeros(20)}
    problem = make(20, **free)
    expected = np.linalg.solve(problem.risk.dense(), problem.mean) / 7.0
    np.testing.assert_allclose(Utility(7.0).solve(problem).weights, expected, rtol=1e-9)


def test_the_error_of_the_mean_is_risk(make):
    doubt = LowRankCovariance(np.eye(12)[:, :2], np.diag([4e-3, 1e-3]), np.full(12, 1e-5))
    free = {"lower": -np.inf, "upper": np.inf, "net": (None, None), "trade_cost": np.zeros(12)}
    for period in (1.0, 21.0):
        problem = make(12, mean_covariance=doubt, holding_period=period, **free)
        sigma = problem.covariance.dense() + period * doubt.dense()
        expected = np.linalg.solve(3.0 * sigma, problem.mean)
        np.testing.assert_allclose(Utility(3.0).solve(problem).weights, expected, rtol=1e-9)


def test_cost_is_paid_once_and_the_mean_earned_on_every_date(make):
    daily = make(trade_cost=np.full(12, 1e-4), holding_period=1.0)
    monthly = make(trade_cost=np.full(12, 21e-4), holding_period=21.0)
    same = Utility().solve(daily).weights
    np.testing.assert_allclose(Utility().solve(monthly).weights, same, atol=1e-10)
    dear = Utility().solve(make(trade_cost=np.full(12, 21e-4), holding_period=1.0))
    assert np.abs(dear.weights - daily.previous).sum() < np.abs(same - daily.previous).sum()


def test_no_trade_at_high_costs(make):
    problem = make(50, 5, trade_cost=np.full(50, 10.0))
    np.testing.assert_array_equal(Utility().solve(problem).weights, problem.previous)


@pytest.mark.parametrize("objective", [MinimumVariance(), Utility()])
def test_one_asset_takes_all(make, objective):
    np.testing.assert_allclose(objective.solve(make(1, 1)).weights, [1.0])


def test_equal_assets_get_equal_weights(make):
    equal = LowRankCovariance(np.ones((9, 1)), np.full((1, 1), 1e-4), np.full(9, 2e-4))
    problem = make(9, 1, covariance=equal, mean=np.full(9, 3e-4), trade_cost=np.zeros(9))
    for objective in (MinimumVariance(), Utility()):
        np.testing.assert_allclose(objective.solve(problem).weights, np.full(9, 1.0 / 9.0), atol=1e-12)


def test_factors_of_no_variance_and_no_factors(make):
    problem = make(6, 2)
    singular = replace(problem.covariance, factor_covariance=np.ones((2, 2)) * 1e-4)
    none = replace(problem.covariance, factor_covariance=np.zeros((2, 2)))
    for covariance in (singular, none):
        found = MinimumVariance().solve(replace(problem, covariance=covariance))
        assert found.converged
    inverse = 1.0 / problem.covariance.diagonal
    np.testing.assert_allclose(found.weights, inverse / inverse.sum(), atol=1e-12)


def test_without_a_mean_utility_weighs_risk_against_cost(make):
    with_none, with_zero = make(mean=None), make(mean=np.zeros(12))
    np.testing.assert_array_equal(Utility().solve(with_none).weights, Utility().solve(with_zero).weights)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_permuting_assets_permutes_weights(make, seed):
    problem = make(9, seed=seed, upper=0.4, turnover=0.8)
    order = np.random.default_rng(seed).permutation(9)
    moved = replace(
        problem,
        assets=problem.assets[order],
        covariance=problem.covariance.select(order),
        mean=problem.mean[order],
        previous=problem.previous[order],
        trade_cost=problem.trade_cost[order],
    )
    for objective in (MinimumVariance(), Utility()):
        np.testing.assert_allclose(objective.solve(moved).weights, objective.solve(problem).weights[order], atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), power=st.integers(-3, 3))
def test_units_of_returns_do_not_matter(make, seed, power):
    unit = 10.0**power
    problem = make(9, seed=seed)
    sigma = problem.covariance
    other = replace(
        problem,
        covariance=LowRankCovariance(sigma.loadings, sigma.factor_covariance * unit**2, sigma.diagonal * unit**2),
        mean=problem.mean * unit,
        trade_cost=problem.trade_cost * unit,
    )
    np.testing.assert_allclose(
        MinimumVariance().solve(other).weights, MinimumVariance().solve(problem).weights, atol=1e-9
    )
    ours = Utility(5.0 / unit).solve(other).weights
    np.testing.assert_allclose(ours, Utility(5.0).solve(problem).weights, atol=1e-9)


def test_the_same_problem_has_the_same_answer_to_the_last_bit(make):
    first = Utility().solve(make(60, 5, turnover=0.4)).weights
    np.testing.assert_array_equal(Utility().solve(make(60, 5, turnover=0.4)).weights, first)


def test_three_thousand_assets(make):
    problem = make(3000, 20, upper=0.02)
    found = Utility().solve(problem)
    assert found.converged
    gain, _ = pulls(problem, found.weights, 5.0)
    assert abs(gain) < 1e-12


@pytest.mark.parametrize("aversion", [0.0, -1.0, np.nan, np.inf])
def test_risk_aversion_must_be_positive(make, aversion):
    with pytest.raises(InputError, match="risk_aversion"):
        Utility(aversion).solve(make())


def test_no_assets_have_a_reason(make):
    found = MinimumVariance().solve(empty(make))
    assert not found.converged
    assert "no asset" in found.reason


def empty(make):
    problem = make(3)
    nothing = np.array([], dtype=int)
    return replace(
        problem,
        assets=problem.assets[nothing],
        covariance=problem.covariance.select(nothing),
        mean=problem.mean[nothing],
        previous=problem.previous[nothing],
        trade_cost=problem.trade_cost[nothing],
    )
