"""Writes orders in the forms that brokers read: a plain CSV, Interactive Brokers' BasketTrader, and named FIX fields.

The plain form and the fields of FIX 4.4 (https://www.fixtrading.org/standards/fix-4-4/) are market orders of the day.
BasketTrader reads any of its fields by their names in the first line
(https://www.ibkrguides.com/traderworkstation/basket-fields.htm).
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from statefolio.exceptions import InputError

OWN = "statefolio"


@dataclass(frozen=True)
class Destination:
    """What a broker's file needs beside the orders: the currency, and the time of writing in UTC."""

    currency: str
    time: pd.Timestamp


def for_broker(orders: pd.DataFrame, form: str, to: Destination) -> pd.DataFrame:
    """Return the orders of one portfolio in a broker's form.

    Parameters
    ----------
    orders
        As `orders_of` returns them.
    form
        One of `FORMATS`.
    to
        Currency and time.

    Raises
    ------
    InputError
        If the orders have no shares, because the data have no prices.
    """
    if "shares" not in orders:
        raise InputError(
            "--broker-format needs shares, and [data] has returns alone, without prices. Name data.prices, or leave "
            "out --broker-format."
        )
    return FORMATS[form](_by_side(orders), to)


def _by_side(orders: pd.DataFrame) -> pd.DataFrame:
    """One row per order and side: a sale of more than is held is a sale and a short sale, with an id each."""
    rows = []
    for order in orders.to_dict("records"):
        shares, held = order["shares"], max(order["shares_held"], 0.0)
        if shares > 0.0:
            rows.append({**order, "side": "BUY", "quantity": shares})
            continue
        sold = min(-shares, held)
        if sold > 0.0:
            rows.append({**order, "side": "SELL", "quantity": sold})
        if -shares > held:
            name = f"{order['order_id']}-short" if sold > 0.0 else order["order_id"]
            rows.append({**order, "side": "SHORT", "quantity": -shares - held, "order_id": name})
    table = pd.DataFrame(rows, columns=[*orders.columns, "side", "quantity"])
    whole = [int(each) if each == int(each) else each for each in table["quantity"]]
    return table.assign(quantity=pd.Series(whole, dtype=object))


def _generic(orders: pd.DataFrame, to: Destination) -> pd.DataFrame:
    table = orders[["order_id", "asset", "side", "quantity"]].rename(columns={"asset": "symbol"})
    return table.assign(order_type="MARKET", time_in_force="DAY", currency=to.currency, decision_price=orders["price"])


def _interactive_brokers(orders: pd.DataFrame, to: Destination) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Action": orders["side"].replace("SHORT", "SELL"),
            "Quantity": orders["quantity"],
            "Symbol": orders["asset"],
            "SecType": "STK",
            "Exchange": "SMART",
            "Currency": to.currency,
            "TimeInForce": "DAY",
            "OrderType": "MKT",
            "BasketTag": orders["order_id"],
        }
    )


def _fix(orders: pd.DataFrame, to: Destination) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "11 ClOrdID": orders["order_id"],
            "55 Symbol": orders["asset"],
            "54 Side": orders["side"].map({"BUY": 1, "SELL": 2, "SHORT": 5}),
            "38 OrderQty": orders["quantity"],
            "40 OrdType": 1,
            "59 TimeInForce": 0,
            "15 Currency": to.currency,
            "60 TransactTime": f"{to.time:%Y%m%d-%H:%M:%S}",
        }
    )


FORMATS: dict[str, Callable[[pd.DataFrame, Destination], pd.DataFrame]] = {
    "generic": _generic,
    "interactive-brokers": _interactive_brokers,
    "fix": _fix,
}
