"""Tabulates the orders that turn present holdings into target weights, with their expected costs."""

import numpy as np
import pandas as pd

from statefolio.backtest.order_plan import OrderPlan

_WHOLE = 1e-6


def tabulate_orders(
    plan: OrderPlan,
    held: "pd.Series[float]",
    wanted: "pd.Series[float]",
    value: float,
    prices: "pd.Series[float] | None" = None,
    priced_on: "pd.Series[pd.Timestamp] | None" = None,
) -> pd.DataFrame:
    """Return one row per order, the largest first.

    Parameters
    ----------
    plan
        The orders in currency and their costs.
    held, wanted
        Present and target weights, by asset.
    value
        The value of the account, cash included, in currency.
    prices, priced_on
        Last prices and their dates, by asset; without them orders are in currency alone.

    Returns
    -------
    DataFrame (asset)
        held, wanted, after (weights before the orders, of the target and after the orders), currency (above zero: buy),
        with prices: price, priced_on, shares, lot (in shares) and shares_held (before the orders); commission and
        minimum_commission, spread, impact and cost (their sum), in currency; turnover (share of the value).
    """
    placed = plan.orders.loc[(plan.orders["currency"] != 0.0).to_numpy()]
    assets = placed.index
    left = value - plan.costs
    table = pd.DataFrame({"held": held.reindex(assets), "wanted": wanted.reindex(assets)})
    table["after"] = (table["held"] * value + placed["currency"]) / left
    table["currency"] = placed["currency"]
    if prices is not None:
        table["price"] = prices.reindex(assets)
        if priced_on is not None:
            table["priced_on"] = priced_on.reindex(assets)
        table["shares"] = _whole(placed["currency"] / table["price"])
        table["lot"] = placed["lot"]
        table["shares_held"] = _whole(table["held"] * value / table["price"])
    costs = ["commission", "spread", "impact"]
    table[costs] = placed[costs]
    table["cost"] = placed[costs].sum(axis=1)
    table["minimum_commission"] = placed["minimum_commission"]
    table["turnover"] = placed["currency"].abs() / value
    order = np.argsort(-table["currency"].abs().to_numpy(), kind="stable")
    return table.rename_axis("asset").iloc[order]


def _whole(shares: "pd.Series[float]") -> "pd.Series[float]":
    """Shares without the rounding of their division; the fractions that a position is closed with stay."""
    nearest = shares.round()
    return nearest.where((shares - nearest).abs() <= _WHOLE * np.maximum(nearest.abs(), 1.0), shares)
