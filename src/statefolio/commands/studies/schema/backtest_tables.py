"""The tables [backtest] and [validation]: how the portfolios are traded, and how the results are judged."""

import math
import warnings
from typing import Annotated, Literal

from pydantic import BeforeValidator, model_validator

from statefolio._options import Whole
from statefolio.backtest.cost_rules import RULES as COSTS
from statefolio.commands.studies.schema.field_types import (
    AmountOrTable,
    Count,
    CountOrZero,
    Day,
    Flows,
    Invalid,
    NotNegative,
    NumberOrTable,
    Positive,
    RateOrFile,
    Share,
    Table,
    is_finite,
    valid,
)
from statefolio.exceptions import StatefolioWarning

REBALANCE = ("daily", "weekly", "monthly")
MOST_COMBINATIONS = 5_000
"""Most combinations of folds."""


def _rebalance(value: object) -> object:
    if isinstance(value, DriftTable):
        return value
    if isinstance(value, str) and value in REBALANCE:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if isinstance(value, dict) and set(value) == {"drift"} and is_finite(value["drift"]) and value["drift"] > 0.0:
        return DriftTable(drift=float(value["drift"]))
    words = ", ".join(f'"{word}"' for word in REBALANCE)
    raise Invalid(f"{words}, a whole number of dates, or {{ drift = 0.05 }}")


def _benchmark(value: object) -> object:
    if isinstance(value, str):
        return value
    names = value if isinstance(value, list) else []
    if names and all(isinstance(each, str) for each in names) and len(set(names)) == len(names):
        return names
    raise Invalid("the name of a portfolio, or a list of different names, the main benchmark first")


class DriftTable(Table):
    """Trade when the weights have drifted this far from their targets."""

    drift: Positive


RebalanceOption = Annotated[str | int | DriftTable, BeforeValidator(_rebalance)]


class CostsTable(Table):
    """[backtest.costs]: shares of the traded value, yearly fees, square-root market impact, and what orders are of."""

    proportional: NumberOrTable = 0.0
    half_spread: NumberOrTable = 0.0
    impact: NotNegative = 0.0
    impact_window: Count = 60
    borrow: RateOrFile = 0.0
    financing: NotNegative = 0.0
    minimum_commission: AmountOrTable = 0.0
    lot_size: AmountOrTable = 0.0
    minimum_order: Annotated[float, valid(COSTS["minimum_order"])] = 0.0
    most_commission: Annotated[float | None, valid(COSTS["most_commission"])] = None
    short_rebate: RateOrFile = 0.0
    management_fee: Annotated[float, valid(COSTS["management_fee"])] = 0.0
    performance_fee: Annotated[float, valid(COSTS["performance_fee"])] = 0.0
    crystallised: Annotated[str, valid(COSTS["crystallised"])] = "yearly"


class BacktestTable(Table):
    """[backtest]: the start, the trading calendar, the costs, deposits and withdrawals, and the benchmark."""

    start: Day | None = None
    rebalance: RebalanceOption = "monthly"
    costs: CostsTable = CostsTable()
    capital: Positive = 1_000_000.0
    flows: Flows | None = None
    lag: Count = 1
    benchmark: Annotated[str | list[str], BeforeValidator(_benchmark)]
    periods_per_year: Positive | None = None

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """All benchmarks, the main one first."""
        return (self.benchmark,) if isinstance(self.benchmark, str) else tuple(self.benchmark)

    @property
    def main_benchmark(self) -> str:
        """The benchmark of tests and charts."""
        return self.benchmarks[0]

    @model_validator(mode="before")
    @classmethod
    def _former_name(cls, given: object) -> object:
        if not isinstance(given, dict) or "periods_a_year" not in given or "periods_per_year" in given:
            return given
        warnings.warn(
            "backtest.periods_a_year is now called backtest.periods_per_year. Rename it in the study file.",
            StatefolioWarning,
            stacklevel=2,
        )
        return {"periods_per_year" if name == "periods_a_year" else name: value for name, value in given.items()}


class WindowsTable(Table):
    """[validation.windows]: training and test dates, separated by an embargo."""

    kind: Literal["expanding", "rolling"] = "expanding"
    count: Count = 5
    purge: CountOrZero = 0
    embargo: CountOrZero = 21


class CombinatorialTable(Table):
    """[validation.combinatorial]: every combination of folds is a test, and the other folds, purged, choose."""

    folds: Annotated[int, valid(Whole(at_least=3, at_most=100))] = 10
    test_folds: Annotated[int, valid(Whole(at_least=2))] = 2
    purge: CountOrZero = 0
    embargo: CountOrZero = 21

    @model_validator(mode="after")
    def _some_to_choose_on(self) -> "CombinatorialTable":
        if self.test_folds >= self.folds:
            raise ValueError(f"must have test_folds below folds, got {self.test_folds} of {self.folds}")
        count = math.comb(self.folds, self.test_folds)
        if count > MOST_COMBINATIONS:
            raise ValueError(
                f"must make at most {MOST_COMBINATIONS:,} combinations, got {count:,} ({self.test_folds} of "
                f"{self.folds} folds)"
            )
        return self


class HoldoutTable(Table):
    """[validation.holdout]: the last part of the data, which takes no part in choosing portfolios."""

    share: Share | None = None
    start: Day | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "HoldoutTable":
        if (self.share is None) == (self.start is None):
            raise ValueError("must have either share (of the dates) or start (a date), and not both")
        return self


class ValidationTable(Table):
    """[validation]: windows, folds, the measure that chooses, earlier trials, holdout, look-ahead check."""

    windows: WindowsTable = WindowsTable()
    combinatorial: CombinatorialTable | None = None
    measure: Literal["sharpe", "sortino", "calmar", "drawdown"] = "sharpe"
    trials: CountOrZero = 0
    holdout: HoldoutTable | None = None
    look_ahead_cuts: CountOrZero = 10
