"""Provides the labelled results of fitted statistical factors: factor returns, loadings, refits and excluded assets."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._estimator import Estimator
from statefolio.exceptions import NotFittedError
from statefolio.factors.factor_returns import FactorReturns
from statefolio.factors.piecewise import Segment, piecewise_exposures
from statefolio.factors.refit import RefitLoadings
from statefolio.factors.showing import ShownStatistical
from statefolio.factors.statistical_options import notes_of


class FittedFactors(ShownStatistical, Estimator):
    """Results of the last call of `fit` or `partial_fit`, with names of dates, assets and factors."""

    n_factors: int
    min_history: int
    assets_: pd.Index
    dates_: pd.DatetimeIndex
    last_date_: pd.Timestamp
    _current: RefitLoadings | None
    _factors: Array
    _segments: list[Segment]
    _log: list[dict[str, Any]]
    _used: npt.NDArray[np.bool_]

    @property
    def factor_returns_(self) -> FactorReturns:
        """Factor returns of the dates of the last call, with exposures and notes."""
        self._check_fitted()
        names = self._names()
        exposures = piecewise_exposures(tuple(self._segments), self.dates_, self.assets_, names)
        frame = pd.DataFrame(self._factors, self.dates_, names)
        return FactorReturns(
            frame,
            pd.Series("statistical", index=names),
            exposures,
            notes_of(self, self._factors, self._used, self._log),
        )

    @property
    def loadings_(self) -> pd.DataFrame:
        """Exposures for the first date not yet seen (asset, factor)."""
        self._check_fitted()
        loadings = np.full((len(self.assets_), self.n_factors), np.nan)
        if self._current is not None:
            loadings[self._current.columns] = self._current.exposures
        return pd.DataFrame(loadings, self.assets_, self._names())

    @property
    def refits_(self) -> pd.DataFrame:
        """One row per refit, all since `fit`."""
        self._check_fitted()
        return pd.DataFrame(self._log).set_index("estimated_on")

    @property
    def excluded_(self) -> pd.DataFrame:
        """Assets that no refit used, with the reason."""
        self._check_fitted()
        reason = f"fewer than {self.min_history} returns, or only one value, within the window of every refit"
        return pd.DataFrame({"reason": reason}, index=self.assets_[~self._used], dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        """Tell scikit-learn whether `fit` was called."""
        return hasattr(self, "last_date_")

    def _names(self) -> pd.Index:
        return pd.Index([f"PC{k + 1}" for k in range(self.n_factors)], name="factor")

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(f"{type(self).__name__} is not fitted. Call fit(returns) first.")
