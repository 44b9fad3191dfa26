"""A panel of real stocks with gaps and late listings, validated once for all tests of this folder."""

import numpy as np
import pandas as pd
import pytest

from statefolio.data import load_demo
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import RollingLoadings, StaticLoadings
from statefolio.validation.validation import validate

TEST_FROM = "2019-01-01"


def models():
    return {
        "rolling": RollingLoadings(250),
        "static": StaticLoadings(),
        "kalman": KalmanLoadings(),
    }


@pytest.fixture(scope="session")
def stocks() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Twenty stocks, five years: 2 % gaps, a late listing in the test, a delisting, and one asset never observed."""
    data = load_demo()
    returns = data.returns.loc["2016":"2020"].copy()
    rng = np.random.default_rng(3)
    returns = returns.mask(rng.random(returns.shape) < 0.02)
    returns.loc[:"2018-03-01", "AAPL"] = np.nan
    returns.loc["2019-06-01":, "AMD"] = np.nan
    returns["NONE"] = np.nan
    return returns, data.factors.loc["2016":"2020"]


@pytest.fixture(scope="session")
def validation(stocks):
    return validate(models(), *stocks, TEST_FROM)
