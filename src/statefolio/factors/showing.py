"""Mixes summaries and figures into factor returns, rankings, counts and mimicking portfolios."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from statefolio._arrays.frequency import infer_periods_per_year
from statefolio._arrays.text import listed, span
from statefolio._display.drawing import Figure, draw
from statefolio._display.shown import Shown, ShownModel
from statefolio._display.summary import CallableSummary, SummaryTable

if TYPE_CHECKING:
    import xarray as xr


def describe_returns(returns: pd.DataFrame) -> pd.DataFrame:
    """Return dates, mean and volatility per year, and Sharpe ratio of each column of returns."""
    year = infer_periods_per_year(pd.DatetimeIndex(returns.index))
    volatility = returns.std() * np.sqrt(year)
    mean = returns.mean() * year
    ratio = (mean / volatility).where(volatility > 0.0)
    return pd.DataFrame(
        {"dates": returns.count(), "mean_per_year": mean, "annual_volatility": volatility, "sharpe": ratio}
    ).rename_axis("factor")


RETURN_FORMATS = {"mean_per_year": ".1%", "annual_volatility": ".1%", "sharpe": ",.2f"}


class ShownFactorReturns(Shown):
    """The summary and the figures of `FactorReturns`."""

    if TYPE_CHECKING:
        returns: pd.DataFrame
        kinds: pd.Series
        notes: tuple[str, ...]

    def summary(self) -> SummaryTable:
        """Return one row per factor: kind, dates, mean and volatility per year, Sharpe ratio; it prints whole.

        Examples
        --------
        >>> import statefolio as sf
        >>> factors = sf.factors.traded_factors(sf.load_demo().factors[["market", "value"]])
        >>> factors.summary()["annual_volatility"].round(2).to_dict()
        {'market': 0.18, 'value': 0.08}
        """
        table = describe_returns(self.returns)
        table.insert(0, "kind", self.kinds)
        facts = {"Dates": span(pd.DatetimeIndex(self.returns.index))} if len(self.returns) else {}
        return SummaryTable(table, "Factor returns", facts, self.notes, RETURN_FORMATS)

    def to_frame(self) -> pd.DataFrame:
        """Return the factor returns (date x factor)."""
        return self.returns

    def plot_growth(self) -> Figure:
        """Draw the sum of each factor's returns through time.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> factors = sf.factors.traded_factors(sf.load_demo().factors[["market", "value"]])
        >>> [trace.name for trace in factors.plot_growth().data]
        ['market', 'value']
        """
        return draw("factor_figures.growth_figure", self.returns)

    def plot_correlation(self) -> Figure:
        """Draw the correlations of the factors over all dates.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("risk_figures.factor_correlation_figure", self.returns.cov())

    def _headline(self) -> str:
        return f"{len(self.returns.columns)} factors on {len(self.returns):,} dates: {listed(self.returns.columns)}"


class ShownMimicking(Shown):
    """The summary and the figures of `MimickingPortfolios`."""

    if TYPE_CHECKING:
        factors: Any
        r_squared: pd.DataFrame

    def summary(self) -> SummaryTable:
        """Return one row per factor: its portfolio's returns, and the share of the factor that the assets explain."""
        table = describe_returns(self.factors.returns).assign(r_squared=self.r_squared.mean())
        formats = {**RETURN_FORMATS, "r_squared": ".0%"}
        return SummaryTable(table, "Mimicking portfolios, out of sample", {}, self.factors.notes, formats)

    def to_frame(self) -> pd.DataFrame:
        """Return the portfolios' returns (date x factor)."""
        return pd.DataFrame(self.factors.returns)

    def plot_growth(self) -> Figure:
        """Draw the sum of each portfolio's returns through time.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("factor_figures.growth_figure", self.factors.returns)

    def plot_fit(self) -> Figure:
        """Draw the share of each factor's variance that the base assets explain, by estimate.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("factor_figures.fit_figure", self.r_squared)

    def _headline(self) -> str:
        return f"{len(self.r_squared.columns)} factors, mean R² {float(self.r_squared.mean().mean()):.0%}"


class ShownRanking:
    """The figures of `FactorRanking`, whose `summary` is a table that may also be called."""

    if TYPE_CHECKING:
        shares: xr.Dataset
        assets: pd.DataFrame
        returns: pd.DataFrame
        summary: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the shares of variance by asset and factor."""
        return pd.DataFrame(self.shares.to_dataframe())

    def plot_ranking(self) -> Figure:
        """Draw the mean share of variance that each factor explains: alone, lost without it, and on the holdout.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> factors = demo.factors[["market", "momentum", "value"]]
        >>> ranking = sf.factors.rank_factors(demo.returns.loc["2021":], factors.loc["2021":])
        >>> ranking.plot_ranking().data[0].y[0]
        'market'
        """
        return draw("factor_figures.ranking_figure", self)

    def plot_explained(self) -> Figure:
        """Draw the share of each asset's variance that each factor explains alone.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("ranking_figures.explained_heat_map", self)

    def plot_relation(self, asset: Any, factor: Any) -> Figure:
        """Draw an asset's partial residuals on a factor; the means of bins of a linear relation lie on the line.

        Parameters
        ----------
        asset, factor : str

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("ranking_figures.relation_figure", self, asset, factor)

    def __repr__(self) -> str:
        best = ", ".join(str(name) for name in self.summary.index[:3])
        return f"<FactorRanking: {len(self.summary)} factors of {len(self.assets):,} assets, best first: {best}>"

    def _repr_html_(self) -> str:
        """Return the summary as HTML of at most one screen, for notebooks."""
        return CallableSummary._repr_html_(self.summary)  # type: ignore[arg-type]


class ShownCount(Shown):
    """The summary and the figure of `FactorCount`."""

    if TYPE_CHECKING:
        chosen: pd.Series
        table: pd.DataFrame
        excluded: pd.DataFrame

    def summary(self) -> SummaryTable:
        """Return the number of factors by each criterion; it prints whole.

        Examples
        --------
        >>> import statefolio as sf
        >>> found = sf.factors.count_factors(sf.load_demo().returns.loc["2021":], max_factors=4)
        >>> int(found.summary().loc["IC_p2", "factors"])
        3
        """
        notes = [f"Assets left out: {listed(self.excluded.index)}."] if len(self.excluded) else []
        table = self.chosen.rename("factors").to_frame().rename_axis("criterion")
        return SummaryTable(table, f"Number of factors, at most {self.table.index[-1]}", {}, notes)

    def to_frame(self) -> pd.DataFrame:
        """Return the criteria by number of factors."""
        return self.table

    def plot_eigenvalues(self) -> Figure:
        """Draw the eigenvalues with the thresholds that a factor has to exceed.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> found = sf.factors.count_factors(sf.load_demo().returns.loc["2021":], max_factors=4)
        >>> len(found.plot_eigenvalues().data[0].y)
        4
        """
        return draw("factor_figures.eigenvalues_figure", self.table)

    def _headline(self) -> str:
        return ", ".join(f"{name} {count}" for name, count in self.chosen.items())


class ShownStatistical(ShownModel):
    """The summary and the figure of fitted statistical factors."""

    if TYPE_CHECKING:
        dates_: pd.DatetimeIndex
        assets_: pd.Index
        factor_returns_: Any
        _factors: Any

    def summary(self) -> SummaryTable:
        """Return one row per factor: dates, mean and volatility per year, Sharpe ratio; it prints whole."""
        returns = self.factor_returns_.returns
        facts = {"Assets": f"{len(self.assets_):,}", "Dates": span(self.dates_), "Model": self._options_text()}
        return SummaryTable(describe_returns(returns), "Statistical factors", facts, (), RETURN_FORMATS)

    def to_frame(self) -> pd.DataFrame:
        """Return the factor returns (date x factor)."""
        return pd.DataFrame(self.factor_returns_.returns)

    def plot_growth(self) -> Figure:
        """Draw the sum of each factor's returns through time.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("factor_figures.growth_figure", self.to_frame())

    def _headline(self) -> str:
        return f"{self._factors.shape[1]} factors of {len(self.assets_):,} assets, {len(self.dates_):,} dates"
