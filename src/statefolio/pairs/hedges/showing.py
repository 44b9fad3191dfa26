"""What hedges show: a summary, a table and figures."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio._display.drawing import Figure, draw
from statefolio._display.shown import ShownModel
from statefolio._display.summary import SummaryTable
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


def _named(one: ShownHedge, other: ShownHedge | None) -> dict[str, Any]:
    """Return hedges by their options, which tell them apart."""
    named = {one._options_text(): one}
    if other is not None:
        name = other._options_text()
        named[name if name not in named else f"{name}, beside"] = other
    return named
