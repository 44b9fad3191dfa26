"""Computes log predictive densities, and the score of a fitted model on data that it has seen or that follow."""

from copy import deepcopy
from math import pi
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_labels
from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError


def log_densities(model: Any) -> Array:
    """Return the log predictive densities (T, N) of the results of a model; Gaussian where it has no own ones."""
    found = model.innovations_
    if "log_density" in found:
        own: Array = found["log_density"].to_numpy()
        return own
    v, S = found["innovation"].to_numpy(), found["innovation_variance"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        density: Array = -0.5 * (np.log(2.0 * pi * S) + v * v / S)
    return density


def densities_by_date(model: Any, returns: Any, factors: Any) -> pd.DataFrame:
    """Return log predictive densities by date and asset of data that a model has seen or that follow.

    The model is not changed: it continues over later dates in a copy. See `LoadingsModel.score`.
    """
    dates, _ = read_labels(returns, "returns")
    seen = model.dates_ if "_run_results" in model.__dict__ else dates[:0]
    later = dates > model.last_date_
    unknown = dates[~later & ~dates.isin(seen)]
    if len(unknown):
        raise InputError(
            f"returns must have dates of the results of this model, or later ones, got {show(unknown[0])}, on which it "
            "made no forecast. Score later dates; in a cross-validation use TimeSeriesSplit."
        )
    parts = []
    if not later.all():
        known = pd.DataFrame(log_densities(model), model.dates_, model.assets_)
        parts.append(known.loc[dates[~later]])
    if later.any():
        continued = deepcopy(model).partial_fit(returns.loc[later], factors)
        parts.append(pd.DataFrame(log_densities(continued), continued.dates_, continued.assets_))
    scores: pd.DataFrame = pd.concat(parts)
    return scores
