"""Mixes summaries and figures into the tests of strategies."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from statefolio._display.drawing import Figure, draw
from statefolio._display.numbers import P_VALUE, cell
from statefolio._display.shown import Shown, ShownFields
from statefolio._display.summary import SummaryTable


class ShownOverfitting(ShownFields):
    """The figures of `Overfitting`."""

    if TYPE_CHECKING:
        logits: Any
        chosen: "pd.Series[float]"

    def plot_overfitting(self) -> Figure:
        """Draw the rank out of sample of the best trial in sample, over all splits of the dates.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> returns = sf.load_demo().returns.iloc[:500, :5]
        >>> found = sf.backtest.overfitting_probability(returns, blocks=8)
        >>> [trace.name for trace in found.plot_overfitting().data]
        ['Worse half: overfit', 'Better half']
        """
        return draw("backtest.selection_figures.overfitting_figure", self.logits)

    def plot_chosen(self) -> Figure:
        """Draw the share of splits in which each trial is the best in sample.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("backtest.selection_figures.chosen_figure", self.chosen)


class ShownReport(Shown):
    """The figures of `ValidationReport`."""

    if TYPE_CHECKING:
        table: pd.DataFrame
        trials: int
        overfitting: ShownOverfitting
        best: Any

    def to_frame(self) -> pd.DataFrame:
        """Return the tests of each strategy."""
        return self.table

    def plot_sharpes(self) -> Figure:
        """Draw the annual Sharpe ratio of each strategy with its 95 % band.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw(
            "backtest.sharpe_figure.sharpe_figure", self.table["sharpe"], self.table["dates"], self.table["years"]
        )

    def plot_overfitting(self) -> Figure:
        """Draw the rank out of sample of the best trial in sample, over all splits of the dates.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return self.overfitting.plot_overfitting()

    def plot_chosen(self) -> Figure:
        """Draw the share of splits in which each trial is the best in sample.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return self.overfitting.plot_chosen()

    def _headline(self) -> str:
        return f"{self.trials:,} trials, best {self.best.best!r}, p-value {cell(float(self.best.p_value), P_VALUE)}"


class ShownTrials(Shown):
    """The summary and the figure of `Trials`."""

    if TYPE_CHECKING:

        @property
        def sharpe(self) -> "pd.Series[float]":
            """Provided by the trials."""

        @property
        def returns(self) -> pd.DataFrame:
            """Provided by the trials."""

        @property
        def periods_per_year(self) -> float:
            """Provided by the trials."""

        @property
        def effective_number(self) -> float:
            """Provided by the trials."""

        def __len__(self) -> int: ...

    def summary(self) -> SummaryTable:
        """Return one row per trial: annual Sharpe ratio, dates, mean and volatility per year; it prints whole.

        Examples
        --------
        >>> import statefolio as sf
        >>> trials = sf.backtest.Trials()
        >>> for name, returns in sf.load_demo().returns.iloc[:500, :2].items():
        ...     is_new = trials.add(name, returns)
        >>> trials.summary()["sharpe"].round(2).to_dict()
        {'AAPL': 0.82, 'AMD': -0.04}
        """
        if not len(self):
            return SummaryTable(pd.DataFrame(), "No trials")
        returns, year = self.returns, self.periods_per_year
        table = pd.DataFrame(
            {
                "sharpe": self.sharpe,
                "dates": returns.count(),
                "annual_volatility": returns.std() * np.sqrt(year),
                "mean_per_year": returns.mean() * year,
            }
        ).rename_axis("trial")
        facts = (
            {"Trials": f"{len(self):,}", "Effective number": f"{self.effective_number:.1f}"} if len(self) > 1 else {}
        )
        formats = {"annual_volatility": ".1%", "mean_per_year": ".1%", "sharpe": ",.2f"}
        return SummaryTable(table, "Trials", facts, (), formats)

    def to_frame(self) -> pd.DataFrame:
        """Return the returns (date x trial)."""
        return self.returns

    def plot_sharpes(self) -> Figure:
        """Draw the annual Sharpe ratio of each trial with its 95 % band, the best first.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> trials = sf.backtest.Trials()
        >>> for name, returns in sf.load_demo().returns.iloc[:500, :5].items():
        ...     is_new = trials.add(name, returns)
        >>> trials.plot_sharpes().data[0].y[0]
        'AAPL'
        """
        dates = self.returns.count()
        return draw("backtest.sharpe_figure.sharpe_figure", self.sharpe, dates, dates / self.periods_per_year)

    def _headline(self) -> str:
        if not len(self):
            return "none"
        best = self.sharpe
        return f"{len(self):,} trials" + (
            f", best Sharpe {best.max():.2f} ({best.idxmax()})" if best.notna().any() else ""
        )


class ShownSelection(Shown):
    """The summary and the figure of `Selection`."""

    if TYPE_CHECKING:
        measure: str
        choices: pd.DataFrame
        returns: "pd.Series[float]"

    def summary(self) -> SummaryTable:
        """Return the choice of each window with its score in and out of sample; it prints whole."""
        facts = {"Measure": self.measure, "Windows": f"{len(self.choices):,}"}
        notes = [] if self.choices.empty else ["Rank 1 is the best candidate out of sample."]
        return SummaryTable(self.choices, "Choices by window", facts, notes)

    def to_frame(self) -> pd.DataFrame:
        """Return the choices of the windows."""
        return self.choices

    def plot_choices(self) -> Figure:
        """Draw the score of each choice in sample and out of sample, by window.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("backtest.sharpe_figure.choices_figure", self.choices, self.measure)

    def _headline(self) -> str:
        return f"{len(self.choices):,} windows, {len(self.returns):,} dates out of sample, chosen by {self.measure}"
