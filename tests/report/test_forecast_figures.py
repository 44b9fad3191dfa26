"""Forecast and realised volatility, and the bias, against their definitions."""

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.report import volatility_figure
from statefolio.validation.risk_walk import walk_risk

DATES = pd.bdate_range("2021-01-01", periods=200, name="date")


def test_realised_and_bias_are_those_of_the_last_window():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"forecast": 0.01, "return": rng.normal(0, 0.02, 200)}, DATES)
    forecast, realised, _, limit, bias = volatility_figure(table, window=50).data
    assert forecast.y[-1] == pytest.approx(1.0)
    last = table["return"].iloc[-50:]
    assert realised.y[-1] == pytest.approx(100 * last.std(), rel=1e-5)
    assert bias.y[-1] == pytest.approx((last / 0.01).std(), rel=1e-5)
    assert limit.y[-1] == pytest.approx(1 + 1.96 / np.sqrt(100), rel=1e-3)
    with pytest.raises(InputError, match="window must be at most the 200 dates of the test, got 300"):
        volatility_figure(table, window=300)


def test_forecasts_are_those_of_the_walk():
    rng = np.random.default_rng(1)
    factors = pd.DataFrame(rng.normal(0, 0.01, (200, 1)), DATES, ["market"])
    returns = pd.DataFrame(factors.to_numpy() + rng.normal(0, 0.01, (200, 3)), DATES, list("ABC"))
    risk = sf.FactorRisk(sf.RollingLoadings(40), residual_structure=None)
    options = {"test_from": DATES[100], "refit_every": 50, "window": 20}
    weights = pd.Series({"A": 0.5, "C": 0.5})
    drawn = risk.plot_forecast_vs_realised(returns, factors, weights, **options).data[0]
    walked = walk_risk(risk, returns, factors, DATES[100], 50)
    w = np.array([0.5, 0.0, 0.5])
    expected = [100 * np.sqrt(each.covariance.variance(w)) for each in walked.values()]
    np.testing.assert_allclose([drawn.y[0], drawn.y[-1]], expected, rtol=1e-5)
    with pytest.raises(UnknownNameError, match="weights"):
        risk.plot_forecast_vs_realised(returns, factors, {"X": 1.0}, **options)
