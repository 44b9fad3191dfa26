"""What a view is: expected returns of the next date, with the covariance of what they are not sure of."""

from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.risk.factor_risk import FactorRisk
from statefolio.risk.low_rank import LowRankCovariance


@dataclass(frozen=True, eq=False)
class Forecast:
    """Expected excess returns of the next date, in decimals, and their posterior covariance.

    Parameters
    ----------
    mean : Series (N,)
        By asset.
    covariance : LowRankCovariance
        Of the mean itself, in the order of `mean`; it is added to the covariance of the returns.

    Raises
    ------
    InputError
        If the two have different lengths, a mean is not finite, or an asset is named twice.
    """

    mean: "pd.Series[float]"
    covariance: LowRankCovariance

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.covariance):
            raise InputError(
                f"mean has {len(self.mean)} assets and covariance {len(self.covariance)}; as many of each were "
                "expected. Leave the same assets out of both."
            )
        odd = ~np.isfinite(self.mean.to_numpy())
        if odd.any():
            raise InputError(
                f"mean of {listed(list(self.mean.index[odd]))} is NaN or infinite; numbers were expected. Leave those "
                "assets out."
            )
        if not self.mean.index.is_unique:
            raise InputError("mean names an asset twice; each was expected once. Drop one of them.")

    @property
    def assets(self) -> pd.Index:
        """The assets, in the order of both."""
        return self.mean.index

    def aligned(self, assets: pd.Index) -> tuple[Array, LowRankCovariance]:
        """Mean (N,) and its covariance for `assets`, in their order, as `Problem` takes them.

        Raises
        ------
        UnknownNameError
            If an asset has no forecast.
        """
        places = self.assets.get_indexer(assets)
        if (places < 0).any():
            raise UnknownNameError(
                f"the view has no forecast of {listed(list(assets[places < 0]))}; every asset of the problem was "
                "expected to have one. Leave them out, or fit the view on their returns."
            )
        mean = np.asarray(self.mean, dtype=np.float64)
        return mean[places], self.covariance.select(places)


class View(Protocol):
    """Anything that expects returns and knows how unsure it is.

    A run fits it once, continues it with `partial_fit`, and asks for a forecast at each decision. `risk`, a fitted
    `FactorRisk` that has seen the same dates, spares a view from fitting loadings or a covariance of its own.
    """

    def fit(self, X: Any, y: Any = None, *, risk: FactorRisk | None = None, tune_until: Any = None) -> Self:
        """Learn from excess returns X (date x asset) and factor returns y (date x factor) up to now."""

    def partial_fit(self, X: Any, y: Any = None, *, risk: FactorRisk | None = None) -> Self:
        """Continue over later dates, hyper-parameters held."""

    def forecast(self, risk: FactorRisk) -> Forecast:
        """Return the next date's mean and its covariance for the assets of `risk`."""
