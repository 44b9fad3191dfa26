"""Fills are booked once, each on its order; orders are written in the forms of brokers."""

import numpy as np
import pandas as pd
import pytest

from statefolio.commands.studies.fills.booking import book_fills
from statefolio.commands.studies.fills.broker_formats import Destination, for_broker
from statefolio.commands.studies.fills.fills_file import read_fills, read_orders
from statefolio.exceptions import InputError

ORDERS = pd.DataFrame(
    {
        "portfolio": "even",
        "order_id": ["1-A", "1-B", "1-C"],
        "asset": ["A", "B", "C"],
        "shares": [100.0, -50.0, 10.0],
        "shares_held": [0.0, 30.0, 5.0],
        "price": [10.0, 20.0, 7.0],
        "commission": [1.0, 2.0, 3.0],
        "spread": [0.5, 0.4, 0.3],
        "impact": [0.1, 0.2, 0.3],
    }
)
FILLS = "fill_id,asset,shares,price,commission\nf1,A,60,10.10,0.6\nf2,A,20,10.20,0.2\nf3,B,-50,19.90,2\n"


def fills_of(tmp_path, text):
    (tmp_path / "fills.csv").write_text(text)
    return read_fills(tmp_path / "fills.csv")


def test_fills_by_hand(tmp_path):
    booked = book_fills(fills_of(tmp_path, FILLS), ORDERS, pd.Series({"B": 30.0, "D": 4.0}), 5_000.0)
    assert booked.shares.to_dict() == {"A": 80.0, "B": -20.0, "D": 4.0}
    assert booked.cash == pytest.approx(5_000.0 - 60 * 10.1 - 20 * 10.2 + 50 * 19.9 - 2.8, abs=1e-10)
    orders = booked.orders
    assert orders["status"].to_dict() == {"A": "partial", "B": "filled", "C": "open"}
    assert orders.loc["A", ["filled", "left"]].tolist() == [80.0, 20.0]
    assert orders.loc["A", "fill_price"] == pytest.approx((606.0 + 204.0) / 80)
    assert orders.loc["A", "slippage"] == pytest.approx(60 * 0.1 + 20 * 0.2)
    assert orders.loc["B", "slippage"] == pytest.approx(50 * 0.1)  # sold lower than decided: a cost
    assert orders.loc["A", "slippage_bp"] == pytest.approx(1e4 * 10.0 / 800.0)
    assert orders.loc["A", "expected_slippage"] == pytest.approx(0.6 * 0.8)
    assert orders["commission"].tolist() == pytest.approx([0.8, 2.0, 0.0])
    assert orders["expected_commission"].tolist() == pytest.approx([0.8, 2.0, 0.0])


def test_value_is_kept_but_for_slippage_and_commissions(tmp_path):
    """At the decision prices, the account loses what the table says and nothing else."""
    held, prices = pd.Series({"B": 30.0}), pd.Series({"A": 10.0, "B": 20.0, "C": 7.0})
    booked = book_fills(fills_of(tmp_path, FILLS), ORDERS, held, 5_000.0)
    lost = (held * prices).sum() + 5_000.0 - (booked.shares * prices).sum() - booked.cash
    assert lost == pytest.approx(booked.orders["slippage"].sum() + booked.orders["commission"].sum(), abs=1e-10)


def test_a_fill_counts_once(tmp_path):
    twice = f"{FILLS}f1,A,60,10.10,0.6\n"
    booked = book_fills(fills_of(tmp_path, twice), ORDERS, pd.Series(dtype=float), 0.0, booked=["f3"])
    assert booked.ignored == ["f3", "f1"]
    assert booked.shares.to_dict() == {"A": 80.0}
    assert booked.cash == pytest.approx(-60 * 10.1 - 20 * 10.2 - 0.8)
    assert booked.orders.loc["B", "status"] == "filled"  # also by what was booked before
    other = fills_of(tmp_path, f"{FILLS}f1,A,61,10.10,0.6\n")
    with pytest.raises(InputError, match="different fills with the id 'f1'"):
        book_fills(other, ORDERS, pd.Series(dtype=float), 0.0)


def test_more_than_ordered_and_without_an_order(tmp_path):
    text = "fill_id,asset,shares,price\n1,C,11,7\n2,D,3,5\n"
    orders = book_fills(fills_of(tmp_path, text), ORDERS, pd.Series(dtype=float), 100.0).orders
    assert orders.loc[["C", "D"], "status"].tolist() == ["more than ordered", "no order"]
    assert orders.loc["C", "left"] == -1.0
    assert np.isnan(orders.loc["D", "slippage"])


def test_brokers_names_sides_and_signs_are_read(tmp_path):
    text = (
        "ExecID,ClOrdID,Symbol,Side,LastQty,LastPx,IBCommission\n9,1-A,A,BOT,60,10.1,-0.6\n8,1-B-short,B,5,50,19.9,0\n"
    )
    fills = fills_of(tmp_path, text)
    assert fills["shares"].tolist() == [60.0, -50.0]
    assert fills["commission"].tolist() == [0.6, 0.0]
    assert book_fills(fills, ORDERS, pd.Series(dtype=float), 0.0).orders.loc["B", "status"] == "filled"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fill_id,asset,shares\n1,A,5\n", r"must have a column price \(or lastpx"),
        ("asset,shares,price\nA,5,5\n", "must have a column fill_id"),
        ("fill_id,asset,shares,price\n1,A,5,5\n,A,5,5\n", "fill_id in every row, got none in row 3"),
        ("fill_id,asset,shares,price\n1,A,five,5\n", "numbers in shares, got 'five' in row 2"),
        ("fill_id,asset,shares,price\n1,A,5,5\n2,A,0,5\n", "shares other than 0, got 0 in row 3"),
        ("fill_id,asset,shares,price\n1,A,5,-5\n", "price above 0, got -5 in row 2"),
        ("fill_id,asset,side,shares,price\n1,A,BUY,-5,5\n", "above 0 where there is a column side"),
        ("fill_id,asset,side,shares,price\n1,A,HOLD,5,5\n", "BUY or SELL in side, got 'HOLD' in row 2"),
        ("fill_id,asset,shares,price,commission\n1,A,5,5,1\n2,A,5,5,-1\n", "commission of one sign"),
    ],
)
def test_files_of_fills_that_cannot_be_used(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        fills_of(tmp_path, text)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,1-B,A,5,10", "must be of the asset of its order 1-B, B, got A"),
        ("1,1-A,A,-5,10", "got one that sells A for an order that buys it"),
    ],
)
def test_fills_that_contradict_their_orders(tmp_path, row, message):
    fills = fills_of(tmp_path, f"fill_id,order_id,asset,shares,price\n{row}\n")
    with pytest.raises(InputError, match=message):
        book_fills(fills, ORDERS, pd.Series(dtype=float), 0.0)


def test_a_file_of_orders_has_one_portfolio_chosen(tmp_path):
    both = pd.concat([ORDERS, ORDERS.assign(portfolio="other", shares=1.0)])
    both.to_csv(tmp_path / "orders.csv", index=False)
    assert read_orders(tmp_path / "orders.csv", "other")["shares"].tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(InputError, match="has the orders of even, other"):
        read_orders(tmp_path / "orders.csv", None)
    with pytest.raises(InputError, match="--portfolio must be one of even, other, got 'odd'"):
        read_orders(tmp_path / "orders.csv", "odd")
    ORDERS.drop(columns="price").to_csv(tmp_path / "orders.csv", index=False)
    with pytest.raises(InputError, match="got no column 'price'"):
        read_orders(tmp_path / "orders.csv", None)


def broker(form):
    return for_broker(ORDERS, form, Destination("EUR", pd.Timestamp("2024-05-06 07:08:09")))


def test_a_sale_of_more_than_is_held_is_two_orders():
    table = broker("generic")
    assert table["order_id"].tolist() == ["1-A", "1-B", "1-B-short", "1-C"]
    assert table["side"].tolist() == ["BUY", "SELL", "SHORT", "BUY"]
    assert table["quantity"].tolist() == [100, 30, 20, 10]
    assert all(isinstance(each, int) for each in table["quantity"])


def test_interactive_brokers_columns():
    table = broker("interactive-brokers")
    columns = "Action,Quantity,Symbol,SecType,Exchange,Currency,TimeInForce,OrderType,BasketTag"
    assert ",".join(table.columns) == columns
    assert table.iloc[2].tolist() == ["SELL", 20, "B", "STK", "SMART", "EUR", "DAY", "MKT", "1-B-short"]


def test_fix_fields():
    table = broker("fix")
    named = {name.split()[0]: value for name, value in table.iloc[2].items()}
    assert named == {
        "11": "1-B-short",
        "55": "B",
        "54": 5,
        "38": 20,
        "40": 1,
        "59": 0,
        "15": "EUR",
        "60": "20240506-07:08:09",
    }
    assert table["54 Side"].tolist() == [1, 2, 5, 1]


def test_a_brokers_form_needs_shares():
    with pytest.raises(InputError, match="--broker-format needs shares"):
        for_broker(ORDERS.drop(columns="shares"), "fix", Destination("USD", pd.Timestamp("2024-01-01")))
