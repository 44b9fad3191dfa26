"""Builds the xarray Datasets and tables that models of loadings return."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from statefolio._arrays.panel import RESIDUAL, Panel
from statefolio._arrays.types import Array
from statefolio.kalman.weighted_least_squares import without_unidentified
from statefolio.loadings.informative import counted_from, find_informative
from statefolio.loadings.results import HALF_BAND, Forecast, Labels, RunResults, Values, array_of
from statefolio.loadings.unidentified import Directions


class _LazyArray(BackendArray):
    """An array that is computed when it is first read, and then kept."""

    def __init__(self, compute: Callable[[], Array], shape: tuple[int, ...]) -> None:
        self.compute = compute
        self.shape = shape
        self.dtype = np.dtype(np.float64)
        self._values: Array | None = None

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._select)

    def _select(self, key: tuple[Any, ...]) -> Array:
        if self._values is None:
            self._values = self.compute()
        selected: Array = self._values[key]
        return selected


def loadings_dataset(run: RunResults, labels: Labels) -> xr.Dataset:
    """Return predicted and filtered loadings by date, asset and factor."""
    shape = (len(labels.dates), len(labels.assets), len(labels.factors))
    names = ("predicted", "predicted_variance", "filtered", "filtered_variance")
    values: dict[str, Values] = {name: getattr(run, name) for name in names}
    values |= {name: array_of(values[name]) for name in names[2:]}  # views, which cost nothing
    if run.partly_unknown is not None:
        for name in ("predicted", "filtered"):
            found = without_unidentified(array_of(values[name]), array_of(values[f"{name}_variance"]))
            values[name], values[f"{name}_variance"] = found
    variables = {name: _variable(values[name], shape) for name in names}
    coordinates = {"date": labels.dates, "asset": labels.assets, "factor": labels.factors}
    return xr.Dataset(variables, coordinates, labels.attrs)


def _variable(
    values: Values, shape: tuple[int, ...], dims: tuple[str, ...] = ("date", "asset", "factor")
) -> xr.Variable:
    data = indexing.LazilyIndexedArray(_LazyArray(values, shape)) if callable(values) else values
    return xr.Variable(dims, data)


def smoothed_dataset(panel: Panel, mean: Array, variance: Array, lag_one: Array) -> xr.Dataset:
    """Return smoothed loadings by date, asset and factor."""
    dims = ("date", "asset", "factor")
    variables = {
        "smoothed": (dims, mean),
        "smoothed_variance": (dims, variance),
        "lag_one_covariance": (dims, lag_one),
    }
    return xr.Dataset(variables, {"date": panel.dates, "asset": panel.assets, "factor": panel.factors})


def covariances_dataset(panel: Panel, predicted: Array, filtered: Array) -> xr.Dataset:
    """Unpack lower triangles (T, N, K(K+1)/2) to full covariances by date, asset and two factors."""
    states = len(panel.factors)
    rows, columns = np.tril_indices(states)
    position = np.empty((states, states), dtype=np.intp)
    position[rows, columns] = position[columns, rows] = np.arange(rows.size)
    dims = ("date", "asset", "factor", "factor_other")
    variables = {
        "predicted_covariance": (dims, _finite(predicted[:, :, position])),
        "filtered_covariance": (dims, _finite(filtered[:, :, position])),
    }
    coordinates = {"date": panel.dates, "asset": panel.assets}
    return xr.Dataset(variables, coordinates | {"factor": panel.factors, "factor_other": panel.factors})


def _finite(covariance: Array) -> Array:
    """Return a covariance with NaN where it is infinite because a loading is not identified."""
    covariance[np.isinf(covariance)] = np.nan
    return covariance


def innovations_dataset(run: RunResults, labels: Labels) -> xr.Dataset:
    """Return innovations and their variances by date and asset."""
    dims = ("date", "asset")
    variables: dict[str, Any] = {
        "innovation": (dims, run.innovation),
        "innovation_variance": (dims, run.innovation_variance),
    }
    if run.log_density is not None:
        variables["log_density"] = _variable(run.log_density, run.innovation.shape, dims)
    return xr.Dataset(variables, {"date": labels.dates, "asset": labels.assets}, labels.attrs)


def next_dataset(forecast: Forecast, directions: Directions | None, labels: Labels) -> xr.Dataset:
    """Return mean and covariance of the loadings on the first date not yet seen, and the observation variance."""
    mean, covariance, noise = forecast
    if directions is not None:
        hidden = directions.loadings()
        mean = np.where(hidden, np.nan, mean)
        covariance = np.where(hidden[:, :, None] | hidden[:, None, :], np.nan, covariance)
    variables = {
        "mean": (("asset", "factor"), mean),
        "covariance": (("asset", "factor", "factor_other"), covariance),
        "observation_variance": ("asset", noise),
    }
    coordinates = {"asset": labels.assets, "factor": labels.factors, "factor_other": labels.factors}
    return xr.Dataset(variables, coordinates, labels.attrs)


def returns_dataset(
    forecast: Forecast, directions: Directions | None, scenarios: Array, noise_factor: Array, labels: Labels
) -> xr.Dataset:
    """Return mean and variance of the returns for each row of regressors (S, K); rows have no labels.

    `noise_factor` (S,) multiplies the observation variances.

    They are NaN where the loadings that are not identified have a part in the fitted return.
    """
    mean, covariance, noise = forecast
    expected = scenarios @ mean.T
    spread = np.einsum("sj,njk,sk->sn", scenarios, covariance, scenarios, optimize=True)
    if directions is not None:
        expected = np.where(directions.off(scenarios), np.nan, expected)
        spread = np.where(directions.off(scenarios), np.nan, spread)
    variables = {
        "mean": (("scenario", "asset"), expected),
        "variance": (("scenario", "asset"), spread + noise_factor[:, None] * noise),
    }
    return xr.Dataset(variables, {"asset": labels.assets}, labels.attrs)


def contributions_dataset(
    panel: Panel, mean: Array, loadings: xr.Dataset, which: str, residual_variance: Array
) -> xr.Dataset:
    """Split each return into contributions of the factors and a residual, which add up to the return.

    `mean` (T, N, K) has a value for loadings that are not identified too, so that the residual is known.
    """
    x = panel.regressors[:, None, :]
    earned = mean * x
    deviation = np.sqrt(loadings[f"{which}_variance"].to_numpy()) * np.abs(x)
    residual = panel.returns - earned.sum(axis=2)
    earned = np.where(np.isnan(loadings[which].to_numpy()), np.nan, earned)
    earned = np.concatenate([earned, residual[:, :, None]], axis=2)
    deviation = np.concatenate([deviation, np.sqrt(residual_variance)[:, :, None]], axis=2)
    dims = ("date", "asset", "factor")
    variables = {
        "contribution": (dims, earned),
        "standard_deviation": (dims, deviation),
        "lower": (dims, earned - HALF_BAND * deviation),
        "upper": (dims, earned + HALF_BAND * deviation),
    }
    names = pd.Index([*panel.factors, RESIDUAL])
    coordinates = {"date": panel.dates, "asset": panel.assets, "factor": names}
    return xr.Dataset(variables, coordinates, {**loadings.attrs, "loadings": which})


def informative_frame(run: RunResults, regressors: Array, labels: Labels) -> pd.DataFrame:
    """Return where (date x asset) predicted loadings are informative; see `find_informative`."""
    returns = run.innovation + _fitted(run.predicted, regressors)
    found = find_informative(run, returns, regressors.shape[1])
    return pd.DataFrame(found, index=labels.dates, columns=labels.assets)


def fit_quality(run: RunResults, regressors: Array, informative: pd.DataFrame) -> pd.DataFrame:
    """Return R-squared and root mean square error by asset, in sample and one step ahead, over the same returns."""
    one_step = run.innovation
    predicted = _fitted(run.predicted, regressors)
    in_sample = one_step + predicted - _fitted(run.filtered, regressors)
    in_sample = np.where(informative.to_numpy(), in_sample, np.nan)
    returns = np.where(np.isnan(in_sample), np.nan, one_step + predicted)
    count = np.count_nonzero(~np.isnan(returns), axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.nansum((returns - np.nansum(returns, axis=0) / count) ** 2, axis=0)
        squares = {"in_sample": np.nansum(in_sample**2, axis=0)}
        squares["one_step"] = np.nansum(np.where(np.isnan(returns), np.nan, one_step) ** 2, axis=0)
        columns = {f"r_squared_{name}": 1.0 - square / total for name, square in squares.items()}
        columns |= {f"rmse_{name}": np.sqrt(square / count) for name, square in squares.items()}
    assets = informative.columns.rename("asset")
    table = pd.DataFrame({**columns, "returns_scored": count}, index=assets).replace([np.inf, -np.inf], np.nan)
    table.attrs["counted_from"] = counted_from(informative).to_dict()
    return table


def _fitted(loadings: Values, regressors: Array) -> Array:
    fitted: Array = np.einsum("tk,tnk->tn", regressors, array_of(loadings))
    return fitted
