"""Turns the decision of a portfolio into orders, with what they do to the account and why."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from statefolio.backtest.order_plan import OrderPlan, plan_orders
from statefolio.backtest.run_settings import RunSettings
from statefolio.commands.studies.orders import tabulate_orders
from statefolio.portfolio.optimisation.best_effort import ON_LIMIT, Step, binding_limits
from statefolio.portfolio.policies.model_policy import BestEffort
from statefolio.portfolio.policy import Decision, Holdings

BEFORE, AFTER = "before", "after"
PLANNED = ("currency", "commission", "spread", "impact", "lot", "minimum_commission")


@dataclass(frozen=True, eq=False)
class Instruction:
    """The decision of one portfolio, and its orders.

    Attributes
    ----------
    holdings : Holdings
        Before the orders.
    decision : Decision
        With the fallback and the reason where the optimiser found no weights.
    orders : DataFrame (asset)
        See `tabulate_orders`, and the reason of each.
    account : DataFrame (measure x before, after)
        value, cash (in currency), net, gross (shares of the value), and the exposure to each factor of the model.
    turnover : float
        Purchases and sales as a share of the value.
    untraded : float
        Value of the orders that lots and the least order left out.
    blocked : Index
        Assets that should be traded and have no price, or with market impact no volume.
    too_dear : Series by asset
        Orders, in currency, that the limit on commissions left out.
    binding : list of str
        Limits of the whole portfolio that the weights after the orders lie on.
    step : Step, optional
        Where turnover or volumes are limited: the target without these limits, and what is left to trade.
    """

    holdings: Holdings
    decision: Decision
    orders: pd.DataFrame
    account: pd.DataFrame
    turnover: float
    untraded: float
    blocked: pd.Index
    too_dear: "pd.Series[float]"
    binding: list[str]
    step: Step | None


def instruct(
    held: Holdings,
    decision: Decision,
    effort: BestEffort | None,
    settings: RunSettings,
    prices: "pd.Series[float] | None" = None,
    priced_on: "pd.Series[pd.Timestamp] | None" = None,
) -> Instruction:
    """Make the orders that reach a decision's weights, as an account with the study's terms would trade them.

    Parameters
    ----------
    held
        Holdings before the orders; every asset of the market is named.
    decision
        Its weights name every asset of the market; None trades nothing.
    effort
        The problem of the decision and the largest step, where a model made it.
    settings
        Market, costs and dates per year.
    prices, priced_on
        Last prices and their dates, by asset.
    """
    assets, wanted = held.weights.index, held.weights if decision.weights is None else decision.weights
    positions = np.array(held.weights, dtype=np.float64) * held.value
    cash = held.value - float(positions.sum())
    if decision.weights is None:
        nothing = pd.DataFrame(0.0, index=assets, columns=[*PLANNED])
        plan = OrderPlan(nothing, held.value, 0.0, assets[:0], pd.Series(dtype=float))
    else:
        last = None if prices is None else np.array(prices.reindex(assets), dtype=np.float64)
        plan = plan_orders(positions, cash, np.array(wanted, dtype=np.float64), settings, last, shares=True)
    orders = tabulate_orders(plan, held.weights, wanted, held.value, prices, priced_on)
    binding, reasons = ([], {}) if effort is None else _reasons(effort, held, wanted)
    return Instruction(
        holdings=held,
        decision=decision,
        orders=orders.assign(reason=[reasons.get(asset, "target") for asset in orders.index]),
        account=_account(held, plan, effort),
        turnover=float(plan.orders["currency"].abs().sum()) / held.value,
        untraded=plan.untraded,
        blocked=plan.blocked,
        too_dear=plan.too_dear,
        binding=binding,
        step=None if effort is None else effort.step,
    )


def _account(held: Holdings, plan: OrderPlan, effort: BestEffort | None) -> pd.DataFrame:
    """The account before and after the orders: value, cash, net and gross weight, exposures to factors."""
    left = held.value - plan.costs
    after = (held.weights * held.value + plan.orders["currency"]) / left
    columns = {}
    for when, weights, value in ((BEFORE, held.weights, held.value), (AFTER, after, left)):
        rows = {"value": value, "cash": value * (1.0 - float(weights.sum()))}
        rows |= {"net": float(weights.sum()), "gross": float(weights.abs().sum())}
        if effort is not None and len(effort.problem.factors):
            problem = effort.problem
            own = weights.reindex(problem.assets).to_numpy(dtype=np.float64)
            exposures = own @ problem.covariance.loadings[:, : len(problem.factors)]
            rows |= {
                f"exposure to {factor}": float(each) for factor, each in zip(problem.factors, exposures, strict=True)
            }
        columns[when] = rows
    return pd.DataFrame(columns)


def _reasons(effort: BestEffort, held: Holdings, wanted: "pd.Series[float]") -> tuple[list[str], dict[object, str]]:
    """Return the binding limits of the portfolio, and the reason of each asset's order."""
    problem, step = effort.problem, effort.step
    weights = np.array(wanted.reindex(problem.assets), dtype=np.float64)
    whole, own = binding_limits(problem, weights)
    stopped = np.zeros(len(own), dtype=bool) if step is None else np.abs(step.target - weights) > ON_LIMIT
    by_turnover = stopped & ("turnover" in whole)
    texts = [
        ", ".join([limit] * bool(limit) + ["turnover"] * bool(cut)) or "target"
        for limit, cut in zip(own, by_turnover, strict=True)
    ]
    unknown = held.weights.index.difference(problem.assets)
    return whole, {
        **dict.fromkeys(unknown, "no forecast or covariance"),
        **dict(zip(problem.assets, texts, strict=True)),
    }
