"""Keeps the results of a run's last date in the file of a model, so that a loaded model shows them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from statefolio._arrays.types import Array
from statefolio.loadings.array_layout import Form
from statefolio.loadings.results import Forecast, RunResults, array_of

_LOADINGS = ("filtered", "filtered_variance", "predicted", "predicted_variance")
_RETURNS = ("innovation", "innovation_variance", "observation_variance")
PREFIX = "last/"
"""Begins the names of these arrays in a file."""


def last_arrays(run: RunResults, regressors: Array) -> dict[str, np.ndarray[Any, Any]]:
    """Return the arrays of the last date of a run, by their names in a file."""
    found = {name: array_of(getattr(run, name))[-1:] for name in (*_LOADINGS, *_RETURNS[:2])}
    noise = run.observation_variance
    found["observation_variance"] = np.zeros_like(run.innovation[-1:]) if noise is None else array_of(noise)[-1:]
    found["regressors"] = regressors[-1:]
    return {f"{PREFIX}{name}": np.array(values, dtype=np.float64) for name, values in found.items()}


def last_forms(assets: int, states: int) -> dict[str, Form]:
    """Return the types and shapes of these arrays; a file may lack them."""
    forms = {name: Form("f", (1, assets, states)) for name in _LOADINGS}
    forms |= {name: Form("f", (1, assets)) for name in _RETURNS}
    forms["regressors"] = Form("f", (1, states))
    return {f"{PREFIX}{name}": form for name, form in forms.items()}


def last_run(
    arrays: Mapping[str, Array], forecast: Forecast | Callable[[], Forecast]
) -> tuple[RunResults, Array] | None:
    """Return the results of the last date and its regressors from a file's arrays; None if the file has none."""
    found = {name.removeprefix(PREFIX): values for name, values in arrays.items() if name.startswith(PREFIX)}
    if not found:
        return None
    regressors = found.pop("regressors")
    return RunResults(forecast=forecast, **{name: found[name] for name in (*_LOADINGS, *_RETURNS)}), regressors  # type: ignore[arg-type]
