"""Checks the options of `KalmanMean` and builds the filter before its first date."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, shown
from statefolio._arrays.types import Array
from statefolio._options import Flag, Number, OneOf, check_options
from statefolio.exceptions import DataTypeError, InputError
from statefolio.portfolio.views.dense_means import DenseMeans
from statefolio.portfolio.views.mean_posterior import Filter
from statefolio.portfolio.views.mean_tuning import Tuned, prior_spread, tune_means
from statefolio.portfolio.views.observation_noise import Noise, variances
from statefolio.portfolio.views.ratio_filter import RatioFilter
from statefolio.risk.low_rank import LowRankCovariance

RULES = {
    "tuning": OneOf("pooled", "mle", "shrunk"),
    "phi": Number(at_least=0.0, at_most=1.0, example=0.99) | None,
    "signal_to_noise": Number(at_least=0.0, example=1e-4) | None,
    "spread": Number(at_least=0.0, example=6e-4) | None,
    "before_prediction": Flag(),
}


def check_mean_options(options: dict[str, Any]) -> None:
    """Raise an error for invalid options, or options that exclude each other."""
    check_options(options, RULES)
    phi, mean, start = options["phi"], options["mean"], options["start"]
    given = [name for name in ("state_covariance", "signal_to_noise", "spread") if options[name] is not None]
    if len(given) > 1:
        raise InputError(
            f"{given[0]} must be None where {given[1]} is given, got {shown(options[given[0]])}. Leave one of them out."
        )
    if phi is None and given:
        raise InputError(f"phi must be a number where {given[0]} is given, got None. Pass e.g. phi=0.99.")
    if phi == 1.0 and start is None and given and given != ["spread"]:
        raise InputError(
            "phi must be below 1 without a start, as no stationary distribution exists at 1, got 1. Pass e.g. "
            "phi=0.999, or start=(mean, covariance)."
        )
    if phi == 1.0 and options["tuning"] != "shrunk" and (not given or given == ["spread"]):
        raise InputError(
            f"phi must be below 1 with tuning={options['tuning']!r}, got 1. Pass e.g. phi=0.999, or tuning='shrunk'."
        )
    if start is not None and not (isinstance(start, tuple) and len(start) == 2):
        raise InputError(f"start must be None or (mean, covariance), got {shown(start)}. Pass e.g. start=(0.0, 1e-6).")
    if isinstance(mean, bool) or (isinstance(mean, str) and mean not in ("pooled", "own")):
        raise InputError(f"mean must be 'pooled', 'own' or numbers, got {shown(mean)}. Pass e.g. mean='pooled'.")


def make_filter(options: dict[str, Any], returns: Array, assets: pd.Index, noise: Noise) -> Filter:
    """Build the filter before its first date; parameters that are not given are learned from `returns`.

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
        If neither the state's covariance nor its start is given, a `RatioFilter` with one more place: the distribution
        of an asset that is never observed, for those that join.
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
    """A filter with Q a multiple of H, given or learned."""
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
            "start must have variances by asset unless state_covariance is given, got a full covariance. Pass only its "
            "diagonal, or state_covariance too."
        )
    return RatioFilter(first, covariance / variances(noise), level, phi, step, 0.0 * ones)


def _learned(returns: Array, level: Array, phi: float | None, pooled: bool) -> Tuned:
    """Learn signal-to-noise for assets with returns; an asset without any gets the median of the others."""
    some = np.count_nonzero(~np.isnan(returns), axis=0) > 2
    if not some.any():
        raise InputError("X must have an asset with at least 3 returns up to tune_until, got none. Pass more dates.")
    found = tune_means(returns[:, some], level[some], phi, pooled)
    every_phi, every_spread = (np.full(len(level), np.median(part)) for part in found)
    every_phi[some], every_spread[some] = found
    return Tuned(every_phi, every_spread)


def _given(options: dict[str, Any], level: Array, assets: pd.Index, noise: Noise) -> Filter:
    """A filter with a given state covariance: numbers by asset if all is diagonal, else matrices."""
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
    """The filter one prediction later."""
    return made.run(np.full((1, len(made.mean)), np.nan))[0]


def _level(mean: Any, returns: Array, assets: pd.Index) -> Array:
    """The level that means revert to, by asset."""
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
        raise InputError("X must have returns up to tune_until, got only NaN. Pass more dates, or a number as mean.")
    return float(returns[known].mean())


def by_asset(given: Any, assets: pd.Index, name: str) -> Array:
    """Convert a number for all assets, or numbers by asset, to (N,)."""
    if isinstance(given, pd.Series):
        absent = assets[~assets.isin(given.index)]
        if len(absent):
            raise InputError(f"{name} must have every asset of X, got none for {listed(absent)}. Add them.")
        given = given.loc[assets]
    try:
        values = np.array(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataTypeError(
            f"{name} must be a number or numbers by asset, got {shown(given)}. Pass e.g. a Series by asset."
        ) from error
    if values.shape not in ((), (len(assets),)) or not np.isfinite(values).all():
        found = "NaN or infinite numbers" if values.shape in ((), (len(assets),)) else f"shape {values.shape}"
        raise InputError(
            f"{name} must be a finite number or {len(assets)} finite numbers by asset, got {found}. Pass e.g. a Series "
            "by asset."
        )
    return np.full(len(assets), values) if values.ndim == 0 else values


def _spread(given: Any, assets: pd.Index, name: str) -> Array:
    """Variances (N,) or a covariance (N, N)."""
    if isinstance(given, pd.DataFrame):
        given = given.reindex(index=assets, columns=assets)
    elif np.ndim(given) != 2:
        values = by_asset(given, assets, name)
        if (values < 0.0).any():
            raise InputError(f"{name} must have variances of at least 0, got {values.min():g}. Pass 0 for no variance.")
        return values
    matrix = np.array(given, dtype=np.float64)
    if matrix.shape != (len(assets), len(assets)) or not np.isfinite(matrix).all():
        found = "missing or infinite values" if matrix.shape == (len(assets), len(assets)) else f"shape {matrix.shape}"
        raise InputError(
            f"{name} must be a finite covariance of the {len(assets)} assets of X, got {found}. Select the same assets."
        )
    if not np.allclose(matrix, matrix.T) or np.linalg.eigvalsh(matrix)[0] < -1e-10 * np.abs(matrix).max():
        found = "a negative eigenvalue" if np.allclose(matrix, matrix.T) else "a matrix that is not symmetric"
        raise InputError(
            f"{name} must be symmetric and positive semidefinite, got {found}. Pass e.g. variances by asset instead."
        )
    return matrix


def _matrix(values: Array) -> Array:
    return np.diag(values) if values.ndim == 1 else values
