"""Tests of one basket against published numbers, statsmodels and arch; prices and options that are not valid."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.stattools import adfuller, coint
from statsmodels.tsa.vector_ar.vecm import coint_johansen

from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning, UnknownNameError
from statefolio.pairs.cointegration.basket_tests import cointegration_tests, engle_granger_test, johansen_test

CHAN = Path(__file__).resolve().parents[4] / "shared" / "data" / "chan_etf_close_2006_2012.parquet"


def basket(cointegrated=True, dates=300, seed=0):
    rng = np.random.default_rng(seed)
    walks = 50.0 + np.cumsum(rng.standard_normal((dates, 3)), axis=0)
    if cointegrated:
        walks[:, 0] = 0.8 * walks[:, 1] + 0.5 * walks[:, 2] + rng.standard_normal(dates)
    return pd.DataFrame(walks, index=pd.bdate_range("2010-01-04", periods=dates), columns=["ONE", "TWO", "SIX"])


@pytest.mark.skipif(not CHAN.is_file(), reason=f"{CHAN.name} is not beside the project")
def test_numbers_of_chan():
    found = cointegration_tests(pd.read_parquet(CHAN), ["EWC", "EWA", "IGE"])
    table = found.johansen.table
    assert table["eigenvalue"].tolist() == pytest.approx([0.01121626, 0.00868086, 0.00298021], abs=5e-9)
    assert table["trace"].tolist() == pytest.approx([34.428620, 17.531719, 4.471021], abs=5e-7)
    assert table["maximum"].tolist() == pytest.approx([16.896901, 13.060698, 4.471021], abs=5e-7)
    assert found.johansen.eigenvectors[0].tolist() == pytest.approx([1.046027, -0.759964, -0.223306], abs=5e-7)
    assert found.half_life.table.loc["spread", "half_life"] == pytest.approx(22.66257785, abs=5e-9)
    assert table[["trace_10", "trace_5", "trace_1"]].iloc[0].tolist() == [27.0669, 29.7961, 35.4628]
    assert found.dates == 1500
    assert found.dropped == 0


def test_johansen_is_that_of_statsmodels():
    prices = basket()
    found, expected = johansen_test(prices, lags=2), coint_johansen(prices.to_numpy(), 0, 2)
    np.testing.assert_allclose(found.table["trace"], expected.lr1)
    np.testing.assert_allclose(found.table["maximum"], expected.lr2)
    np.testing.assert_allclose(found.table[["trace_10", "trace_5", "trace_1"]], expected.cvt)
    np.testing.assert_allclose(found.table[["maximum_10", "maximum_5", "maximum_1"]], expected.cvm)
    np.testing.assert_allclose(found.eigenvectors, expected.evec)
    assert (found.rank, found.rank_by_maximum, found.lags, found.dates) == (1, 1, 2, 300)


def test_engle_granger_hedges_each_asset_in_turn():
    prices = basket()
    found = engle_granger_test(prices)
    for name in prices:
        statistic, p_value, critical = coint(prices[name], prices.drop(columns=name))
        assert found.table.loc[name].tolist() == pytest.approx([statistic, p_value, *critical], rel=1e-12)
    row = found.coefficients.loc["TWO"]
    fit = row["level"] + row["ONE"] * prices["ONE"] + row["SIX"] * prices["SIX"]
    residual = prices["TWO"] - fit
    assert np.isnan(row["TWO"])
    assert abs(residual.mean()) < 1e-10
    assert abs(residual @ prices["ONE"]) < 1e-6
    assert found.p_value == found.table.loc["ONE", "p_value"] < 0.01


def test_unit_roots_half_life_and_variance_ratio():
    prices = basket()
    found = cointegration_tests(prices, horizons=[3])
    spread = prices.to_numpy() @ found.johansen.eigenvectors[0].to_numpy()
    np.testing.assert_allclose(found.spread, spread)
    for name, x in {"SIX": prices["SIX"].to_numpy(), "spread": spread}.items():
        statistic, p_value, lags = adfuller(x, autolag="AIC", result_object=False)[:3]
        assert found.adf.table.loc[name, ["statistic", "p_value", "lags"]].tolist() == pytest.approx(
            [statistic, p_value, lags], abs=1e-8
        )
    change, before = np.diff(spread), spread[:-1]
    slope = np.polyfit(before, change, 1)[0]
    assert found.half_life.table.loc["spread", "half_life"] == pytest.approx(-np.log(2) / slope)
    drift = (spread[-1] - spread[0]) / 299
    one = ((change - drift) ** 2).sum() / 298
    three = ((spread[3:] - spread[:-3] - 3 * drift) ** 2).sum() / (3 * (299 - 3 + 1) * (1 - 3 / 299))
    assert found.variance_ratio.table.loc[("spread", 3), "ratio"] == pytest.approx(three / one, rel=1e-9)
    assert found.kpss.table.loc["spread", "p_value"] > 0.05 > found.kpss.table.loc["TWO", "p_value"]


def test_no_cointegration_is_a_result():
    found = cointegration_tests(basket(cointegrated=False, seed=3))
    assert found.johansen.rank == 0
    assert found.engle_granger.p_value > 0.05
    text = str(found)
    assert "Johansen: no cointegration found" in text
    assert "Engle-Granger: no cointegration found with 'ONE' hedged" in text


def test_all_in_one_table_and_in_words():
    found = cointegration_tests(basket(), horizons=[2, 5])
    table = found.to_frame()
    assert list(table.columns) == ["test", "series", "statistic", "p_value", "null"]
    assert len(table) == 2 + 3 + 4 + 4 + 2 * 4 + 4
    row = table[(table["test"] == "KPSS") & (table["series"] == "spread")].iloc[0]
    assert row["statistic"] == found.kpss.table.loc["spread", "statistic"]
    text = str(found)
    assert "'ONE', 'TWO', 'SIX': 300 dates." in text
    assert "Johansen: cointegrated; stationary combinations at 5 %: 1 by the trace" in text
    for part in ("johansen", "engle_granger", "adf", "kpss", "variance_ratio", "half_life"):
        frame = getattr(found, part).to_frame()
        frame.iloc[0, 0] = 0.0
        assert getattr(found, part).table.iloc[0, 0] != 0.0


def test_logarithms():
    prices = basket() + 100.0
    assert johansen_test(prices, logs=True).table.equals(johansen_test(np.log(prices)).table)


def test_gaps_are_left_out_only_on_request():
    prices = basket()
    prices.iloc[[3, 100], [0, 2]] = np.nan
    with pytest.raises(InputError, match=r"got 2 of 300 dates without one \(first: 2010-01-07\)"):
        cointegration_tests(prices)
    found = cointegration_tests(prices, gaps="drop")
    assert (found.dates, found.dropped) == (298, 2)
    assert "298 dates (2 left out because a price is missing)" in str(found)
    assert found.johansen.table.equals(johansen_test(prices.dropna()).table)


def broken(change):
    prices = basket() + 50.0
    changed = change(prices)
    return prices if changed is None else changed


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        (
            lambda p: p.__setitem__("TWO", 3.0 * p["ONE"] + 1.0),
            {},
            InputError,
            "linear combinations of each other, got 'ONE', 'TWO'",
        ),
        (lambda p: p.__setitem__("SIX", 7.0), {}, InputError, "constant price of 'SIX'"),
        (lambda p: p.iloc[:20], {}, InputError, "at least .* dates with all 3 prices .* got 20"),
        (lambda p: p.iloc[:5], {}, InputError, "dates with a price of all .* got 5"),
        (lambda p: p - 500.0, {"logs": True}, InputError, "must be positive"),
        (lambda p: None, {"assets": ["ONE", "TEN"]}, UnknownNameError, "got none for 'TEN'"),
        (lambda p: None, {"assets": "ONE"}, DataTypeError, "assets must be a list of names, got 'ONE'"),
        (lambda p: None, {"assets": ["ONE"]}, InputError, "at least two assets, got 'ONE' alone"),
        (lambda p: None, {"lags": True}, InputError, "lags must be .* got True"),
        (lambda p: None, {"lags": -1}, InputError, "lags must be .* got -1"),
        (lambda p: None, {"lags": 200}, InputError, "fewer lags"),
        (lambda p: None, {"horizons": [1]}, InputError, r"horizons must be .* got \[1\]"),
        (lambda p: None, {"horizons": []}, InputError, "horizons"),
        (lambda p: None, {"horizons": [200]}, InputError, "shorter horizons"),
        (lambda p: None, {"gaps": "fill"}, InputError, "gaps must be 'refuse' or 'drop', got 'fill'"),
    ],
)
def test_invalid_prices_and_options(change, options, error, message):
    with pytest.raises(error, match=message):
        cointegration_tests(broken(change), **options)


def test_too_many_assets():
    prices = pd.concat([200.0 + basket(False, seed=n).add_suffix(f"_{n}") for n in range(3)], axis=1)
    with pytest.raises(InputError, match=r"at most 6 assets, .* got 9"):
        cointegration_tests(prices)
    assert len(johansen_test(prices).table) == 9


def test_a_jump_like_a_split_warns():
    prices = basket() + 100.0
    prices.iloc[150:, 1] /= 2.0
    with pytest.warns(StatefolioWarning, match="look like splits .first: 'TWO'"):
        cointegration_tests(prices)
