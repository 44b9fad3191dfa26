"""Builds the model of a Kalman hedge whose parameters are given."""

from typing import Any

import numpy as np

from statefolio._arrays.text import shown
from statefolio._arrays.types import Array
from statefolio._options import Number, check, check_options
from statefolio.exceptions import InputError
from statefolio.pairs.model import HedgeModel

RULES = {
    "delta": Number(at_least=0.0, below=1.0, example=1e-4) | None,
    "observation_variance": Number(above=0.0, example=1e-3) | None,
    "spread_mean": Number(example=0.0),
}
DELTA, OBSERVATION_VARIANCE = 1e-4, 1e-3
"""Chan's values, for prices near 20: the hedge moves the predicted price by about 1 % a date."""
DELTA_LOGS, OBSERVATION_VARIANCE_LOGS = 1e-5, 2.5e-6
"""The same for logarithms, which are near 3: the observation variance relative to a squared price of 400, and steps of
the ratio that move the predicted price by about 1 % a date. With Chan's values no innovation leaves the bands."""
PERSISTENCE = Number(above=-1.0, below=1.0, example=0.9)


def check_given(hedge: Any) -> None:
    """Raise InputError for a parameter of a Kalman hedge with tuning="fixed" that is not valid."""
    check_options(hedge, RULES)
    if hedge.start is not None and (not isinstance(hedge.start, tuple | list) or len(hedge.start) != 2):
        raise InputError(
            f"start must be a pair (mean, variance) of lists with one number per state, got {shown(hedge.start)}. "
            "Pass e.g. start=([0, 1], [1, 0.1]) for two assets."
        )
    if hedge.transition == "stationary":
        check("persistence", hedge.persistence, PERSISTENCE)


def given_model(hedge: Any, states: int) -> HedgeModel:
    """Return the model of a Kalman hedge with tuning="fixed".

    Raises
    ------
    InputError
        For arrays of another length, and for variances below zero.
    """
    delta = hedge.delta if hedge.delta is not None else DELTA_LOGS if hedge.logs else DELTA
    usual = OBSERVATION_VARIANCE_LOGS if hedge.logs else OBSERVATION_VARIANCE
    observed = usual if hedge.observation_variance is None else hedge.observation_variance
    variance = np.full(states, delta / (1.0 - delta))
    if hedge.state_variance is not None:
        variance = _vector(hedge.state_variance, states, "state_variance")
    start = (np.zeros(states), np.zeros(states)) if hedge.start is None else hedge.start
    mean, spread = (_vector(part, states, "start") for part in start)
    if (variance < 0.0).any() or (spread < 0.0).any():
        raise InputError("state_variance and the variances of start must be at least 0, got one below. Pass 0 or more.")
    reverts = hedge.transition == "stationary"
    a = float(hedge.persistence) if reverts and hedge.persistence is not None else 1.0
    m = float(hedge.spread_mean) if reverts else 0.0
    return HedgeModel(a, m, float(observed), variance, mean, spread, before_prediction=False)


def _vector(given: Any, states: int, name: str) -> Array:
    message = (
        f"{name} must have {states} finite numbers, one per state with the level first, got {shown(given)}. "
        "Pass a list of them."
    )
    try:
        vector = np.asarray(given, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(message) from error
    if vector.shape != (states,) or not np.isfinite(vector).all():
        raise InputError(message)
    return vector
