"""Provides the base class of estimators of residual structure: a rolling window with exponential weights."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from statefolio._arrays.dates import rows_until
from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio._estimator import Estimator
from statefolio._options import Kind, Number, Rule, Whole, check, check_options
from statefolio.exceptions import InputError, NotFittedError
from statefolio.risk.residual import CAP

_ENOUGH = 100
_FRAME = Kind(pd.DataFrame, "a DataFrame (date x asset)", "pd.DataFrame(values, index=dates, columns=assets)")


class RecentResiduals(Estimator):
    """Base class of estimators of residual structure on a rolling window with exponential weights.

    `partial_fit` over new dates gives the same result as one fit over all dates.
    """

    RULES: ClassVar[Mapping[str, Rule]] = {
        "half_life": Number(above=0.0, infinite=True, example=504),
        "window": Whole(at_least=2, example=1512),
        "min_observations": Whole(at_least=1, example=60),
    }
    half_life: float
    window: int
    min_observations: int

    def fit(self, residuals: pd.DataFrame, tune_until: Any = None) -> Self:
        """Estimate from standardised innovations.

        Parameters
        ----------
        residuals : DataFrame (date x asset)
            NaN where missing.
        tune_until : date, optional
            Hyper-parameters are chosen on dates up to and including this one only. Default: all dates.

        Returns
        -------
        self
        """
        self._check_options()
        check_residuals(residuals)
        _check_standardised(residuals)
        tuning = residuals.iloc[: rows_until(pd.DatetimeIndex(residuals.index), tune_until)]
        self._recent = residuals.iloc[:0]
        self._choose_count(_capped(tuning))
        return self._update(residuals)

    def partial_fit(self, residuals: pd.DataFrame) -> Self:
        """Continue over later dates with the same hyper-parameters. Assets may join."""
        if not hasattr(self, "_recent"):
            raise NotFittedError(f"{type(self).__name__} has not been fitted. Call fit first.")
        check_residuals(residuals)
        if len(self._recent) and residuals.index[0] <= self._recent.index[-1]:
            raise InputError(
                f"residuals must have dates after {show(self._recent.index[-1])}, the last date of the fit, got "
                f"{show(residuals.index[0])}. Pass new dates only."
            )
        return self._update(residuals)

    def _update(self, residuals: pd.DataFrame) -> Self:
        joined = residuals.columns[~residuals.columns.isin(self._recent.columns)]
        columns = self._recent.columns.append(joined) if len(self._recent) else residuals.columns
        parts = [part for part in (self._recent, _capped(residuals.iloc[-self.window :])) if len(part)]
        self._recent = pd.concat(parts).reindex(columns=columns).iloc[-self.window :]
        self.loadings_ = self._loadings(self._recent)
        return self

    def _weights(self, dates: int) -> Array:
        return np.asarray(0.5 ** (np.arange(dates)[::-1] / self.half_life))

    def _check_options(self) -> None:
        check_options(self, self.RULES)

    def _choose_count(self, residuals: pd.DataFrame) -> None:
        """Choose the number of factors on held-out dates."""

    def _loadings(self, residuals: pd.DataFrame) -> pd.DataFrame:
        raise NotImplementedError


def _capped(residuals: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(np.clip(residuals.to_numpy(), -CAP, CAP), index=residuals.index, columns=residuals.columns)


def _check_standardised(residuals: pd.DataFrame) -> None:
    """Raise InputError if most residuals would be capped: they are not in units of their standard deviations."""
    sizes = np.abs(residuals.to_numpy(dtype=np.float64))
    sizes = sizes[~np.isnan(sizes)]
    if len(sizes) >= _ENOUGH and np.median(sizes) > CAP:
        raise InputError(
            f"residuals must be standardised, got values with a median size of {np.median(sizes):.3g}. Divide them by "
            "their predicted standard deviations."
        )


def check_residuals(residuals: Any) -> None:
    """Raise unless residuals are a DataFrame (date x asset) of finite numbers or NaN."""
    check("residuals", residuals, _FRAME)
    if residuals.empty or np.isinf(residuals.to_numpy(dtype=np.float64)).any():
        raise InputError(
            "residuals must be finite or NaN on at least one date, got infinite values or an empty table. Use "
            "residuals.replace([np.inf, -np.inf], np.nan)."
        )
