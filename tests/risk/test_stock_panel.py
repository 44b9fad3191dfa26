"""505 stocks with gaps, late listings, spin-offs and a bad price: is the covariance valid and accurate?"""

import numpy as np
import pandas as pd
import pytest

from statefolio.data import to_returns
from statefolio.exceptions import StatefolioWarning
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.risk.factor_risk import FactorRisk

FIRST, LAST, HELD = 500, 640, 5


@pytest.fixture(scope="module")
def panel(shared):
    prices = pd.read_parquet(shared / "sp500_close_2013_2018.parquet").astype(float)
    table = pd.read_parquet(shared / "ff5_mom_daily.parquet")
    returns = to_returns(prices)
    returns = returns[returns.index.isin(table.index)]
    returns = returns.sub(table["RF"].reindex(returns.index), axis=0)
    return returns.iloc[:LAST], table.drop(columns="RF").loc["2010":]


@pytest.fixture(scope="module")
def walked(panel):
    """Returns of random portfolios over their forecast volatility, with one forecast per week."""
    returns, factors = panel
    with pytest.warns(StatefolioWarning, match=r"2 moves that look like splits \(first: 'DISCA' on 2014-08-07"):
        risk = FactorRisk(KalmanLoadings()).fit(returns[:FIRST], factors)
    rng = np.random.default_rng(0)
    rows = []
    for t in range(FIRST, LAST):
        came = returns.iloc[t].reindex(risk.assets_)
        long = np.where(came.notna(), rng.dirichlet(np.ones(len(came)), 8), 0.0)
        market = rng.normal(size=(8, len(came))) / np.sqrt(len(came))
        w = np.vstack([long, np.where(came.notna(), market, 0.0)])
        rows.append(w @ came.fillna(0.0).to_numpy() / risk.covariance_.volatility(w))
        if (t + 1 - FIRST) % HELD == 0:
            risk.partial_fit(returns.iloc[t + 1 - HELD : t + 1], factors)
    return np.array(rows), risk


def test_it_is_positive_definite_with_names(walked, panel):
    _, risk = walked
    sigma = risk.covariance_frame()
    assert np.isfinite(sigma.to_numpy()).all()
    assert np.linalg.eigvalsh(sigma.to_numpy())[0] > 0.0
    assert len(sigma) + len(risk.excluded_) == 505
    short = panel[0].notna().sum()
    assert (risk.excluded_["reason"] != "").all()
    assert set(short.index[short < 14]) <= set(risk.excluded_.index)
    np.testing.assert_allclose(np.linalg.slogdet(sigma)[1], risk.covariance_.log_determinant, rtol=1e-10)


def test_bias_statistic_of_random_portfolios(walked):
    """The standard deviation of returns over their forecast volatility is near 1, for long and for mixed portfolios."""
    z, _ = walked
    bias = z.std(axis=0)
    assert 0.8 < bias[:8].mean() < 1.2
    assert 0.85 < bias[8:].mean() < 1.25
