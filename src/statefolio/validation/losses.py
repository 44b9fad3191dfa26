"""Computes losses of predictions by date and asset, and their cross-sectional means; smaller is better."""

from math import lgamma, log, pi

import numpy as np
import pandas as pd
import xarray as xr

from statefolio._arrays.types import Array
from statefolio.validation.predictions import Predictions

MEMORY = 0.98
NU = 6.0
CAP = 9.0
FLOOR = 1e-4

LOSSES = ("squared_error", "negative_log_score", "negative_log_score_common", "qlike")


def model_losses(predictions: Predictions, name: str) -> dict[str, Array]:
    """Compute the losses (test dates, N) of one model, NaN for returns that are not scored.

    `squared_error` is v^2 of the error v. `negative_log_score` is minus the log predictive density under the model's
    noise; `negative_log_score_common` is the same under one noise model for all models (`common_density`). `qlike` is
    log S + v^2/S, where S is the model's variance of the error.
    """
    one, first, scored = predictions.by_model[name], predictions.first, predictions.scored
    errors = np.where(predictions.known, one.errors, np.nan)
    start = mean_of_columns(errors[:first] ** 2)
    start = np.where(np.isnan(start), _median(start), start)
    squared = errors[first:] ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        qlike = np.log(one.variance) + squared / one.variance
    common = -common_density(errors[first:], start)
    losses = (squared, -one.density, common, qlike)
    return {loss: np.where(scored, values, np.nan) for loss, values in zip(LOSSES, losses, strict=True)}


def losses_dataset(predictions: Predictions) -> xr.Dataset:
    """Return losses, innovations and probability integral transforms by model, date and asset."""
    tables: dict[str, list[Array]] = {name: [] for name in (*LOSSES, "innovation", "probability")}
    for name, one in predictions.by_model.items():
        found = model_losses(predictions, name)
        found["innovation"] = np.where(predictions.scored, one.errors[predictions.first :], np.nan)
        found["probability"] = np.where(predictions.scored, one.probability, np.nan)
        for variable, values in found.items():
            tables[variable].append(values)
    coordinates = {
        "model": pd.Index(list(predictions.by_model), name="model"),
        "date": predictions.tested,
        "asset": predictions.assets,
    }
    return xr.Dataset(
        {name: (("model", "date", "asset"), np.stack(values)) for name, values in tables.items()}, coordinates
    )


def date_series(losses: xr.Dataset, loss: str) -> pd.DataFrame:
    """Average a loss by date and model, over the assets scored on the date.

    All models are scored on the same returns, so differences of columns are means of differences. Dates without a
    scored return are left out.
    """
    return _means(losses[loss].to_numpy(), losses)


def adjustment_series(losses: xr.Dataset, smaller: str, larger: str) -> pd.Series:
    """Clark and West's adjusted difference of squared errors, e1^2 - (e2^2 - (y1 - y2)^2), averaged by date."""
    e1, e2 = (losses["innovation"].sel(model=name).to_numpy() for name in (smaller, larger))
    adjusted = e1**2 - (e2**2 - (e1 - e2) ** 2)
    return _means(adjusted[None], losses.isel(model=[0])).iloc[:, 0].rename(None)


def _means(values: Array, losses: xr.Dataset) -> pd.DataFrame:
    count = np.isfinite(values[0]).sum(axis=1)
    some = count > 0
    mean = np.nansum(values[:, some], axis=2) / count[some]
    dates, models = losses.indexes["date"][some], losses.indexes["model"]
    return pd.DataFrame(mean.T, index=dates, columns=models)


def common_density(errors: Array, start: Array) -> Array:
    """Log density of errors (T, N) under the common noise model, its variance starting at `start` (N,)."""
    constant = lgamma(0.5 * (NU + 1.0)) - lgamma(0.5 * NU) - 0.5 * log((NU - 2.0) * pi)
    S, density = start.copy(), np.full(errors.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        for t, v in enumerate(errors):
            u = v * v / S
            density[t] = constant - 0.5 * np.log(S) - 0.5 * (NU + 1.0) * np.log1p(u / (NU - 2.0))
            learned = np.maximum(MEMORY * S + (1.0 - MEMORY) * np.minimum(u, CAP) * S, FLOOR * start)
            S = np.where(np.isnan(v), S, learned)
    return density


def mean_of_columns(values: Array) -> Array:
    """Means of columns without NaN; NaN for a column without values."""
    count = np.count_nonzero(~np.isnan(values), axis=0)
    with np.errstate(invalid="ignore"):
        mean: Array = np.nansum(values, axis=0) / np.where(count > 0, count, np.nan)
    return mean


def _median(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")
