import numpy as np
import pandas as pd
import pytest

from statefolio.data import load_stocks_and_index
from statefolio.exceptions import DataTypeError, InputError
from statefolio.factors.characteristics_of_prices import price_exposures


@pytest.fixture(scope="module")
def prices():
    found = 10.0 * (1.0 + load_stocks_and_index().returns.iloc[-420:]).cumprod()
    found.iloc[:200, 2] = np.nan
    found.iloc[300:302, 3] = np.nan
    return found


@pytest.fixture(scope="module")
def volume(prices):
    found = pd.DataFrame(np.exp(np.random.default_rng(0).normal(15, 1, prices.shape)), prices.index, prices.columns)
    found.iloc[350:352, 4] = 0.0
    return found


def test_equals_the_definitions_written_out(prices, volume):
    found = price_exposures(prices, volume)
    returns = prices / prices.shift() - 1.0
    market = returns.mean(axis=1)
    for t in (260, 301, 325, 419):
        for asset in prices.columns[[0, 2, 3, 4]]:
            here = found.sel(date=prices.index[t], asset=asset)
            r = returns[asset].iloc[t - 251 : t + 1]
            m = market[r.index]
            known = r.notna()
            if known.sum() < 126:
                assert np.isnan([here["volatility"], here["beta"]]).all()
            else:
                assert float(here["volatility"]) == pytest.approx(r.std(), abs=1e-12)
                slope = np.cov(r[known], m[known])[0, 1] / np.var(m[known], ddof=1)
                assert float(here["beta"]) == pytest.approx(slope, abs=1e-10)
            then = prices[asset].iloc[t - 252]
            expected = prices[asset].iloc[t - 21] / then - 1.0
            assert float(here["momentum"]) == pytest.approx(expected, abs=1e-12, nan_ok=True) or t - 21 in (300, 301)
            traded = volume[asset].iloc[t - 62 : t + 1]
            assert float(here["size"]) == pytest.approx(np.log(traded[traded > 0].mean()), abs=1e-12)


def test_momentum_takes_the_last_price_over_a_short_gap(prices):
    asset = prices.columns[3]
    found = price_exposures(prices)["momentum"].sel(asset=asset)
    last = prices[asset].iloc[299]
    assert float(found[321]) == pytest.approx(last / prices[asset].iloc[69] - 1.0, abs=1e-12)


def test_the_future_changes_nothing(prices, volume):
    whole = price_exposures(prices, volume)
    cut = price_exposures(prices[:330], volume[:330])
    for name in whole:
        np.testing.assert_array_equal(whole[name][:330], cut[name])
    other = prices.copy()
    other.iloc[330:] *= 3.0
    for name, values in price_exposures(other, volume).items():
        np.testing.assert_array_equal(values[:330], whole[name][:330])


def test_market_and_sectors_that_are_given(prices):
    market = load_stocks_and_index().factors["market"]
    sectors = pd.Series("tech", prices.columns[:5])
    found = price_exposures(prices, sectors=sectors, market=market)
    r, m = (prices.iloc[:, 0].pct_change()[-252:], market.loc[prices.index[-252:]])
    assert float(found["beta"][-1, 0]) == pytest.approx(np.polyfit(m, r, 1)[0], abs=1e-10)
    assert list(found["sector"].to_numpy()[:5]) == ["tech"] * 5
    assert found["sector"].isnull()[5:].all()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"prices": "returns"}, InputError, "prices must be positive, got .* values at or below zero"),
        ({"prices": "short"}, InputError, "prices must have more than 252 dates, got 252"),
        ({"dollar_volume": "short"}, InputError, "dollar_volume must have .* got other dates"),
        ({"dollar_volume": "few"}, InputError, "dollar_volume must have .* too few assets"),
        ({"sectors": ["tech"]}, DataTypeError, "sectors must be .* got .'tech'."),
        ({"market": 0.01}, DataTypeError, "market must be .* got 0.01"),
        ({"market": "late"}, InputError, "market must have .* got none on 99 dates"),
    ],
)
def test_invalid_input_is_refused(change, error, message, prices):
    of = {
        "returns": prices.pct_change(fill_method=None),
        "short": prices.iloc[:252],
        "few": prices.iloc[:, :3],
        "late": prices.iloc[100:, 0] / 1e4,
    }
    arguments = {"prices": prices} | change
    arguments = {name: of[value] if isinstance(value, str) else value for name, value in arguments.items()}
    with pytest.raises(error, match=message):
        price_exposures(**arguments)


def test_a_constant_market_has_no_beta():
    dates = pd.bdate_range("2015-01-01", periods=300)
    prices = pd.DataFrame({"A": 50.0, "B": 50.0}, dates)
    assert price_exposures(prices)["beta"].isnull().all()
    rng = np.random.default_rng(8)
    prices["A"] = 50.0 * np.exp(rng.normal(0, 0.01, 300).cumsum())
    assert price_exposures(prices, market=pd.Series(0.001, dates))["beta"].isnull().all()
