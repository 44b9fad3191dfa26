"""The policies of a study, unfitted, with their constraints, costs and trading calendar."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._plug_ins import POLICIES
from statefolio.backtest.calendar import Drift, Rebalance
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.commands.studies.parts.costs import make_costs
from statefolio.commands.studies.parts.dated_tables import read_table
from statefolio.commands.studies.parts.models import (
    errors_about,
    factors_of,
    make_covariance,
    make_model,
    read_groups_of,
)
from statefolio.commands.studies.parts.names import check_names
from statefolio.commands.studies.parts.own_code import load_own, make_own
from statefolio.commands.studies.parts.views import make_view
from statefolio.commands.studies.schema.backtest_tables import BacktestTable, DriftTable
from statefolio.commands.studies.schema.portfolio_tables import (
    NEEDS_VIEWS,
    BuyAndHoldTable,
    ConstraintsTable,
    EqualWeightTable,
    FactorRiskBudgetTable,
    GivenWeightsTable,
    InverseVolatilityTable,
    KellyTable,
    MaximumSharpeTable,
    Optimised,
    PlugInTable,
    PortfolioTable,
    RiskBudgetTable,
    SkfolioTable,
    UtilityTable,
)
from statefolio.commands.studies.schema.study import Study
from statefolio.exceptions import InputError
from statefolio.loadings.base import LoadingsModel
from statefolio.portfolio.budgets.factor_risk_budget import FactorRiskBudget
from statefolio.portfolio.budgets.risk_budget import RiskBudget
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.optimisation.kelly import FractionalKelly
from statefolio.portfolio.optimisation.objectives import MinimumVariance, Utility
from statefolio.portfolio.optimisation.sharpe import MaximumSharpe
from statefolio.portfolio.policies.model_policy import ModelPolicy
from statefolio.portfolio.policies.skfolio_named import make_optimiser
from statefolio.portfolio.policies.skfolio_policy import SkfolioPolicy
from statefolio.portfolio.policies.yardsticks import BuyAndHold, EqualWeight, GivenWeights, InverseVolatility
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
    costs = make_costs(study.backtest.costs, market, folder)
    policies: dict[str, Policy] = {}
    optimised: dict[str, Optimised] = {}
    for name, table in study.portfolio.items():
        if isinstance(table, Optimised):
            optimised[name] = table
        policies[name] = _without_model(table, costs, folder, f"portfolio.{name}")
    if optimised:
        loadings = make_model(study.loadings)
        risk = make_covariance(study.risk, loadings, market, folder)
        for name, model_table in optimised.items():
            policies[name] = _with_model(study, name, model_table, loadings, risk, costs, market, folder)
    return policies


def _with_model(
    study: Study,
    name: str,
    table: Any,
    loadings: LoadingsModel,
    risk: Any,
    costs: TradingCosts,
    market: Market,
    folder: Path,
) -> ModelPolicy:
    """Return an optimised portfolio's policy."""
    field = f"portfolio.{name}"
    view = None
    if isinstance(table, NEEDS_VIEWS):
        place = "views" if table.views is None else f"{field}.views"
        view = make_view(table.views or study.views, loadings, market, folder, place, costs.borrow)
    constraints = make_constraints(table.constraints, market, folder, f"{field}.constraints")
    return ModelPolicy(
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
        risk_horizon=table.risk_horizon,
    )


def _without_model(table: PortfolioTable, costs: TradingCosts, folder: Path, field: str) -> Any:
    """Return the policy of a portfolio that has no model of the study; None for an optimised one."""
    if isinstance(table, EqualWeightTable):
        return EqualWeight()
    if isinstance(table, InverseVolatilityTable):
        return InverseVolatility(table.window)
    if isinstance(table, BuyAndHoldTable):
        return BuyAndHold(None if table.first is None else pd.Series(table.first, dtype=float))
    if isinstance(table, GivenWeightsTable):
        return GivenWeights(read_table(folder / table.file, table.form, f"{field}.file"))
    if isinstance(table, SkfolioTable):
        estimator = make_optimiser(table.optimiser, table.options, f"{field}.optimiser")
        options = table.model_dump(include={"lookback", "holding_period", "fallback", "min_dates"})
        with errors_about(field):
            policy = SkfolioPolicy(estimator, costs=costs if table.sees_costs else None, **options)
            policy.check()
        return policy
    if isinstance(table, PlugInTable):
        return make_own(load_own(POLICIES, table.policy, folder, f"{field}.policy"), table.options, ("decide",))
    return None


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
        check_names(table.factor_limits, factors_of(market), f"{field}.factor_limits", "factors")
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
        lines = pd.Index([*factors_of(market), IDIOSYNCRATIC])
        if table.signs is not None:
            check_names(table.signs, factors_of(market), f"{field}.signs", "factors")
        return FactorRiskBudget(_complete(table.budget, lines, f"{field}.budget", "lines"), table.signs)
    if isinstance(table, KellyTable):
        return FractionalKelly(table.fraction)
    if isinstance(table, MaximumSharpeTable):
        return MaximumSharpe(table.costs)
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
