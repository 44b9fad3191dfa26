"""Books fills: holdings and cash after them, and what each order cost against the price it was decided at.

slippage = sum over fills of shares (price - decision price), shares below zero for sales: positive costs money
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from statefolio.exceptions import InputError

FILLED, PARTIAL, OPEN, OVERFILLED, UNORDERED = "filled", "partial", "open", "more than ordered", "no order"
SHORT = "-short"
"""End of the id of the short sale that an order beyond what is held is sent with."""
_WHOLE = 1e-9


@dataclass(frozen=True, eq=False)
class Booked:
    """Holdings after fills, and the orders beside their fills.

    Attributes
    ----------
    shares : Series (asset)
        Held after the fills.
    cash : float
        After the fills and their commissions, in currency.
    orders : DataFrame (asset)
        status, ordered, filled, left (shares), decision_price, fill_price (mean), slippage (in currency, positive is a
        cost), slippage_bp (of the value at the decision price), expected_slippage (spread and impact of what was
        filled), commission, expected_commission (of what was filled).
    ignored : list of str
        Ids of fills that were booked already, or twice in the file.
    fills : DataFrame
        The fills that were booked.
    """

    shares: "pd.Series[float]"
    cash: float
    orders: pd.DataFrame
    ignored: list[str]
    fills: pd.DataFrame


def book_fills(
    fills: pd.DataFrame,
    orders: pd.DataFrame,
    shares: "pd.Series[float]",
    cash: float,
    booked: Collection[str] = (),
) -> Booked:
    """Book fills on holdings.

    Parameters
    ----------
    fills, orders
        As `read_fills` and `read_orders` return them.
    shares
        Held before the fills, by asset.
    cash
        Before the fills, in currency.
    booked
        Ids of fills that are in the holdings already.

    Fills that are booked already count in the comparison with their orders, and not in holdings and cash.

    Raises
    ------
    InputError
        If two different fills have the same id, or a fill is of another side than its order.
    """
    every, ignored = _once(fills, booked)
    ordered = orders.set_index("asset")
    _check_orders(every, orders)
    fills = every[~every["fill_id"].isin(list(booked))].reset_index(drop=True)
    traded = fills.groupby("asset")["shares"].sum()
    after = shares.add(traded, fill_value=0.0)
    after = after.where(after.abs() > _WHOLE, 0.0)
    paid = float((fills["shares"] * fills["price"]).sum() + fills["commission"].sum())
    return Booked(after[after != 0.0].sort_index(), cash - paid, _compared(every, ordered), ignored, fills)


def _check_orders(fills: pd.DataFrame, orders: pd.DataFrame) -> None:
    """Refuse fills of another asset or side than their order."""
    ids = dict(zip(orders["order_id"], orders["asset"], strict=True))
    ordered: dict[str, float] = dict(zip(orders["asset"], orders["shares"], strict=True))
    names = fills["fill_id"], fills["order_id"], fills["asset"], fills["shares"]
    for fill, order, asset, shares in zip(*names, strict=True):
        wanted = ids.get(order.removesuffix(SHORT), asset)
        if wanted != asset:
            raise InputError(
                f"fill {fill} must be of the asset of its order {order}, {wanted}, got {asset}. Correct the file of "
                "fills."
            )
        if shares * ordered.get(asset, shares) < 0.0:
            done, asked = ("buys", "sells") if shares > 0.0 else ("sells", "buys")
            raise InputError(
                f"fill {fill} must be of the side of its order, got one that {done} {asset} for an order that {asked} "
                "it. Correct its shares or side."
            )


def _once(fills: pd.DataFrame, booked: Collection[str]) -> tuple[pd.DataFrame, list[str]]:
    """Leave out rows that repeat another to the last digit; return also the ids that are not booked (again)."""
    rows = fills.drop_duplicates()
    twice = rows.loc[rows["fill_id"].duplicated(), "fill_id"]
    if len(twice):
        raise InputError(
            f"fills must have an id each, got different fills with the id {twice.iloc[0]!r}. Correct the file of fills."
        )
    again = rows["fill_id"].isin(list(booked))
    repeated = fills.loc[fills.duplicated(), "fill_id"]
    ignored = list(dict.fromkeys([*rows.loc[again, "fill_id"], *repeated]))
    return rows.reset_index(drop=True), ignored


def _compared(fills: pd.DataFrame, ordered: pd.DataFrame) -> pd.DataFrame:
    """One row per order, and per asset that was filled without one."""
    assets = [*ordered.index, *[asset for asset in fills["asset"].unique() if asset not in ordered.index]]
    paid = fills.assign(amount=fills["shares"] * fills["price"]).groupby("asset")
    sums = paid[["shares", "amount", "commission"]].sum().reindex(assets, fill_value=0.0)
    wanted, price = ordered["shares"].reindex(assets, fill_value=0.0), ordered["price"].reindex(assets)
    share = (sums["shares"] / wanted).where(wanted != 0.0, np.nan)
    expected = ordered[["commission", "spread", "impact"]].reindex(assets)
    slippage = sums["amount"] - sums["shares"] * price
    table = pd.DataFrame(
        {
            "status": [_status(each, asset in ordered.index) for asset, each in share.items()],
            "ordered": wanted,
            "filled": sums["shares"],
            "left": wanted - sums["shares"],
            "decision_price": price,
            "fill_price": (sums["amount"] / sums["shares"]).where(sums["shares"] != 0.0),
            "slippage": slippage,
            "slippage_bp": 1e4 * slippage / (sums["shares"] * price).abs().where(sums["shares"] != 0.0),
            "expected_slippage": (expected["spread"] + expected["impact"]) * share,
            "commission": sums["commission"],
            "expected_commission": expected["commission"] * share,
        },
        index=pd.Index(assets, name="asset"),
    )
    table.loc[table["status"] == UNORDERED, "left"] = 0.0
    return table


def _status(share: float, is_ordered: bool) -> str:
    """What part of an order is filled, in a word."""
    if not is_ordered:
        return UNORDERED
    if share == 0.0:
        return OPEN
    return PARTIAL if share < 1.0 - _WHOLE else FILLED if share <= 1.0 + _WHOLE else OVERFILLED
