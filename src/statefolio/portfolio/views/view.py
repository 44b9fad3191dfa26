"""The interface of a view: expected returns for the next date, with the covariance of their error."""

from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.portfolio.showing import ShownForecast
from statefolio.risk.factor_risk import FactorRisk
from statefolio.risk.low_rank import LowRankCovariance


@dataclass(frozen=True, eq=False, repr=False)
class Forecast(ShownForecast):
    """Expected excess returns of the next date, in decimals, and the covariance of their error.

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

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> error = sf.risk.LowRankCovariance(np.zeros((2, 0)), np.zeros((0, 0)), np.array([1e-8, 4e-8]))
    >>> forecast = sf.portfolio.Forecast(pd.Series({"AAPL": 3e-4, "JPM": 2e-4}), error)
    >>> mean, covariance = forecast.aligned(pd.Index(["JPM"]))
    >>> mean.tolist(), covariance.asset_variance.tolist()
    ([0.0002], [4e-08])
    """

    mean: "pd.Series[float]"
    covariance: LowRankCovariance

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.covariance):
            raise InputError(
                f"covariance must have as many assets as mean, {len(self.mean)}, got {len(self.covariance)}. Select "
                "the same assets for both."
            )
        odd = ~np.isfinite(self.mean.to_numpy())
        if odd.any():
            raise InputError(
                f"mean must be finite, got NaN or infinite ones for {listed(self.mean.index[odd])}. Leave those assets "
                "out."
            )
        if not self.mean.index.is_unique:
            again = self.mean.index[self.mean.index.duplicated()].unique()
            raise InputError(f"mean must name each asset once, got {listed(again)} twice. Drop one entry.")

    @property
    def assets(self) -> pd.Index:
        """The assets, in the order of both."""
        return self.mean.index

    def aligned(self, assets: pd.Index) -> tuple[Array, LowRankCovariance]:
        """Mean (N,) and its covariance for `assets`, in their order, for a `Problem`.

        Raises
        ------
        UnknownNameError
            If an asset has no forecast.
        """
        places = self.assets.get_indexer(assets)
        if (places < 0).any():
            raise UnknownNameError(
                f"assets must be among those of the forecast, got {listed(assets[places < 0])} without one. Leave them "
                "out, or fit the view on their returns."
            )
        mean = np.asarray(self.mean, dtype=np.float64)
        return mean[places], self.covariance.select(places)


class View(Protocol):
    """The interface of a view: a model of expected returns that knows its own uncertainty.

    A run fits it once, continues it with `partial_fit`, and calls `forecast` at each decision. `risk`, a fitted
    `FactorRisk` that has seen the same dates, provides loadings and a covariance, so that the view need not fit its
    own.

    Examples
    --------
    A view that expects the historical mean, with its sampling error:

    >>> import numpy as np
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> from sklearn.base import BaseEstimator
    >>> class HistoricalMean(BaseEstimator):
    ...     def fit(self, X, y=None, *, risk=None, tune_until=None):
    ...         self.returns_ = X
    ...         return self
    ...     def partial_fit(self, X, y=None, *, risk=None):
    ...         self.returns_ = pd.concat([self.returns_, X])
    ...         return self
    ...     def forecast(self, risk):
    ...         returns = self.returns_[risk.assets_]
    ...         error = sf.risk.LowRankCovariance(
    ...             np.zeros((len(risk.assets_), 0)), np.zeros((0, 0)), (returns.var() / returns.count()).to_numpy()
    ...         )
    ...         return sf.portfolio.Forecast(returns.mean(), error)
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.iloc[:252, :3], demo.factors.iloc[:252]
    >>> risk = sf.FactorRisk(sf.RollingLoadings(126), residual_structure=None).fit(returns, factors)
    >>> forecast = HistoricalMean().fit(returns).forecast(risk)
    >>> (1e4 * forecast.mean).round(1).to_dict()  # basis points per day
    {'AAPL': 14.6, 'AMD': -12.2, 'BAC': 5.4}
    """

    def fit(self, X: Any, y: Any = None, *, risk: FactorRisk | None = None, tune_until: Any = None) -> Self:
        """Learn from excess returns X (date x asset) and factor returns y (date x factor)."""

    def partial_fit(self, X: Any, y: Any = None, *, risk: FactorRisk | None = None) -> Self:
        """Continue over later dates with hyper-parameters fixed."""

    def forecast(self, risk: FactorRisk) -> Forecast:
        """Return the next date's mean and its covariance for the assets of `risk`."""
