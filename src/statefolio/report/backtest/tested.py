"""What the report needs of a back-test's result and of a look-ahead check."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import pandas as pd

FEES = {
    "trading_cost": "trading",
    "impact_cost": "impact",
    "borrow_fee": "borrowing stock",
    "financing_fee": "financing",
}
"""What a ledger takes off profits, by column, in words."""


class Tested(Protocol):
    """A back-test's result: the part of its contract that is drawn."""

    @property
    def name(self) -> str:
        """What the policy is called."""

    @property
    def capital(self) -> float:
        """What it began with, in currency."""

    @property
    def periods_per_year(self) -> float:
        """Dates a year, by which figures are annualised."""

    @property
    def stopped(self) -> str:
        """Why it ended before the data did; empty where it did not."""

    @property
    def ledger(self) -> pd.DataFrame:
        """By date, in currency: value, profit, costs, fees, cash_interest, traded, cash; first the start."""

    @property
    def weights(self) -> pd.DataFrame:
        """Date x asset: held during the date's return, as shares of value."""

    @property
    def decisions(self) -> pd.DataFrame:
        """Decision date x asset: the weights wanted."""

    @property
    def details(self) -> Mapping[str, pd.DataFrame]:
        """By name, decision date x label: what decisions told of themselves."""

    @property
    def events(self) -> pd.DataFrame:
        """A row an event: date, kind, asset, detail."""

    @property
    def value(self) -> "pd.Series[float]":
        """In currency, at each date's close."""

    @property
    def returns(self) -> "pd.Series[float]":
        """Net of costs and fees, in decimals."""

    @property
    def gross_returns(self) -> "pd.Series[float]":
        """Of the same weights, before costs and fees."""

    @property
    def turnover(self) -> "pd.Series[float]":
        """Bought and sold, as a share of the value before."""

    @property
    def drawdown(self) -> "pd.Series[float]":
        """Below the highest value so far, as a share of it: 0 or negative."""

    def summary(self) -> "pd.Series[float]":
        """Return the measures of the net returns, by name."""


class Checked(Protocol):
    """What a look-ahead check found."""

    @property
    def verdict(self) -> str:
        """One of: causal, looks ahead, cannot be checked."""

    @property
    def first_difference(self) -> pd.Timestamp | None:
        """The first decision that a later date changed."""

    @property
    def detail(self) -> str:
        """What was found, in words."""

    @property
    def cuts(self) -> Sequence[pd.Timestamp]:
        """After which dates the data were cut and changed."""
