"""Reads covariance forecasts, low-rank or dense, and gives them the same few methods."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd

from statefolio._arrays.text import show, shown
from statefolio._arrays.types import Array
from statefolio.exceptions import DataTypeError, InputError


class Covariance(Protocol):
    """Methods of a covariance of N assets that scoring uses; `LowRankCovariance` has them."""

    @property
    def asset_variance(self) -> Array:
        """The diagonal, (N,)."""

    @property
    def log_determinant(self) -> float:
        """Logarithm of the determinant."""

    def solve(self, x: Any) -> Array:
        """Sigma^-1 x for each row."""

    def variance(self, weights: Any) -> Any:
        """Variance w' Sigma w for each row."""

    def select(self, places: Any) -> "Covariance":
        """The covariance of some assets."""


class DenseCovariance:
    """An N x N covariance matrix.

    Parameters
    ----------
    matrix : (N, N) array
        Symmetric and positive definite.

    Raises
    ------
    InputError
        If it is not positive definite.
    """

    def __init__(self, matrix: Array) -> None:
        self.matrix = matrix
        try:
            self._root = np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError as error:
            least = float(np.linalg.eigvalsh(matrix)[0])
            raise InputError(
                f"forecasts must be positive definite, got a matrix with the eigenvalue {least:g}. Shrink it, or leave "
                "out assets that others replicate."
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
        """Sigma^-1 x for each row."""
        from scipy.linalg import cho_solve

        solved: Array = cho_solve((self._root, True), np.asarray(x).T).T
        return solved

    def variance(self, weights: Any) -> Any:
        """Variance w' Sigma w for each row."""
        w = np.asarray(weights)
        return ((w @ self._root) ** 2).sum(axis=-1)

    def select(self, places: Any) -> "DenseCovariance":
        """The covariance of some assets, by place or by a mask."""
        return DenseCovariance(self.matrix[places][:, places])


@dataclass(frozen=True, eq=False)
class CovarianceForecast:
    """A forecast covariance of returns, with the names of its assets.

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
                f"assets must have one distinct name per asset of the covariance ({count}), got {len(self.assets)} "
                "names. Pass the names in the covariance's order."
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
            f"forecasts must be a mapping from date to covariance with at least one entry, got {shown(forecasts)}. "
            "Pass e.g. {'2020-01-02': covariance}."
        )
    dated: dict[pd.Timestamp, CovarianceForecast] = {}
    for key, forecast in forecasts.items():
        date = _date(key)
        if date in dated:
            raise InputError(f"forecasts must have each date once, got {show(date)} twice. Drop one.")
        dated[date] = _read(forecast, date)
    return {date: dated[date] for date in sorted(dated)}


def _date(key: Any) -> pd.Timestamp:
    try:
        date = None if isinstance(key, int | float) else pd.Timestamp(key)
    except (TypeError, ValueError):
        date = None
    if not isinstance(date, pd.Timestamp) or date.tz is not None:
        raise InputError(
            f"forecasts must have dates without a time zone as keys, got the key {shown(key)}. Pass e.g. '2020-01-02'."
        )
    return date


def _read(forecast: Any, date: Any) -> CovarianceForecast:
    if isinstance(forecast, CovarianceForecast):
        return forecast
    if not isinstance(forecast, pd.DataFrame):
        raise DataTypeError(
            f"forecasts must be DataFrames (asset x asset) or CovarianceForecast, got {shown(forecast)} for "
            f"{show(date)}. Pass e.g. CovarianceForecast(assets, covariance)."
        )
    if not forecast.index.equals(forecast.columns):
        raise InputError(
            f"forecasts must have the same assets in rows and columns, in the same order, got different ones for "
            f"{show(date)}. Use covariance.loc[names, names]."
        )
    try:
        values = forecast.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataTypeError(
            f"forecasts must hold numbers, got other values for {show(date)}. Convert them with pd.to_numeric."
        ) from error
    if not np.isfinite(values).all() or not np.allclose(values, values.T, rtol=1e-8, atol=1e-12 * np.abs(values).max()):
        raise InputError(
            f"forecasts must be symmetric and finite, got a matrix for {show(date)} that is not symmetric or has NaN "
            "or infinite values. Leave out assets without a forecast."
        )
    return CovarianceForecast(forecast.columns, DenseCovariance(values))
