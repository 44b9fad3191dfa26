"""Computes the calibration of a model: coverage of its bands and autocorrelation of its innovations."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio.report.fitted_loadings import FittedLoadings, Floats, dates, tuned_until
from statefolio.validation.probability import probabilities

LEVELS = (0.50, 0.80, 0.90, 0.95, 0.99)
LAGS = 20
FEWEST = 60
"""The fewest returns for which an autocorrelation is computed."""


@dataclass(frozen=True)
class Calibration:
    """Standardised innovations and their probability integral transforms (date, asset), and the dates in sample."""

    standardised: Floats
    probability: Floats
    in_sample: NDArray[np.bool_]
    degrees_of_freedom: float | None

    def periods(self) -> Mapping[str, NDArray[np.bool_]]:
        """Return the dates of each period that has dates, by the period's name."""
        if not self.in_sample.any():
            return {"All dates": ~self.in_sample}
        both = {"In sample": self.in_sample, "Out of sample": ~self.in_sample}
        return {name: where for name, where in both.items() if where.any()}

    def evaluated(self) -> NDArray[np.bool_]:
        """Return the dates on which a model is evaluated: those out of sample if they have returns, otherwise all."""
        outside = ~self.in_sample
        return outside if np.isfinite(self.standardised[outside]).any() else np.ones_like(outside)


def calibrate(model: FittedLoadings) -> Calibration:
    """Standardise a model's innovations and compute their probability integral transforms under the model."""
    innovations = model.innovations_.transpose("date", "asset", ...)
    variance = np.asarray(innovations["innovation_variance"], dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.asarray(innovations["innovation"], dtype=float) / np.sqrt(variance)
    z[~np.isfinite(z)] = np.nan
    informative = getattr(model, "informative_", None)
    if isinstance(informative, pd.DataFrame):  # the first dates after a diffuse start say nothing about a model
        z[~informative.to_numpy()] = np.nan
    freedom = degrees_of_freedom(model)
    cut = tuned_until(model)
    inside = np.zeros(len(z), dtype=bool) if cut is None else np.asarray(dates(model) <= cut)
    return Calibration(z, probabilities(z, np.ones(()), np.inf if freedom is None else freedom), inside, freedom)


def degrees_of_freedom(model: FittedLoadings) -> float | None:
    """Return the Student-t degrees of freedom of the model's returns; None if they are normal."""
    parameters = getattr(model, "parameters_", None)
    if not isinstance(parameters, pd.DataFrame) or "degrees_of_freedom" not in parameters:
        return None
    value = float(parameters["degrees_of_freedom"].median())
    return value if np.isfinite(value) and value > 0.0 else None


def coverage(calibration: Calibration) -> pd.DataFrame:
    """Return the share of returns within each predicted band, with one row per level and one column per period."""
    table = {
        name: [_covered(calibration.probability[where], level) for level in LEVELS]
        for name, where in calibration.periods().items()
    }
    return pd.DataFrame(table, index=pd.Index(LEVELS, name="level"))


def coverage_by_asset(calibration: Calibration, level: float = 0.95) -> Floats:
    """Return each asset's share of returns within its predicted band on the evaluated dates."""
    u = calibration.probability[calibration.evaluated()]
    known = np.isfinite(u)
    inside = known & (np.abs(np.where(known, u, 0.0) - 0.5) <= level / 2)
    counted = known.sum(axis=0)
    return np.where(counted > 0, inside.sum(axis=0) / np.maximum(counted, 1), np.nan)


def autocorrelation(values: Floats, lags: int = LAGS) -> Floats:
    """Return the autocorrelations (lag, series) of each column.

    Each lag uses the pairs of dates on which both values are known. Columns with fewer than `FEWEST` values give NaN.
    """
    found = np.full((lags, values.shape[1]), np.nan)
    enough = np.isfinite(values).sum(axis=0) >= FEWEST
    if not enough.any():
        return found
    centred = values[:, enough] - np.nanmean(values[:, enough], axis=0)
    variance = np.nanmean(centred**2, axis=0)
    filled = np.nan_to_num(centred)
    known = np.isfinite(centred).astype(float)
    for lag in range(1, min(lags, len(values) - 1) + 1):
        pairs = (known[lag:] * known[:-lag]).sum(axis=0)
        product = (filled[lag:] * filled[:-lag]).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            found[lag - 1, enough] = product / pairs / variance
    return found


def _covered(probability: Floats, level: float) -> float:
    u = probability[np.isfinite(probability)]
    return float((np.abs(u - 0.5) <= level / 2).mean()) if u.size else float("nan")
