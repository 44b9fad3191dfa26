"""The tables [portfolio.NAME]: the objective and the constraints of each portfolio."""

from typing import Annotated, Any, Literal

from pydantic import Field

from statefolio._options import Number, Whole
from statefolio.commands.studies.schema.field_types import (
    Confidence,
    Count,
    Groups,
    NotNegative,
    NumberOrRange,
    NumberOrTable,
    Positive,
    Ranges,
    Signs,
    Table,
    tables_by,
    valid,
)
from statefolio.commands.studies.schema.model_tables import ViewsTable


class ConstraintsTable(Table):
    """[portfolio.NAME.constraints]: limits on weights as shares of the portfolio's value, by name."""

    lower: NumberOrTable = 0.0
    upper: NumberOrTable = 1.0
    net: NumberOrRange = 1.0
    gross: Positive | None = None
    groups: Groups | None = None
    group_limits: Ranges | None = None
    factor_limits: Ranges | None = None
    exposure_confidence: Confidence | None = None
    turnover: NotNegative | None = None
    daily_turnover: NotNegative | None = None
    max_holdings: Count | None = None
    volume_share: Positive | None = None
    no_trade_band: NotNegative = 0.0


class Optimised(Table):
    """The fields of every optimised portfolio."""

    constraints: ConstraintsTable = ConstraintsTable()
    fallback: Literal["keep", "cash"] = "keep"
    retune_every: Count | None = None
    sees_costs: bool = True
    holding_period: Positive | None = None
    min_dates: Count = 63
    volume_window: Count = 60
    views: ViewsTable | None = None


class RiskBudgetTable(Optimised):
    """Risk contributions by asset match a budget; by default equal shares."""

    objective: Literal["risk_budget"]
    budget: dict[str, NotNegative] | None = None
    signs: Signs | None = None
    absent: Literal["refuse", "spread"] = "spread"


class FactorRiskBudgetTable(Optimised):
    """Risk contributions by factor match a budget, which may have the line "idiosyncratic"."""

    objective: Literal["factor_risk_budget"]
    budget: dict[str, NotNegative]
    signs: Signs | None = None


class KellyTable(Optimised):
    """A fraction of the growth-optimal portfolio."""

    objective: Literal["kelly"]
    fraction: Annotated[float, valid(Number(above=0.0, at_most=1.0))] = 0.25


class MaximumSharpeTable(Optimised):
    """The largest ratio of expected return to risk."""

    objective: Literal["maximum_sharpe"]


class UtilityTable(Optimised):
    """Expected return minus half the risk aversion times the variance, minus costs."""

    objective: Literal["utility"]
    risk_aversion: Positive


class MinimumVarianceTable(Optimised):
    """The smallest variance."""

    objective: Literal["minimum_variance"]


class EqualWeightTable(Table):
    """The same weight in every asset."""

    objective: Literal["equal_weight"]


class InverseVolatilityTable(Table):
    """Weights inverse to each asset's volatility over a window of dates."""

    objective: Literal["inverse_volatility"]
    window: Annotated[int, valid(Whole(at_least=2))] = 63


class PlugInTable(Table):
    """A policy that another installed package offers under a name, with its options."""

    objective: Literal["plug_in"]
    policy: Annotated[str, Field(min_length=1)]
    options: dict[str, Any] = Field(default_factory=dict)


PortfolioTable = Annotated[
    RiskBudgetTable
    | FactorRiskBudgetTable
    | KellyTable
    | MaximumSharpeTable
    | UtilityTable
    | MinimumVarianceTable
    | EqualWeightTable
    | InverseVolatilityTable
    | PlugInTable,
    tables_by(
        "objective",
        RiskBudgetTable,
        FactorRiskBudgetTable,
        KellyTable,
        MaximumSharpeTable,
        UtilityTable,
        MinimumVarianceTable,
        EqualWeightTable,
        InverseVolatilityTable,
        PlugInTable,
    ),
]
NEEDS_VIEWS = (KellyTable, MaximumSharpeTable, UtilityTable)
"""Objectives that depend on expected returns."""
