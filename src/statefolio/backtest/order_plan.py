"""Plans the orders of one date: those that an account with the same terms would trade, with their expected costs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.backtest.account_arrays import FURTHER_LINES, LEDGER, UNTRADED
from statefolio.backtest.by_asset import by_asset
from statefolio.backtest.run_settings import RunSettings
from statefolio.backtest.settlement import write_unit_impact
from statefolio.backtest.value_after_costs import value_after_costs
from statefolio.backtest.whole_orders import trade_whole, whole_order


@dataclass(frozen=True, eq=False)
class OrderPlan:
    """Orders of one date, before they are filled.

    Attributes
    ----------
    orders : DataFrame (asset)
        currency (above zero: buy), commission (with its minimum), spread, impact, in currency; lot (shares; 0:
        fractions) and minimum_commission, the rules they were made with. All assets of the market, zeros without an
        order.
    value_after : float
        Value after the costs that sizes are computed with; weights are shares of it.
    untraded : float
        Value of the orders that lots and the least order left out.
    blocked : Index
        Assets that should be traded and cannot: no price, or with impact no volume.
    too_dear : Series by asset
        Orders, in currency, that are left out because their commission is above `most_commission` of their value.
    """

    orders: pd.DataFrame
    value_after: float
    untraded: float
    blocked: pd.Index
    too_dear: "pd.Series[float]"

    @property
    def costs(self) -> float:
        """All costs of the orders, in currency."""
        return float(self.orders[["commission", "spread", "impact"]].to_numpy().sum())


def plan_orders(
    positions: Array, cash: float, weights: Array, settings: RunSettings, prices: Array | None, *, shares: bool = False
) -> OrderPlan:
    """Return the orders that an account trades on the date after the last one of the market.

    Parameters
    ----------
    positions : (N,) array
        In currency, at the last prices.
    cash
        In currency.
    weights : (N,) array
        Target weights.
    settings
        Market, costs and dates per year.
    prices : (N,) array, optional
        Last prices; NaN where there is none. Without them orders are in currency.
    shares
        Whole shares where the costs have no lot.
    """
    terms, market, assets = settings.terms(), settings.market_arrays(), settings.market.assets
    lot = terms.orders.lot
    if prices is not None and shares:
        lot = np.where(lot > 0.0, lot, 1.0)
    rules = terms.orders._replace(lot=lot, whole=bool(terms.orders.whole or lot.any()))
    priced = np.ones(len(assets), dtype=bool) if prices is None else prices > 0.0
    share, held = np.where(priced, weights, 0.0), np.where(priced, positions, 0.0)
    rate, unit_impact = np.where(priced, terms.costs.trade, -1.0), np.zeros(len(assets))
    with_impact = terms.costs.impact > 0.0
    if with_impact:
        sums = np.empty((4, len(assets)))
        write_unit_impact(len(settings.market.dates), market, terms.costs, sums, share, held, rate, unit_impact)
    value = float(positions.sum() + cash)
    left = value_after_costs(value, with_impact, share, held, rate, unit_impact)
    after, ledger = np.array(positions), np.zeros(len(LEDGER) + len(FURTHER_LINES))
    if rules.whole:
        known = np.zeros(len(assets)) if prices is None else np.nan_to_num(prices)
        left = trade_whole(value, left, known, rules, with_impact, share, held, rate, unit_impact, after, ledger)
    else:
        after = np.where(rate >= 0.0, share * left, after)
    order = after - positions
    amount = np.abs(order)
    table = {
        "currency": order,
        "commission": np.where(amount > 0.0, np.maximum(rules.commission * amount, rules.minimum), 0.0),
        "spread": by_asset(settings.costs.half_spread, assets, "half_spread") * amount,
        "impact": unit_impact * amount * np.sqrt(amount),
        "lot": lot,
        "minimum_commission": rules.minimum,
    }
    blocked = assets[(rate < 0.0) & (np.abs(weights * left - positions) > 1e-12 * abs(value))]
    too_dear = pd.Series(_whole_orders(share * left, held, lot, prices), index=assets)
    size = too_dear.abs().to_numpy()
    dear = (
        (size >= settings.costs.minimum_order) & (size < rules.least) & (order == 0.0) & (share != 0.0) & (size > 0.0)
    )
    table_of_orders = pd.DataFrame(table, index=assets)
    return OrderPlan(table_of_orders, float(left), float(ledger[UNTRADED]), blocked, too_dear.loc[dear & (rate >= 0.0)])


def _whole_orders(wanted: Array, held: Array, lot: Array, prices: Array | None) -> Array:
    """Return the orders in whole lots, in currency, whatever their size."""
    units = lot * (0.0 if prices is None else np.nan_to_num(prices))
    return np.array([whole_order(*each) for each in zip(wanted, held, units, strict=True)])
