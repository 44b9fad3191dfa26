"""Simulated back-tests: long-only with costs, long-short, all in cash, and bankrupt."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.simulation import simulate

ASSETS = [f"A{i}" for i in range(20)]
FACTORS = ["market", "size"]


def made_up(n_dates=700, *, short=False, every=5, seed=0, drift=0.0005):
    """Simulate random weights with random details of the decisions."""
    rng = np.random.default_rng(seed)
    dates = pd.bdate_range("2018-01-01", periods=n_dates)
    returns = pd.DataFrame(rng.normal(drift, 0.01, (n_dates, len(ASSETS))), dates, ASSETS)
    on = dates[:-1:every]
    wanted = pd.DataFrame(rng.dirichlet(np.linspace(3.0, 0.2, len(ASSETS)), len(on)), on, ASSETS)
    if short:
        wanted = wanted - rng.dirichlet(np.ones(len(ASSETS)), len(on))
    result = simulate(wanted, Market(returns), costs=TradingCosts(proportional=0.001, borrow=0.02))
    shares = pd.DataFrame(rng.dirichlet(np.ones(len(ASSETS)), len(on)), on, ASSETS)
    details = {
        "risk_contribution": shares,
        "risk_budget": shares * 0.0 + 1.0 / len(ASSETS),
        "expected_return": pd.DataFrame(rng.normal(0.0, 0.001, wanted.shape), on, ASSETS),
        "exposure": pd.DataFrame(rng.normal(1.0, 0.1, (len(on), 2)), on, FACTORS),
        "exposure_error": pd.DataFrame(0.05, on, FACTORS),
    }
    return replace(result, name="short" if short else "long", details=details)


@pytest.fixture(scope="session")
def long_only():
    return made_up()


@pytest.fixture(scope="session")
def long_short():
    return made_up(short=True, seed=1)


@pytest.fixture(scope="session")
def make_result():
    return made_up


@pytest.fixture(scope="session")
def all_cash():
    dates = pd.bdate_range("2020-01-01", periods=60)
    returns = pd.DataFrame(0.01, dates, ["A", "B"])
    return simulate(pd.DataFrame(0.0, dates[:1], ["A", "B"]), Market(returns))


@pytest.fixture(scope="session")
def bankrupt():
    dates = pd.bdate_range("2020-01-01", periods=60)
    returns = pd.DataFrame({"A": [0.001, -0.001] * 30, "B": 0.1}, dates)
    return simulate(pd.DataFrame({"A": 0.0, "B": -2.0}, dates[:1]), Market(returns))
