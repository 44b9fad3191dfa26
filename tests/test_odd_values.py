"""Dates, booleans, text and huge numbers as weights, variances or forecasts are refused, never taken for numbers."""

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.exceptions import StatefolioError

ODD = [
    *(True, np.bool_(True), "1", b"1", 1j, [1], 10**400, np.inf, np.nan),
    *(pd.Timestamp("2020-01-01"), np.datetime64("2020-01-01"), np.timedelta64(3, "D"), pd.NaT),
]


@pytest.fixture(scope="module")
def data():
    demo = sf.load_demo()
    returns, factors = demo.returns.iloc[:120, :2], demo.factors.iloc[:120, :1]
    return returns, factors, sf.StaticLoadings().fit(returns, factors)


def kalman(data, **options):
    return sf.KalmanLoadings(tuning="fixed", **{"state_variance": 0.1} | options).fit(*data[:2])


def weights(value):
    return pd.Series([value, value], index=["AAPL", "AMD"], dtype=object)


DOORS = {
    "weights": lambda data, value: sf.risk.attribute_return(
        data[2], weights(value).set_axis(data[0].columns), *data[:2]
    ),
    "weights of one kind": lambda data, value: sf.risk.attribute_return(
        data[2], pd.Series([value] * 2, index=data[0].columns), *data[:2]
    ),
    "forecasts": lambda data, value: data[2].predict({"market": value}),
    "state variance": lambda data, value: kalman(data, state_variance=value),
    "state variances": lambda data, value: kalman(data, state_variance={"alpha": value, "market": 0.1}),
    "observation variance": lambda data, value: kalman(data, observation_variance=value),
    "observation variances": lambda data, value: kalman(
        data, observation_variance=weights(value).set_axis(data[0].columns)
    ),
    "start": lambda data, value: kalman(data, start=(value, 1.0)),
    "mean": lambda data, value: kalman(data, dynamics="mean_reverting", phi=0.9, mean=value),
    "phi": lambda data, value: kalman(data, dynamics="mean_reverting", phi=value),
    "window": lambda data, value: sf.RollingLoadings(window=value).fit(*data[:2]),
    "half-life": lambda data, value: sf.ExponentialLoadings(half_life=value).fit(*data[:2]),
    "a limit": lambda data, value: sf.Constraints(lower=value, upper={"AAPL": value}),
    "held weights": lambda data, value: sf.run_backtest(
        sf.portfolio.BuyAndHold(weights(value).set_axis(data[0].columns)), sf.Market(data[0])
    ),
    "capital": lambda data, value: sf.run_backtest(sf.EqualWeight(), sf.Market(data[0]), capital=value),
    "cash": lambda data, value: sf.Market(data[0], cash_rate=value),
}


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("door", DOORS)
def test_what_is_no_finite_number_is_refused(data, door, value):
    if door == "start" and isinstance(value, list):
        pytest.skip("a list of one mean for all loadings is valid")
    with pytest.raises(StatefolioError):
        DOORS[door](data, value)


def test_a_list_as_a_name(data):
    named = data[0].set_axis([["a"], "b"], axis=1)
    with pytest.raises(StatefolioError, match="as the name of a column"):
        sf.StaticLoadings().fit(named, data[1])
