"""A back-test made of weights and returns in plain loops, so that figures are tested without an engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

FLOWS = ("profit", "trading_cost", "impact_cost", "borrow_fee", "financing_fee", "cash_interest", "traded")
EVENTS = ("date", "kind", "asset", "detail")


@dataclass(frozen=True)
class MadeUpTest:
    """The fields and properties of a back-test's result."""

    name: str
    ledger: pd.DataFrame
    weights: pd.DataFrame
    decisions: pd.DataFrame
    details: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    events: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(EVENTS)))
    capital: float = 1e6
    periods_a_year: float = 252.0
    stopped: str = ""

    @property
    def value(self):
        return self.ledger["value"]

    @property
    def returns(self):
        return self.value.pct_change().iloc[1:]

    @property
    def gross_returns(self):
        paid = self.ledger[["trading_cost", "impact_cost", "borrow_fee", "financing_fee"]].sum(axis=1)
        return self.returns + (paid / self.value.shift()).iloc[1:]

    @property
    def turnover(self):
        return (self.ledger["traded"] / self.value.shift()).iloc[1:]

    @property
    def drawdown(self):
        return self.value / self.value.cummax() - 1.0

    def summary(self):
        returns = self.returns
        volatility = returns.std() * np.sqrt(252)
        return pd.Series(
            {
                "annual_return": (1 + returns).prod() ** (252 / max(len(returns), 1)) - 1,
                "annual_volatility": volatility,
                "sharpe_ratio": returns.mean() * 252 / volatility if volatility > 0 else np.nan,
                "max_drawdown": self.drawdown.min(),
                "max_drawdown_length": 17.0,
            }
        )


def run(wanted: pd.DataFrame, returns: pd.DataFrame, *, name="made up", cost=0.001, capital=1e6, **others):
    """Trade the weights wanted one date later, at a proportional cost; the first date is that of the first decision."""
    dates = returns.index[returns.index >= wanted.index[0]]
    ledger = pd.DataFrame(0.0, dates, ["value", *FLOWS, "cash"])
    weights = pd.DataFrame(0.0, dates[1:], returns.columns)
    value, held, order = capital, np.zeros(returns.shape[1]), None
    ledger.loc[dates[0], ["value", "cash"]] = capital
    stopped = ""
    for date in dates:
        if date > dates[0]:
            traded = 0.0
            if order is not None:
                traded = np.abs(order * value - held).sum()
                held = order * value
            spent = cost * traded
            ledger.loc[date, ["traded", "trading_cost"]] = traded, spent
            weights.loc[date] = held / value
            profit = held * np.nan_to_num(returns.loc[date].to_numpy())
            value, held = value + profit.sum() - spent, held + profit
            ledger.loc[date, ["profit", "value", "cash"]] = profit.sum(), value, value - held.sum()
            if value <= 0.0:
                stopped = f"bankrupt on {date:%Y-%m-%d}"
                ledger, weights = ledger.loc[:date], weights.loc[:date]
                break
        order = wanted.loc[date].to_numpy() if date in wanted.index else None
    decisions = wanted.loc[: ledger.index[-1]]
    return MadeUpTest(name, ledger, weights, decisions, capital=capital, stopped=stopped, **others)
