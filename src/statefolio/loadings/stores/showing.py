"""Mixes a summary and a figure into stores of loadings."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import show, span
from statefolio._display.drawing import Figure, draw
from statefolio._display.shown import Shown
from statefolio._display.summary import SummaryTable

if TYPE_CHECKING:
    from xarray import Dataset


class ShownStore(Shown):
    """The summary and the figure of `LoadingsStore`."""

    if TYPE_CHECKING:
        path: Any
        factors: Any

        @property
        def dates(self) -> pd.DatetimeIndex:
            """Provided by the store."""

        @property
        def assets(self) -> pd.Index:
            """Provided by the store."""

        @property
        def finished(self) -> bool:
            """Provided by the store."""

        @property
        def blocks(self) -> list[slice]:
            """Provided by the store."""

        @property
        def done(self) -> frozenset[int]:
            """Provided by the store."""

        def loadings(self) -> Dataset:
            """Provided by the store."""

        def date(self, day: Any) -> Dataset:
            """Provided by the store."""

    def summary(self) -> SummaryTable:
        """Return the distribution over assets of the filtered loadings on the last date; it prints whole.

        A store that is not finished has no rows yet.

        Returns
        -------
        DataFrame (factor)
            mean, 5 % and 95 % quantiles and number of assets.
        """
        facts = {
            "Dates": f"{span(self.dates)} ({len(self.dates):,})" if len(self.dates) else "none",
            "Assets": f"{len(self.assets):,}",
            "Blocks complete": f"{len(self.done):,} of {len(self.blocks):,}",
        }
        if not self.finished:
            note = "The fit is not finished. Run it again: it continues with the blocks that are missing."
            return SummaryTable(pd.DataFrame(), self._headline(), facts, [note])
        last = self.to_frame()
        table = pd.DataFrame(
            {"mean": last.mean(), "5 %": last.quantile(0.05), "95 %": last.quantile(0.95), "assets": last.count()}
        ).rename_axis("factor")
        title = f"Filtered loadings on {show(self.dates[-1])}"
        return SummaryTable(table, title, facts, [], dict.fromkeys(("mean", "5 %", "95 %"), ",.4g"))

    def to_frame(self) -> pd.DataFrame:
        """Return the filtered loadings on the last date (asset x factor); `date` and `asset` return more.

        Raises
        ------
        NotFittedError
            If the store is not finished.
        """
        last = self.loadings()["filtered"].isel(date=-1).transpose("asset", "factor")
        columns = pd.Index(last.indexes["factor"], name="factor")
        return pd.DataFrame(np.asarray(last), index=pd.Index(last.indexes["asset"], name="asset"), columns=columns)

    def plot_map(self) -> Figure:
        """Draw the filtered loadings of all assets on the last date as a heat map.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        NotFittedError
            If the store is not finished.
        """
        return draw("heat_maps.loadings_heat_map", SimpleNamespace(loadings_=self.loadings()))

    def _headline(self) -> str:
        size = f"{len(self.dates):,} dates, {len(self.assets):,} assets, {len(self.factors):,} factors"
        state = "" if self.finished else f", {len(self.done):,} of {len(self.blocks):,} blocks complete"
        return f"{str(self.path)!r}: {size}{state}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._headline()}>"
