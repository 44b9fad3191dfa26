"""The tables [portfolio.NAME]: what each portfolio looks for, and what its weights must keep to."""

from typing import Annotated, Literal

from pydantic import Field

from statefolio.commands.studies.field_types import (
    Count,
    Groups,
    NotNegative,
    NumberOrRange,
    NumberOrTable,
    Positive,
    Ranges,
    Signs,
    Table,
)
from statefolio.commands.studies.model_tables import ViewsTable


class ConstraintsTable(Table):
    """[portfolio.NAME.constraints]: limits on weights as shares of the portfolio's value, by name."""

    lower: NumberOrTable = 0.0
    upper: NumberOrTable = 1.0
    net: NumberOrRange = 1.0
    gross: Positive | None = None
    groups: Groups | None = None
    group_limits: Ranges | None = None
    factor_limits: Ranges | None = None
    exposure_confidence: Annotated[float, Field(ge=0.5, lt=1.0)] | None = None
    turnover: NotNegative | None = None
    daily_turnover: NotNegative | None = None
    max_holdings: Count | None = None
    volume_share: Positive | None = None
    no_trade_band: NotNegative = 0.0


class Optimised(Table):
    """What every portfolio that is solved for has beside its objective."""

    constraints: ConstraintsTable = ConstraintsTable()
    fallback: Literal["keep", "cash"] = "keep"
    retune_every: Count | None = None
    sees_costs: bool = True
    holding_period: Positive | None = None
    min_dates: Count = 63
    volume_window: Count = 60
    views: ViewsTable | None = None


class RiskBudgetTable(Optimised):
    """Contributions to risk by asset meet a budget; equal shares where none is given."""

    objective: Literal["risk_budget"]
    budget: dict[str, NotNegative] | None = None
    signs: Signs | None = None
    absent: Literal["refuse", "spread"] = "spread"


class FactorRiskBudgetTable(Optimised):
    """Contributions to risk by factor meet a budget; "idiosyncratic" is a line of it."""

    objective: Literal["factor_risk_budget"]
    budget: dict[str, NotNegative]
    signs: Signs | None = None


class KellyTable(Optimised):
    """A fraction of the growth-optimal portfolio."""

    objective: Literal["kelly"]
    fraction: Annotated[float, Field(gt=0.0, le=1.0)] = 0.25


class MaximumSharpeTable(Optimised):
    """The largest expected return for its risk."""

    objective: Literal["maximum_sharpe"]


class UtilityTable(Optimised):
    """Expected return less risk aversion times half the variance, less costs."""

    objective: Literal["utility"]
    risk_aversion: Positive


class MinimumVarianceTable(Optimised):
    """The least risk."""

    objective: Literal["minimum_variance"]


class EqualWeightTable(Table):
    """The same weight in every asset."""

    objective: Literal["equal_weight"]


class InverseVolatilityTable(Table):
    """Weights inverse to each asset's volatility over a window of dates."""

    objective: Literal["inverse_volatility"]
    window: Annotated[int, Field(ge=2)] = 63


PortfolioTable = Annotated[
    RiskBudgetTable
    | FactorRiskBudgetTable
    | KellyTable
    | MaximumSharpeTable
    | UtilityTable
    | MinimumVarianceTable
    | EqualWeightTable
    | InverseVolatilityTable,
    Field(discriminator="objective"),
]
NEEDS_VIEWS = (KellyTable, MaximumSharpeTable, UtilityTable)
"""Objectives that weigh expected returns."""
