"""What walks and positions show: summaries, tables and figures."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from statefolio._arrays.text import show
from statefolio._display.drawing import Figure, draw
from statefolio._display.numbers import P_VALUE
from statefolio._display.shown import Shown, ShownTable
from statefolio._display.summary import SummaryTable

if TYPE_CHECKING:
    pass


class ShownWalk(Shown):
    """The summary and the figures of `BasketWalk`."""

    if TYPE_CHECKING:
        table: pd.DataFrame
        results: Mapping[str, Any]
        hedges: Mapping[str, Any]
        start: pd.Timestamp

    def summary(self) -> SummaryTable:
        """Return one row per hedge with its measures out of sample, after costs; it prints whole.

        Returns
        -------
        DataFrame (hedge x measure)
        """
        formats = dict.fromkeys(
            ("annual_return", "annual_volatility", "maximum_drawdown", "daily_turnover", "degenerate"), ".1%"
        )
        formats |= {"adf_p_value": P_VALUE, "trades": ",.0f", "sharpe": ",.2f", "calmar": ",.2f", "half_life": ",.1f"}
        return SummaryTable(self.table, f"Out of sample from {show(self.start)}, after costs", {}, (), formats)

    def to_frame(self) -> pd.DataFrame:
        """Return the measures of each hedge."""
        return self.table

    def plot_value(self) -> Figure:
        """Draw the value of each hedge's account, net and gross of costs.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("backtest.value_figures.value_figure", self.results)

    def plot_drawdown(self) -> Figure:
        """Draw the drawdown of each hedge's account.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("backtest.value_figures.drawdown_figure", self.results)

    def plot_held_value(self) -> Figure:
        """Draw the held value of each hedge, from the first date out of sample.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        held = {name: each.held_value_.loc[each.in_use_from_ :] for name, each in self.hedges.items()}
        return draw("pairs.hedge_figures.held_value_figure", held)

    def _headline(self) -> str:
        return f"{len(self.table)} hedges out of sample from {show(self.start)}"


class ShownToday(ShownTable):
    """The summary of `Today`."""

    if TYPE_CHECKING:
        positions: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the positions: shares, currency and weight of each asset."""
        return self.positions
