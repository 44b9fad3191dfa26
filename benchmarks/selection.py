"""Compares selections of simple portfolios by several measures, in five expanding windows with an embargo of 21 days.

    python benchmarks/selection.py

The candidates use the 20 stocks and the index of 1990 to 2022 that come with skfolio, and 18 funds of 2006 to 2022 if
`../shared/data` has them. Weights are set on the first date of each month from past data, earn returns from the next
date on, are constant within the month and cost 10 basis points of turnover. The stocks were chosen in hindsight, which
raises all returns alike and does not affect the comparison of selections. Cash earns nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from statefolio.backtest.performance import measures
from statefolio.backtest.validation.selection import compare_choices
from statefolio.backtest.validation.trials import Trials
from statefolio.backtest.validation.validation_report import validate_trials
from statefolio.data.bundled import load_stocks_and_index

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
COST = 0.0010


def earned(returns, weights):
    """Return weights by decision date, held from the next date on."""
    held = weights.reindex(returns.index).ffill().shift(1)
    traded = held.diff().abs().sum(axis=1)
    return ((held * returns).sum(axis=1) - COST * traded).where(held.notna().all(axis=1)).dropna()


def candidates(returns):
    months = pd.Series(returns.index, index=returns.index).groupby(returns.index.to_period("M")).first()
    months = months[months > returns.index[252]]
    count, found = returns.shape[1], {}
    equal = pd.DataFrame(1.0 / count, index=months.to_numpy(), columns=returns.columns)
    found["equal weight"] = equal
    for window in (63, 252):
        inverse = 1.0 / returns.rolling(window).std().loc[months]
        found[f"inverse volatility {window}"] = inverse.div(inverse.sum(axis=1), axis=0)
    for window in (63, 126, 252):
        past = np.log1p(returns).rolling(window).sum().loc[months]
        best = past.rank(axis=1, ascending=False) <= max(3, count // 4)
        found[f"momentum {window}"] = best.div(best.sum(axis=1), axis=0)
        found[f"trend {window}"] = (past > 0) / count
    for target in (0.08, 0.12):
        volatility = returns.mean(axis=1).rolling(63).std().loc[months] * np.sqrt(252)
        found[f"equal weight at {target:.0%} volatility"] = equal.mul((target / volatility).clip(upper=1.5), axis=0)
    rows = [minimum_variance(returns.loc[:date].iloc[-252:]) for date in months]
    found["minimum variance"] = pd.DataFrame(rows, index=months.to_numpy(), columns=returns.columns)
    return pd.DataFrame({name: earned(returns, weights.astype(float)) for name, weights in found.items()}).dropna()


def minimum_variance(returns):
    """Return long-only minimum-variance weights by excluding shorts; the covariance is shrunk half to its diagonal."""
    covariance = returns.cov().to_numpy()
    covariance = 0.5 * covariance + 0.5 * np.diag(np.diag(covariance))
    keep = np.ones(len(covariance), dtype=bool)
    while True:
        solved = np.linalg.solve(covariance[np.ix_(keep, keep)], np.ones(keep.sum()))
        if (solved > 0).all():
            weights = np.zeros(len(keep))
            weights[keep] = solved / solved.sum()
            return weights
        keep[np.flatnonzero(keep)[solved <= 0]] = False


def show(title, returns):
    table = candidates(returns)
    chosen, outcome = compare_choices(table, ("sharpe", "sortino", "calmar", "drawdown", "return"))
    print(f"\n## {title}: {len(table)} dates from {table.index[0]:%Y-%m-%d} to {table.index[-1]:%Y-%m-%d}\n")
    print("Chosen in each window, by:\n")
    print(markdown(chosen.T))
    print("\nWhat the chosen earned out of sample, all windows together:\n")
    columns = ["sharpe", "sortino", "calmar", "drawdown", "return", "volatility"]
    print(markdown(outcome[columns].round(3)))
    trials = Trials()
    for name in table:
        trials.add(name, table[name], {"rule": name})
    report = validate_trials(trials, benchmark=table["equal weight"], benchmark_name="equal weight")
    print("\nWhat the candidates are worth:\n")
    print(markdown(report.summary().to_frame("")))
    alone = pd.DataFrame({name: measures(table[name]) for name in table}).T
    print("\nThe candidates over all dates:\n")
    names = ["annual_return", "annual_volatility", "sharpe", "sortino", "calmar", "maximum_drawdown"]
    print(markdown(alone[names].round(3).join(report.table[["deflated_sharpe"]].astype(float).round(3))))


def markdown(table):
    head = ["", *map(str, table.columns)]
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    lines += ["| " + " | ".join(map(cell, row)) + " |" for row in table.itertuples(name=None)]
    return "\n".join(lines)


def cell(value):
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def main() -> None:
    show("20 US stocks (bundled)", load_stocks_and_index().returns)
    funds = SHARED / "etf18_returns_2006_2022.parquet"
    if funds.exists():
        show("18 funds", pd.read_parquet(funds).dropna())


if __name__ == "__main__":
    main()
