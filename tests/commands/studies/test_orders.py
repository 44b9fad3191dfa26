"""Orders turn holdings into targets."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from statefolio.commands.studies.orders import make_orders

weights = st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4).map(lambda each: pd.Series(each, index=list("abcd")))


@given(weights, weights, st.floats(1.0, 1e9))
def test_holdings_and_orders_make_targets(held, wanted, value):
    orders = make_orders(held, wanted, value)
    after = held * value + orders["currency"].reindex(held.index, fill_value=0.0)
    np.testing.assert_allclose(after, wanted * value, atol=1e-9 * value)
    assert (np.diff(orders["currency"].abs()) <= 0).all()


def test_shares_are_rounded_to_whole_ones():
    held, wanted = pd.Series({"a": 0.5, "b": 0.5}), pd.Series({"a": 0.2, "c": 0.8})
    prices = pd.Series({"a": 30.0, "b": 7.0, "c": np.nan})
    orders = make_orders(held, wanted, 1000.0, prices)
    assert list(orders.index) == ["c", "b", "a"]
    assert orders.loc["b", "shares"] == -71
    assert orders.loc["a", "shares"] == -10
    assert np.isnan(orders.loc["c", "shares"])
    assert orders.loc["c", "currency"] == 800.0
    known = orders.dropna()
    assert ((known["shares"] * known["price"] - known["currency"]).abs() <= known["price"] / 2).all()


def test_an_unchanged_weight_is_not_an_order():
    same = pd.Series({"a": 0.5, "b": 0.5})
    assert make_orders(same, same, 1000.0).empty


def test_less_than_half_a_share_is_not_an_order():
    held, wanted = pd.Series({"A": 0.5, "B": 0.1}), pd.Series({"A": 0.5004, "B": 0.2})
    assert list(make_orders(held, wanted, 1000.0, pd.Series({"A": 50.0, "B": 10.0})).index) == ["B"]
    assert list(make_orders(held, wanted, 1000.0, pd.Series({"A": np.nan, "B": 10.0})).index) == ["B", "A"]
