import dataclasses

import numpy as np
import pandas as pd
import pytest
from budgeting import low_rank, problem_of, simulated
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import null_space
from scipy.optimize import minimize

from statefolio.exceptions import StatefolioError
from statefolio.portfolio.budgets.damped_step import Gaps
from statefolio.portfolio.budgets.factor_risk_budget import FactorRiskBudget
from statefolio.portfolio.budgets.factor_space import FactorSpace
from statefolio.risk.low_rank import LowRankCovariance

FREE = {"lower": -50.0, "upper": 50.0, "net": (None, None)}


def budget_of(*shares):
    return {**{f"f{k}": share for k, share in enumerate(shares[:-1])}, "idiosyncratic": shares[-1]}


def shares_by_definition(problem, w):
    """Contributions of the named factors, one at a time, and the rest of the variance."""
    whole, count = problem.covariance, len(problem.factors)
    x = whole.loadings.T @ w
    variance = w @ whole.dense() @ w
    found = [x[k] * (whole.factor_covariance[k] @ x) / variance for k in range(count)]
    return np.array([*found, 1.0 - sum(found)])


def distance(problem, budget):
    return lambda w: 100.0 * np.sum((shares_by_definition(problem, w) - budget) ** 2)


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_exact_where_nothing_binds(seed, factors, residual):
    rng = np.random.default_rng(seed)
    problem = simulated(40, factors, residual, seed=seed, **FREE)
    shares = rng.dirichlet(np.ones(factors + 1))
    shares = 0.5 * shares
    shares[-1] += 0.5
    solution = FactorRiskBudget(budget_of(*shares)).solve(problem)
    if solution.reason:  # no pattern of signs has so low an idiosyncratic share
        assert "cannot be below" in solution.reason
        return
    assert np.abs(shares_by_definition(problem, solution.weights) - shares).max() < 1e-9
    np.testing.assert_allclose(
        solution.details["exposure"], solution.weights @ problem.covariance.loadings[:, :factors]
    )


def test_a_real_portfolio(stocks):
    problem = dataclasses.replace(problem_of(stocks.covariance_, 0, **FREE), factors=stocks.factors_)
    names = [*stocks.factors_, "idiosyncratic"]
    budget = pd.Series([0.5, *[0.04] * 5, 0.3], index=names)
    solution = FactorRiskBudget(budget).solve(problem)
    assert solution.converged
    found = shares_by_definition(problem, solution.weights)
    np.testing.assert_allclose(solution.details["risk_contribution"], found, atol=1e-12)
    if not solution.reason:
        np.testing.assert_allclose(found, budget, atol=1e-9)
    lower = 0.5 * budget
    lower.iloc[-1] = 1.0 - lower.iloc[:-1].sum()
    exact = FactorRiskBudget(lower).solve(problem)
    assert exact.reason == ""
    np.testing.assert_allclose(shares_by_definition(problem, exact.weights), lower, atol=1e-9)


def test_stated_signs_are_kept():
    problem = simulated(60, 3, **FREE)
    solution = FactorRiskBudget(budget_of(0.3, 0.1, 0.1, 0.5), signs={"f1": -1}).solve(problem)
    assert solution.reason == ""
    assert np.sign(solution.details["exposure"]).tolist() == [1.0, -1.0, 1.0]
    assert np.abs(shares_by_definition(problem, solution.weights) - [0.3, 0.1, 0.1, 0.5]).max() < 1e-9


def test_one_factor_in_closed_form():
    """Uncorrelated noise, equal loadings: the least idiosyncratic share is that of equal weights."""
    count, factor, noise = 10, 1e-4, 4e-4
    covariance = LowRankCovariance(np.ones((count, 1)), np.array([[factor]]), np.full(count, noise))
    least = (noise / count) / (noise / count + factor)
    problem = problem_of(covariance, 1)
    solution = FactorRiskBudget(budget_of(1.0 - least, least)).solve(problem)
    np.testing.assert_allclose(solution.weights, 0.1, rtol=1e-7)
    below = FactorRiskBudget(budget_of(1.0 - 0.5 * least, 0.5 * least)).solve(problem)
    np.testing.assert_allclose(below.weights, 0.1, atol=1e-4)
    assert f"cannot be below {least:.4g}" in below.reason


def test_a_factor_without_a_share_has_no_exposure_and_none_at_all_is_possible():
    problem = simulated(60, 3, **FREE)
    solution = FactorRiskBudget(budget_of(0.4, 0.0, 0.1, 0.5)).solve(problem)
    assert abs(solution.details["exposure"]["f1"]) < 1e-12
    assert solution.reason == ""
    alone = FactorRiskBudget(budget_of(0.0, 0.0, 0.0, 1.0)).solve(problem)
    np.testing.assert_allclose(alone.details["exposure"], 0.0, atol=1e-12)
    np.testing.assert_allclose(alone.details["risk_contribution"], [0, 0, 0, 1], atol=1e-12)


def test_idiosyncratic_risk_goes_where_the_mean_is():
    problem = simulated(30, 2, 1, **FREE)
    mean = np.random.default_rng(0).normal(0.0, 1e-3, 30)
    problem = dataclasses.replace(problem, mean=mean)
    space = FactorSpace.of(problem)
    x = np.array([0.01, 0.02])
    w, why = space.weights(x, 1.0)
    assert why == ""
    np.testing.assert_allclose(w @ space.exposures, x, atol=1e-12)
    assert space.remainder.variance(w) == pytest.approx(1.0)
    least = space.weights(x, 0.0)[0]
    added, free = w - least, null_space(space.exposures.T)
    dense = space.remainder.dense()
    for draw in np.random.default_rng(1).normal(size=(200, free.shape[1])):
        other = free @ draw
        other *= np.sqrt((added @ dense @ added) / (other @ dense @ other))
        assert mean @ other <= mean @ added + 1e-12
        assert least @ dense @ other == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("seed", [0, 1])
def test_long_only_is_as_good_as_slsqp(seed):
    problem = simulated(8, 2, seed=seed)
    budget = np.array([0.4, 0.3, 0.3])
    solution = FactorRiskBudget(budget_of(*budget)).solve(problem)
    rng = np.random.default_rng(seed)
    whole = {"type": "eq", "fun": lambda w: w.sum() - 1.0}
    square = distance(problem, budget)
    best = min(
        minimize(square, rng.dirichlet(np.ones(8)), method="SLSQP", bounds=[(0, 1)] * 8, constraints=whole,
                 options={"ftol": 1e-14, "maxiter": 500}).fun
        for _ in range(6)
    )  # fmt: skip
    assert square(solution.weights) <= best + 1e-6
    assert solution.weights.sum() == pytest.approx(1.0)
    assert solution.weights.min() >= -1e-9
    gap = solution.details["risk_contribution"] - solution.details["risk_budget"]
    assert (solution.reason == "") == bool(np.abs(gap).max() <= 1e-6)


def test_an_exact_portfolio_within_boxes_is_found_where_its_first_guess_is_not_within():
    problem = simulated(200, 3, lower=0.0)
    solution = FactorRiskBudget(budget_of(0.3, 0.1, 0.1, 0.5)).solve(problem)
    assert solution.reason == ""
    assert np.abs(shares_by_definition(problem, solution.weights) - [0.3, 0.1, 0.1, 0.5]).max() < 1e-7


def test_residual_factors_correlated_with_factors_are_reported():
    problem = simulated(20, 3, **FREE)
    problem = dataclasses.replace(problem, factors=problem.factors[:2])
    solution = FactorRiskBudget(budget_of(0.3, 0.2, 0.5)).solve(problem)
    found = shares_by_definition(problem, solution.weights)
    assert np.abs(found - [0.3, 0.2, 0.5]).max() < 0.03
    assert "residual factors are correlated with the factors" in solution.reason
    np.testing.assert_allclose(solution.details["risk_contribution"], found, atol=1e-12)
    assert solution.details["risk_contribution"].sum() == pytest.approx(1.0)


def test_collinear_loadings():
    B = np.random.default_rng(0).normal(1.0, 0.3, (5, 2))
    covariance = LowRankCovariance(np.column_stack([B, B[:, 0]]), 1e-4 * np.eye(3), np.full(5, 1e-4))
    solution = FactorRiskBudget(budget_of(0.4, 0.1, 0.1, 0.4)).solve(problem_of(covariance, 3, **FREE))
    assert "cannot give the factors' exposures" in solution.reason


def test_no_weights_at_all():
    solution = FactorRiskBudget(budget_of(0.2, 0.2, 0.6)).solve(simulated(5, 2, upper=0.1))
    assert not solution.converged
    assert "net is missed by 0.5 at best, with upper kept" in solution.reason
    assert set(solution.details) == set()


@pytest.mark.parametrize("kind", ["assets", "factors"])
def test_derivatives_of_the_gaps(kind):
    from statefolio.portfolio.budgets.risk_budget import _gaps

    problem = simulated(7, 2, 1)
    whole = problem.covariance
    w = np.random.default_rng(0).normal(0.2, 0.3, 7)

    def gaps(v) -> Gaps:
        if kind == "factors":
            return FactorSpace.of(problem).gaps(v, np.zeros(3))
        return _gaps(whole, whole.loadings @ whole.factor_root, v, np.zeros(7))

    at = gaps(w)
    derivative = at.left @ at.right.T + (0.0 if at.diagonal is None else np.diag(at.diagonal))
    steps = 1e-6 * np.eye(7)
    numeric = np.column_stack([(gaps(w + s).values - gaps(w - s).values) / 2e-6 for s in steps])
    np.testing.assert_allclose(derivative, numeric, atol=1e-7)


@pytest.mark.parametrize(
    ("budget", "signs", "words"),
    [
        ({"f0": 0.5, "f1": 0.5}, None, "got none for 'idiosyncratic'"),
        (budget_of(0.5, 0.1, 0.1, 0.3), None, "budget must name factors among .* got 'f2'"),
        (budget_of(0.5, 0.1, 0.4), {"f7": 1}, "signs must name factors among 'f0', 'f1', got 'f7'"),
        (budget_of(0.5, 0.1, 0.1), None, "budget must sum to 1, got 0.7"),
    ],
)
def test_bad_input(budget, signs, words):
    with pytest.raises(StatefolioError, match=words):
        FactorRiskBudget(budget, signs).solve(simulated(6, 2))


def test_no_factor_may_be_called_idiosyncratic():
    problem = dataclasses.replace(problem_of(low_rank(np.eye(2)), 1), factors=pd.Index(["idiosyncratic"]))
    with pytest.raises(StatefolioError, match="factors must not be called 'idiosyncratic'"):
        FactorRiskBudget({"idiosyncratic": 1.0}).solve(problem)
