"""The policies of a study, unfitted, with their constraints, costs and trading calendar."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._plug_ins import POLICIES, called, load_plug_in, version_of
from statefolio.backtest.calendar import Drift, Rebalance
from statefolio.backtest.market import Market
from statefolio.commands.studies.parts.costs import make_costs
from statefolio.commands.studies.parts.market import check_names
from statefolio.commands.studies.parts.models import errors_about, make_loadings, make_risk, make_view, read_groups_of
from statefolio.commands.studies.schema.backtest_tables import BacktestTable, DriftTable
from statefolio.commands.studies.schema.portfolio_tables import (
    NEEDS_VIEWS,
    ConstraintsTable,
    EqualWeightTable,
    FactorRiskBudgetTable,
    InverseVolatilityTable,
    KellyTable,
    MaximumSharpeTable,
    Optimised,
    PlugInTable,
    PortfolioTable,
    RiskBudgetTable,
    UtilityTable,
)
from statefolio.commands.studies.schema.study import Study
from statefolio.exceptions import InputError, PlugInError
from statefolio.portfolio.budgets.factor_risk_budget import FactorRiskBudget
from statefolio.portfolio.budgets.risk_budget import RiskBudget
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.optimisation.kelly import FractionalKelly
from statefolio.portfolio.optimisation.objectives import MinimumVariance, Utility
from statefolio.portfolio.optimisation.sharpe import MaximumSharpe
from statefolio.portfolio.policies.model_policy import ModelPolicy
from statefolio.portfolio.policies.yardsticks import EqualWeight, InverseVolatility
from statefolio.portfolio.policy import Policy
from statefolio.portfolio.problem import Objective

IDIOSYNCRATIC = "idiosyncratic"
_BUDGET_TOLERANCE = 1e-6


def make_policies(study: Study, market: Market, folder: Path) -> dict[str, Policy]:
    """Return the policy of each portfolio, unfitted.

    Parameters
    ----------
    study
        The checked file.
    market
        The data that has the names of assets and factors.
    folder
        The folder that paths in the file are relative to.

    Raises
    ------
    InputError, UnknownNameError
        If options contradict each other or the data; the message begins with the field.
    """
    loadings = make_loadings(study.loadings)
    risk = make_risk(study.risk, loadings, market.assets, folder)
    costs = make_costs(study.backtest.costs, market, folder)
    policies: dict[str, Policy] = {}
    for name, table in study.portfolio.items():
        if isinstance(table, EqualWeightTable):
            policies[name] = EqualWeight()
        elif isinstance(table, InverseVolatilityTable):
            policies[name] = InverseVolatility(table.window)
        elif isinstance(table, PlugInTable):
            policies[name] = _of_plug_in(table, f"portfolio.{name}")
        else:
            field = f"portfolio.{name}"
            needed = isinstance(table, NEEDS_VIEWS)
            view = make_view(table.views or study.views, loadings, costs.borrow) if needed else None
            constraints = make_constraints(table.constraints, market, folder, f"{field}.constraints")
            policies[name] = ModelPolicy(
                _objective(table, market, constraints.groups, field),
                risk,
                view,
                constraints,
                costs if table.sees_costs else None,
                table.retune_every,
                table.fallback,
                holding_period=table.holding_period,
                min_dates=table.min_dates,
                volume_window=table.volume_window,
            )
    return policies


def _of_plug_in(table: PlugInTable, field: str) -> Policy:
    """Return the policy that another package makes of the options."""
    made = load_plug_in(POLICIES, table.policy, f"{field}.policy")
    who = f"{field}: the policy {table.policy!r} of {version_of(POLICIES, table.policy)}"
    policy: Policy = called(made, (), table.options, who, f"accept the options {table.options}")
    if not callable(getattr(policy, "decide", None)):
        raise PlugInError(
            f"{who} must have a method decide, got {type(policy).__name__}. Update or remove its package."
        )
    return policy


def make_rebalance(table: BacktestTable) -> Rebalance:
    """Return the trading calendar."""
    given: Any = table.rebalance
    return Drift(given.drift) if isinstance(given, DriftTable) else given


def make_constraints(table: ConstraintsTable, market: Market, folder: Path, field: str) -> Constraints:
    """Return the constraints on the weights."""
    for name in ("lower", "upper"):
        if isinstance(getattr(table, name), dict):
            check_names(getattr(table, name), market.assets, f"{field}.{name}", "assets")
    groups = read_groups_of(table.groups, market.assets, folder, f"{field}.groups")
    if table.group_limits is not None and groups is not None:
        check_names(table.group_limits, pd.Index(groups.unique()), f"{field}.group_limits", "groups")
    if table.factor_limits is not None:
        check_names(table.factor_limits, _factors(market), f"{field}.factor_limits", "factors")
    if table.volume_share is not None and market.dollar_volumes is None:
        raise InputError(
            f"{field}.volume_share must be left out without data.dollar_volumes, got {table.volume_share:g}. Name the "
            "file of dollar volumes, or leave it out."
        )
    options = {name: getattr(table, name) for name in type(table).model_fields}
    with errors_about(field):
        return Constraints(**{**options, "groups": groups})


def _objective(
    table: PortfolioTable | Optimised, market: Market, groups: "pd.Series[str] | None", field: str
) -> Objective:
    if isinstance(table, RiskBudgetTable):
        budget = None if table.budget is None else _budget(table.budget, market.assets, groups, field)
        if table.signs is not None:
            check_names(table.signs, market.assets, f"{field}.signs", "assets")
        return RiskBudget(budget, table.signs, table.absent)
    if isinstance(table, FactorRiskBudgetTable):
        lines = pd.Index([*_factors(market), IDIOSYNCRATIC])
        if table.signs is not None:
            check_names(table.signs, _factors(market), f"{field}.signs", "factors")
        return FactorRiskBudget(_complete(table.budget, lines, f"{field}.budget", "lines"), table.signs)
    if isinstance(table, KellyTable):
        return FractionalKelly(table.fraction)
    if isinstance(table, MaximumSharpeTable):
        return MaximumSharpe()
    if isinstance(table, UtilityTable):
        return Utility(table.risk_aversion)
    return MinimumVariance()


def _budget(
    given: Mapping[str, float], assets: pd.Index, groups: "pd.Series[str] | None", field: str
) -> "pd.Series[float]":
    """The budget by asset, or by group where the constraints have groups and the budget names one."""
    field = f"{field}.budget"
    if groups is not None and any(name in set(groups) for name in given):
        return _complete(given, pd.Index(groups.unique()), field, "groups")
    return _complete(given, assets, field, "assets")


def _complete(given: Mapping[str, float], lines: pd.Index, field: str, what: str) -> "pd.Series[float]":
    """A share for every line of the budget; zero for those that are not named."""
    check_names(given, lines, field, what)
    total = sum(given.values())
    if abs(total - 1.0) > _BUDGET_TOLERANCE:
        raise InputError(f"{field} must add up to 1, got {total:.6g}. Divide it by its sum.")
    return pd.Series(given, dtype=float).reindex(lines, fill_value=0.0)


def _factors(market: Market) -> pd.Index:
    return pd.Index([]) if market.factors is None else market.factors.columns
