"""What a screen shows: its table and figure."""

from typing import TYPE_CHECKING

import pandas as pd

from statefolio._display.drawing import Figure, draw
from statefolio._display.numbers import P_VALUE
from statefolio._display.shown import ShownTable
from statefolio._display.summary import SummaryTable

if TYPE_CHECKING:
    pass


class ShownScreen(ShownTable):
    """The summary and the figure of `PairScreen`."""

    if TYPE_CHECKING:
        table: pd.DataFrame
        counts: "pd.Series[int]"

        @property
        def confirmed(self) -> pd.DataFrame:
            """Provided by the screen."""

        @property
        def selected(self) -> pd.DataFrame:
            """Provided by the screen."""

    def summary(self) -> SummaryTable:
        """Return the most relevant baskets: those confirmed, else those that pass the filters, else the first ten.

        Returns
        -------
        DataFrame (basket)
        """
        rows = next((rows for rows in (self.confirmed, self.selected) if len(rows)), self.table).head(10)
        facts = {str(name).replace("_", " "): f"{count:,}" for name, count in self.counts.items()}
        kept = ("p_value", "q_value", "half_life", "profit_to_cost", "hedge_ratio_2", "later_p_value", "confirmed")
        shown = rows[[name for name in kept if name in rows]]
        return SummaryTable(shown, self._headline(), facts, (), {"later_p_value": P_VALUE, "half_life": ",.1f"})

    def plot_screen(self) -> Figure:
        """Draw all baskets by half-life and p-value, with the confirmed ones marked.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("pairs.screen_figure.screen_figure", self)
