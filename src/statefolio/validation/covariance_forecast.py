"""Covariances forecast for dates to come, of low rank or dense, behind one small set of methods."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio.exceptions import DataTypeError, InputError


class Covariance(Protocol):
    """What scoring needs of a covariance of N assets; `LowRankCovariance` has it."""

    @property
    def asset_variance(self) -> Array:
        """The diagonal, (N,)."""

    @property
    def log_determinant(self) -> float:
        """Logarithm of the determinant."""

    def solve(self, x: Any) -> Array:
        """Sigma^-1 x for every row."""

    def variance(self, weights: Any) -> Any:
        """Variance w' Sigma w for every row."""

    def select(self, places: Any) -> "Covariance":
        """The covariance of some assets."""


class DenseCovariance:
    """An N x N covariance as it came.

    Parameters
    ----------
    matrix : (N, N) array
        Symmetric and positive definite.

    Raises
    ------
    InputError
        If it is not.
    """

    def __init__(self, matrix: Array) -> None:
        self.matrix = matrix
        try:
            self._root = np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError as error:
            least = float(np.linalg.eigvalsh(matrix)[0])
            raise InputError(
                f"a covariance forecast has the eigenvalue {least:g}; a positive definite matrix was expected. "
                "Shrink it, or leave out assets that others replicate."
            ) from error

    @cached_property
    def asset_variance(self) -> Array:
        """The diagonal, (N,)."""
        return np.diag(self.matrix).copy()

    @property
    def log_determinant(self) -> float:
        """Logarithm of the determinant."""
        return float(2.0 * np.log(np.diag(self._root)).sum())

    def solve(self, x: Any) -> Array:
        """Sigma^-1 x for every row."""
        from scipy.linalg import cho_solve

        solved: Array = cho_solve((self._root, True), np.asarray(x).T).T
        return solved

    def variance(self, weights: Any) -> Any:
        """Variance w' Sigma w for every row."""
        w = np.asarray(weights)
        return ((w @ self._root) ** 2).sum(axis=-1)

    def select(self, places: Any) -> "DenseCovariance":
        """The covariance of some assets, by place or by a mask."""
        return DenseCovariance(self.matrix[places][:, places])


@dataclass(frozen=True, eq=False)
class CovarianceForecast:
    """The covariance of some assets' returns on dates to come.

    Attributes
    ----------
    assets : Index
        N names.
    covariance : LowRankCovariance or DenseCovariance
        Of their returns, around a mean of zero.
    """

    assets: pd.Index
    covariance: Covariance

    def __post_init__(self) -> None:
        count = len(self.covariance.asset_variance)
        if count != len(self.assets) or not self.assets.is_unique:
            raise InputError(
                f"a covariance forecast of {count} assets came with {len(self.assets)} names; as many names, each "
                "once, were expected. Pass the names in the covariance's order."
            )


def read_forecasts(forecasts: Any) -> dict[pd.Timestamp, CovarianceForecast]:
    """Check covariance forecasts by the first date they are for.

    Parameters
    ----------
    forecasts : mapping from date to DataFrame (asset x asset) or CovarianceForecast

    Returns
    -------
    dict
        In the order of their dates.
    """
    if not isinstance(forecasts, Mapping) or not forecasts:
        raise DataTypeError(
            f"forecasts is a {type(forecasts).__name__}; a mapping from date to covariance, with one entry or more, "
            "was expected. Pass e.g. {'2020-01-02': covariance}."
        )
    dated: dict[pd.Timestamp, CovarianceForecast] = {}
    for key, forecast in forecasts.items():
        date = _date(key)
        if date in dated:
            raise InputError(f"forecasts has {show(date)} twice; each date was expected once. Drop one.")
        dated[date] = _read(forecast, date)
    return {date: dated[date] for date in sorted(dated)}


def _date(key: Any) -> pd.Timestamp:
    try:
        date = None if isinstance(key, int | float) else pd.Timestamp(key)
    except (TypeError, ValueError):
        date = None
    if not isinstance(date, pd.Timestamp) or date.tz is not None:
        raise InputError(
            f"forecasts has the key {key!r}; a date without a time zone was expected. Pass e.g. '2020-01-02'."
        )
    return date


def _read(forecast: Any, date: Any) -> CovarianceForecast:
    if isinstance(forecast, CovarianceForecast):
        return forecast
    if not isinstance(forecast, pd.DataFrame):
        raise DataTypeError(
            f"the covariance for {show(date)} is a {type(forecast).__name__}; a DataFrame asset x asset or a "
            "CovarianceForecast was expected. Put names on it: CovarianceForecast(assets, covariance)."
        )
    if not forecast.index.equals(forecast.columns):
        raise InputError(
            f"the covariance for {show(date)} has other rows than columns; the same assets in the same order were "
            "expected. Use covariance.loc[names, names]."
        )
    try:
        values = forecast.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataTypeError(
            f"the covariance for {show(date)} holds something that is no number; numbers were expected. Convert it."
        ) from error
    if not np.isfinite(values).all() or not np.allclose(values, values.T, rtol=1e-8, atol=1e-12 * np.abs(values).max()):
        raise InputError(
            f"the covariance for {show(date)} is not symmetric or has values that are NaN or infinite; a covariance "
            "was expected. Leave out the assets it does not know."
        )
    return CovarianceForecast(forecast.columns, DenseCovariance(values))
