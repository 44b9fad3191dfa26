import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.stattools import adfuller
from statsmodels.tsa.vector_ar.vecm import coint_johansen

from statefolio.pairs.cointegration.unit_root import adf_statistic, half_life


def walk(seed, dates=300, level=30.0):
    return level + np.cumsum(np.random.default_rng(seed).normal(size=dates))


def peer(series, lags, constant):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of the form of what it returns
        return adfuller(series, maxlag=lags, regression="c" if constant else "n", autolag=None)[0]


@pytest.mark.parametrize("lags", [0, 1, 4])
@pytest.mark.parametrize("constant", [True, False])
def test_statistic_is_that_of_statsmodels(lags, constant):
    for series in (walk(1), 0.01 * walk(2), np.diff(walk(3)), walk(4, dates=12, level=5.0)):
        assert adf_statistic(series, lags, constant) == pytest.approx(
            peer(series, lags, constant), rel=1e-10, abs=1e-12
        )


def test_real_prices(etfs):
    for name in ("EWA", "GLD", "SPY"):
        series = etfs[name].dropna().to_numpy()
        assert adf_statistic(series, 1, True) == pytest.approx(peer(series, 1, True), abs=1e-10)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999), scale=st.floats(1e-3, 1e3), shift=st.floats(-100.0, 100.0))
def test_scale_and_shift_change_nothing(seed, scale, shift):
    series = walk(seed, dates=120)
    assert adf_statistic(shift + scale * series, 1, True) == pytest.approx(adf_statistic(series, 1, True), rel=1e-7)
    assert half_life(shift + scale * series) == pytest.approx(half_life(series), rel=1e-6)


def test_what_has_no_statistic():
    assert np.isnan(adf_statistic(np.full(50, 3.0), 1, True))
    assert np.isnan(adf_statistic(walk(1)[:5], 1, True))
    assert np.isfinite(adf_statistic(walk(1)[:6], 1, True))
    assert np.isnan(half_life(walk(1)[:3]))
    assert half_life(np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])) == np.inf


def test_half_life_is_a_regression_s():
    series = walk(5)
    slope, _ = np.polyfit(series[:-1], np.diff(series), 1)
    assert half_life(series) == pytest.approx(-np.log(2.0) / slope, rel=1e-10)


def test_half_life_of_chan_s_basket(etfs):
    prices = etfs[["EWC", "EWA", "IGE"]].to_numpy()
    portfolio = prices @ coint_johansen(prices, 0, 1).evec[:, 0]
    assert half_life(portfolio) == pytest.approx(22.66257785, abs=1e-7)
