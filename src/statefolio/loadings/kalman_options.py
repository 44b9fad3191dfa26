"""The options of KalmanLoadings, checked and turned into what the engine is asked for."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio.exceptions import InputError
from statefolio.kalman.law import CONSTANT, DISCOUNT, EWMA
from statefolio.kalman.pooled import LEAST_MEMORY
from statefolio.kalman.tuning import Wish

Array = npt.NDArray[np.float64]

CHOICES = {
    "dynamics": ("random_walk", "mean_reverting"),
    "tuning": ("pooled", "mle", "shrunk", "discount", "fixed"),
    "noise": ("ewma", "constant", "discount"),
    "tails": ("student", "gaussian"),
}
_NOISE = {"constant": CONSTANT, "ewma": EWMA, "discount": DISCOUNT}
_RANGES = {
    "degrees_of_freedom": (2.0, np.inf),
    "memory": (0.0, 1.0),
    "discount_factor": (0.0, 1.0),
    "volatility_exponent": (-np.inf, np.inf),
}
_ONLY_WITH = (
    ("state_variance", "tuning", "fixed"),
    ("discount_factor", "tuning", "discount"),
    ("phi", "dynamics", "mean_reverting"),
    ("mean", "dynamics", "mean_reverting"),
    ("degrees_of_freedom", "tails", "student"),
)
"""Options that have a meaning only beside another."""


def check_options(options: Mapping[str, Any]) -> None:
    """Raise InputError for the first option that cannot be used."""
    for name, valid in CHOICES.items():
        if options[name] not in valid:
            raise InputError(
                f"{name}={options[name]!r}; one of {', '.join(map(repr, valid))} was expected. Pass one of them."
            )
    for name, (least, most) in _RANGES.items():
        value = options[name]
        if value is not None and not (isinstance(value, int | float) and least < value <= most):
            raise InputError(f"{name}={value!r}; a number above {least} and up to {most} was expected.")
    if options["noise"] == "discount" and (options["memory"] or 1.0) < LEAST_MEMORY:
        raise InputError(f"memory={options['memory']!r}; with noise='discount' at least {LEAST_MEMORY} was expected.")
    if options["tuning"] == "fixed" and options["state_variance"] is None:
        raise InputError(
            "tuning='fixed' came without state_variance; a number, a mapping by factor or a frame asset x factor "
            "was expected. Pass one, or let tuning='pooled' find it."
        )
    for name, needed, value in _ONLY_WITH:
        if options[name] is not None and options[needed] != value:
            raise InputError(
                f"{name} came with {needed}={options[needed]!r}, which has no use for it; {needed}={value!r} was "
                f"expected. Leave {name} out, or set {needed}={value!r}."
            )
    start = options["start"]
    if not (isinstance(start, str) and start == "diffuse") and not (isinstance(start, tuple) and len(start) == 2):
        raise InputError(f"start={start!r}; 'diffuse' or a pair (mean, covariance) was expected. Pass one of them.")


def make_wish(options: Mapping[str, Any], assets: pd.Index, factors: pd.Index) -> Wish:
    """What the engine is asked for, with everything given as arrays in the panel's order."""
    noise = _NOISE[options["noise"]]
    scales = options["state_variance_scales"]
    reverts = options["dynamics"] == "mean_reverting"
    state_variance = _by_asset_and_factor(options["state_variance"], "state_variance", assets, factors)
    _check_not_negative(state_variance, "state_variance")
    observation_variance = _by_asset(options["observation_variance"], assets)
    _check_not_negative(observation_variance, "observation_variance")
    if observation_variance is not None and not observation_variance.all():
        raise InputError("observation_variance has zeros; positive variances were expected. Leave out what is unknown.")
    if isinstance(options["phi"], pd.DataFrame):
        raise InputError("phi is a DataFrame; a number or a mapping by factor was expected: assets share it.")
    phi = _by_asset_and_factor(options["phi"], "phi", assets, factors)
    if phi is not None and not ((phi > 0.0) & (phi <= 1.0)).all():
        raise InputError("phi has values outside (0, 1]; persistence above 0 and up to 1 was expected.")
    return Wish(
        tuning=options["tuning"],
        noise=noise,
        gaussian=options["tails"] == "gaussian",
        scales=noise == EWMA if scales is None else bool(scales),
        reverts=reverts,
        common=bool(options["common_volatility"]) and noise != CONSTANT,
        start=_start(options["start"], assets, factors),
        before_prediction=bool(options["before_prediction"]),
        state_variance=state_variance,
        observation_variance=observation_variance,
        phi=phi[:, 0] if reverts and phi is not None else None,
        mean=_by_asset_and_factor(options["mean"], "mean", assets, factors) if reverts else None,
        tails=options["degrees_of_freedom"],
        memory=options["memory"],
        exponent=options["volatility_exponent"],
        discount=options["discount_factor"],
    )


def _by_asset_and_factor(given: Any, name: str, assets: pd.Index, factors: pd.Index) -> Array | None:
    """A number, a mapping by factor or a frame asset x factor as (K, N + 1); the last column is the median."""
    if given is None:
        return None
    shape = (len(factors), len(assets) + 1)
    if isinstance(given, pd.DataFrame):
        _check_complete(name, given.columns, factors, "factors")
        _check_complete(name, given.index, assets, "assets")
        values = given.loc[assets, factors].to_numpy(dtype=float).T
        return np.column_stack([values, np.median(values, axis=1)])
    if isinstance(given, Mapping | pd.Series):
        _check_complete(name, pd.Index(list(given.keys())), factors, "factors")
        column = np.array([float(given[factor]) for factor in factors])
        return np.repeat(column[:, None], shape[1], axis=1)
    return np.full(shape, _number(given, name))


def _by_asset(given: Any, assets: pd.Index) -> Array | None:
    """A number or a Series by asset as (N + 1,); the last is the median."""
    if given is None:
        return None
    if isinstance(given, Mapping | pd.Series):
        _check_complete("observation_variance", pd.Index(list(given.keys())), assets, "assets")
        values = pd.Series(given, dtype=float).reindex(assets).to_numpy()
        return np.append(values, np.median(values))
    return np.full(len(assets) + 1, _number(given, "observation_variance"))


def _number(given: Any, name: str) -> float:
    try:
        return float(given)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{name} is a {type(given).__name__}; a number, or labelled values (mapping, Series, DataFrame), "
            "was expected. Label the values, e.g. {'alpha': 0.0, 'market': 1e-5}."
        ) from error


def _check_complete(name: str, given: pd.Index, expected: pd.Index, what: str) -> None:
    absent = expected.difference(given, sort=False)
    if len(absent):
        raise InputError(
            f"{name} lacks {len(absent)} of the {what} (first: {absent[0]!r}); all of them were expected. "
            f"Name every one; the constant is called 'alpha'."
        )


def _check_not_negative(values: Array | None, name: str) -> None:
    if values is not None and not (np.isfinite(values).all() and (values >= 0.0).all()):
        worst = float(np.nanmin(values)) if np.isfinite(values).any() else float("nan")
        raise InputError(
            f"{name} has values that are negative or not finite (least: {worst:g}); variances were expected."
        )


def _start(given: Any, assets: pd.Index, factors: pd.Index) -> tuple[Array, Array] | None:
    """A given start as (N + 1, K) means and (N + 1, K, K) covariances."""
    if isinstance(given, str):
        return None
    states, count = len(factors), len(assets) + 1
    mean, covariance = (np.asarray(part, dtype=float) for part in given)
    if covariance.ndim == 0:
        covariance = np.eye(states) * covariance
    try:
        mean = np.broadcast_to(mean if mean.ndim < 2 else np.vstack([mean, np.median(mean, axis=0)]), (count, states))
        if covariance.ndim == 3:
            covariance = np.concatenate([covariance, covariance.mean(axis=0, keepdims=True)])
        covariance = np.broadcast_to(covariance, (count, states, states))
    except ValueError as error:
        raise InputError(
            f"start has shapes {mean.shape} and {covariance.shape}; a mean ({states},) and a covariance "
            f"({states}, {states}) of {', '.join(map(str, factors))} were expected, or one of each for every asset."
        ) from error
    symmetric = np.allclose(covariance, covariance.transpose(0, 2, 1), rtol=1e-10, atol=0.0)
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all() and symmetric):
        raise InputError("start holds values that are not finite, or a covariance that is not symmetric.")
    least = np.linalg.eigvalsh(covariance)[:, 0] if states else np.zeros(1)
    if (least < -1e-10 * np.abs(covariance).max()).any():
        raise InputError(f"start's covariance has a negative eigenvalue ({least.min():g}); a covariance was expected.")
    return np.ascontiguousarray(mean), np.ascontiguousarray(covariance)
