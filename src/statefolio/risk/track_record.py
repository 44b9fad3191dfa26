"""Keeps, by asset, what returns and their forecast errors add up to, to tell variances that cannot be right."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.frames import read_values
from statefolio._arrays.types import Array
from statefolio.loadings.base import LoadingsModel

EXACT = 1e-8
"""Share of an asset's variance below which its residual counts as zero, and the variance that it then gets."""
IMPLAUSIBLE = 1e-4
"""Share of the mean squared forecast error below which an observation variance cannot be right."""

_FAR, _OFTEN, _FEWEST = 10.0, 0.02, 3
_ROUNDING = 1e-14
SUMS = ("returns", "total", "squares", "scored", "errors", "extreme", "ignored")
"""Columns of the sums."""


@dataclass(frozen=True, eq=False)
class TrackRecord:
    """Sums by asset over all dates so far; immutable, an update returns a new one.

    Attributes
    ----------
    sums : DataFrame
        Index asset. Columns: number of returns, their sum and sum of squares; number of one-step forecasts from
        informative loadings, the sum of their squared errors, and how many errors were beyond ten predicted
        standard deviations; and number of returns that the model predicted and then took for missing, as those of a
        price that stands still.
    """

    sums: pd.DataFrame

    @classmethod
    def empty(cls) -> Self:
        """Return the record before the first date."""
        return cls(pd.DataFrame(columns=list(SUMS), dtype=np.float64))

    def updated(self, model: LoadingsModel, returns: Any) -> Self:
        """Return the record after the dates of a model's results, and of these returns (date x asset)."""
        values, dates, assets = read_values(returns, "returns")
        found = model.innovations_
        innovation, variance = found["innovation"].to_numpy(), found["innovation_variance"].to_numpy()
        known = pd.DataFrame(~np.isnan(values), index=dates, columns=assets)
        known = known.reindex(index=model.dates_, columns=model.assets_, fill_value=False)
        ignored = known.to_numpy() & np.isnan(innovation) & ~np.isnan(variance)
        error = np.where(model.informative_.to_numpy(), innovation, np.nan)
        with np.errstate(over="ignore", invalid="ignore"):
            far = np.abs(error) > _FAR * np.sqrt(variance)
            earned = [np.count_nonzero(~np.isnan(values), axis=0), np.nansum(values, axis=0), np.nansum(values**2, 0)]
            scored = [
                np.count_nonzero(~np.isnan(error), axis=0),
                np.nansum(error**2, axis=0),
                far.sum(0),
                ignored.sum(0),
            ]
        new = pd.concat(
            [
                pd.DataFrame(dict(zip(SUMS[:3], earned, strict=True)), index=assets).reindex(model.assets_),
                pd.DataFrame(dict(zip(SUMS[3:], scored, strict=True)), index=model.assets_),
            ],
            axis=1,
        ).fillna(0.0)
        return type(self)(self.sums.reindex(model.assets_, fill_value=0.0) + new)

    @property
    def observed(self) -> "pd.Series[int]":
        """Number of returns by asset."""
        return self.sums["returns"].astype(int)

    @property
    def still(self) -> NDArray[np.bool_]:
        """Where (N,) a model took more than half of the returns for those of a price that stands still."""
        found: NDArray[np.bool_] = self.sums["ignored"].to_numpy() > 0.5 * self.sums["returns"].to_numpy()
        return found

    @property
    def mean_square(self) -> Array:
        """Mean square of the returns (N,); zero where there are none."""
        square: Array = self.sums["squares"].to_numpy() / np.maximum(self.sums["returns"].to_numpy(), 1.0)
        return square

    @property
    def variance(self) -> Array:
        """Variance of the returns (N,); zero where they are constant but for rounding."""
        square = self.mean_square
        mean = self.sums["total"].to_numpy() / np.maximum(self.sums["returns"].to_numpy(), 1.0)
        return np.where(square - mean**2 > _ROUNDING * square, square - mean**2, 0.0)

    def implausible(self, noise: Array) -> NDArray[np.bool_]:
        """Return where (N,) an observation variance cannot be right, given the asset's own forecast errors.

        It is far below the mean squared error; or more than 2 % of the errors were beyond ten predicted standard
        deviations, where at most 1 % are if the predicted variances are right (Chebyshev). A price that stands still on
        most dates does both. An asset that the factors explain exactly has no errors, and does neither.
        """
        count, extreme = self.sums["scored"].to_numpy(), self.sums["extreme"].to_numpy()
        square = self.sums["errors"].to_numpy() / np.maximum(count, 1.0)
        unexplained = square > EXACT * self.variance
        found: NDArray[np.bool_] = unexplained & (
            (noise < IMPLAUSIBLE * square) | ((extreme >= _FEWEST) & (extreme > _OFTEN * count))
        )
        return found
