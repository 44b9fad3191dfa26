"""What a basket that is followed shows."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from statefolio._arrays.text import show
from statefolio._display.shown import Shown
from statefolio._display.summary import SummaryTable

if TYPE_CHECKING:
    pass


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
