import numpy as np
import pandas as pd
import pytest

from statefolio.data import load_demo
from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning, UnknownNameError
from statefolio.factors.observed import spread_factors, traded_factors

LEGS = {"size": {"IWM": 1.0, "SPY": -1.0}, "gold": {"GLD": 1.0}, "rates": {"TLT": 1.0, "IEF": -0.5, "SPY": 0.1}}


def test_spreads_of_real_etfs(shared):
    prices = pd.read_parquet(shared / "chan_etf_adjclose_2002_2016.parquet")
    returns = prices.pct_change(fill_method=None).iloc[1:]
    result = spread_factors(returns, LEGS)
    assert list(result.returns.columns) == ["size", "gold", "rates"]
    assert set(result.kinds) == {"observed"}
    by_hand = returns["IWM"] - returns["SPY"]
    np.testing.assert_allclose(result.returns["size"], by_hand, atol=1e-15)
    assert result.returns["gold"].first_valid_index() == returns["GLD"].first_valid_index() > returns.index[0]
    np.testing.assert_array_equal(result.returns["rates"].isna(), returns[["TLT", "IEF", "SPY"]].isna().any(axis=1))


def test_a_spread_of_bundled_factors_with_gaps():
    returns = load_demo().factors.iloc[:50].copy()
    returns.iloc[3, 0], returns.iloc[5, 1] = np.nan, np.nan
    first, second, other = returns.columns[:3]
    found = spread_factors(returns, {"a": {first: 2.0, second: -1.0}, "b": {other: 1.0}}).returns
    np.testing.assert_allclose(found["a"], 2.0 * returns[first] - returns[second], atol=1e-15)
    assert np.flatnonzero(found["a"].isna()).tolist() == [3, 5]
    assert found["b"].notna().all()


@pytest.mark.parametrize(
    ("legs", "error", "message"),
    [
        (
            {"size": {"IWM": 1.0, "VTI": -1.0}},
            UnknownNameError,
            "legs of 'size' must name columns of returns .* got 'VTI'",
        ),
        ({"size": {"IWM": np.nan}}, InputError, "'size' must have finite weights .* got .nan."),
        ({"size": {"IWM": 0.0}}, InputError, "not all zero"),
        ({"size": {"IWM": "long"}}, DataTypeError, "weights that are numbers"),
        ({"size": {}}, DataTypeError, "legs of 'size'"),
        ({"size": "IWM"}, DataTypeError, "legs of 'size' must be .* got 'IWM'"),
        ({}, InputError, "legs must be .* got a dict"),
        ([("size", {})], InputError, "legs must be"),
        ({"alpha": {"IWM": 1.0}}, InputError, "got 'alpha', a name reserved"),
    ],
)
def test_legs_that_cannot_be_are_refused(legs, error, message):
    returns = pd.DataFrame(0.01, pd.bdate_range("2020", periods=3), ["IWM", "SPY"])
    with pytest.raises(error, match=message):
        spread_factors(returns, legs)


def test_french_factors_come_as_they_are_and_percent_warns(shared):
    frame = pd.read_parquet(shared / "ff5_mom_daily.parquet").drop(columns="RF")
    result = traded_factors(frame)
    pd.testing.assert_frame_equal(result.returns, frame, check_names=False, check_freq=False)
    with pytest.warns(StatefolioWarning, match="percent, it seems"):
        traded_factors(100.0 * frame)
    with pytest.warns(StatefolioWarning, match="percent, it seems"):
        spread_factors(100.0 * frame, {"a": {"SMB": 1.0}})
