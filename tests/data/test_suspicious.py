"""Suspicious cells: made here, and the true cases of real panels."""

import numpy as np
import pandas as pd
import pytest

from statefolio.data import (
    find_suspicious_cells,
    load_demo_prices,
    load_stocks_and_index,
    read_prices,
    to_returns,
)
from statefolio.exceptions import InputError, StatefolioWarning
from statefolio.loadings import StaticLoadings

DATES = pd.bdate_range("2020-01-01", periods=300, name="date")


@pytest.fixture
def prices():
    steps = np.random.default_rng(0).normal(0, 0.01, (300, 6))
    return pd.DataFrame(100 * np.exp(steps.cumsum(axis=0)), DATES, list("FEDCBA"))


def cells(found):
    return [(row.asset, row.date, row.kind) for row in found.itertuples()]


def test_clean_prices_give_an_empty_table(prices):
    found = find_suspicious_cells(prices, kind="prices")
    assert found.empty
    assert list(found.columns) == ["asset", "date", "kind", "value", "detail"]


def test_each_kind_is_found_and_nothing_changed(prices):
    prices.loc[DATES[50], "B"] *= 0.5  # a misprint
    prices.loc[DATES[60:], "C"] *= 1.6  # news: not undone
    prices.loc[DATES[70], "D"] = 0.0
    prices.loc[DATES[71], "D"] = -1.0
    prices.loc[DATES[80] : DATES[95], "E"] = 7.0
    prices.loc[DATES[99], "A"] = np.nan
    before = prices.copy()
    found = find_suspicious_cells(prices, kind="prices")
    pd.testing.assert_frame_equal(prices, before)
    assert cells(found) == [
        ("E", DATES[81], "constant_stretch"),
        ("D", DATES[70], "nonpositive_price"),
        ("D", DATES[71], "nonpositive_price"),
        ("B", DATES[50], "undone_move"),
    ]
    assert found["value"].tolist() == [7.0, 0.0, -1.0, prices.loc[DATES[50], "B"]]
    assert found["detail"][0] == f"no move on 15 dates, to {DATES[95]:%Y-%m-%d}"
    assert found["detail"][1:3].tolist() == ["a price of zero", "a negative price"]


def test_returns_show_what_prices_show(prices):
    prices.loc[DATES[50], "B"] *= 0.5
    prices.loc[DATES[80] : DATES[95], "E"] = 7.0
    returns = to_returns(prices)
    same = find_suspicious_cells(returns, kind="returns")
    assert cells(same) == cells(find_suspicious_cells(prices, kind="prices"))
    returns.loc[DATES[20], "A"] = -1.0
    assert ("A", DATES[20], "nonpositive_price") in cells(find_suspicious_cells(returns, kind="returns"))


def test_a_move_counts_beside_the_assets_own_usual_one(prices):
    wild = prices.copy()
    wild["B"] = 100 * np.exp(np.random.default_rng(1).normal(0, 0.2, 300).cumsum())
    assert find_suspicious_cells(wild, kind="prices").empty
    assert not find_suspicious_cells(wild, kind="prices", volatilities=0.5).empty


@pytest.mark.parametrize("gap", [49, 51])
def test_a_move_beside_a_gap_is_not_one_day(prices, gap):
    prices.loc[DATES[50], "B"] *= 0.5
    prices.loc[DATES[gap], "B"] = np.nan
    assert find_suspicious_cells(prices, kind="prices").empty


def test_a_gap_ends_a_stretch(prices):
    prices.loc[DATES[80] : DATES[95], "E"] = 7.0
    prices.loc[DATES[88], "E"] = np.nan
    assert find_suspicious_cells(prices, kind="prices").empty
    assert len(find_suspicious_cells(prices, kind="prices", shortest_stretch=6)) == 2


def test_stretch_to_the_last_date(prices):
    prices.loc[DATES[-12] :, "A"] = 5.0
    found = find_suspicious_cells(prices, kind="prices")
    assert cells(found) == [("A", DATES[-11], "constant_stretch")]


def test_permuted_assets_permute_the_report(prices):
    prices.loc[DATES[50], ["B", "E"]] *= 0.5
    turned = find_suspicious_cells(prices[list("ABCDEF")], kind="prices")
    found = find_suspicious_cells(prices, kind="prices")
    assert turned["asset"].tolist() == found["asset"].tolist()[::-1] == ["B", "E"]


def test_unknown_kind(prices):
    with pytest.raises(InputError, match="'prices' or 'returns'"):
        find_suspicious_cells(prices, kind="yields")


def test_true_cases_of_the_sp500(shared):
    prices = read_prices(shared / "sp500_close_2013_2018.parquet")
    found = find_suspicious_cells(prices, kind="prices")
    undone = found[found["kind"] == "undone_move"].set_index("asset")
    assert undone.loc["LNT", "date"] == pd.Timestamp("2016-05-19")
    assert undone.loc["LNT", "detail"].startswith("-49.4%")
    assert not {"VRTX", "AMD", "NI", "EBAY"} & set(found["asset"])
    splits = found[found["kind"] == "split"]
    assert {"DISCA", "DISCK"} <= set(splits["asset"])  # a share of class C for each share, on 2014-08-07
    assert len(splits) <= 4
    assert len(found) < 20


def test_true_cases_of_the_etfs(shared):
    prices = read_prices(shared / "chan_etf_close_2006_2012.parquet")
    found = find_suspicious_cells(prices, kind="prices")
    counts = found[found["kind"] == "nonpositive_price"]["asset"].value_counts()
    assert counts.to_dict() == {"MWJ": 5, "SMN": 4, "EDC": 2}
    with pytest.warns(StatefolioWarning, match="11 values at or below zero"):
        to_returns(prices)


def test_bundled_stocks_have_constant_stretches_only_early():
    found = find_suspicious_cells(load_stocks_and_index().returns, kind="returns")
    still = found[found["kind"] == "constant_stretch"]
    assert set(still["asset"]) == {"RRC"}
    assert still["date"].max() < pd.Timestamp("1993-01-01")


@pytest.mark.parametrize("ratio", [1 / 10, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 2, 2, 3, 20])
@pytest.mark.parametrize("kind", ["prices", "returns"])
@pytest.mark.parametrize("row", [5, 150, 299])
def test_a_split_left_unadjusted(prices, ratio, kind, row):
    prices.loc[DATES[row:], "B"] *= ratio
    table = prices if kind == "prices" else to_returns(prices)
    found = find_suspicious_cells(table, kind=kind)
    assert cells(found) == [("B", DATES[row], "split")]


@pytest.mark.parametrize("code", [-0.9999, -0.99, -9.99, -99.99, -999.0, 99.99, 999.0, 9999.0])
@pytest.mark.parametrize("dates", [1, 20])
def test_codes_for_missing_returns(prices, code, dates):
    returns = to_returns(prices)
    returns.iloc[40 : 40 + dates, 1] = code
    found = find_suspicious_cells(returns, kind="returns")
    assert cells(found) == [("E", day, "vendor_code") for day in returns.index[40 : 40 + dates]]


@pytest.mark.parametrize("value", [1e10, 1e6, 30.0])
def test_returns_that_no_market_makes(prices, value):
    returns = to_returns(prices)
    returns.iloc[40, 1] = value
    assert cells(find_suspicious_cells(returns, kind="returns")) == [("E", returns.index[40], "extreme_move")]


def test_a_price_of_1e10_that_stays(prices):
    prices.loc[DATES[40] :, "B"] = 1e10 * np.linspace(1.0, 1.1, 260)
    assert ("B", DATES[40], "extreme_move") in cells(find_suspicious_cells(prices, kind="prices"))


def test_columns_that_look_wrong_as_a_whole(prices):
    returns = to_returns(prices)
    assert set(find_suspicious_cells(100 * returns, kind="returns")["kind"]) >= {"percent"}
    assert set(find_suspicious_cells(prices, kind="returns")["kind"]) >= {"prices"}
    prices["twin"] = 3.0 * prices["B"] * (1 + 1e-7 * np.arange(300))
    prices["stale"] = prices["C"].iloc[::3].reindex(prices.index).ffill()
    found = cells(find_suspicious_cells(prices, kind="prices"))
    assert found == [("twin", DATES[0], "near_duplicate"), ("stale", DATES[0], "mostly_unchanged")]


@pytest.mark.parametrize("value", [-1.0, -1.5, -0.9999, -99.99])
def test_impossible_returns_are_warned_of(prices, value):
    returns = to_returns(prices)
    returns.iloc[40, 1] = value
    factors = returns[["A"]].rename(columns={"A": "market"})
    with pytest.warns(StatefolioWarning, match="returns should be above -100 %.*'E'"):
        StaticLoadings().fit(returns, factors)


def test_bundled_data_raise_no_new_alarm():
    for found in (
        find_suspicious_cells(load_stocks_and_index().returns, kind="returns"),
        find_suspicious_cells(load_demo_prices(), kind="prices"),
    ):
        assert found["kind"].value_counts().to_dict() == {"undone_move": 13, "constant_stretch": 13}
