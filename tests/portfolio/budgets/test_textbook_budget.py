"""A textbook's risk budget of 40/30/20/10 on simulated data: its result, and that of exact budgets."""

import numpy as np
import pandas as pd
import pytest
from budgeting import contributions, low_rank, problem_of, textbook_covariance
from scipy.optimize import minimize

from statefolio.portfolio.budgets.risk_budget import RiskBudget
from statefolio.portfolio.budgets.tracker import RiskContributionTracker

TARGET = np.array([0.4, 0.3, 0.2, 0.1])
MEAN = np.array([0.08, 0.04, 0.06, 0.05]) / 252
DAYS, BURN, STEP, LOOK_BACK, WINDOW = 252, 40, 20, 40, 20


@pytest.fixture(scope="module")
def returns():
    generator = np.random.RandomState(42)
    return np.array([generator.multivariate_normal(MEAN, textbook_covariance()) for _ in range(DAYS)])


def held_each_day(returns, decide):
    """Equal weights until the first decision; what is decided at a close is held from the next day."""
    weights, held = np.empty((DAYS, 4)), np.full(4, 0.25)
    for t in range(DAYS):
        weights[t] = held
        if t > BURN and t % STEP == 0:
            held = decide(np.cov(returns[t + 1 - LOOK_BACK : t + 1].T))
    return weights


def realised(returns, weights):
    """Contributions of the weights held, on the covariance of the last days, from the first day that has so many."""
    days = range(WINDOW, DAYS)
    return np.array([contributions(np.cov(returns[t + 1 - WINDOW : t + 1].T), weights[t]) for t in days])


def root_mean_square(gaps):
    return np.sqrt(np.mean(gaps**2, axis=1))


def textbook_search(sigma):
    """Squared gaps, and a return below 8 % a year punished a thousand times."""

    def lack(w):
        return np.sum((contributions(sigma, w) - TARGET) ** 2) + 1000 * max(0.0, 0.08 / 252 - w @ MEAN)

    whole = {"type": "eq", "fun": lambda w: w.sum() - 1.0}
    return minimize(lack, np.full(4, 0.25), method="SLSQP", bounds=[(0.0, 1.0)] * 4, constraints=whole).x


def exact_budget(sigma):
    budget = {f"a{i}": share for i, share in enumerate(TARGET)}
    solution = RiskBudget(budget).solve(problem_of(low_rank(sigma)))
    assert np.abs(contributions(sigma, solution.weights) - TARGET).max() < 1e-10
    return solution.weights


def test_the_textbook_ends_far_from_its_budget(returns):
    found = np.abs(realised(returns, held_each_day(returns, textbook_search)))
    found /= found.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(100 * found[-1], [53.8, 0.0, 25.5, 20.7], atol=0.06)
    gap = root_mean_square(found - TARGET)
    assert gap.max() == pytest.approx(0.241, abs=6e-4)
    assert gap.mean() == pytest.approx(0.184, abs=6e-4)
    assert gap[BURN:].mean() == pytest.approx(0.179, abs=6e-4)


def test_exact_budgets_still_realise_others(returns):
    found = realised(returns, held_each_day(returns, exact_budget))
    np.testing.assert_allclose(100 * found[-1], [32, 41, 13, 14], atol=0.5)
    assert root_mean_square(found - TARGET).mean() == pytest.approx(0.093, abs=5e-4)


def test_the_tracker_shows_that_the_gap_is_mostly_sampling_error(returns):
    names, dates = list("abcd"), pd.bdate_range("2020-01-01", periods=DAYS)
    weights = pd.DataFrame(held_each_day(returns, exact_budget), dates, names)
    tracker = RiskContributionTracker(pd.Series(TARGET, index=names), window=WINDOW)
    found = tracker.fit(pd.DataFrame(returns, dates, names), weights).tracking_.isel(date=slice(4, None))
    assert (found["lower"] < found["target"]).all()
    assert (found["tracking_error"] < found["observed_tracking_error"]).mean() > 0.5
    assert found["observed_tracking_error"].mean() < 2.0 * found["noise"].mean()
