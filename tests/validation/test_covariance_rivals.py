"""Rival covariances: known to the date before, and as their formulas say."""

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf

import statefolio as sf
from statefolio.exceptions import StatefolioWarning
from statefolio.validation import rival_covariances


def test_each_forecast_uses_earlier_dates_alone():
    demo = sf.load_demo()
    returns, factors = demo.returns.iloc[:580, :4].copy(), demo.factors.iloc[:580]
    returns.iloc[:400, 3] = np.nan  # too many missing for the window
    first = returns.index[540]
    found = rival_covariances(returns, factors, first, 30)
    forecast = found["Ledoit-Wolf"][first]
    assert list(forecast.assets) == list(returns.columns[:3])
    sample = returns.iloc[36:540, :3]
    assert forecast.covariance.matrix == pytest.approx(LedoitWolf().fit(sample).covariance_)
    weight = 0.5 ** (np.arange(504)[::-1] / 40)
    moment = (sample.to_numpy().T * weight) @ sample.to_numpy() / weight.sum()
    expected = 0.9 * moment + 0.1 * np.diag(np.diag(moment))
    assert found["exponentially weighted"][first].covariance.matrix == pytest.approx(expected)
    changed = returns.copy()
    changed.iloc[540:] = 0.0
    again = rival_covariances(changed, factors, first, 30)
    for name, forecasts in found.items():
        w = np.ones(len(forecasts[first].assets))
        assert forecasts[first].covariance.variance(w) == again[name][first].covariance.variance(w)


def test_too_few_dates_leave_out_the_regression():
    demo = sf.load_demo()
    with pytest.warns(StatefolioWarning, match="rolling OLS"):
        found = rival_covariances(demo.returns.iloc[:80, :3], demo.factors.iloc[:80], demo.returns.index[60])
    assert set(found) == {"Ledoit-Wolf", "exponentially weighted"}


def test_all_methods_add_shrinkage_and_dynamic_correlations():
    demo = sf.load_demo()
    returns, factors = demo.returns.iloc[:580, :4].copy(), demo.factors.iloc[:580]
    returns.iloc[:400, 3] = np.nan
    first = returns.index[540]
    found = rival_covariances(returns, factors, first, 30, methods="all")
    assert set(found) == {"Ledoit-Wolf", "exponentially weighted", "rolling OLS", "QIS", "DCC", "DCC-NL"}
    sample = returns.iloc[36:540, :3].to_numpy()
    expected = sf.risk.quadratic_shrinkage(np.cov(sample.T), 503)
    assert found["QIS"][first].covariance.matrix == pytest.approx(expected, rel=1e-10)
    for name, shrinkage in (("DCC", False), ("DCC-NL", True)):
        model = sf.risk.DynamicCorrelation(30, shrinkage, pooling=0.0).fit(returns.iloc[:540])
        assert list(found[name][first].assets) == list(returns.columns[:3])
        assert found[name][first].covariance.dense() == pytest.approx(model.covariance_.dense(), rel=1e-12)
    assert len(found["DCC"]) == 2
