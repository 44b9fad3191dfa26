"""Measures of back-tests, and the part of a back-test from a date on."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from statefolio.backtest.measures_table import compared_measures
from statefolio.backtest.result import BacktestResult


def measures_of(results: Mapping[str, BacktestResult], benchmark: str, cash_rate: "pd.Series[float]") -> pd.DataFrame:
    """Return the measures of several back-tests over the same dates (measure x portfolio)."""
    return compared_measures(results, results[benchmark].returns, cash_rate)


def since(result: BacktestResult, start: pd.Timestamp) -> BacktestResult:
    """Return an account from a date on, as if it had started on the date before with its holdings of that date."""
    dates = result.ledger.index
    decisions, events = result.decisions.loc[start:], result.events[result.events["date"] >= start]
    answered = events.loc[events["kind"].isin(["fallback", "note"]), "date"]
    first = max(0, int(dates.searchsorted(start)) - 1)
    ledger = result.ledger.iloc[first:].copy()
    ledger.loc[ledger.index[0], ledger.columns.difference(["value", "cash"])] = 0.0
    return replace(
        result,
        ledger=ledger,
        weights=result.weights.iloc[first:],
        decisions=decisions,
        decision_count=len(decisions.index.union(pd.DatetimeIndex(answered))),
        events=events.reset_index(drop=True),
        details={name: table.loc[start:] for name, table in result.details.items()},
        capital=float(ledger["value"].iloc[0]),
        causality=None,
    )
