"""The tables [backtest] and [validation]: how the portfolios are traded, and how what comes of it is judged."""

from typing import Annotated, Literal

from pydantic import Field, PlainValidator, model_validator

from statefolio.study.field_types import Count, Day, NotNegative, NumberOrTable, Positive, Share, Table

REBALANCE = ("daily", "weekly", "monthly")


def _rebalance(value: object) -> object:
    if isinstance(value, str) and value in REBALANCE:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if isinstance(value, dict) and set(value) == {"drift"}:
        return DriftTable.model_validate(value)
    words = ", ".join(f'"{word}"' for word in REBALANCE)
    raise ValueError(f"{words}, a whole number of dates, or {{ drift = 0.05 }} was expected")


class DriftTable(Table):
    """Trade when weights have drifted this far from those wanted."""

    drift: Positive


class CostsTable(Table):
    """[backtest.costs]: shares of the traded value, yearly fees, and the square-root law of impact."""

    proportional: NumberOrTable = 0.0
    half_spread: NumberOrTable = 0.0
    impact: NotNegative = 0.0
    impact_window: Count = 60
    borrow: NumberOrTable = 0.0
    financing: NotNegative = 0.0


class BacktestTable(Table):
    """[backtest]: when it starts, when it trades, what that costs."""

    start: Day | None = None
    rebalance: Annotated[str | int | DriftTable, PlainValidator(_rebalance)] = "monthly"
    costs: CostsTable = CostsTable()
    capital: Positive = 1_000_000.0
    lag: Count = 1
    benchmark: str
    periods_a_year: Positive = 252.0


class WindowsTable(Table):
    """[validation.windows]: training and test dates, apart by an embargo."""

    kind: Literal["expanding", "rolling"] = "expanding"
    count: Count = 5
    purge: Annotated[int, Field(ge=0)] = 0
    embargo: Annotated[int, Field(ge=0)] = 21


class HoldoutTable(Table):
    """[validation.holdout]: the last part of the data, which nobody who chooses a portfolio sees."""

    share: Share | None = None
    start: Day | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "HoldoutTable":
        if (self.share is None) == (self.start is None):
            raise ValueError("either share (of the dates) or start (a date) was expected, and not both")
        return self


class ValidationTable(Table):
    """[validation]: windows, the measure that chooses, what was tried, the holdout, the look-ahead check."""

    windows: WindowsTable = WindowsTable()
    measure: Literal["sharpe", "sortino", "calmar", "drawdown"] = "sharpe"
    trials: Annotated[int, Field(ge=0)] = 0
    holdout: HoldoutTable | None = None
    look_ahead_cuts: Annotated[int, Field(ge=0)] = 10
