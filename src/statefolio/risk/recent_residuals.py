"""What estimators of residual structure have in common: the last dates, recent ones counting more."""

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._arrays.dates import rows_until
from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio._options import is_number, is_whole
from statefolio.exceptions import DataTypeError, InputError, NotFittedError
from statefolio.risk.residual import CAP


class RecentResiduals(BaseEstimator):
    """Estimators of residual structure that learn from the last dates, recent ones counting more.

    Going on over new dates gives what one fit over all of them gives: only the dates in the window count.
    """

    half_life: float
    window: int
    min_observations: int

    def fit(self, residuals: pd.DataFrame, tune_until: Any = None) -> Self:
        """Learn from standardised innovations.

        Parameters
        ----------
        residuals : DataFrame (date x asset)
            NaN where there is none.
        tune_until : date, optional
            What is chosen on held-out dates sees dates up to and including this one only. Default: all.

        Returns
        -------
        self
        """
        self._check_options()
        check_residuals(residuals)
        tuning = residuals.iloc[: rows_until(pd.DatetimeIndex(residuals.index), tune_until)]
        self._recent = residuals.iloc[:0]
        self._choose(_capped(tuning))
        return self._see(residuals)

    def partial_fit(self, residuals: pd.DataFrame) -> Self:
        """Go on over later dates, with what was chosen held. Assets may join."""
        if not hasattr(self, "_recent"):
            raise NotFittedError(f"{type(self).__name__} has not been fitted; a fitted one was expected. Call fit.")
        check_residuals(residuals)
        if len(self._recent) and residuals.index[0] <= self._recent.index[-1]:
            raise InputError(
                f"residuals begin on {show(residuals.index[0])}; dates after {show(self._recent.index[-1])}, the last "
                "one seen, were expected. Pass new dates only."
            )
        return self._see(residuals)

    def _see(self, residuals: pd.DataFrame) -> Self:
        joined = residuals.columns[~residuals.columns.isin(self._recent.columns)]
        columns = self._recent.columns.append(joined) if len(self._recent) else residuals.columns
        parts = [part for part in (self._recent, _capped(residuals.iloc[-self.window :])) if len(part)]
        self._recent = pd.concat(parts).reindex(columns=columns).iloc[-self.window :]
        self.loadings_ = self._loadings(self._recent)
        return self

    def _weights(self, dates: int) -> Array:
        return np.asarray(0.5 ** (np.arange(dates)[::-1] / self.half_life))

    def _check_options(self) -> None:
        if not is_number(self.half_life) or not self.half_life > 0.0:
            raise InputError(f"half_life={self.half_life!r}; a positive number of dates was expected. Pass e.g. 500.")
        for name, least in (("window", 2), ("min_observations", 1)):
            value = getattr(self, name)
            if not is_whole(value) or value < least:
                raise InputError(f"{name}={value!r}; a whole number, {least} or more, was expected.")

    def _choose(self, residuals: pd.DataFrame) -> None:
        """Choose on held-out dates among these, and remember it."""

    def _loadings(self, residuals: pd.DataFrame) -> pd.DataFrame:
        raise NotImplementedError


def _capped(residuals: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(np.clip(residuals.to_numpy(), -CAP, CAP), index=residuals.index, columns=residuals.columns)


def check_residuals(residuals: Any) -> None:
    """Raise unless these are finite residuals, or NaN, in a frame (date x asset)."""
    if not isinstance(residuals, pd.DataFrame):
        raise DataTypeError(f"residuals is a {type(residuals).__name__}; a DataFrame (date x asset) was expected.")
    if residuals.empty or np.isinf(residuals.to_numpy(dtype=np.float64)).any():
        raise InputError("residuals is empty or has infinite values; finite numbers or NaN were expected.")
