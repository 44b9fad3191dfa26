"""What a model found, with names on it: dates, assets and factors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from statefolio._arrays.panel import RESIDUAL, Panel
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError

Values = Array | Callable[[], Array]
Ahead = tuple[Array, Array, Array]
"""Mean (N, K) and covariance (N, K, K) of loadings on a date ahead, and the observation variance (N,)."""

HALF_BAND = 1.959963984540054
"""Standard deviations from the middle to either end of a 95 % band."""


@dataclass(eq=False)
class Paths:
    """What one run over a panel of T dates, N assets and K factors leaves behind.

    Attributes
    ----------
    filtered, filtered_variance, predicted, predicted_variance : (T, N, K)
        Arrays (views of any strides), or functions without arguments that make them when first asked; a
        function must pickle (``functools.partial`` of a module's function does).
    innovation, innovation_variance : (T, N)
        NaN where there is no prediction, and no innovation where there is no return.
    observation_variance : (T, N), optional
        The noise's part of `innovation_variance`.
    log_likelihood : (N,), optional
        Sum over these dates.
    log_density : (T, N), optional
        Of each return under the model, where it is not Gaussian with `innovation_variance`.
    ahead : mean, covariance and observation variance
        For the first date not yet seen, or a function as above that makes them.
    """

    filtered: Values
    filtered_variance: Values
    predicted: Values
    predicted_variance: Values
    innovation: Array
    innovation_variance: Array
    ahead: Ahead | Callable[[], Ahead]
    observation_variance: Values | None = None
    log_likelihood: Array | None = None
    log_density: Values | None = None


@dataclass(frozen=True, eq=False)
class Labels:
    """The names of a run's dates, assets and factors, and what all its results say of themselves."""

    dates: pd.DatetimeIndex
    assets: pd.Index
    factors: pd.Index
    attrs: dict[str, str]


class _Derived(BackendArray):
    """Make values when somebody first looks at them, and keep them then."""

    def __init__(self, make: Callable[[], Array], shape: tuple[int, ...]) -> None:
        self.make = make
        self.shape = shape
        self.dtype = np.dtype(np.float64)
        self._made: Array | None = None

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._select)

    def _select(self, key: tuple[Any, ...]) -> Array:
        if self._made is None:
            self._made = self.make()
        selected: Array = self._made[key]
        return selected


def array_of(values: Values) -> Array:
    """Give the array itself, made now if it was only promised."""
    return values() if callable(values) else values


def loadings_dataset(paths: Paths, labels: Labels) -> xr.Dataset:
    """Predicted and filtered loadings, by date, asset and factor."""
    shape = (len(labels.dates), len(labels.assets), len(labels.factors))
    names = ("predicted", "predicted_variance", "filtered", "filtered_variance")
    variables = {name: _variable(getattr(paths, name), shape) for name in names}
    coordinates = {"date": labels.dates, "asset": labels.assets, "factor": labels.factors}
    return xr.Dataset(variables, coordinates, labels.attrs)


def _variable(
    values: Values, shape: tuple[int, ...], dims: tuple[str, ...] = ("date", "asset", "factor")
) -> xr.Variable:
    data = indexing.LazilyIndexedArray(_Derived(values, shape)) if callable(values) else values
    return xr.Variable(dims, data)


def smoothed_dataset(panel: Panel, mean: Array, variance: Array, lag_one: Array) -> xr.Dataset:
    """Loadings given all data, by date, asset and factor."""
    dims = ("date", "asset", "factor")
    variables = {
        "smoothed": (dims, mean),
        "smoothed_variance": (dims, variance),
        "lag_one_covariance": (dims, lag_one),
    }
    return xr.Dataset(variables, {"date": panel.dates, "asset": panel.assets, "factor": panel.factors})


def covariances_dataset(panel: Panel, predicted: Array, filtered: Array) -> xr.Dataset:
    """Full covariances from packed lower triangles (T, N, K(K+1)/2), by date, asset and two factors."""
    states = len(panel.factors)
    rows, columns = np.tril_indices(states)
    place = np.empty((states, states), dtype=np.intp)
    place[rows, columns] = place[columns, rows] = np.arange(rows.size)
    dims = ("date", "asset", "factor", "factor_other")
    variables = {
        "predicted_covariance": (dims, predicted[:, :, place]),
        "filtered_covariance": (dims, filtered[:, :, place]),
    }
    coordinates = {"date": panel.dates, "asset": panel.assets}
    return xr.Dataset(variables, coordinates | {"factor": panel.factors, "factor_other": panel.factors})


def innovations_dataset(paths: Paths, labels: Labels) -> xr.Dataset:
    """Innovations and their variances, by date and asset."""
    dims = ("date", "asset")
    variables: dict[str, Any] = {
        "innovation": (dims, paths.innovation),
        "innovation_variance": (dims, paths.innovation_variance),
    }
    if paths.log_density is not None:
        variables["log_density"] = _variable(paths.log_density, paths.innovation.shape, dims)
    return xr.Dataset(variables, {"date": labels.dates, "asset": labels.assets}, labels.attrs)


def next_dataset(ahead: Ahead, labels: Labels) -> xr.Dataset:
    """Mean and covariance of the loadings on the first date not yet seen, and the noise's variance."""
    mean, covariance, noise = ahead
    variables = {
        "mean": (("asset", "factor"), mean),
        "covariance": (("asset", "factor", "factor_other"), covariance),
        "observation_variance": ("asset", noise),
    }
    coordinates = {"asset": labels.assets, "factor": labels.factors, "factor_other": labels.factors}
    return xr.Dataset(variables, coordinates, labels.attrs)


def returns_dataset(ahead: Ahead, scenarios: Array, labels: Labels) -> xr.Dataset:
    """Mean and variance of the returns for each row of regressors, without a label on the rows."""
    mean, covariance, noise = ahead
    expected = scenarios @ mean.T
    spread = np.einsum("sj,njk,sk->sn", scenarios, covariance, scenarios, optimize=True)
    variables = {
        "mean": (("scenario", "asset"), expected),
        "variance": (("scenario", "asset"), spread + noise),
    }
    return xr.Dataset(variables, {"asset": labels.assets}, labels.attrs)


def contributions_dataset(panel: Panel, loadings: xr.Dataset, which: str, residual_variance: Array) -> xr.Dataset:
    """Share of each factor in each return, the residual last; together they are the return."""
    x = panel.regressors[:, None, :]
    earned = loadings[which].to_numpy() * x
    deviation = np.sqrt(loadings[f"{which}_variance"].to_numpy()) * np.abs(x)
    rest = panel.returns - earned.sum(axis=2)
    earned = np.concatenate([earned, rest[:, :, None]], axis=2)
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


def fit_quality(paths: Paths, regressors: Array, assets: pd.Index) -> pd.DataFrame:
    """R-squared and root mean square error by asset, in sample and one step ahead, over the same returns."""
    one_step = paths.innovation
    predicted = _fitted(paths.predicted, regressors)
    in_sample = one_step + predicted - _fitted(paths.filtered, regressors)
    returns = np.where(np.isnan(in_sample), np.nan, one_step + predicted)
    count = np.count_nonzero(~np.isnan(returns), axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.nansum((returns - np.nansum(returns, axis=0) / count) ** 2, axis=0)
        squares = {"in_sample": np.nansum(in_sample**2, axis=0)}
        squares["one_step"] = np.nansum(np.where(np.isnan(returns), np.nan, one_step) ** 2, axis=0)
        columns = {f"r_squared_{name}": 1.0 - square / total for name, square in squares.items()}
        columns |= {f"rmse_{name}": np.sqrt(square / count) for name, square in squares.items()}
    table = pd.DataFrame({**columns, "returns_scored": count}, index=assets.rename("asset"))
    return table.replace([np.inf, -np.inf], np.nan)


def _fitted(loadings: Values, regressors: Array) -> Array:
    fitted: Array = np.einsum("tk,tnk->tn", regressors, array_of(loadings))
    return fitted


def concat_results(results: Sequence[xr.Dataset]) -> xr.Dataset:
    """Join results of successive calls along their dates.

    Parameters
    ----------
    results : sequence of Dataset
        `loadings_` or `innovations_` of a `fit` and the `partial_fit` calls after it, in that order.

    Returns
    -------
    Dataset
        All dates; an asset that a part lacks is NaN there. Attributes are those of the last part.

    Raises
    ------
    InputError
        If there is nothing to join, or the dates of one part do not follow those of the part before.
    """
    parts = list(results)
    if not parts:
        raise InputError("results is empty; at least one Dataset was expected. Pass e.g. [first, second].")
    for before, after in pairwise(parts):
        last, first = before.indexes["date"][-1], after.indexes["date"][0]
        if first <= last:
            raise InputError(
                f"results has a part that starts on {first} after one that ends on {last}; later dates were "
                "expected. Pass the parts in the order of their dates."
            )
    assets = max((part.indexes["asset"] for part in parts), key=len)
    known = set(assets)
    new = [name for part in parts for name in part.indexes["asset"] if name not in known]
    assets = assets.append(pd.Index(list(dict.fromkeys(new)))) if new else assets
    parts = [part if part.indexes["asset"].equals(assets) else part.reindex(asset=assets) for part in parts]
    return xr.concat(parts, dim="date", join="exact", combine_attrs="override").assign_attrs(parts[-1].attrs)
