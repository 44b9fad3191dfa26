"""Findings about made-up tables: what each rule takes for an error, and what it does not."""

import numpy as np
import pandas as pd
import pytest

from statefolio._plausible.finding import Numbers
from statefolio._plausible.table import find_in_table
from statefolio.data import load_demo_prices, read_french

DATES = pd.bdate_range("2015-01-01", periods=400)


@pytest.fixture
def returns():
    return np.random.default_rng(5).normal(0, 0.01, (400, 8))


def kinds(values, kind="returns", **options):
    table = Numbers(np.ascontiguousarray(values), DATES[: len(values)], pd.Index(list("ABCDEFGH"))[: values.shape[1]])
    return [(each.kind, each.asset, each.row) for each in find_in_table(table, kind, **options)]


def test_a_crash_of_all_is_no_split(returns):
    returns[200] = (1.0 + returns[200]) * 0.5 - 1.0
    assert kinds(returns) == []
    returns[200, 1:] = 0.0
    assert kinds(returns) == [("split", "A", 200)]
    assert kinds(returns[:, :1]) == [("split", "A", 200)]


def test_volatility_that_rises_after_news_of_a_third(returns):
    returns[201:206, 0] = [0.019, -0.017, 0.018, -0.019, 0.017]
    for ratio, expected in ((2 / 3, []), (1 / 2, [("split", "A", 200)]), (1 / 25, [])):
        returns[200, 0] = ratio - 1.0
        assert kinds(returns) == expected


@pytest.mark.parametrize("gap", [1, 3, 10])
def test_a_split_of_prices_over_a_gap(returns, gap):
    prices = 50.0 * np.cumprod(1.0 + returns, axis=0)
    prices[200:, 2] /= 4.0
    prices[200 - gap : 200, 2] = np.nan
    assert kinds(prices, "prices") == [("split", "C", 200)]
    prices[200:, 2] *= 4.0
    assert kinds(prices, "prices") == []


def test_a_total_loss_may_end_the_returns(returns):
    returns[200, 0], returns[201:, 0] = -1.0, 0.0
    returns[200, 1], returns[201:, 1] = -1.0, np.nan
    returns[200, 2] = -1.0
    assert kinds(returns, still=False) == [("nonpositive_price", "C", 200)]
    assert kinds(returns, still=False, losses=True) == []


def test_cash_and_ramps_are_neither_stale_nor_alike(returns):
    days = np.arange(400)
    returns[:, 0], returns[:, 1] = 1e-4, 1.00001e-4
    returns[:, 2], returns[:, 3] = 1e-5 * days, 1e-5 * (days + 0.1)
    assert kinds(returns) == []
    returns[:, 4] = 0.0
    returns[:, 5] = returns[:, 6] * 1.001
    assert kinds(returns) == [("mostly_unchanged", "E", 0), ("near_duplicate", "G", 0)]


@pytest.mark.parametrize(("dates", "named"), [(15, False), (40, True)])
@pytest.mark.parametrize("first", [0, 3, 111, 360])
def test_stretches_without_a_move(returns, dates, named, first):
    returns[first : first + dates, 3] = -1e-5  # zero, less a rate of cash
    assert kinds(returns) == [("mostly_unchanged", "D", 0)] * named


@pytest.mark.parametrize("every", [3, 4, 5, 8, 20])
def test_prices_that_are_renewed_now_and_then(returns, every):
    returns[np.arange(400) % every > 0, 3] = 0.0
    assert kinds(returns) == [("mostly_unchanged", "D", 0)]


def test_few_large_values_of_a_table_in_percent(returns):
    returns *= 100.0
    returns[:, 1] *= 0.1
    returns[100, 1] = -1.2
    assert {kind for kind, _, _ in kinds(returns)} == {"percent"}


@pytest.mark.parametrize("name", ["30_Industry_Portfolios.CSV.gz", "49_Industry_Portfolios.CSV.gz"])
def test_monthly_industries_have_no_splits(shared, name):
    table = read_french(shared / "raw" / name)
    found = find_in_table(Numbers(table.to_numpy(), pd.DatetimeIndex(table.index), table.columns), "returns")
    assert found == []


def test_most_splits_of_real_prices_are_found():
    prices = load_demo_prices().loc["2014":]
    hits = [
        ("split", prices.columns[place], row) in {
            (each.kind, each.asset, each.row)
            for each in find_in_table(Numbers(with_split(prices, place, row), prices.index, prices.columns), "prices")
        }
        for place in range(0, 20, 4)
        for row in range(60, 2200, 400)
    ]  # fmt: skip
    assert np.mean(hits) >= 0.7


def with_split(prices, place, row):
    values = prices.to_numpy().copy()
    values[row:, place] /= 2.0
    return values
