"""Panels for views."""

import numpy as np
import pandas as pd
import pytest

from statefolio.data import load_demo
from statefolio.risk.factor_risk import FactorRisk


@pytest.fixture(scope="session")
def demo():
    return load_demo()


@pytest.fixture(scope="session")
def demo_risk(demo):
    return FactorRisk().fit(demo.returns, demo.factors, tune_until="2017-12-31")


@pytest.fixture
def panel() -> pd.DataFrame:
    """Five assets with gaps, a late listing and one that leaves."""
    rng = np.random.default_rng(3)
    dates = pd.bdate_range("2015-01-05", periods=220, name="date")
    values = rng.multivariate_normal(np.full(5, 0.0005), 1e-4 * (0.4 + 0.6 * np.eye(5)), 220)
    values[rng.random(values.shape) < 0.06] = np.nan
    values[:90, 3] = np.nan
    values[150:, 4] = np.nan
    return pd.DataFrame(values, index=dates, columns=list("abcde"))
