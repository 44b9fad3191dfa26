"""`TearSheet`: measures, drawdowns and figures of one series of returns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio._arrays.text import span
from statefolio._display.headings import in_sentence
from statefolio._display.shown import Shown
from statefolio._display.summary import MEASURES, SummaryTable
from statefolio.backtest.drawdowns import drawdowns
from statefolio.report.backtest.monthly import monthly_figure
from statefolio.report.returns import sheet_figures
from statefolio.report.returns.relative import (
    WINDOW,
    rolling_beta,
    rolling_volatility,
)


@dataclass(frozen=True, eq=False, repr=False)
class TearSheet(Shown):
    """Measures, drawdowns and figures of one series of returns.

    Attributes
    ----------
    name : str
    returns : Series by date
        In decimals.
    benchmark : Series by date, optional
        On the dates of both.
    benchmark_name : str
    measures : DataFrame (measure x name)
        As `backtest.measures` computes them, with value at risk, tail ratio, best and worst periods, and relative to
        the benchmark beta, annual_alpha, correlation, R-squared, and up and down capture. NaN where not defined.
    reasons : mapping of str to str
        Why a measure is not defined.
    drawdowns : DataFrame (rank)
        The ten deepest: drawdown, peak, trough, recovery, dates, dates to recover.
    monthly : DataFrame (year x month)
    cash_rate : float or Series by date
    periods_per_year : float
    notes : tuple of str
        What was left out or assumed, one sentence each.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> sheet = sf.report.tear_sheet(demo.returns["AAPL"], demo.factors["market"])
    >>> sheet
    <TearSheet: AAPL, 2014-01-03 to 2022-12-28, 24.7% a year, Sharpe 0.90, maximum drawdown -38.5%>
    >>> sheet.measures["AAPL"][["beta", "annual_alpha"]].round(2).to_dict()
    {'beta': 1.19, 'annual_alpha': 0.15}
    """

    name: str
    returns: "pd.Series[float]"
    benchmark: "pd.Series[float] | None"
    benchmark_name: str
    measures: pd.DataFrame
    reasons: dict[str, str]
    drawdowns: pd.DataFrame
    monthly: pd.DataFrame
    cash_rate: Any
    periods_per_year: float
    notes: tuple[str, ...] = ()

    @property
    def drawdown(self) -> "pd.Series[float]":
        """Value over its highest value so far, minus one, by date."""
        return drawdowns(self.returns)

    def summary(self) -> SummaryTable:
        """Return all measures of the returns and of the benchmark; it prints whole.

        Returns
        -------
        DataFrame (measure x name)
        """
        facts = {"Dates": f"{span(pd.DatetimeIndex(self.returns.index))} ({len(self.returns):,})"}
        facts["Dates per year"] = f"{self.periods_per_year:g}"
        notes = [*self.notes]
        if self.reasons:
            parts = "; ".join(f"{in_sentence(name).replace('_', ' ')}: {why}" for name, why in self.reasons.items())
            notes.append(f"Not defined: {parts}.")
        return SummaryTable(
            self.measures, f"Tear sheet of {self.name}", facts, notes, dict.fromkeys(map(str, self.measures), MEASURES)
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the measures."""
        return self.measures

    def plot_value(self, *, log: bool = False) -> go.Figure:
        """Draw the value of 1 invested at the start, and of the benchmark.

        Parameters
        ----------
        log : bool
            Use a log axis.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return sheet_figures.value_of_one_figure(self._series(), log=log)

    def plot_drawdown(self) -> go.Figure:
        """Draw the drawdowns in percent.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return sheet_figures.drawdowns_figure({name: drawdowns(each) for name, each in self._series().items()})

    def plot_monthly(self) -> go.Figure:
        """Draw a table of returns by month and year.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return monthly_figure(self.returns)

    def plot_distribution(self) -> go.Figure:
        """Draw the distribution of the returns with its normal curve, value at risk and CVaR.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        InputError
            If the returns do not vary.
        """
        own = self.measures[self.name]
        return sheet_figures.distribution_figure(self.returns, own["value_at_risk_95"], own["cvar_95"])

    def plot_sharpe(self, window: int = WINDOW) -> go.Figure:
        """Draw the Sharpe ratio over the last dates with the 95 % band of its sampling error.

        Parameters
        ----------
        window : int
            Number of dates.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        InputError
            If there are fewer dates than the window has.
        """
        excess = self.returns - _on(self.cash_rate, self.returns.index)
        return sheet_figures.sharpe_through_time(excess, window, self.periods_per_year, self.name)

    def plot_volatility(self, window: int = WINDOW) -> go.Figure:
        """Draw the annualised volatility over the last dates.

        Parameters
        ----------
        window : int
            Number of dates.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        InputError
            If there are fewer dates than the window has.
        """
        lines = {
            name: 100.0 * rolling_volatility(each, window, self.periods_per_year)
            for name, each in self._series().items()
        }
        return sheet_figures.rolling_figure(lines, f"Volatility, % per year, {window} dates", window, len(self.returns))

    def plot_beta(self, window: int = WINDOW) -> go.Figure:
        """Draw the beta to the benchmark over the last dates.

        Parameters
        ----------
        window : int
            Number of dates.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        InputError
            If there is no benchmark, or fewer dates than the window has.
        """
        against = sheet_figures.needed(self.benchmark)
        found = rolling_beta(self.returns, against, window)
        title = f"Beta, {window} dates"
        return sheet_figures.rolling_figure({self.name: found}, title, window, len(against), level=1.0)

    def _series(self) -> "dict[str, pd.Series[float]]":
        """Return the returns and the benchmark by name."""
        both = {self.name: self.returns}
        return both if self.benchmark is None else {**both, self.benchmark_name: self.benchmark}

    def _headline(self) -> str:
        own = self.measures[self.name]
        return (
            f"{self.name}, {span(pd.DatetimeIndex(self.returns.index))}, {own['annual_return']:.1%} a year, Sharpe "
            f"{own['sharpe']:.2f}, maximum drawdown {own['maximum_drawdown']:.1%}"
        )


def _on(cash_rate: Any, dates: pd.Index) -> Any:
    return cash_rate.reindex(dates).to_numpy() if isinstance(cash_rate, pd.Series) else np.float64(cash_rate)
