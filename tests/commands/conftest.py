"""Small files of returns and factors."""

import numpy as np
import pandas as pd
import pytest


class Recorded:
    """A progress callback that remembers its calls."""

    def __init__(self):
        self.said, self.stages = [], {}

    def say(self, text):
        self.said.append(text)

    def __call__(self, stage, done, total):
        self.stages[stage] = (done, total)


@pytest.fixture
def progress():
    return Recorded()


@pytest.fixture(scope="session")
def tables():
    """Excess returns of six assets, their two factors and a risk-free rate."""
    rng = np.random.default_rng(7)
    dates = pd.bdate_range("2018-01-01", periods=700, name="date")
    factors = pd.DataFrame(rng.normal(0, 0.01, (700, 2)), dates, ["market", "value"])
    loadings = np.stack([np.linspace(0.5, 1.5, 6), np.linspace(-1, 1, 6)])
    returns = factors.to_numpy() @ loadings + rng.normal(0, 0.01, (700, 6))
    returns[rng.random(returns.shape) < 0.02] = np.nan
    factors["rf"] = 0.0001
    return pd.DataFrame(returns, dates, [f"s{i}" for i in range(6)]), factors


@pytest.fixture
def files(tables, tmp_path):
    """Write the returns and the factors; return both paths."""
    returns, factors = tables
    paths = tmp_path / "returns.csv", tmp_path / "factors.parquet"
    returns.to_csv(paths[0])
    factors.to_parquet(paths[1])
    return paths
