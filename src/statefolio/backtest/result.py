"""What a back-test found, date by date, in currency."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from statefolio._renamed import FormerName
from statefolio.backtest.costs import TradingCosts

LEDGER = (
    "value",
    "profit",
    "trading_cost",
    "impact_cost",
    "borrow_fee",
    "financing_fee",
    "cash_interest",
    "traded",
    "cash",
)
EVENTS = ("date", "kind", "asset", "detail")

Verdict = Literal["causal", "looks ahead", "cannot be checked"]


@dataclass(frozen=True)
class CausalCheck:
    """Whether decisions change when the future does.

    Attributes
    ----------
    verdict : {"causal", "looks ahead", "cannot be checked"}
    first_difference : Timestamp, optional
        The first decision that changed.
    detail : str
        What was found, in a sentence.
    cuts : tuple of Timestamp
        Dates at which the future was taken away and drawn anew.
    """

    verdict: Verdict
    first_difference: pd.Timestamp | None
    detail: str
    cuts: tuple[pd.Timestamp, ...]


@dataclass(frozen=True, eq=False)
class BacktestResult:
    """An account's whole life.

    Attributes
    ----------
    name : str
    ledger : DataFrame by date, in currency
        value (at the close), profit, trading_cost, impact_cost, borrow_fee, financing_fee, cash_interest, traded
        (bought and sold, absolute), cash. On every date the value changes by profit less costs and fees plus cash
        interest. The first row is the date of the first decision: the capital, before anything is traded.
    weights : DataFrame (date x asset)
        Shares of the value held during the date's return, after the trade.
    decisions : DataFrame (decision date x asset)
        Weights that were wanted; a date on which nothing was to be traded has no row.
    details : mapping of DataFrame (decision date x name)
        What decisions told of themselves.
    events : DataFrame
        date, kind ("fallback", "unfilled", "delisted", "bankrupt"), asset, detail.
    costs : TradingCosts
    capital : float
    periods_per_year : float
    stopped : str
        Why the run ended early; empty if it did not.
    causality : CausalCheck, optional
        Of the decisions at checkpoints, where the run was asked to check them.
    """

    name: str
    ledger: pd.DataFrame
    weights: pd.DataFrame
    decisions: pd.DataFrame
    events: pd.DataFrame
    costs: TradingCosts
    capital: float
    details: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    periods_per_year: float = 252.0
    stopped: str = ""
    causality: CausalCheck | None = None
    periods_a_year = FormerName("periods_per_year")

    @property
    def value(self) -> "pd.Series[float]":
        """Value at the close of each date, in currency."""
        return self.ledger["value"]

    @property
    def returns(self) -> "pd.Series[float]":
        """Returns after all costs and fees, from the date after the first decision."""
        value = self.value
        return (value / value.shift() - 1.0).iloc[1:].rename("returns")

    @property
    def gross_returns(self) -> "pd.Series[float]":
        """Returns of the same weights before costs and fees; 0 on a date whose trades cost all there was."""
        ledger = self.ledger
        invested = ledger["value"].shift() - ledger["trading_cost"] - ledger["impact_cost"]
        earned = ledger["profit"] + ledger["cash_interest"]
        return (earned / invested).where(invested > 0.0, 0.0).iloc[1:].rename("gross_returns")

    @property
    def turnover(self) -> "pd.Series[float]":
        """Absolute value traded on each date, purchases and sales both counted, over the value before."""
        ledger = self.ledger
        return (ledger["traded"] / ledger["value"].shift()).iloc[1:].rename("turnover")

    @property
    def drawdown(self) -> "pd.Series[float]":
        """Value over its highest so far, less one."""
        value = self.value
        return (value / value.cummax() - 1.0).rename("drawdown")

    def summary(self, benchmark: Any = None, cash_rate: Any = None) -> "pd.Series[float]":
        """Measures of the net returns, of turnover and of what costs took.

        These are `measures` of this result, and `daily_turnover` (mean of `turnover`), `annual_trading_costs`
        (impact among them) and `annual_fees` (borrowing and financing), both as a share of the mean value.

        Parameters
        ----------
        benchmark : Series by date, optional
            Returns to compare with.
        cash_rate : float or Series by date, optional
            Subtracted where a measure is of excess returns; 0 by default.
        """
        from statefolio.backtest.performance import measures

        found = measures(self, benchmark=benchmark, cash_rate=0.0 if cash_rate is None else cash_rate)
        ledger, years = self.ledger.iloc[1:], len(self.returns) / self.periods_per_year
        average = float(self.value.mean())
        found["daily_turnover"] = float(self.turnover.mean())
        found["annual_trading_costs"] = (
            float(ledger[["trading_cost", "impact_cost"]].to_numpy().sum()) / average / years
        )
        found["annual_fees"] = float(ledger[["borrow_fee", "financing_fee"]].to_numpy().sum()) / average / years
        return found
