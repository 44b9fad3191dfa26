"""Covariances that are given: the latest one known, scaled to one date, for the assets it has."""

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.risk import GivenCovariance, covariance_table


@pytest.fixture(scope="module")
def returns():
    return sf.load_demo().returns.iloc[:300, :4]


@pytest.fixture(scope="module")
def table(returns):
    early = returns.iloc[:100, :3].cov() * 21
    return covariance_table({returns.index[99]: early, returns.index[199]: returns.iloc[:200].cov() * 21})


def fitted(returns, table, rows):
    known = table.loc[: returns.index[rows - 1]]
    return GivenCovariance(horizon=21).fit(returns.iloc[:rows], others={"covariance": known})


def test_the_latest_known_one_is_used(returns, table):
    risk = fitted(returns, table, 199)
    assert list(risk.assets_) == list(returns.columns[:3])
    assert list(risk.excluded_.index) == [returns.columns[3]]
    assert risk.known_on_ == returns.index[99]
    np.testing.assert_allclose(risk.covariance_.dense(), returns.iloc[:100, :3].cov(), rtol=1e-10)
    risk = risk.partial_fit(returns.iloc[199:210], others={"covariance": table})
    np.testing.assert_allclose(risk.covariance_.dense(), returns.iloc[:200].cov(), rtol=1e-10)


def test_a_back_test_uses_it_without_factors_and_without_the_future(returns, table):
    policy = sf.ModelPolicy(sf.portfolio.MinimumVariance(), GivenCovariance(horizon=21))
    market = sf.Market(returns, others={"covariance": table})
    whole = sf.run_backtest(policy, market, start=returns.index[110], cuts=2)
    assert whole.causality.verdict == "causal"
    first = np.linalg.solve(returns.iloc[:100, :3].cov(), np.ones(3))
    expected = (first / first.sum()).clip(0)
    assert abs(whole.decisions.iloc[0].iloc[:3] - expected).max() < 0.05
    cut = market.until(returns.index[205])
    short = sf.run_backtest(policy, cut, start=returns.index[110])
    pd.testing.assert_frame_equal(short.weights, whole.weights.loc[: returns.index[205]], check_exact=True)


def test_what_cannot_be_used_is_named(returns, table):
    with pytest.raises(InputError, match="must be known on 2014-01-16, got none"):
        fitted(returns, table, 10)
    with pytest.raises(UnknownNameError, match="the covariance must name assets of the market"):
        fitted(returns.iloc[:, 1:], table, 150)
    flat = covariance_table({returns.index[0]: pd.DataFrame(1e-4, returns.columns[:2], returns.columns[:2])})
    with pytest.raises(InputError, match="positive definite"):
        GivenCovariance().fit(returns, others={"covariance": flat})
    with pytest.raises(InputError, match=r"every pair of its assets, got none for AAPL and AMD"):
        fitted(returns, table.drop(columns="AAPL x AMD"), 150)
    with pytest.raises(InputError, match="columns of the covariance must be pairs"):
        fitted(returns, table.rename(columns={"AAPL x AMD": "AAPL"}), 150)
    with pytest.raises(InputError, match="symmetric"):
        covariance_table({"2020-01-01": pd.DataFrame([[1.0, 0.5], [0.2, 1.0]], list("ab"), list("ab"))})
    with pytest.raises(InputError, match="same names"):
        covariance_table({"2020-01-01": pd.DataFrame(1.0, list("ab"), list("ba"))})
    with pytest.raises(InputError, match="at least one"):
        covariance_table({})
