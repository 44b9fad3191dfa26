"""Each constraint holds in the weights, binds where it should, and is named if it cannot hold."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import InputError, UnknownNameError
from statefolio.portfolio.optimisation.cardinality import without
from statefolio.portfolio.optimisation.limits import limits_of
from statefolio.portfolio.optimisation.objectives import MinimumVariance, Utility
from statefolio.portfolio.optimisation.program_solver import solve_program
from statefolio.portfolio.optimisation.quadratic_program import scaled
from statefolio.portfolio.optimisation.sharpe import MaximumSharpe

GROUPS = pd.Series({f"A{i}": "even" if i % 2 == 0 else "odd" for i in range(12)})


def test_boxes_by_asset(make):
    weights = Utility().solve(make(lower={"A3": 0.1}, upper={"A0": 0.01, "A1": 0.0})).weights
    assert weights[3] >= 0.1
    assert weights[0] <= 0.01
    assert weights[1] == 0.0


def test_crossed_bounds_raise_an_error(make):
    with pytest.raises(InputError, match="'A2'"):
        Utility().solve(make(lower=0.1, upper={"A2": 0.05}))


def test_groups(make):
    problem = make(groups=GROUPS, group_limits={"even": (0.4, 0.45), "odd": (None, 0.7)})
    weights = Utility().solve(problem).weights
    assert 0.4 - 1e-9 <= weights[::2].sum() <= 0.45 + 1e-9


def test_factor_limits_hold_under_the_loadings_error(make):
    variance = np.random.default_rng(0).uniform(0.05, 0.3, (12, 3))
    options = {"factor_limits": {"F0": (-0.5, 0.5)}, "lower": -0.5, "loading_variance": variance}
    plain, robust = make(**options), make(exposure_confidence=0.9, **options)
    weights = Utility().solve(robust).weights
    exposure = robust.covariance.loadings[:, 0] @ weights
    error = np.sqrt(weights**2 @ variance[:, 0])
    np.testing.assert_allclose(abs(exposure) + 1.6448536269514722 * error, 0.5, atol=1e-6)
    loose = Utility().solve(plain).weights
    np.testing.assert_allclose(plain.covariance.loadings[:, 0] @ loose, 0.5, atol=1e-9)
    draws = exposure + error * np.random.default_rng(1).normal(size=20_000)
    assert np.mean(np.abs(draws) <= 0.5) >= 0.9


def test_robust_limit_against_cvxpy(make):
    cp = pytest.importorskip("cvxpy")
    variance = np.random.default_rng(0).uniform(0.05, 0.3, (12, 3))
    options = {"factor_limits": {"F0": (None, 0.7)}, "exposure_confidence": 0.9, "loading_variance": variance}
    problem = make(trade_cost=np.zeros(12), **options)
    w = cp.Variable(12)
    band = 1.2815515655446004 * cp.norm(cp.multiply(np.sqrt(variance[:, 0]), w))
    rows = [cp.sum(w) == 1, w >= 0, w <= 1, problem.covariance.loadings[:, 0] @ w + band <= 0.7]
    root = np.linalg.cholesky(problem.risk.dense() * 1e4)
    goal = cp.Maximize(1e4 * problem.mean @ w - 2.5 * cp.sum_squares(root.T @ w))
    cp.Problem(goal, rows).solve(solver=cp.CLARABEL, tol_gap_abs=1e-9, tol_gap_rel=1e-9, tol_feas=1e-9)
    np.testing.assert_allclose(Utility().solve(problem).weights, w.value, atol=1e-6)


def test_turnover_is_the_total_and_daily_turnover_grows_with_the_dates(make):
    for options, most in (({"turnover": 0.2}, 0.2), ({"daily_turnover": 0.01}, 0.21), ({"daily_turnover": 0.0}, 0.0)):
        problem = make(**options)
        weights = Utility().solve(problem).weights
        np.testing.assert_allclose(np.abs(weights - problem.previous).sum(), most, atol=1e-9)


def test_a_first_portfolio_may_be_bought(make):
    first = {"previous": np.zeros(12), "dates_since": 0}
    assert Utility().solve(make(turnover=0.1, daily_turnover=0.08, **first)).converged
    # a model that was not ready at former decisions, or a fallback to cash, does not leave a portfolio in cash for ever
    assert Utility().solve(make(turnover=0.1, daily_turnover=0.002, previous=np.zeros(12), dates_since=21)).converged
    held = make(turnover=0.1, dates_since=0)
    assert np.abs(Utility().solve(held).weights - held.previous).sum() <= 0.1 + 1e-9


@pytest.mark.parametrize("objective", [MinimumVariance(), Utility(), MaximumSharpe()])
@pytest.mark.parametrize("most", [1, 3])
def test_few_holdings_are_the_best_of_all_choices(make, objective, most):
    problem = make(8, seed=1, max_holdings=most, upper=1.0)
    found = objective.solve(problem)
    assert found.converged
    assert found.reason == ""
    assert np.count_nonzero(found.weights) <= most
    every = make(8, seed=1)
    sigma, best = problem.risk.dense(), np.inf
    for chosen in combinations(range(8), most):
        upper = np.zeros(8)
        upper[list(chosen)] = 1.0
        other = objective.solve(make(8, seed=1, upper=pd.Series(upper, every.assets)))
        if other.converged:
            best = min(best, loss(objective, problem, other.weights, sigma))
    np.testing.assert_allclose(loss(objective, problem, found.weights, sigma), best, rtol=1e-8)


def loss(objective, problem, weights, sigma):
    variance = weights @ sigma @ weights
    cost = problem.trade_cost @ np.abs(weights - problem.previous) / problem.holding_period
    earned = problem.mean @ weights - cost
    if isinstance(objective, MinimumVariance):
        return variance
    return -earned / np.sqrt(variance) if isinstance(objective, MaximumSharpe) else 2.5 * variance - earned


def test_a_search_that_does_not_end_gives_a_reason(make, monkeypatch):
    monkeypatch.setattr("statefolio.portfolio.optimisation.cardinality.WORK", 4000)
    problem = make(200, 5, max_holdings=10)
    found = MinimumVariance().solve(problem)
    assert found.converged
    assert np.count_nonzero(found.weights) <= 10
    assert "not proven" in found.reason
    relaxed = MinimumVariance().solve(make(200, 5))
    largest = np.sort(np.argsort(-relaxed.weights)[:10])
    excluded = np.ones(200, dtype=bool)
    excluded[largest] = False
    simple = solve_program(scaled(problem, without(limits_of(problem), excluded), 1.0, gain=False, cost=False))
    sigma = problem.risk
    assert sigma.variance(found.weights) <= sigma.variance(simple.weights) * (1.0 + 1e-9)


def test_infeasible_limits_on_holdings(make):
    bounded = MinimumVariance().solve(make(6, lower=0.02, max_holdings=3))
    assert not bounded.converged
    assert "max_holdings=3 is missed by 3" in bounded.reason
    small = MinimumVariance().solve(make(6, upper={f"A{i}": 0.2 for i in range(6)}, max_holdings=3))
    assert not small.converged
    assert "max_holdings=3" in small.reason


def test_volumes_bound_positions(make):
    most = np.full(12, 0.15)
    most[4] = 0.0
    weights = Utility().solve(make(volume_share=0.1, most_held=most)).weights
    assert (weights <= most).all()
    with pytest.raises(InputError, match="volume_share"):
        Utility().solve(make(volume_share=0.1))


def test_positions_within_the_band_are_kept(make):
    problem = make(no_trade_band=0.03)
    weights = Utility().solve(problem).weights
    trade = np.abs(weights - problem.previous)
    assert ((trade == 0.0) | (trade >= 0.03)).all()
    assert (trade == 0.0).any()
    assert (trade > 0.0).any()
    np.testing.assert_allclose(weights.sum(), 1.0, atol=1e-9)


def test_a_band_gives_way_to_net(make):
    drifted = make(5, previous=np.full(5, 0.19), no_trade_band=0.5)
    found = Utility().solve(drifted)
    assert found.converged
    np.testing.assert_allclose(found.weights.sum(), 1.0, atol=1e-9)
    assert np.count_nonzero(found.weights == 0.19) >= 2


INFEASIBLE = [
    ({"upper": 0.05}, ["net is missed by 0.4", "upper"]),
    ({"factor_limits": {"F0": (9.0, None)}}, ["factor_limits['F0'] is missed"]),
    ({"turnover": 0.01, "factor_limits": {"F1": (1.0, None)}}, ["missed"]),
    ({"groups": GROUPS, "group_limits": {"even": (None, 0.3), "odd": (None, 0.5)}}, ["missed by 0.2", "group_limits"]),
    ({"gross": 1.1, "lower": -1.0, "upper": 2.0, "net": 0.0, "factor_limits": {"F0": (8.0, None)}}, ["F0"]),
    ({"most_held": np.full(12, 0.05)}, ["net is missed by 0.4", "volume_share"]),
    (
        {"factor_limits": {"F0": (None, 0.0)}, "exposure_confidence": 0.99, "loading_variance": np.full((12, 3), 9.0)},
        ["factor_limits['F0']"],
    ),
]


@pytest.mark.parametrize(("options", "told"), INFEASIBLE)
@pytest.mark.parametrize("objective", [MinimumVariance(), Utility(), MaximumSharpe()])
def test_violated_constraints_are_named(make, objective, options, told):
    found = objective.solve(make(**options))
    assert not found.converged
    assert np.isnan(found.weights).all()
    for words in told:
        assert words in found.reason


def test_an_unknown_factor_is_named(make):
    with pytest.raises(UnknownNameError, match="'MKT'"):
        Utility().solve(make(factor_limits={"MKT": (0.0, 1.0)}))
    with pytest.raises(InputError, match="exposure_confidence"):
        Utility().solve(make(factor_limits={"F0": (0.0, 1.0)}, exposure_confidence=0.9))


def test_volumes_bound_short_positions(make):
    most = np.full(12, 0.06)
    most[4] = 0.0
    problem = make(lower=-0.5, upper=0.5, net=(None, None), gross=10.0, most_held=most, volume_share=0.1)
    limits = limits_of(problem)
    np.testing.assert_array_equal(limits.lower, -most)
    np.testing.assert_array_equal(limits.upper, most)
    falling = make(lower=-0.5, upper=0.5, net=-0.5, mean=np.full(12, -1.0), most_held=most, volume_share=0.1)
    weights = Utility().solve(falling).weights
    assert (weights >= -most).all()
    assert (weights == -most).any()
    assert weights[4] == 0.0


def test_volumes_that_forbid_short_positions_are_named(make):
    found = MinimumVariance().solve(make(lower=-0.5, upper=0.01, net=-1.0, most_held=np.full(12, 0.05)))
    assert not found.converged
    assert "net is missed by 0.4" in found.reason
    assert "volume_share" in found.reason
    enough = make(lower=-0.05, upper=0.02, net=0.0, most_held=np.full(12, 0.05), volume_share=1.0)
    assert not limits_of(enough).by_volume


def test_volumes_take_precedence_over_a_lower_bound(make):
    held = np.full(12, 0.2)
    held[0] = 0.05
    limits = limits_of(make(lower=pd.Series({"A0": 0.1}), most_held=held, volume_share=1.0))
    assert (limits.lower[0], limits.upper[0]) == (0.05, 0.05)
    short = limits_of(make(lower=-1.0, upper=pd.Series({"A0": -0.1}), net=0.0, most_held=held, volume_share=1.0))
    assert (short.lower[0], short.upper[0]) == (-0.05, -0.05)
