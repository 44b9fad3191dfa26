"""The covariance over the dates until the next decision: that of a model with this horizon, and off by default."""

import numpy as np
import pytest

import statefolio as sf
from statefolio.exceptions import InputError
from statefolio.portfolio import MinimumVariance
from statefolio.risk import ShrunkCorrelation

LOADINGS = sf.KalmanLoadings(dynamics="mean_reverting", tuning="fixed", state_variance=1e-3, phi=0.9)


@pytest.fixture(scope="module")
def data():
    demo = sf.load_demo()
    return demo.returns.iloc[:300, :4], demo.factors.iloc[:300, :2]


@pytest.fixture(scope="module")
def risk(data):
    return sf.FactorRisk(LOADINGS, residual_structure=None).fit(*data)


def test_over_a_horizon_is_a_model_with_that_horizon(data, risk):
    month = sf.FactorRisk(LOADINGS, residual_structure=None, horizon=21).fit(*data)
    np.testing.assert_array_equal(risk.over(21).covariance_.dense(), month.covariance_.dense())
    np.testing.assert_array_equal(month.over(1).covariance_.dense(), risk.covariance_.dense())
    assert abs(month.covariance_.dense() - risk.covariance_.dense()).max() > 0.0
    assert risk.horizon == 1
    with pytest.raises(InputError, match="horizon must be a whole number of at least 1"):
        risk.over(0)


def weights(data, **options):
    market = sf.Market(*data)
    model = options.pop("risk", sf.FactorRisk(LOADINGS, residual_structure=None))
    policy = sf.ModelPolicy(MinimumVariance(), model, **options)
    return sf.run_backtest(policy, market, start=market.dates[200], rebalance=40, cuts=1)


def test_a_policy_asks_for_the_dates_until_its_next_decision(data):
    default = weights(data).decisions
    np.testing.assert_array_equal(weights(data, risk_horizon="model").decisions, default)
    found = weights(data, risk_horizon="holding_period", holding_period=40)
    ahead = weights(data, risk=sf.FactorRisk(LOADINGS, residual_structure=None, horizon=40))
    np.testing.assert_array_equal(found.decisions, ahead.decisions)
    assert abs(found.decisions - default).max(axis=None) > 1e-6
    assert found.causality.verdict == "causal"
    np.testing.assert_array_equal(weights(data, risk_horizon="holding_period", holding_period=1).decisions, default)


def test_models_without_a_horizon_and_other_words_are_refused(data):
    with pytest.raises(Exception, match=r"has no method over\(horizon\)"):
        weights(data, risk=ShrunkCorrelation(min_observations=100), risk_horizon="holding_period")
    with pytest.raises(Exception, match="risk_horizon must be 'model' or 'holding_period', got 'month'"):
        weights(data, risk_horizon="month")
