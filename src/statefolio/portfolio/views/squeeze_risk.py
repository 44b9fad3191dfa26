"""Measures how heavy the right tail of each asset's idiosyncratic returns is, from past dates alone."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array

THRESHOLD = 2.0
PRIOR_DATES = 252.0


@dataclass(frozen=True, eq=False)
class SqueezeRisk:
    """Sums of large surprises by asset, continued date by date.

    The right tail of an asset is E[z; z > 2], with z its idiosyncratic return in predicted standard deviations: the
    mean loss of a short on the dates of a squeeze, times how often they come; .054 for normal returns.

    Attributes
    ----------
    sums : DataFrame (asset x [large, count])
        Sum of z above 2, and the number of returns.
    """

    sums: pd.DataFrame

    @classmethod
    def empty(cls) -> Self:
        """Return the sums of no dates."""
        return cls(pd.DataFrame({"large": [], "count": []}, dtype=np.float64))

    def updated(self, surprise: Array, assets: pd.Index) -> "SqueezeRisk":
        """Add the surprises (T, N) of later dates, one after the other."""
        before = self.sums.reindex(assets, fill_value=0.0)
        seen = np.isfinite(surprise)
        large = np.where(seen & (surprise > THRESHOLD), surprise, 0.0)
        rows = np.vstack([before["large"].to_numpy()[None], large])
        found = pd.DataFrame(
            {"large": np.cumsum(rows, axis=0)[-1], "count": before["count"].to_numpy() + seen.sum(axis=0)}, index=assets
        )
        left = self.sums.loc[~self.sums.index.isin(assets)]
        return SqueezeRisk(pd.concat([found, left]) if len(left) else found)

    def tails(self, assets: pd.Index) -> Array:
        """Return E[z; z > 2] by asset (N,), shrunk to the mean of all as if that were a year of dates."""
        large, count = self.sums["large"], self.sums["count"]
        pooled = float(large.sum()) / max(float(count.sum()), 1.0)
        own = self.sums.reindex(assets, fill_value=0.0)
        found: Array = ((own["large"] + PRIOR_DATES * pooled) / (own["count"] + PRIOR_DATES)).to_numpy()
        return found
