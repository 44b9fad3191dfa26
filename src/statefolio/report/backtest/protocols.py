"""Declares what reports need of a back-test's result and of a look-ahead check."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import pandas as pd

FEES = {
    "trading_cost": "Trading",
    "impact_cost": "Market impact",
    "borrow_fee": "Stock borrowing",
    "financing_fee": "Financing",
    "minimum_commission": "Minimum commission",
    "management_fee": "Management fee",
    "performance_fee": "Performance fee",
}
"""Names of a ledger's columns of costs and fees; some only where a run has them."""

INCOME = {
    "dividends": "Dividends",
    "short_rebate": "Short rebate",
    "deposits": "Deposits",
    "withdrawals": "Withdrawals",
}
"""Names of a ledger's columns of income and flows that a run may have."""


class Backtest(Protocol):
    """The part of a back-test's result that reports use."""

    @property
    def name(self) -> str:
        """Name of the policy."""

    @property
    def capital(self) -> float:
        """Value at the start, in currency."""

    @property
    def periods_per_year(self) -> float:
        """Number of dates per year, for annualisation."""

    @property
    def stopped(self) -> str:
        """Why it ended before the data; empty if it did not."""

    @property
    def ledger(self) -> pd.DataFrame:
        """Value, profit, costs, fees, cash_interest, traded and cash in currency, by date, with the start first."""

    @property
    def weights(self) -> pd.DataFrame:
        """Weights held during each date's return (date x asset), as shares of value."""

    @property
    def decisions(self) -> pd.DataFrame:
        """Target weights (decision date x asset)."""

    @property
    def details(self) -> Mapping[str, pd.DataFrame]:
        """Tables that decisions recorded (decision date x label), by name."""

    @property
    def decision_count(self) -> int:
        """Number of decisions, including fallbacks and decisions not to trade."""

    @property
    def fallbacks(self) -> pd.DataFrame:
        """Decisions that fell back, by reason: decisions, share, first and last."""

    @property
    def notes(self) -> pd.DataFrame:
        """Notes on the other decisions, in the same form."""

    @property
    def events(self) -> pd.DataFrame:
        """One row per event: date, kind, asset, detail."""

    @property
    def trades(self) -> pd.DataFrame:
        """One row per round trip: asset, side, entry, exit, open, dates, profit, cost, entered, left."""

    @property
    def value(self) -> "pd.Series[float]":
        """Value in currency at each date's close."""

    @property
    def growth(self) -> "pd.Series[float]":
        """Value without deposits and withdrawals: the capital compounded at the net returns."""

    @property
    def returns(self) -> "pd.Series[float]":
        """Returns net of costs and fees, in decimals."""

    @property
    def gross_returns(self) -> "pd.Series[float]":
        """Returns of the same weights before costs and fees."""

    @property
    def turnover(self) -> "pd.Series[float]":
        """Purchases and sales as a share of the previous value."""

    @property
    def drawdown(self) -> "pd.Series[float]":
        """Value over its highest so far, less one: 0 or negative."""

    def summary(self) -> "pd.Series[float]":
        """Return the measures of the net returns, by name."""


class LookAheadCheck(Protocol):
    """The part of a look-ahead check's result that reports use."""

    @property
    def verdict(self) -> str:
        """One of: causal, looks ahead, cannot be checked."""

    @property
    def first_difference(self) -> pd.Timestamp | None:
        """The first decision that changed with later data."""

    @property
    def detail(self) -> str:
        """The result in words."""

    @property
    def sentence(self) -> str:
        """What was checked and found, and what was not searched."""

    @property
    def cuts(self) -> Sequence[pd.Timestamp]:
        """The dates after which the data were changed."""
