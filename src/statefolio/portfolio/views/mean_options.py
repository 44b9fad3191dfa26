"""What the options of `KalmanMean` mean: checked, and turned into a filter that stands before its first date."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio._options import is_number
from statefolio.exceptions import DataTypeError, InputError
from statefolio.portfolio.views.dense_means import DenseMeans
from statefolio.portfolio.views.mean_posterior import Filter
from statefolio.portfolio.views.mean_tuning import Tuned, prior_spread, tune_means
from statefolio.portfolio.views.observation_noise import Noise, variances
from statefolio.portfolio.views.ratio_filter import RatioFilter
from statefolio.risk.low_rank import LowRankCovariance

TUNING = ("pooled", "mle", "shrunk")


def check_options(options: dict[str, Any]) -> None:
    """Raise for options that cannot be used, or not together."""
    tuning, phi, ratio = options["tuning"], options["phi"], options["signal_to_noise"]
    if tuning not in TUNING:
        raise InputError(f"tuning={tuning!r}; one of {listed(list(TUNING))} was expected. Pass one of them.")
    _check_number("phi", phi, 0.0, 1.0)
    _check_number("signal_to_noise", ratio, 0.0, np.inf)
    _check_number("spread", options["spread"], 0.0, np.inf)
    given = options["state_covariance"] is not None
    if given and ratio is not None:
        raise InputError("state_covariance and signal_to_noise both came; one was expected. Leave one out.")
    if options["spread"] is not None and (given or ratio is not None):
        raise InputError("spread came with a state variance that is given too; one was expected. Leave one out.")
    if phi is None and (given or ratio is not None or options["spread"] is not None):
        raise InputError("phi=None with a given state variance; a number was expected: only both are tuned. Pass phi.")
    if phi == 1.0 and options["start"] is None and (given or ratio is not None):
        raise InputError("phi=1 has no law that means tend to; start=(mean, covariance) was expected. Pass one.")
    if phi == 1.0 and tuning != "shrunk" and not given and ratio is None:
        raise InputError("phi=1 cannot be tuned; phi below 1, or tuning='shrunk', was expected. Pass e.g. phi=.999.")
    if options["start"] is not None and not (isinstance(options["start"], tuple) and len(options["start"]) == 2):
        raise InputError(f"start={options['start']!r}; None or (mean, covariance) was expected.")
    if not isinstance(options["before_prediction"], bool):
        raise InputError(f"before_prediction={options['before_prediction']!r}; True or False was expected.")
    mean = options["mean"]
    if isinstance(mean, bool):
        raise InputError(f"mean={mean!r}; 'pooled', 'own' or numbers were expected. Pass one of them.")
    if isinstance(mean, str) and mean not in ("pooled", "own"):
        raise InputError(f"mean={mean!r}; 'pooled', 'own' or numbers were expected. Pass one of them.")


def make_filter(options: dict[str, Any], returns: Array, assets: pd.Index, noise: Noise) -> Filter:
    """The filter before its first date, everything unknown learned from `returns`.

    Parameters
    ----------
    options : dict
        Of `KalmanMean`, checked.
    returns : (T, N) array
        Up to the last date to learn from.
    assets : Index (N,)
    noise : Noise
        H.

    Returns
    -------
    RatioFilter or DenseMeans
        Where nothing of the state's law is given, a `RatioFilter` with one place more: the law of an asset that is
        never observed, for those that join.
    """
    level = _level(options["mean"], returns, assets)
    if options["state_covariance"] is not None:
        made = _given(options, level, assets, noise)
    else:
        made = _in_ratios(options, returns, level, assets, noise)
        made = made if options["start"] is not None else _with_newcomer(made, options["mean"], returns)
    return _one_step(made) if options["before_prediction"] else made


def _with_newcomer(made: RatioFilter, mean: Any, returns: Array) -> RatioFilter:
    level = _pooled(returns) if isinstance(mean, str) else float(np.median(made.level))
    last = [level, np.median(made.ratio), level, np.median(made.phi), np.median(made.step), 1.0]
    parts = [made.mean, made.ratio, made.level, made.phi, made.step, made.share]
    return RatioFilter(*(np.append(part, value) for part, value in zip(parts, last, strict=True)))


def _in_ratios(options: dict[str, Any], returns: Array, level: Array, assets: pd.Index, noise: Noise) -> RatioFilter:
    """Q a multiple of H, given or learned."""
    phi, ratio, start = options["phi"], options["signal_to_noise"], options["start"]
    ones = np.ones(len(level))
    if ratio is not None:
        phi, step = phi * ones, ratio * ones
        spread = step / (1.0 - phi * phi) if start is None else ones
    elif options["tuning"] == "shrunk" or options["spread"] is not None:
        given = options["spread"]
        phi = ones if options["tuning"] == "shrunk" else phi * ones
        spread = (prior_spread(returns, level) if given is None else given) * ones
        step = spread * (1.0 - phi * phi)
    else:
        phi, spread = _learned(returns, level, phi, options["tuning"] == "pooled")
        step = spread * (1.0 - phi * phi)
    if start is None:
        return RatioFilter(level.copy(), spread, level, phi, step, ones)
    first, covariance = by_asset(start[0], assets, "start"), _spread(start[1], assets, "start")
    if covariance.ndim == 2:
        raise InputError(
            "start has a full covariance where the state's is a multiple of the noise's; variances were expected. "
            "Pass state_covariance too, or the variances alone."
        )
    return RatioFilter(first, covariance / variances(noise), level, phi, step, 0.0 * ones)


def _learned(returns: Array, level: Array, phi: float | None, pooled: bool) -> Tuned:
    """Signal-to-noise where there are returns; an asset without any takes the median of the others."""
    some = np.count_nonzero(~np.isnan(returns), axis=0) > 2
    if not some.any():
        raise InputError("no asset has 3 returns to learn from; some were expected. Pass more dates.")
    found = tune_means(returns[:, some], level[some], phi, pooled)
    every_phi, every_spread = (np.full(len(level), np.median(part)) for part in found)
    every_phi[some], every_spread[some] = found
    return Tuned(every_phi, every_spread)


def _given(options: dict[str, Any], level: Array, assets: pd.Index, noise: Noise) -> Filter:
    """A given state covariance: numbers an asset if all is diagonal, else matrices."""
    phi = np.full(len(level), float(options["phi"]))
    Q = _spread(options["state_covariance"], assets, "state_covariance")
    if options["start"] is None:
        first, P = level.copy(), Q / (1.0 - phi[0] ** 2)
    else:
        first, P = by_asset(options["start"][0], assets, "start"), _spread(options["start"][1], assets, "start")
    if Q.ndim == 1 and P.ndim == 1 and isinstance(noise, np.ndarray) and noise.ndim == 1:
        share = np.full(len(level), float(options["start"] is None))
        return RatioFilter(first, P / noise, level, phi, Q / noise, share)
    H = noise.dense() if isinstance(noise, LowRankCovariance) else _matrix(noise)
    return DenseMeans(first, _matrix(P), level, phi, _matrix(Q), H)


def _one_step(made: Filter) -> Filter:
    """A given start is the law one prediction earlier."""
    return made.run(np.full((1, len(made.mean)), np.nan))[0]


def _level(mean: Any, returns: Array, assets: pd.Index) -> Array:
    """What means revert to, by asset."""
    if not isinstance(mean, str):
        return by_asset(mean, assets, "mean")
    if mean == "pooled":
        return np.full(len(assets), _pooled(returns))
    known = ~np.isnan(returns)
    count = known.sum(axis=0)
    own = np.where(known, returns, 0.0).sum(axis=0) / np.maximum(count, 1)
    return np.where(count > 0, own, _pooled(returns))


def _pooled(returns: Array) -> float:
    """The mean of all returns of all assets."""
    known = ~np.isnan(returns)
    if not known.any():
        raise InputError("X has no return to learn a mean from; some were expected. Pass more dates.")
    return float(returns[known].mean())


def by_asset(given: Any, assets: pd.Index, name: str) -> Array:
    """A number for all, or one by asset, as (N,)."""
    if isinstance(given, pd.Series):
        absent = assets[~assets.isin(given.index)]
        if len(absent):
            raise InputError(f"{name} lacks {listed(list(absent))}; every asset of X was expected. Add them.")
        given = given.loc[assets]
    try:
        values = np.array(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataTypeError(f"{name} is a {type(given).__name__}; a number, or one by asset, was expected.") from error
    if values.shape not in ((), (len(assets),)) or not np.isfinite(values).all():
        raise InputError(
            f"{name} has shape {values.shape}, or values that are not finite; a number or {len(assets)}, one by asset, "
            "were expected."
        )
    return np.full(len(assets), values) if values.ndim == 0 else values


def _spread(given: Any, assets: pd.Index, name: str) -> Array:
    """Variances (N,) or a covariance (N, N)."""
    if isinstance(given, pd.DataFrame):
        given = given.reindex(index=assets, columns=assets)
    elif np.ndim(given) != 2:
        values = by_asset(given, assets, name)
        if (values < 0.0).any():
            raise InputError(f"{name} has a negative variance; variances of zero or more were expected.")
        return values
    matrix = np.array(given, dtype=np.float64)
    if matrix.shape != (len(assets), len(assets)) or not np.isfinite(matrix).all():
        raise InputError(
            f"{name} has shape {matrix.shape}, or lacks an asset of X; a finite covariance of {len(assets)} assets was "
            "expected."
        )
    if not np.allclose(matrix, matrix.T) or np.linalg.eigvalsh(matrix)[0] < -1e-10 * np.abs(matrix).max():
        raise InputError(f"{name} is not symmetric, or has a negative eigenvalue; a covariance was expected.")
    return matrix


def _matrix(values: Array) -> Array:
    return np.diag(values) if values.ndim == 1 else values


def _check_number(name: str, value: Any, low: float, high: float) -> None:
    if value is not None and not (is_number(value) and low <= value <= high and np.isfinite(value)):
        raise InputError(f"{name}={value!r}; a finite number from {low:g} to {high:g}, or None, was expected.")
