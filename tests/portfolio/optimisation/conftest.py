"""Problems to solve, and a second, dense and obvious way to check their solutions."""

import numpy as np
import pandas as pd
import pytest

from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.problem import Problem
from statefolio.risk.low_rank import LowRankCovariance


def make(count=12, factors=3, seed=0, **options):
    """A problem as a risk model would give it: daily variances about 1e-4. Options beyond constraints by name."""
    rng = np.random.default_rng(seed)
    loadings = rng.normal(0.0, 0.5, (count, factors))
    if factors:
        loadings[:, 0] += 1.0
    given = {
        "assets": pd.Index([f"A{i}" for i in range(count)]),
        "factors": pd.Index([f"F{k}" for k in range(factors)]),
        "covariance": LowRankCovariance(
            loadings, np.diag(1e-4 * rng.uniform(0.3, 1.0, factors)), rng.uniform(0.01, 0.03, count) ** 2
        ),
        "mean": rng.normal(3e-4, 4e-4, count),
        "previous": rng.dirichlet(np.ones(count)),
        "trade_cost": rng.uniform(2e-4, 2e-3, count),
        "holding_period": 21.0,
        "dates_since": 21,
    }
    given |= {name: options.pop(name) for name in list(options) if name in Problem.__dataclass_fields__}
    return Problem(constraints=Constraints(**options), **given)


def utility(problem, weights, risk_aversion):
    """Written out with the dense covariance."""
    sigma = problem.risk.dense()
    cost = problem.trade_cost @ np.abs(weights - problem.previous) / problem.holding_period
    return problem.mean @ weights - 0.5 * risk_aversion * weights @ sigma @ weights - cost


def ratio(problem, weights):
    """The Sharpe ratio after costs."""
    cost = problem.trade_cost @ np.abs(weights - problem.previous) / problem.holding_period
    return (problem.mean @ weights - cost) / np.sqrt(weights @ problem.risk.dense() @ weights)


@pytest.fixture(name="make", scope="session")
def make_fixture():
    return make


@pytest.fixture(name="utility", scope="session")
def utility_fixture():
    return utility


@pytest.fixture(name="ratio", scope="session")
def ratio_fixture():
    return ratio
