"""Mixes summaries and figures into hedges, verdicts, screens and walks of baskets."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio._display.drawing import Figure, draw
from statefolio._display.numbers import P_VALUE
from statefolio._display.shown import Shown, ShownModel, ShownTable
from statefolio._display.summary import SummaryTable
from statefolio._options import OneOf, check
from statefolio.exceptions import InputError
from statefolio.loadings.results import HALF_BAND

if TYPE_CHECKING:
    import xarray as xr


class ShownHedge(ShownModel):
    """The summary and the figures of every hedge."""

    if TYPE_CHECKING:
        assets_: pd.Index
        spread_: pd.DataFrame
        held_value_: "pd.Series[float]"
        tuned_until_: pd.Timestamp

        @property
        def hedge_ratios_(self) -> xr.Dataset:
            """Hedge ratios by date and asset."""

    def summary(self) -> SummaryTable:
        """Return one row per hedging asset: its last filtered ratio with standard error and 95 % limits.

        Returns
        -------
        DataFrame (asset)

        Examples
        --------
        >>> import statefolio as sf
        >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2021":]
        >>> sf.pairs.StaticHedge().fit(prices).summary()["hedge_ratio"].round(2).to_dict()
        {'XOM': 1.53}
        """
        last = self.hedge_ratios_.isel(date=-1)
        mean, error = last["filtered"].to_numpy(), np.sqrt(last["filtered_variance"].to_numpy())
        names = pd.Index([str(name) for name in last["asset"].to_numpy()], name="asset")
        columns = {
            "hedge_ratio": mean,
            "standard_error": error,
            "lower": mean - HALF_BAND * error,
            "upper": mean + HALF_BAND * error,
        }
        dates = self.hedge_ratios_.indexes["date"]
        held = self.held_value_.dropna()
        facts = {
            "Hedge": self._options_text(),
            "Dates": f"{show(dates[0])} to {show(dates[-1])} ({len(dates):,})",
            "Tuned until": show(self.tuned_until_),
        }
        if len(held):
            facts["Held value since the start"] = f"{float(held.iloc[-1]):,.4g} per unit of {self.assets_[0]}"
        collapse = getattr(self, "collapse_", None) if "collapse_" in self.__dict__ else None
        notes = (
            [] if collapse is None else [f"Warning: the tuning collapsed at pass {collapse.at_pass}. {collapse.detail}"]
        )
        if self.tuned_until_ >= dates[-1]:
            notes.append("Parameters were estimated from all dates, which are in sample. Pass tune_until to fit.")
        title = f"{self.assets_[0]} hedged by {', '.join(names)}, on {show(dates[-1])}"
        return SummaryTable(pd.DataFrame(columns, index=names), title, facts, notes)

    def to_frame(self) -> pd.DataFrame:
        """Return spread, held value and predicted hedge ratios by date."""
        ratios = self.hedge_ratios_["predicted"].to_pandas().add_prefix("hedge_ratio_")
        return self.spread_.add_prefix("spread_").join(self.held_value_.rename("held_value")).join(ratios)

    def plot_ratios(self, beside: "ShownHedge | None" = None) -> Figure:
        """Draw the predicted hedge ratios with 95 % bands.

        Parameters
        ----------
        beside : Hedge, optional
            Another hedge of the same prices; its ratios are dotted.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2021":]
        >>> hedge = sf.pairs.RollingHedge(60).fit(prices)
        >>> figure = hedge.plot_ratios(beside=sf.pairs.StaticHedge().fit(prices))
        >>> [trace.name for trace in figure.data if trace.showlegend]
        ['StaticHedge()', 'Predicted, 95 % band']
        """
        name = "" if beside is None else beside._options_text()
        return draw("pairs.hedge_figures.hedge_ratio_figure", self, beside, name)

    def plot_spread(self, beside: "ShownHedge | None" = None) -> Figure:
        """Draw the spread under predicted ratios; a trader does not earn it.

        Parameters
        ----------
        beside : Hedge, optional
            Another hedge of the same prices, in a panel of its own.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("pairs.hedge_figures.spreads_figure", _named(self, beside))

    def plot_held_value(self, beside: "ShownHedge | None" = None) -> Figure:
        """Draw the held value: the profit of a trader who holds the hedge.

        Parameters
        ----------
        beside : Hedge, optional
            Another hedge of the same prices.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        held = {name: hedge.held_value_ for name, hedge in _named(self, beside).items()}
        return draw("pairs.hedge_figures.held_value_figure", held)

    def plot_tuning(self) -> Figure:
        """Draw the adaptive tuning pass by pass, with its collapse.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        InputError
            If the hedge was not tuned with `tuning="adaptive"`.
        """
        trace = getattr(self, "trace_", None) if "trace_" in self.__dict__ else None
        if trace is None:
            raise InputError("plot_tuning needs a hedge with a trace. Fit KalmanHedge(tuning='adaptive').")
        names = ["level", *(str(name) for name in self.assets_[1:])]
        return draw("pairs.trace_figure.trace_figure", trace, self.__dict__.get("collapse_"), names)

    def _headline(self) -> str:
        dates = self.hedge_ratios_.indexes["date"]
        others = ", ".join(str(name) for name in self.assets_[1:])
        return f"{self.assets_[0]} hedged by {others}, {len(dates):,} dates to {show(dates[-1])}"


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


class ShownToday(ShownTable):
    """The summary of `Today`."""

    if TYPE_CHECKING:
        positions: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the positions: shares, currency and weight of each asset."""
        return self.positions


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


class ShownFollowed(Shown):
    """The summary of `FollowedBasket`."""

    if TYPE_CHECKING:

        @property
        def date(self) -> pd.Timestamp:
            """Provided by the basket."""

        @property
        def prices(self) -> "pd.Series[float]":
            """Provided by the basket."""

        @property
        def shares(self) -> "pd.Series[float]":
            """Provided by the basket."""

        @property
        def weights(self) -> "pd.Series[float]":
            """Provided by the basket."""

        z: "pd.Series[float]"
        tuned_until: pd.Timestamp

        @property
        def drift(self) -> Any:
            """Provided by the basket."""

    def summary(self) -> SummaryTable:
        """Return the shares to hold after the last date.

        Returns
        -------
        DataFrame (asset)
        """
        facts = {"Z-score": f"{self.z.loc[self.date]:+.2f}", "Tuned until": show(self.tuned_until)}
        notes = [] if self.drift is None else [self.drift.sentence]
        return SummaryTable(self.to_frame(), self._headline(), facts, notes, {"weight": ".1%", "shares": ",.0f"})

    def to_frame(self) -> pd.DataFrame:
        """Return price, weight and shares to hold, by asset."""
        return pd.DataFrame({"price": self.prices, "weight": self.weights, "shares": self.shares}).rename_axis("asset")

    def _headline(self) -> str:
        names = [str(name) for name in self.prices.index]
        return f"{names[0]} against {', '.join(names[1:])} after {show(self.date)}"


def _named(one: ShownHedge, other: ShownHedge | None) -> dict[str, Any]:
    """Return hedges by their options, which tell them apart."""
    named = {one._options_text(): one}
    if other is not None:
        name = other._options_text()
        named[name if name not in named else f"{name}, beside"] = other
    return named
