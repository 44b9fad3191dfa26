"""Mixes summaries and figures into portfolios of baskets and their comparison with random ones."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from statefolio._arrays.text import show
from statefolio._display.drawing import Figure, draw
from statefolio._display.shown import Shown
from statefolio._display.summary import SummaryTable

if TYPE_CHECKING:
    from statefolio.backtest.result import BacktestResult

FORMATS = {
    "share": ".1%",
    "profit": ",.0f",
    "annual_return": ".1%",
    "sharpe": ",.2f",
    "maximum_drawdown": ".1%",
    "trades": ",.0f",
    "stops": ",.0f",
}


class ShownPortfolio(Shown):
    """The summary and the figures of `BasketPortfolio`."""

    if TYPE_CHECKING:
        table: pd.DataFrame
        result: BacktestResult
        equal: BacktestResult
        apart: BacktestResult
        start: pd.Timestamp
        tried: int | None

        @property
        def saved_by_netting(self) -> float:
            """Provided by the portfolio."""

    def summary(self) -> SummaryTable:
        """Return one row per basket, and the measures of the account above; it prints whole.

        Returns
        -------
        DataFrame (basket x measure)
        """
        own, even = self.result.summary(), self.equal.summary()
        facts = {
            "Annual return after costs": f"{own['annual_return']:.1%}",
            "Sharpe": f"{own['sharpe']:.2f}",
            "Maximum drawdown": f"{own['maximum_drawdown']:.1%}",
            "Sharpe, equal capital": f"{even['sharpe']:.2f}",
            "Saved by netting": f"{self.saved_by_netting:,.0f}",
        }
        if self.tried is not None:
            facts["Chosen from"] = f"{self.tried:,} baskets"
        notes = ["Measures of a basket are before costs, on its own capital."]
        return SummaryTable(self.table, f"Portfolio of {self._headline()}", facts, notes, FORMATS)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per basket."""
        return self.table

    def plot_value(self) -> Figure:
        """Draw the value of the account, with equal capital beside it, net and gross of costs.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        named: dict[str, Any] = {"Portfolio": self.result, "Equal capital": self.equal}
        return draw("backtest.value_figures.value_figure", named)

    def plot_profits(self) -> Figure:
        """Draw the profit of each basket in the account, before costs.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("pairs.portfolio_figures.profit_figure", self)

    def _headline(self) -> str:
        return f"{len(self.table)} baskets out of sample from {show(self.start)}"


class ShownRandomBaskets(Shown):
    """The summary and the figure of `RandomBaskets`."""

    if TYPE_CHECKING:
        table: pd.DataFrame
        draws: pd.DataFrame
        p_value: float
        deflated_sharpe: float
        tried: int | None

        @property
        def sentence(self) -> str:
            """Provided by the comparison."""

    def summary(self) -> SummaryTable:
        """Return the portfolio, equal capital and quantiles of random portfolios; it prints whole.

        Returns
        -------
        DataFrame (portfolio x measure)
        """
        formats = {"annual_return": ".1%", "annual_volatility": ".1%", "sharpe": ",.2f", "maximum_drawdown": ".1%"}
        formats["daily_turnover"] = ".1%"
        facts = {"Random portfolios": f"{len(self.draws):,}", "p-value": f"{self.p_value:.3f}"}
        if self.tried is not None:
            facts[f"Deflated Sharpe, {self.tried:,} trials"] = f"{self.deflated_sharpe:.3f}"
        return SummaryTable(self.table, "Portfolio of baskets among random ones", facts, [self.sentence], formats)

    def to_frame(self) -> pd.DataFrame:
        """Return the measures of every random portfolio."""
        return self.draws

    def plot_draws(self) -> Figure:
        """Draw the Sharpe ratios of random portfolios, and that of the portfolio.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("pairs.portfolio_figures.random_figure", self)

    def _headline(self) -> str:
        return f"{len(self.draws):,} random portfolios, p-value {self.p_value:.3f}"
