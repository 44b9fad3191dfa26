"""Panels of the tests of loadings, and a fitted risk model on the demo data."""

import numpy as np
import pandas as pd
import pytest

from statefolio.data import load_demo
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.risk.factor_risk import FactorRisk


@pytest.fixture(scope="session")
def demo():
    return load_demo()


@pytest.fixture(scope="session")
def demo_model(demo):
    return KalmanLoadings().fit(demo.returns, demo.factors, tune_until="2017-12-31")


@pytest.fixture(scope="session")
def demo_risk(demo, demo_model):
    return FactorRisk(demo_model, prefit=True).fit(demo.returns, demo.factors)


@pytest.fixture(scope="session")
def weights(demo):
    drawn = np.random.default_rng(4).normal(1.0, 1.0, demo.returns.shape[1])
    return pd.Series(drawn / drawn.sum(), index=demo.returns.columns)
