"""Fractional Kelly against closed forms, exact growth on scenarios, and each limit."""

import numpy as np
import pytest
from scipy.optimize import minimize

from statefolio.exceptions import InputError
from statefolio.portfolio.optimisation.kelly import FractionalKelly
from statefolio.portfolio.optimisation.log_growth import expected_growth
from statefolio.portfolio.optimisation.objectives import Utility
from statefolio.risk.low_rank import LowRankCovariance

FREE = {"lower": -np.inf, "upper": np.inf, "net": (None, None)}


def full(problem):
    return np.linalg.solve(problem.risk.dense(), problem.mean)


def test_full_kelly_in_closed_form(make):
    problem = make(10, **FREE)
    np.testing.assert_allclose(FractionalKelly(1.0).solve(problem).weights, full(problem), rtol=1e-9)
    np.testing.assert_allclose(FractionalKelly().solve(problem).weights, 0.25 * full(problem), rtol=1e-9)


def test_an_uncertain_mean_is_a_small_position(make):
    doubt = LowRankCovariance(np.empty((10, 0)), np.empty((0, 0)), np.r_[5e-3, np.full(9, 1e-9)])
    sure, unsure = make(10, **FREE), make(10, mean_covariance=doubt, **FREE)
    weights = FractionalKelly().solve(unsure).weights
    np.testing.assert_allclose(weights, 0.25 * full(unsure), rtol=1e-9)
    assert abs(weights[0]) < 0.5 * abs(FractionalKelly().solve(sure).weights[0])


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
def test_utility_is_the_same_only_while_no_cap_binds(make, fraction):
    mean = np.random.default_rng(5).normal(2e-5, 4e-5, 10)  # small: no cap binds
    loose = make(10, mean=mean, net=(0.0, 1.0), trade_cost=np.zeros(10))
    same = Utility(1.0 / fraction).solve(loose).weights
    np.testing.assert_allclose(FractionalKelly(fraction).solve(loose).weights, same, atol=1e-9)
    assert same.sum() < 1.0
    tight = make(10, mean=50.0 * mean, net=(0.0, 1.0), upper=0.3, trade_cost=np.zeros(10))
    other = Utility(1.0 / fraction).solve(tight).weights
    assert np.abs(FractionalKelly(fraction).solve(tight).weights - other).max() > 0.01


def test_long_only_has_no_shorts_and_is_growth_optimal_among_those(make):
    problem = make(10, net=(0.0, 50.0), upper=50.0)
    weights = FractionalKelly(1.0).solve(problem).weights
    gradient = problem.mean - problem.risk.dense() @ weights
    assert weights.min() == 0.0
    np.testing.assert_allclose(gradient[weights > 0.0], 0.0, atol=1e-12)
    assert (gradient[weights == 0.0] <= 1e-12).all()


def test_leverage_caps_scale_and_keep_the_mix(make):
    free = FractionalKelly().solve(make(10, **FREE)).weights
    capped = FractionalKelly().solve(make(10, gross=0.7, **FREE)).weights
    np.testing.assert_allclose(np.abs(capped).sum(), 0.7)
    np.testing.assert_allclose(capped / 0.7, free / np.abs(free).sum(), rtol=1e-9)
    net = FractionalKelly().solve(make(10, net=1.0, upper=10.0)).weights
    np.testing.assert_allclose(net.sum(), 1.0)


def test_cash_is_free_though_net_is_one(make):
    weights = FractionalKelly().solve(make(10, mean=np.full(10, 1e-6))).weights
    assert 0.0 < weights.sum() < 0.5


@pytest.mark.parametrize(
    "limits",
    [
        {"turnover": 0.2},
        {"upper": 0.1, "max_holdings": 4, "net": (0.0, 1.0)},
        {"factor_limits": {"F0": (-0.5, 0.5)}, "turnover": 2.0},
        {"factor_limits": {"F0": (-0.5, 0.5)}, "exposure_confidence": 0.95, "loading_variance": np.full((10, 3), 0.1)},
        {"factor_limits": {"F0": (0.8, 1.2)}},
        {"lower": -0.2, "upper": 0.2, "gross": 1.0, "net": (-0.1, 0.1)},
    ],
)
def test_every_limit_is_kept(make, limits):
    from statefolio.portfolio.optimisation.limits import limits_of

    problem = make(10, **limits)
    found = FractionalKelly().solve(problem)
    assert found.converged
    missed = limits_of(problem).violations(found.weights)
    missed.pop("net", None)
    assert all(miss < 1e-7 for miss in missed.values()), missed


def test_a_violated_limit_is_named(make):
    found = FractionalKelly().solve(make(10, upper=0.05, factor_limits={"F0": (5.0, 6.0)}))
    assert not found.converged
    assert "factor_limits['F0']" in found.reason


def test_small_trades_are_not_made(make):
    problem = make(10, no_trade_band=0.05)
    weights = FractionalKelly().solve(problem).weights
    assert (weights == problem.previous).any()
    assert weights.sum() <= 1.0 + 1e-9


def test_exact_growth_on_scenarios_agrees_to_third_order():
    rng = np.random.default_rng(0)
    scenarios = rng.normal(4e-4, 0.01, (4000, 3)) + 2e-4 * np.arange(3)
    mean = scenarios.mean(axis=0)
    second = scenarios.T @ scenarios / len(scenarios)
    kelly = np.linalg.solve(second, mean)
    exact = minimize(lambda w: -expected_growth(w, scenarios).exact, kelly, method="BFGS", options={"gtol": 1e-9}).x
    np.testing.assert_allclose(kelly, exact, rtol=0.05)
    growth = expected_growth(0.25 * kelly, scenarios)
    np.testing.assert_allclose(growth.exact, growth.second_order, rtol=2e-3)
    assert growth.worst == (scenarios @ (0.25 * kelly)).min()


def test_ruin_is_no_growth():
    assert expected_growth([2.0], [[-0.5], [0.1]]).exact == -np.inf


def test_growth_raises_an_error_for_wrong_shapes():
    with pytest.raises(InputError, match="one column per weight"):
        expected_growth([1.0, 2.0], [[0.1]])
    with pytest.raises(InputError, match="NaN"):
        expected_growth([np.nan], [[0.1]])


def test_options_are_checked(make):
    with pytest.raises(InputError, match="fraction"):
        FractionalKelly(1.5).solve(make())
    with pytest.raises(InputError, match="mean must be given for FractionalKelly"):
        FractionalKelly().solve(make(mean=None))
