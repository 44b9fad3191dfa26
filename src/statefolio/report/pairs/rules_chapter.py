"""Builds the chapter on trading rules: fixed bands, optimal thresholds, and a grid of parameters."""

from collections.abc import Mapping

import pandas as pd

from statefolio._display.numbers import MINUS
from statefolio.pairs.thresholds.rule_comparison import RuleGrid
from statefolio.report.backtest.protocols import Backtest
from statefolio.report.chapters import Chapter, Exhibit, figure_exhibit
from statefolio.report.pairs.rule_map import rule_map_figure

COLUMNS = {
    "annual_return": ("Annual return", "+.1%"),
    "annual_volatility": ("Annual volatility", ".1%"),
    "sharpe": ("Sharpe", "+.2f"),
    "maximum_drawdown": ("Maximum drawdown", ".1%"),
    "daily_turnover": ("Daily turnover", ".1%"),
}


def rule_table(results: Mapping[str, Backtest]) -> pd.DataFrame:
    """Return one row per rule with its measures after costs."""
    return pd.DataFrame({name: result.summary()[list(COLUMNS)] for name, result in results.items()}).T.rename_axis(
        "rule"
    )


def rules_chapter(results: Mapping[str, Backtest], grid: RuleGrid, why_not: str = "") -> Chapter:
    """Return the chapter on rules.

    Parameters
    ----------
    results : mapping of BacktestResult
        By name of the rule.
    grid : RuleGrid
    why_not : str
        Why optimal thresholds are missing.
    """
    headings = {name: word for name, (word, _) in COLUMNS.items()}
    table = rule_table(results).rename(columns=headings).rename_axis("Rule").reset_index()
    note = (
        "After costs, for the hedge of this report. Optimal thresholds assume that the constant hedge's spread is an "
        "Ornstein-Uhlenbeck process, estimated on the dates before the walk."
    )
    exhibits = (
        Exhibit("Rules", f"{note} {why_not}".strip(), table=table, formats=dict(COLUMNS.values()), wide=True),
        figure_exhibit(
            "Sharpe ratio by parameters",
            "After costs, z-score of the spread. Look-backs are in half-lives of the spread before the walk "
            f"({grid.half_life:,.1f} dates). Framed: the best cell.",
            lambda: rule_map_figure(grid),
            wide=True,
        ),
    )
    lead = f"From {grid.start:%Y-%m-%d}, out of sample. {grid.sentence}".replace(" -", f" {MINUS}")
    return Chapter("Rules", lead, exhibits)
