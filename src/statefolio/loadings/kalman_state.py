"""Converts what `KalmanLoadings` learned to the columns of `parameters_`, and to arrays for a model file and back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from statefolio.kalman.blocks import padded
from statefolio.kalman.errors import error_rows
from statefolio.kalman.slow_average import SlowAverage
from statefolio.kalman.specification import Specification
from statefolio.kalman.stale_returns import new_watch
from statefolio.kalman.tuning_spec import Learned
from statefolio.kalman.volatility import Moments
from statefolio.loadings.array_layout import Form, with_prefix
from statefolio.loadings.unidentified import direction_forms

Arrays = dict[str, np.ndarray[Any, Any]]

_EXPONENTS = ("volatility_exponent", "volatility_exponent_fast", "volatility_exponent_slow")
"""Columns of the exponents of the common levels, in the order of their speeds (kalman/volatility.py)."""


_OF_ONE_SPEED = ("level", "learned_exponent")
"""Arrays of files from before noise had several speeds."""

_OF_SEVERAL_SPEEDS = (
    "levels",
    "learned_exponents",
    "learned_rise",
    *(f"moments_{name}" for name in Moments._fields),
    *(f"law_{name}" for name in Specification._field_defaults),
)
"""Arrays that such files lack."""


def parameter_columns(learned: Learned, factors: list[str], count: int, *, with_means: bool) -> dict[str, Any]:
    """Return the columns of `parameters_`: one value for each of the first `count` assets."""
    table: dict[str, Any] = {"observation_variance": learned.level}
    tuned = learned.state_variance if learned.likeliest is None else learned.likeliest
    table |= {f"state_variance_{f}": tuned[j] for j, f in enumerate(factors)}
    if learned.likeliest is not None:
        table |= {f"state_variance_{f}_expected": learned.state_variance[j] for j, f in enumerate(factors)}
    table["observation_variance_standard_error"] = learned.standard_error[0]
    table |= {f"state_variance_{f}_standard_error": learned.standard_error[1 + j] for j, f in enumerate(factors)}
    table |= {f"phi_{f}": learned.phi[j] for j, f in enumerate(factors)}
    if with_means:
        table |= {f"mean_{f}": learned.mean[j] for j, f in enumerate(factors)}
    spec = learned.spec
    shared = {
        "degrees_of_freedom": spec.tails,
        "memory": spec.memory,
        "discount_factor": spec.discount,
    }
    if spec.fast_weight > 0.0:
        shared |= {name: getattr(spec, name) for name in ("fast_memory", "fast_weight", "surprise_scale")}
    exponents = learned.exponents if learned.exponents.size else np.zeros(1)
    shared |= dict(zip(_EXPONENTS, exponents, strict=False))
    if learned.rise:
        shared["factor_moves"] = learned.rise
    table |= {name: np.full(count + 1, value) for name, value in shared.items()}
    table |= {"converged": learned.converged, "reason": learned.reason.astype(object)}
    return {name: values[:count] for name, values in table.items()}


def learned_to_arrays(learned: Learned) -> Arrays:
    """Return the learned hyper-parameters as named arrays."""
    values = {field.name: getattr(learned, field.name) for field in fields(Learned)}
    arrays = {f"law_{name}": np.array(value) for name, value in values.pop("spec")._asdict().items()}
    return arrays | {f"learned_{name}": np.asarray(value) for name, value in values.items() if value is not None}


def learned_from_arrays(arrays: Mapping[str, Any]) -> Learned:
    """Return the hyper-parameters that `learned_to_arrays` converted."""
    spec = Specification(**{name: value.item() for name, value in with_prefix(arrays, "law_").items()})
    learned = with_prefix(arrays, "learned_")
    learned.setdefault("teaches", np.ones(learned["level"].size, dtype=bool))  # files of earlier versions
    if "exponent" in learned:  # in files of earlier versions the common volatility has one speed
        learned |= {"exponents": np.atleast_1d(learned.pop("exponent")).astype(float), "rise": np.array(0.0)}
    return Learned(spec=spec, **{**learned, "rise": learned["rise"].item()})


def kalman_forms(assets: int, states: int) -> tuple[dict[str, Form], frozenset[str]]:
    """Return the types and shapes of the arrays of a model file, and the names of those that it may lack."""
    lanes, law, columns = padded(assets), "fiu", assets + 1
    of_filter = {
        "mean": Form("f", (states, lanes), -1),
        "covariance": Form("f", (states * (states + 1) // 2, lanes), -1),
        "level": Form("f", (lanes,), 0),
        "fast": Form("f", (lanes,), 0),
        "worth": Form("f", (lanes,), 0),
        "error": Form("f", (error_rows(states), lanes), -1),
        "stage": Form("i", (lanes,), 0),
        "a": Form("f", (None, states), 0),
        "P": Form("f", (None, states, states), 0),
        "A": Form("f", (None, states, states), 0),
        "U": Form("f", (None, states, states + 1), 0),
        "rows": Form("i", (lanes,), 0),
        "size": Form("f", (lanes, states), 0),
    }
    forms = {f"{which}_{name}": form for which in ("filter", "pilot") for name, form in of_filter.items()}
    watch = {f"watch_{name}": Form(a.dtype.kind, a.shape, -1) for name, a in new_watch(assets)._asdict().items()}
    forms |= watch
    average = {f"average_{name}": Form("f", (states, lanes), -1) for name in SlowAverage._fields}
    forms |= average
    tuned = {f"tuned_{name}": form for name, form in direction_forms(assets, states).items()}
    forms |= tuned
    forms |= {f"law_{name}": Form("b" if name in ("scales", "reverts") else law, ()) for name in Specification._fields}
    forms |= {
        "levels": Form("f", (None,)),
        "level": Form("f", ()),
        "moments_total": Form("f", (states, states)),
        "moments_weight": Form("f", ()),
        "moments_dates": Form("i", ()),
        "learned_state_variance": Form("f", (states, columns), -1, newcomer=True),
        "learned_likeliest": Form("f", (states, columns), -1, newcomer=True),
        "learned_error_variance": Form("f", (states, columns), -1, newcomer=True),
        "learned_level": Form("f", (columns,), -1, newcomer=True),
        "learned_phi": Form("f", (states, columns), -1, newcomer=True),
        "learned_mean": Form("f", (states, columns), -1, newcomer=True),
        "learned_exponents": Form("f", (None,)),
        "learned_exponent": Form(law, ()),
        "learned_rise": Form(law, ()),
        "learned_pilot_ratio": Form("f", (states,)),
        "learned_standard_error": Form("f", (1 + states, columns), -1, newcomer=True),
        "learned_converged": Form("b", (columns,), -1, newcomer=True),
        "learned_reason": Form("U", (columns,), -1, newcomer=True),
        "learned_teaches": Form("b", (columns,), -1, newcomer=True),
        "learned_origin": Form("f", (2, states)),
        "learned_lean": Form("f", (None, 3, states)),
        "learned_from_panel": Form("b", (columns,), -1, newcomer=True),
        "start_mean": Form("f", (columns, states), 0, newcomer=True),
        "start_covariance": Form("f", (columns, states, states), 0, newcomer=True),
    }
    # Files of earlier versions lack some; a start, moments and a pilot filter are there only where the model has them.
    optional = {*watch, *tuned, *(f"pilot_{name}" for name in of_filter), *_OF_ONE_SPEED, *_OF_SEVERAL_SPEEDS}
    optional |= {"filter_rows", "filter_size", "filter_fast", "filter_error", "learned_teaches", "learned_likeliest"}
    optional |= {*average, "learned_lean"}
    optional |= {"learned_error_variance", "learned_origin", "learned_from_panel", "start_mean", "start_covariance"}
    return forms, frozenset(optional)
