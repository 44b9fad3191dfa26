"""Panels and models that tests of policies share."""

import sys
from pathlib import Path

import numpy as np
import pytest

import statefolio as sf
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.risk.factor_risk import FactorRisk

sys.path.insert(0, str(Path(__file__).parent))  # past_gate.py

from past_gate import Gate


@pytest.fixture(scope="session")
def demo():
    return sf.load_demo()


@pytest.fixture(scope="session")
def panel(demo):
    """Eight stocks on two factors over 360 dates: one listed late, one delisted, one with gaps, one never seen."""
    returns = demo.returns.iloc[-360:, :8].copy()
    returns.iloc[:250, 1] = np.nan
    returns.iloc[200:, 2] = np.nan
    returns.iloc[40:300:9, 3] = np.nan
    returns["NEVER"] = np.nan
    return returns, demo.factors.iloc[-360:, :2]


@pytest.fixture
def gate(panel):
    return Gate(*panel)


@pytest.fixture
def small_risk():
    """A factor risk that is quick to fit."""
    return FactorRisk(KalmanLoadings(), residual_structure=None)
