"""What a grid of rules shows: its table and heat map."""

from typing import TYPE_CHECKING

import pandas as pd

from statefolio._arrays.text import show
from statefolio._display.drawing import Figure, draw
from statefolio._display.shown import Shown
from statefolio._display.summary import SummaryTable

if TYPE_CHECKING:
    pass


class ShownRuleGrid(Shown):
    """The summary and the figure of `RuleGrid`."""

    if TYPE_CHECKING:
        table: pd.DataFrame
        best: tuple[float, float, float]
        trials: int
        deflated_sharpe: float
        start: pd.Timestamp
        half_life: float

    @property
    def sentence(self) -> str:
        """The best cell, and what is left of it once every cell counts as a trial."""
        factor, entry, leave = self.best
        sharpe = float(self.table["sharpe"].max())
        says = "evidence of skill" if self.deflated_sharpe >= 0.95 else "no evidence of skill"
        return (
            f"The best of {self.trials} cells has a Sharpe ratio of {sharpe:.2f} after costs (entry {entry:g}, exit "
            f"{leave:g}, look-back {factor:g} times the half-life); with every cell counted as a trial that is {says} "
            f"(deflated Sharpe ratio {self.deflated_sharpe:.3f})."
        )

    def summary(self) -> SummaryTable:
        """Return the ten cells with the highest Sharpe ratios.

        Returns
        -------
        DataFrame (half_life, entry, exit x measure)
        """
        formats = {"annual_return": ".1%", "annual_volatility": ".1%", "sharpe": ",.2f", "maximum_drawdown": ".1%"}
        formats |= {"daily_turnover": ".1%", "lookback": ",.0f"}
        best = self.table.sort_values("sharpe", ascending=False).head(10)
        facts = {"Half-life before the start": f"{self.half_life:,.1f} dates", "Cells": f"{self.trials}"}
        return SummaryTable(best, self._headline(), facts, [self.sentence], formats)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cell."""
        return self.table

    def plot_map(self) -> Figure:
        """Draw the Sharpe ratio of every cell: one map of entry and exit for each half-life.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("pairs.rule_map.rule_map_figure", self)

    def _headline(self) -> str:
        return f"{self.trials} cells out of sample from {show(self.start)}"
