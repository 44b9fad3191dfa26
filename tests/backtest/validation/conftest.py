import numpy as np
import pandas as pd
import pytest

import statefolio as sf


@pytest.fixture
def noise():
    """Trials without skill: dates, number, common share of variance, seed."""

    def make(dates=500, count=10, common=0.0, seed=0):
        rng = np.random.default_rng(seed)
        e = np.sqrt(common) * rng.standard_normal((dates, 1)) + np.sqrt(1 - common) * rng.standard_normal(
            (dates, count)
        )
        index = pd.bdate_range("2010-01-04", periods=dates, name="date")
        return pd.DataFrame(0.01 * e, index=index, columns=[f"T{j}" for j in range(count)])

    return make


@pytest.fixture(scope="session")
def stocks():
    return sf.load_demo().returns.iloc[:, :8]
