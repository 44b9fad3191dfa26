"""Mixes summaries and figures into decisions, solutions, forecasts and tracked contributions."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio._display.drawing import Figure, draw
from statefolio._display.shown import Shown, ShownModel
from statefolio._display.summary import SummaryTable
from statefolio.exceptions import InputError
from statefolio.loadings.results import HALF_BAND

if TYPE_CHECKING:
    import xarray as xr

    from statefolio.risk.low_rank import LowRankCovariance


class ShownDecision(Shown):
    """The summary and the figure of `Decision`."""

    if TYPE_CHECKING:
        weights: "pd.Series[float] | None"
        converged: bool
        reason: str
        fallback: str
        details: Mapping[str, "pd.Series[float]"]

    def summary(self) -> SummaryTable:
        """Return the target weights that are not zero, the largest first, with the details by asset; it prints whole.

        Examples
        --------
        >>> import pandas as pd
        >>> import statefolio as sf
        >>> print(sf.portfolio.Decision(pd.Series({"AAPL": 0.6, "JPM": 0.4, "XOM": 0.0})).summary())
        Decision: 2 positions
        <BLANKLINE>
        Net: 100.0%                                        Gross: 100.0%
        <BLANKLINE>
        Asset  Weight
        -----  ------
        AAPL    60.0%
        JPM     40.0%
        """
        notes = [f"{self.reason[:1].upper()}{self.reason[1:].rstrip('.')}."] if self.reason else []
        if self.fallback:
            notes.append(f"The weights are those of the fallback: {self.fallback}.")
        if self.weights is None:
            return SummaryTable(pd.DataFrame(), "Decision: no trade", {}, notes)
        held = self.to_frame()
        held = held[held["weight"] != 0.0].sort_values("weight", ascending=False, kind="stable")
        weights = held["weight"]
        facts = {"Net": f"{weights.sum():.1%}", "Gross": f"{weights.abs().sum():.1%}"}
        formats = {"weight": ".1%", "risk_contribution": ".1%", "risk_budget": ".1%", "expected_return": ".3%"}
        return SummaryTable(held, f"Decision: {len(held):,} positions", facts, notes, formats)

    def to_frame(self) -> pd.DataFrame:
        """Return the weights with the details that are by asset."""
        if self.weights is None:
            return pd.DataFrame({"weight": pd.Series(dtype=float)}).rename_axis("asset")
        weights = pd.Series(self.weights, dtype=float)
        table = pd.DataFrame({"weight": weights})
        for name, values in self.details.items():
            if values.index.isin(weights.index).all():
                table[name] = values
        return table.rename_axis("asset")

    def plot_weights(self) -> Figure:
        """Draw the target weights, the largest first.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        InputError
            If the decision is not to trade.

        Examples
        --------
        >>> import pandas as pd
        >>> import statefolio as sf
        >>> sf.portfolio.Decision(pd.Series({"AAPL": 0.4, "JPM": 0.6})).plot_weights().data[0].y
        ('JPM', 'AAPL')
        """
        if self.weights is None:
            raise InputError("plot_weights needs a decision with weights, got one without a trade. See reason.")
        return draw("portfolio_figures.weights_bar_figure", self.weights)

    def _headline(self) -> str:
        state = "" if self.converged else f", no solution: {self.reason}"
        if self.weights is None:
            return f"no trade{state}"
        return f"{int((self.weights != 0.0).sum()):,} positions, net {float(self.weights.sum()):.1%}{state}"


class ShownSolution(Shown):
    """The summary of `Solution`, whose weights have no names."""

    if TYPE_CHECKING:
        weights: Array
        converged: bool
        reason: str

    def summary(self) -> SummaryTable:
        """Return one row: whether it converged, positions, net and gross weight; it prints whole."""
        w = np.asarray(self.weights, dtype=float)
        row = {
            "converged": self.converged,
            "positions": int(np.count_nonzero(np.nan_to_num(w))),
            "net": float(w.sum()),
            "gross": float(np.abs(w).sum()),
        }
        notes = [f"{self.reason[:1].upper()}{self.reason[1:].rstrip('.')}."] if self.reason else []
        return SummaryTable(pd.DataFrame([row]), "Solution", {}, notes, {"net": ".1%", "gross": ".1%"})

    def to_frame(self) -> pd.DataFrame:
        """Return the weights by place."""
        return pd.DataFrame({"weight": np.asarray(self.weights, dtype=float)})

    def _headline(self) -> str:
        return f"{len(self.weights):,} weights" if self.converged else f"no solution: {self.reason}"


class ShownForecast(Shown):
    """The summary and the figure of `Forecast`."""

    if TYPE_CHECKING:
        mean: "pd.Series[float]"
        covariance: LowRankCovariance

    def summary(self) -> SummaryTable:
        """Return mean, standard error and 95 % limits by asset, the largest mean first; it prints whole."""
        table = self.to_frame().sort_values("mean", ascending=False, kind="stable")
        return SummaryTable(
            table, "Expected excess returns of the next date", formats=dict.fromkeys(map(str, table), ".3%")
        )

    def to_frame(self) -> pd.DataFrame:
        """Return mean, standard error and 95 % limits by asset."""
        error = np.sqrt(self.covariance.asset_variance)
        half = HALF_BAND * error
        columns = {"mean": self.mean, "standard_error": error, "lower": self.mean - half, "upper": self.mean + half}
        return pd.DataFrame(columns, index=self.mean.index).rename_axis("asset")

    def plot_forecast(self) -> Figure:
        """Draw the expected return of each asset with its 95 % band.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("portfolio_figures.forecast_figure", self.to_frame())

    def _headline(self) -> str:
        return f"{len(self.mean):,} assets: {listed(self.mean.index)}"


class ShownTracker(ShownModel):
    """The summary and the figure of `RiskContributionTracker`."""

    if TYPE_CHECKING:

        @property
        def tracking_(self) -> xr.Dataset:
            """Provided by the tracker."""

    def summary(self) -> SummaryTable:
        """Return the last filtered share of each asset or group with its 95 % limits and budget; it prints whole."""
        last = self.tracking_[["filtered", "lower", "upper", "target"]].isel(date=-1)
        table = pd.DataFrame(last.to_dataframe())[["filtered", "lower", "upper", "target"]]
        return SummaryTable(table, "Realised shares of risk", formats=dict.fromkeys(map(str, table), ".1%"))

    def to_frame(self) -> pd.DataFrame:
        """Return the tracked shares by date and line."""
        shares: Any = self.tracking_[["observed", "filtered", "lower", "upper", "target"]]
        return pd.DataFrame(shares.to_dataframe())

    def plot_contributions(self) -> Figure:
        """Draw the filtered realised shares of risk with 95 % bands and their budgets.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> returns = sf.load_demo().returns[["JNJ", "AMD"]].iloc[-504:]
        >>> tracker = sf.portfolio.RiskContributionTracker(window=63).fit(returns, {"JNJ": 0.5, "AMD": 0.5})
        >>> [note.text for note in tracker.plot_contributions().layout.annotations]
        ['AMD, % of risk', 'JNJ, % of risk']
        """
        return draw("backtest.budget_figures.tracked_contribution_figure", self.tracking_)

    def _headline(self) -> str:
        tracked = self.tracking_
        return f"{tracked.sizes['line']} shares of risk in {tracked.sizes['date']:,} windows"

    def _is_shown_fitted(self) -> bool:
        return "lines_" in self.__dict__
