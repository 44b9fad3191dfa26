"""The tables [portfolio.NAME]: the objective and the constraints of each portfolio."""

from typing import Annotated, Any, Literal

from pydantic import Field

from statefolio._options import Number, Whole
from statefolio.commands.studies.schema.data_tables import FormTable
from statefolio.commands.studies.schema.field_types import (
    Confidence,
    Count,
    File,
    Groups,
    NotNegative,
    NumberOrRange,
    NumberOrTable,
    Positive,
    Ranges,
    Signs,
    Table,
    Words,
    tables_by,
    valid,
)
from statefolio.commands.studies.schema.view_tables import ViewsTable


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
    risk_horizon: Literal["model", "holding_period"] = "model"
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
    costs: bool = True


class UtilityTable(Optimised):
    """Expected return minus half the risk aversion times the variance, minus costs."""

    objective: Literal["utility"]
    risk_aversion: Positive = 5.0


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


class BuyAndHoldTable(Table):
    """Weights at the first decision, and no trades after that; equal weights by default."""

    objective: Literal["buy_and_hold"]
    first: dict[str, Annotated[float, valid(Number())]] | None = None


class GivenWeightsTable(Table):
    """Weights of a file, each row used from its date on."""

    objective: Literal["given_weights"]
    file: File
    form: FormTable = FormTable()


class SkfolioTable(Table):
    """Any optimiser of skfolio by the name of its class, with its options: `SkfolioPolicy`."""

    objective: Literal["skfolio"] = "skfolio"
    optimiser: Words
    options: dict[str, Any] = Field(default_factory=dict)
    lookback: Annotated[int, valid(Whole(at_least=2))] | None = None
    sees_costs: bool = False
    holding_period: Positive | None = None
    fallback: Literal["keep", "cash"] = "keep"
    min_dates: Annotated[int, valid(Whole(at_least=2))] = 63


class PlugInTable(Table):
    """The caller's own policy: a class as "module:Class", or the name of an entry point; with its options."""

    objective: Literal["plug_in"] = "plug_in"
    policy: Words
    options: dict[str, Any] = Field(default_factory=dict)


_TABLES = (
    RiskBudgetTable,
    FactorRiskBudgetTable,
    KellyTable,
    MaximumSharpeTable,
    UtilityTable,
    MinimumVarianceTable,
    EqualWeightTable,
    InverseVolatilityTable,
    BuyAndHoldTable,
    GivenWeightsTable,
    SkfolioTable,
    PlugInTable,
)
PortfolioTable = Annotated[
    RiskBudgetTable
    | FactorRiskBudgetTable
    | KellyTable
    | MaximumSharpeTable
    | UtilityTable
    | MinimumVarianceTable
    | EqualWeightTable
    | InverseVolatilityTable
    | BuyAndHoldTable
    | GivenWeightsTable
    | SkfolioTable
    | PlugInTable,
    tables_by("objective", *_TABLES, implied={"policy": PlugInTable, "optimiser": SkfolioTable}),
]
NEEDS_VIEWS = (KellyTable, MaximumSharpeTable, UtilityTable)
"""Objectives that depend on expected returns."""
