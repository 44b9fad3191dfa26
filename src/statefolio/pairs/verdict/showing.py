"""What a verdict shows: a summary, a table and the figure of its draws."""

from typing import TYPE_CHECKING

import pandas as pd

from statefolio._display.drawing import Figure, draw
from statefolio._display.numbers import P_VALUE
from statefolio._display.shown import Shown
from statefolio._display.summary import SummaryTable
from statefolio._options import OneOf, check

if TYPE_CHECKING:
    pass


class ShownVerdict(Shown):
    """The summary and the figure of `Verdict`."""

    if TYPE_CHECKING:
        outcome: str
        p_value: float
        table: pd.DataFrame
        draws: pd.DataFrame
        level: float
        sentence: str

    def summary(self) -> SummaryTable:
        """Return one row per statistic with nominal and calibrated p-values, and the verdict; it prints whole.

        Returns
        -------
        DataFrame (measure)
        """
        formats = {"nominal_p": P_VALUE, "calibrated_p": P_VALUE, "false_alarms": ".0%", "value": ",.2f"}
        return SummaryTable(self.table, f"Verdict: {self.outcome}", {}, [self.sentence], formats)

    def to_frame(self) -> pd.DataFrame:
        """Return the statistics and their p-values."""
        return self.table

    def plot_draws(self, measure: str = "adf_held") -> Figure:
        """Draw a statistic of the basket among those of simulated baskets that are not cointegrated.

        Parameters
        ----------
        measure : str
            A row of `table`; "adf_held" decides the verdict.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2021":]
        >>> verdict = sf.judge_basket(sf.pairs.StaticHedge(), prices, draws=19)
        >>> [trace.name for trace in verdict.plot_draws().data]
        ['Baskets without cointegration', 'This basket', '5% quantile of draws']
        """
        known = [str(name) for name in self.table.index if name in self.draws]
        check("measure", measure, OneOf(*known))
        observed = float(self.table["value"][measure])
        return draw(
            "pairs.calibration_figure.calibration_figure",
            self.draws[measure],
            observed,
            level=self.level,
            name=measure.replace("_", " "),
        )

    def _headline(self) -> str:
        return f"{self.outcome}, calibrated p-value {self.p_value:.3f}"
