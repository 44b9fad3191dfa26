"""Validates the options of `KalmanLoadings` and converts them to the arrays that the filter takes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.numbers import to_floats
from statefolio._arrays.text import shown
from statefolio._arrays.types import Array
from statefolio._options import Flag, Number, OneOf, check_options, is_number
from statefolio.exceptions import InputError
from statefolio.kalman.pooled import LEAST_MEMORY, MOST_FAST_WEIGHT, MOST_RISE, SURPRISE_SCALES
from statefolio.kalman.specification import CONSTANT, DISCOUNT, EWMA
from statefolio.kalman.tuning_spec import EVERYBODY, NEW_ASSETS, NOBODY, TuningSpec
from statefolio.kalman.volatility import MEMORIES

Progress = Callable[[str, int, int], None]
"""Called with the stage of tuning, the steps done and their total."""

RULES = {
    "dynamics": OneOf("panel_reverting", "mean_reverting", "random_walk") | None,
    "tuning": OneOf("pooled", "mle", "shrunk", "discount", "fixed"),
    "noise": OneOf("multi_speed", "ewma", "constant", "discount"),
    "tails": OneOf("student", "gaussian"),
    "degrees_of_freedom": Number(above=2.0, infinite=True, example=6.0) | None,
    "memory": Number(above=0.0, at_most=1.0, example=0.97) | None,
    "discount_factor": Number(above=0.0, at_most=1.0, example=0.95) | None,
    "fast_memory": Number(at_least=0.0, at_most=LEAST_MEMORY, example=0.6) | None,
    "fast_weight": Number(at_least=0.0, at_most=MOST_FAST_WEIGHT, example=0.12) | None,
    "surprise_scale": Number(at_least=SURPRISE_SCALES[0], at_most=SURPRISE_SCALES[1], example=1.06) | None,
    "parameter_uncertainty": Flag(),
    "slow_average": Flag(),
}
ESTIMATED_EACH = ("mle", "shrunk")
"""Tunings that estimate the state variances of each asset."""

LEAST_PANEL = 8
"""Assets from which on loadings revert to the panel's means by default."""

_NOISE = {"constant": CONSTANT, "ewma": EWMA, "multi_speed": EWMA, "discount": DISCOUNT}
_ONLY_WITH = (
    ("state_variance", "tuning", "fixed"),
    ("discount_factor", "tuning", "discount"),
    ("mean", "dynamics", "mean_reverting"),
    ("degrees_of_freedom", "tails", "student"),
    ("fast_memory", "noise", "multi_speed"),
    ("fast_weight", "noise", "multi_speed"),
    ("surprise_scale", "noise", "multi_speed"),
)
"""Options that have a meaning only with one value of another option."""


def check_kalman_options(options: Mapping[str, Any]) -> None:
    """Raise InputError for the first invalid option, or combination of options."""
    check_options(options, RULES)
    if options["noise"] == "discount" and (options["memory"] or 1.0) < LEAST_MEMORY:
        raise InputError(
            f"memory must be at least {LEAST_MEMORY} with noise='discount', got {options['memory']!r}. "
            f"Pass e.g. memory={LEAST_MEMORY}."
        )
    if options["tuning"] == "fixed" and options["state_variance"] is None:
        raise InputError(
            "state_variance must be a number, a mapping by factor or a DataFrame (asset, factor) with tuning='fixed', "
            "got None. Pass one, or let tuning='pooled' estimate it."
        )
    options = {**options, "dynamics": dynamics_of(options)}
    if options["phi"] is not None and options["dynamics"] == "random_walk":
        raise InputError(
            f"phi must be None with dynamics='random_walk', got {shown(options['phi'])}. Leave phi out, or set "
            "dynamics='mean_reverting'."
        )
    for name, needed, value in _ONLY_WITH:
        if options[name] is not None and options[needed] != value:
            raise InputError(
                f"{name} must be None with {needed}={options[needed]!r}, got {shown(options[name])}. "
                f"Leave {name} out, or set {needed}={value!r}."
            )
    _speeds(options)
    moves = options["factor_moves"]
    if _rise(moves) is not None and not (options["noise"] == "multi_speed" and options["common_volatility"]):
        raise InputError(
            f"factor_moves must be True or False without noise='multi_speed' and a common volatility, got {moves!r}. "
            "Leave factor_moves out, or set these two."
        )
    start = options["start"]
    named = start is None or (isinstance(start, str) and start in ("diffuse", "panel"))
    if not named and not (isinstance(start, tuple) and len(start) == 2):
        raise InputError(
            f"start must be None, 'diffuse', 'panel' or a pair (mean, covariance), got {shown(start)}. Pass e.g. "
            "start='diffuse'."
        )
    if isinstance(start, str) and start == "panel" and not _suggests_start(options):
        raise InputError(
            "start must be None, 'diffuse' or a pair (mean, covariance) unless the panel is tuned together (tuning="
            "'pooled' or 'shrunk') and loadings do not start from a stationary distribution, got 'panel'. "
            "Leave start out."
        )


def _suggests_start(options: Mapping[str, Any]) -> bool:
    """Return whether the assets of a panel tell each other where their loadings start."""
    return options["tuning"] in ("pooled", "shrunk") and options["dynamics"] != "mean_reverting"


def _from_panel(options: Mapping[str, Any]) -> str:
    """Return whose loadings start as those of the panel suggest."""
    if options["start"] is None:
        return NEW_ASSETS if _suggests_start(options) else NOBODY
    return EVERYBODY if isinstance(options["start"], str) and options["start"] == "panel" else NOBODY


def dynamics_of(options: Mapping[str, Any], assets: int = LEAST_PANEL) -> str:
    """Return how loadings move: where the options leave it out, they revert if a panel of assets tells where to.

    A given mean, or a persistence for assets too few to be a panel, says that they revert too.
    """
    given: str | None = options["dynamics"]
    if given is not None:
        return given
    pooled = options["tuning"] == "pooled"
    if options["mean"] is not None or (pooled and assets < LEAST_PANEL and options["phi"] is not None):
        return "mean_reverting"
    return "panel_reverting" if pooled and assets >= LEAST_PANEL else "random_walk"


def counts_uncertainty(options: Mapping[str, Any]) -> bool:
    """Return whether covariances count that the state variances of each asset are uncertain."""
    return bool(options["parameter_uncertainty"]) and options["tuning"] != "fixed"


def make_tuning_spec(options: Mapping[str, Any], assets: pd.Index, factors: pd.Index) -> TuningSpec:
    """Convert the options to the arguments of the filter: arrays in the order of the panel."""
    noise, several = _NOISE[options["noise"]], options["noise"] == "multi_speed"
    common = bool(options["common_volatility"]) and noise != CONSTANT
    scales = options["state_variance_scales"]
    dynamics = dynamics_of(options, len(assets))
    reverts = dynamics != "random_walk"
    state_variance = _by_asset_and_factor(options["state_variance"], "state_variance", assets, factors)
    _check_not_negative(state_variance, "state_variance")
    observation_variance = _by_asset(options["observation_variance"], assets)
    _check_not_negative(observation_variance, "observation_variance")
    if observation_variance is not None and not observation_variance.all():
        raise InputError("observation_variance must be positive, got zeros. Pass positive variances, or leave it out.")
    if isinstance(options["phi"], pd.DataFrame):
        raise InputError(
            "phi must be a number or a mapping by factor, got a DataFrame. All assets share it: pass e.g. phi=0.98."
        )
    phi = _by_asset_and_factor(options["phi"], "phi", assets, factors)
    if phi is not None and not ((phi > 0.0) & (phi <= 1.0)).all():
        raise InputError(
            f"phi must be above 0 and at most 1, got values from {phi.min():g} to {phi.max():g}. Pass e.g. phi=0.98."
        )
    mean = _by_asset_and_factor(options["mean"], "mean", assets, factors) if reverts else None
    if mean is not None and not np.isfinite(mean).all():
        raise InputError("mean must hold finite loadings, got NaN or infinite values. Pass e.g. mean=0.0.")
    return TuningSpec(
        tuning=options["tuning"],
        noise=noise,
        gaussian=options["tails"] == "gaussian",
        scales=noise == EWMA if scales is None else bool(scales),
        reverts=reverts,
        common=common,
        speeds=len(MEMORIES) if several else 1,
        moves=several and common and options["factor_moves"] is not False,
        start=_start(options["start"], assets, factors),
        from_panel=_from_panel({**options, "dynamics": dynamics}),
        before_prediction=bool(options["before_prediction"]),
        state_variance=state_variance,
        observation_variance=observation_variance,
        phi=phi[:, 0] if reverts and phi is not None else None,
        mean=mean,
        to_panel=dynamics == "panel_reverting",
        tails=options["degrees_of_freedom"],
        memory=options["memory"],
        exponents=_speeds(options),
        rise=_rise(options["factor_moves"]),
        fast_memory=options["fast_memory"],
        fast_weight=options["fast_weight"],
        surprise_scale=options["surprise_scale"],
        discount=options["discount_factor"],
        uncertain=counts_uncertainty(options),
        slow_average=bool(options["slow_average"]),
    )


def _speeds(options: Mapping[str, Any]) -> Array | None:
    """Return the given exponents of the common volatility, one per speed; None where they are tuned."""
    given, several = options["volatility_exponent"], options["noise"] == "multi_speed"
    if given is None:
        return None
    speeds = len(MEMORIES) if several else 1
    if is_number(given) and np.isfinite(given):
        return np.append(float(given), np.zeros(speeds - 1))
    if several and isinstance(given, Sequence) and len(given) == speeds and all(map(is_number, given)):
        return np.array(given, dtype=float)
    many = (
        f"one number, or {speeds} for the memories {', '.join(f'{m:g}' for m in MEMORIES)}" if several else "a number"
    )
    raise InputError(
        f"volatility_exponent must be {many}, got {shown(given)}. Pass e.g. volatility_exponent=0.9, or leave it out."
    )


def _rise(given: Any) -> float | None:
    """Return the given rise of the noise with the size of factor moves; None where it is tuned, or has no part."""
    if isinstance(given, bool | np.bool_):
        return None
    if is_number(given) and 0.0 <= given <= MOST_RISE:
        return float(given)
    raise InputError(
        f"factor_moves must be True, False or a number from 0 to {MOST_RISE:g}, got {shown(given)}. "
        "Pass e.g. factor_moves=True."
    )


def _by_asset_and_factor(given: Any, name: str, assets: pd.Index, factors: pd.Index) -> Array | None:
    """Convert a number, a mapping by factor or a DataFrame (asset, factor) to (K, N + 1).

    The last column is the median: it serves assets that join later.
    """
    if given is None:
        return None
    shape = (len(factors), len(assets) + 1)
    if isinstance(given, pd.DataFrame):
        _check_complete(name, given.columns, factors, "factors")
        _check_complete(name, given.index, assets, "assets")
        values = _numbers(given.loc[assets, factors], name).T
        return np.column_stack([values, np.median(values, axis=1)])
    if isinstance(given, Mapping | pd.Series):
        _check_complete(name, pd.Index(list(given.keys())), factors, "factors")
        column = np.array([_number(given[factor], name) for factor in factors])
        return np.repeat(column[:, None], shape[1], axis=1)
    return np.full(shape, _number(given, name))


def _by_asset(given: Any, assets: pd.Index) -> Array | None:
    """Convert a number or a Series by asset to (N + 1,); the last is the median, for assets that join later."""
    if given is None:
        return None
    if isinstance(given, Mapping | pd.Series):
        series = given if isinstance(given, pd.Series) else pd.Series(given, dtype=object)
        _check_complete("observation_variance", series.index, assets, "assets")
        values = _numbers(series.reindex(assets), "observation_variance")
        return np.append(values, np.median(values))
    return np.full(len(assets) + 1, _number(given, "observation_variance"))


def _number(given: Any, name: str) -> float:
    values = _numbers(given, name)
    if values.ndim or given is None:
        raise _no_numbers(name, given)
    return float(values)


def _numbers(given: Any, name: str) -> Array:
    """Return real numbers as floats, or raise InputError."""
    try:
        return to_floats(given)
    except (TypeError, ValueError) as error:  # ValueError: rows of different lengths
        raise _no_numbers(name, given) from error


def _no_numbers(name: str, given: Any) -> InputError:
    return InputError(
        f"{name} must be a number or labelled numbers (mapping, Series or DataFrame), got {shown(given)}. "
        "Label the values, e.g. {'alpha': 0.0, 'market': 1e-5}."
    )


def _check_complete(name: str, given: pd.Index, expected: pd.Index, kind: str) -> None:
    absent = expected.difference(given, sort=False)
    if len(absent):
        raise InputError(
            f"{name} must name all {len(expected)} {kind}, got no value for {len(absent)} (first: {absent[0]!r}). "
            "Add them; the constant is called 'alpha'."
        )


def _check_not_negative(values: Array | None, name: str) -> None:
    if values is not None and not (np.isfinite(values).all() and (values >= 0.0).all()):
        smallest = float(np.nanmin(values)) if np.isfinite(values).any() else float("nan")
        raise InputError(
            f"{name} must hold finite variances of at least 0, got values that are negative or not finite (smallest: "
            f"{smallest:g}). Pass variances, e.g. {name}=1e-5."
        )


def _start(given: Any, assets: pd.Index, factors: pd.Index) -> tuple[Array, Array] | None:
    """Convert a given start to means (N + 1, K) and covariances (N + 1, K, K); None where none is given."""
    if given is None or isinstance(given, str):
        return None
    states, count = len(factors), len(assets) + 1
    mean, covariance = (_numbers(part, "start") for part in given)
    if covariance.ndim == 0:
        covariance = np.eye(states) * covariance
    try:
        mean = np.broadcast_to(mean if mean.ndim < 2 else np.vstack([mean, np.median(mean, axis=0)]), (count, states))
        if covariance.ndim == 3:
            covariance = np.concatenate([covariance, covariance.mean(axis=0, keepdims=True)])
        covariance = np.broadcast_to(covariance, (count, states, states))
    except ValueError as error:
        raise InputError(
            f"start must be a mean ({states},) and a covariance ({states}, {states}) of "
            f"{', '.join(map(str, factors))}, or one of each for every asset, got shapes {mean.shape} and "
            f"{covariance.shape}. Pass e.g. start=(np.zeros({states}), np.eye({states}))."
        ) from error
    symmetric = np.allclose(covariance, covariance.transpose(0, 2, 1), rtol=1e-10, atol=0.0)
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all() and symmetric):
        raise InputError(
            "start must hold finite values and a symmetric covariance, got others. Check both arrays for NaN, and pass "
            "(covariance + covariance.T) / 2."
        )
    smallest = np.linalg.eigvalsh(covariance)[:, 0] if states else np.zeros(1)
    if (smallest < -1e-10 * np.abs(covariance).max()).any():
        raise InputError(
            f"start must hold a covariance without negative eigenvalues, got one of {smallest.min():g}. "
            "Pass a covariance matrix."
        )
    return np.ascontiguousarray(mean), np.ascontiguousarray(covariance)
