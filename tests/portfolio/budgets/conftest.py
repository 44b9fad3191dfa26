"""The bundled stocks, and the module of definitions that these tests share."""

import sys
from pathlib import Path

import pytest

import statefolio as sf

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def stocks():
    """Factor risk of the bundled stocks."""
    demo = sf.load_demo()
    return sf.FactorRisk().fit(demo.returns.iloc[-600:], demo.factors.iloc[-600:])
