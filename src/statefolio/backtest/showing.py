"""Mixes summaries and figures into the results of back-tests."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from statefolio._arrays.text import span
from statefolio._display.drawing import Figure, draw
from statefolio._display.shown import Shown


class ShownBacktest(Shown):
    """The figures of `BacktestResult`."""

    if TYPE_CHECKING:
        name: str
        ledger: pd.DataFrame
        stopped: str
        capital: float

        @property
        def returns(self) -> "pd.Series[float]":
            """Provided by the result."""

        @property
        def growth(self) -> "pd.Series[float]":
            """Provided by the result."""

    def to_frame(self) -> pd.DataFrame:
        """Return the ledger, by date and in currency."""
        return self.ledger

    def plot_value(self, *, log: bool = False, benchmark: "ShownBacktest | None" = None) -> Figure:
        """Draw the value, net of costs and fees (solid) and gross of them (dotted), without deposits and withdrawals.

        Parameters
        ----------
        log : bool
            Use a log axis.
        benchmark : BacktestResult, optional
            Drawn in grey.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> market = sf.Market(sf.load_demo().returns.iloc[:250, :3])
        >>> result = sf.run_backtest(sf.portfolio.EqualWeight(), market)
        >>> [trace.name for trace in result.plot_value().data if trace.showlegend is not False]
        ['EqualWeight', 'Before costs and fees']
        """
        return draw("backtest.value_figures.value_figure", *_with(self, benchmark), log=log)

    def plot_drawdown(self, benchmark: "ShownBacktest | None" = None) -> Figure:
        """Draw the drawdown in percent.

        Parameters
        ----------
        benchmark : BacktestResult, optional
            Drawn in grey.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("backtest.value_figures.drawdown_figure", *_with(self, benchmark))

    def plot_weights(self, most: int = 8) -> Figure:
        """Draw the weights held through time as stacked areas.

        Parameters
        ----------
        most : int
            The most assets with an area each; the others share one.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("backtest.weight_figures.weights_figure", self, most)

    def plot_sharpe(self, window: int = 252, benchmark: "ShownBacktest | None" = None) -> Figure:
        """Draw the rolling Sharpe ratio with the 95 % band of its sampling error.

        Parameters
        ----------
        window : int
            Number of dates.
        benchmark : BacktestResult, optional
            Drawn in grey, without a band.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("backtest.rolling_sharpe.rolling_sharpe_figure", self, benchmark, window=window)

    def plot_monthly(self) -> Figure:
        """Draw a table of the net returns by month and year.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("backtest.monthly.monthly_figure", self.returns)

    def plot_trading(self) -> Figure:
        """Draw turnover by period and cumulative costs by kind.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("backtest.trading_figures.trading_figure", self)

    def plot_contributions(self) -> Figure:
        """Draw the shares of forecast risk at each decision with their budget.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        InputError
            If the decisions record no contributions.
        """
        return draw("backtest.budget_figures.contribution_figure", self)

    def plot_budget(self) -> Figure:
        """Draw mean shares of forecast risk over decisions with the budget.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        InputError
            If the decisions record no contributions.
        """
        return draw("backtest.budget_figures.budget_figure", self)

    def plot_exposures(self) -> Figure:
        """Draw the factor exposures at each decision with 95 % bands.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        InputError
            If the decisions record no exposures.
        """
        return draw("backtest.exposure_figures.exposure_figure", self)

    def plot_expected_returns(self) -> Figure:
        """Draw the annualised expected returns at each decision.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        InputError
            If the decisions record no expected returns.
        """
        return draw("backtest.weight_figures.expected_return_figure", self)

    def _headline(self) -> str:
        earned = float(self.growth.iloc[-1]) / float(self.capital) - 1.0
        stopped = f", stopped: {self.stopped}" if self.stopped else ""
        return (
            f"{self.name}, {span(pd.DatetimeIndex(self.ledger.index))}, total return {earned:.1%} after costs{stopped}"
        )


def _with(result: Any, benchmark: Any) -> tuple[dict[str, Any], str | None]:
    """Return results by name and the benchmark's name, which differ."""
    if benchmark is None:
        return {result.name: result}, None
    name = benchmark.name if benchmark.name != result.name else f"{benchmark.name} (benchmark)"
    return {result.name: result, name: benchmark}, name
