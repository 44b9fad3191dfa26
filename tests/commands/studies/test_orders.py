"""Orders turn holdings into targets, as the account of a back-test would trade them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.run_settings import make_settings
from statefolio.commands.studies.instructions import instruct
from statefolio.exceptions import InputError
from statefolio.portfolio.policy import Decision, Holdings

DATES = pd.bdate_range("2024-01-01", periods=3)
PRICES = pd.Series({"a": 30.0, "b": 7.0, "c": 11.0})
weights = st.lists(st.floats(0.0, 0.33), min_size=3, max_size=3).map(lambda each: pd.Series(each, index=list("abc")))


def orders_of(held, wanted, value, prices=PRICES, priced=True, **costs):
    if priced:
        market = Market.from_prices(pd.DataFrame([prices] * 3, index=DATES))
    else:
        market = Market(pd.DataFrame(0.0, index=DATES, columns=prices.index))
    terms = make_settings(market, None, None, TradingCosts(**costs), value, 1, 252)
    holdings = Holdings(DATES[-1], held.reindex(prices.index, fill_value=0.0), value)
    decision = Decision(None if wanted is None else wanted.reindex(prices.index, fill_value=0.0))
    on = pd.Series(DATES[-1], index=prices.index)
    return instruct(holdings, decision, None, terms, prices if priced else None, on if priced else None)


@settings(max_examples=25, deadline=None)
@given(weights, weights, st.floats(1_000.0, 1e9))
def test_without_prices_orders_make_targets_of_the_value_after_costs(held, wanted, value):
    found = orders_of(held, wanted, value, priced=False, proportional=0.001)
    after = held * value + found.orders["currency"].reindex(held.index, fill_value=0.0)
    left = value - found.orders["cost"].sum()
    np.testing.assert_allclose(after, wanted * left, atol=1e-9 * value)
    assert (np.diff(found.orders["currency"].abs()) <= 0).all()
    assert found.account.loc["value", "after"] == pytest.approx(left)


@settings(max_examples=25, deadline=None)
@given(weights, weights, st.floats(1_000.0, 1e6))
def test_shares_are_whole_and_never_more_than_wanted(held, wanted, value):
    held = (held * value / PRICES).round() * PRICES / value
    found = orders_of(held, wanted, value)
    shares = found.orders["shares"]
    assert (shares == shares.round()).all()
    after = held * value + found.orders["currency"].reindex(held.index, fill_value=0.0)
    gap = wanted * value - after
    assert ((gap >= -1e-4) & (gap < PRICES + 1e-4)).all()


def test_each_order_has_its_price_and_costs():
    held, wanted = pd.Series({"a": 0.5, "b": 0.5}), pd.Series({"a": 0.2, "c": 0.8})
    found = orders_of(held, wanted, 1000.0, proportional=0.001, half_spread=0.0005, minimum_commission=0.5)
    orders = found.orders
    assert list(orders.index) == ["c", "b", "a"]
    assert orders.loc["b", "shares"] == pytest.approx(-500.0 / 7.0)  # closed whole, with its fraction
    assert orders.loc["a", "shares"] == -11  # to 5.7 shares: whole ones, not above the target of 6.7
    assert orders.loc["c", "shares"] == 72
    assert list(orders["commission"]) == pytest.approx([0.792, 0.5, 0.5])
    assert list(orders["spread"]) == pytest.approx([0.396, 0.25, 0.165])
    assert (orders["cost"] == orders[["commission", "spread", "impact"]].sum(axis=1)).all()
    assert (orders["priced_on"] == DATES[-1]).all()
    cash = 1000.0 - orders["cost"].sum() - (500.0 - 330.0) - 72 * 11.0
    assert found.account.loc["cash", "after"] == pytest.approx(cash)
    assert found.account.loc["gross", "after"] == pytest.approx((170.0 + 792.0) / (1000.0 - orders["cost"].sum()))
    assert (orders["lot"] == 1.0).all()
    assert (orders["minimum_commission"] == 0.5).all()
    assert found.turnover == pytest.approx(orders["turnover"].sum())
    assert found.turnover == pytest.approx((792.0 + 500.0 + 330.0) / 1000.0)


def test_lots_and_a_least_order():
    held, wanted = pd.Series({"a": 0.3}), pd.Series({"a": 0.28, "b": 0.5, "c": 0.1})
    found = orders_of(held, wanted, 1000.0, lot_size=pd.Series({"a": 1, "b": 10, "c": 10}), minimum_order=50.0)
    assert found.orders["shares"].to_dict() == {"b": 70.0}  # a: 20 of currency; c: 9 shares
    assert found.untraded == pytest.approx(20.0 + 10.0 + 100.0)


def test_orders_whose_commission_is_too_high_a_share_of_them_are_left_out():
    """2 of commission on 20 and on 60 is more than 3 %; closing a position is not stopped."""
    held, wanted = pd.Series({"a": 0.3, "c": 0.02}), pd.Series({"a": 0.28, "b": 0.07})
    terms = {"minimum_commission": 2.0, "lot_size": 1e-9, "proportional": 0.001}
    paid = orders_of(held, wanted, 1000.0, **terms)
    assert set(paid.orders.index) == {"a", "b", "c"}
    assert paid.too_dear.empty
    found = orders_of(held, wanted, 1000.0, most_commission=0.03, **terms)
    assert set(found.orders.index) == {"b", "c"}
    assert found.too_dear.index.tolist() == ["a"]
    assert found.too_dear["a"] == pytest.approx(-20.0, abs=2.0)
    assert found.untraded == pytest.approx(-found.too_dear["a"], abs=1e-3)
    with pytest.raises(InputError, match=r"most_commission must be at least proportional, 0\.05, got 0\.03"):
        orders_of(held, wanted, 1000.0, most_commission=0.03, proportional=0.05)


def test_an_unchanged_weight_or_no_decision_is_no_order():
    same = pd.Series({"a": 0.3, "b": 0.35})
    assert orders_of(same, same, 1000.0, priced=False).orders.empty
    assert orders_of(same, None, 1000.0, proportional=0.01).orders.empty
    assert orders_of(same, same + 0.001, 1000.0).orders.empty  # less than a share


def test_an_asset_without_a_price_is_not_ordered():
    prices = PRICES.where(PRICES.index != "c")
    held, wanted = pd.Series({"a": 0.3}), pd.Series({"a": 0.3, "c": 0.5})
    market = Market.from_prices(pd.DataFrame([PRICES] * 3, index=DATES))
    terms = make_settings(market, None, None, None, 1000.0, 1, 252)
    holdings = Holdings(DATES[-1], held.reindex(prices.index, fill_value=0.0), 1000.0)
    found = instruct(holdings, Decision(wanted.reindex(prices.index, fill_value=0.0)), None, terms, prices)
    assert list(found.blocked) == ["c"]
    assert found.orders.empty
