"""Mixes a summary and figures into `Market`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from statefolio._arrays.text import listed, shown, span
from statefolio._display.drawing import Figure, draw
from statefolio._display.shown import Shown
from statefolio._display.summary import SummaryTable
from statefolio.exceptions import UnknownNameError

MOST_LINES = 8
"""Assets that `plot_value` draws where none are named."""


class ShownMarket(Shown):
    """The summary and the figures of `Market`."""

    if TYPE_CHECKING:

        @property
        def returns(self) -> pd.DataFrame:
            """Provided by the market."""

        @property
        def factors(self) -> pd.DataFrame | None:
            """Provided by the market."""

        @property
        def dates(self) -> pd.DatetimeIndex:
            """Provided by the market."""

        @property
        def assets(self) -> pd.Index:
            """Provided by the market."""

    def summary(self) -> SummaryTable:
        """Return one row per asset: first and last date with a return, and the missing returns; it prints whole.

        Returns
        -------
        DataFrame (asset)
            first, last, returns, missing (between first and last).
        """
        factors = "none" if self.factors is None else f"{self.factors.shape[1]:,}"
        facts = {"Dates": f"{span(self.dates)} ({len(self.dates):,})", "Factors": factors}
        return SummaryTable(self.to_frame(), f"Market of {len(self.assets):,} assets", facts, [], {"missing": ".1%"})

    def to_frame(self) -> pd.DataFrame:
        """Return for each asset its first and last date with a return, their number, and the share missing between."""
        known = self.returns.notna()
        first = known.idxmax().where(known.any())
        last = known.iloc[::-1].idxmax().where(known.any())
        count = known.sum()
        between = known.cummax() & known.iloc[::-1].cummax().iloc[::-1]
        missing = 1.0 - count / between.sum().where(known.any())
        columns = {"first": first, "last": last, "returns": count, "missing": missing}
        return pd.DataFrame(columns).rename_axis("asset")

    def plot_value(self, assets: "Sequence[Any] | None" = None, *, log: bool = False) -> Figure:
        """Draw the value of 1 invested in each asset at its first return; missing returns are left out.

        Parameters
        ----------
        assets : sequence of str, optional
            By default the first eight.
        log : bool
            Use a log axis.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        UnknownNameError
            If the market does not have an asset.

        Examples
        --------
        >>> import statefolio as sf
        >>> market = sf.Market(sf.load_demo().returns.iloc[:250])
        >>> [trace.name for trace in market.plot_value(["AAPL", "XOM"]).data]
        ['AAPL', 'XOM']
        """
        chosen = list(self.assets[:MOST_LINES] if assets is None else assets)
        unknown = [name for name in chosen if name not in self.assets]
        if unknown or not chosen:
            raise UnknownNameError(
                f"assets must be among the market's ({listed(list(self.assets))}), got {shown(chosen)}. Pass e.g. "
                f"assets=[{self.assets[0]!r}]."
            )
        series = {str(name): self.returns[name].dropna() for name in chosen}
        return draw("returns.sheet_figures.value_of_one_figure", series, log=log)

    def plot_missing(self) -> Figure:
        """Draw the share of returns that are missing, by asset and month.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> returns = sf.load_demo().returns.iloc[:250, :2].copy()
        >>> returns.iloc[:21, 0] = float("nan")
        >>> [round(float(share), 2) for share in sf.Market(returns).plot_missing().data[0].z[0][:3]]
        [100.0, 5.26, 0.0]
        """
        return draw("backtest.market_figure.missing_figure", self.returns)

    def _headline(self) -> str:
        return f"{len(self.dates)} dates, {span(self.dates)}; {len(self.assets)} assets"

    def __repr__(self) -> str:
        return f"Market({self._headline()})"
