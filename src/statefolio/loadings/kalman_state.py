"""Converts what `KalmanLoadings` learned to the columns of `parameters_`, and to arrays for a model file and back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from statefolio.kalman.specification import Specification
from statefolio.kalman.tuning_spec import Learned

Arrays = dict[str, np.ndarray[Any, Any]]


def parameter_columns(learned: Learned, factors: list[str], count: int, *, with_means: bool) -> dict[str, Any]:
    """Return the columns of `parameters_`: one value for each of the first `count` assets."""
    table: dict[str, Any] = {"observation_variance": learned.level}
    table |= {f"state_variance_{f}": learned.state_variance[j] for j, f in enumerate(factors)}
    table["observation_variance_standard_error"] = learned.standard_error[0]
    table |= {f"state_variance_{f}_standard_error": learned.standard_error[1 + j] for j, f in enumerate(factors)}
    table |= {f"phi_{f}": learned.phi[j] for j, f in enumerate(factors)}
    if with_means:
        table |= {f"mean_{f}": learned.mean[j] for j, f in enumerate(factors)}
    spec = learned.spec
    shared = {
        "degrees_of_freedom": spec.tails,
        "memory": spec.memory,
        "volatility_exponent": learned.exponent,
        "discount_factor": spec.discount,
    }
    table |= {name: np.full(count + 1, value) for name, value in shared.items()}
    table |= {"converged": learned.converged, "reason": learned.reason.astype(object)}
    return {name: values[:count] for name, values in table.items()}


def learned_to_arrays(learned: Learned) -> Arrays:
    """Return the learned hyper-parameters as named arrays."""
    values = {field.name: getattr(learned, field.name) for field in fields(Learned)}
    arrays = {f"law_{name}": np.array(value) for name, value in values.pop("spec")._asdict().items()}
    return arrays | {f"learned_{name}": np.asarray(value) for name, value in values.items()}


def learned_from_arrays(arrays: Mapping[str, Any]) -> Learned:
    """Return the hyper-parameters that `learned_to_arrays` converted."""
    spec = Specification(**{name: value.item() for name, value in with_prefix(arrays, "law_").items()})
    learned = with_prefix(arrays, "learned_")
    learned.setdefault("teaches", np.ones(learned["level"].size, dtype=bool))  # files of earlier versions
    return Learned(spec=spec, **{**learned, "exponent": learned["exponent"].item()})


def with_prefix(arrays: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the arrays whose names start with the prefix, without it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
