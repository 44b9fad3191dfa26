"""Estimates the hyper-parameters that a panel shares: one signal-to-noise per factor, and those of the noise.

The summed predictive log-likelihood of the panel is maximised by its exact gradient: first on a few hundred assets,
then on all of them, from the point and the curvature found.

A shared parameter that a step takes to a bound keeps its slope there, so the search can leave the bound again. One
start serves: other starts end at the same maximum, except near a memory of 1, where the likelihood has a second one
that forecasts worse (see loadings/README.md).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from statefolio.kalman.blocks import Report
from statefolio.kalman.quasi_newton import CONVERGED, REASONS, RUNNING, advance, new_quasi_newton
from statefolio.kalman.specification import Floats
from statefolio.kalman.start import DIFFUSE
from statefolio.kalman.tuning_problem import Pool, TuningProblem

SAMPLE = 128
"""Number of assets in the first search, where the panel has more than twice as many."""

TOLERANCE = 1e-7
"""Gain of log-likelihood per return below which a search ends."""

_LEVEL_TOLERANCE = 0.01

LEAST_TAILS, MOST_TAILS = 2.2, 200.0
LEAST_MEMORY, MOST_MEMORY = 0.9, 0.9999
"""Bounds of the degrees of freedom, and of the memory of learned variances; a fast part has less than the least."""

MOST_FAST_WEIGHT, SURPRISE_SCALES, MOST_RISE = 0.5, (0.5, 2.0), 10.0
"""Bounds of the other parameters of the noise."""


def tune_pool(problem: TuningProblem, pool: Pool, report: Report | None = None) -> Pool:
    """Maximise the panel's predictive log-likelihood over the shared parameters, from given ones.

    Where the level of each asset is free too, levels and shared parameters are maximised in turn.
    """
    assets = np.flatnonzero(problem.observed.counts())
    curvature = None
    if assets.size > 2 * SAMPLE:
        sample = assets[:: assets.size // SAMPLE]
        pool, curvature = _maximise(problem.subset(sample), pool, None, report)
        curvature = curvature * (assets.size / sample.size)
    pool, curvature = _maximise(problem, pool, curvature, report)
    while problem.free.levels:
        levels = _best_levels(problem, pool)
        moved = np.abs(np.log(levels / problem.levels)).max()
        problem, pool = replace(problem, levels=levels), replace(pool, levels=levels)
        if not moved >= _LEVEL_TOLERANCE:
            break
        pool, curvature = _maximise(problem, pool, curvature, report)
    return pool


def _maximise(
    problem: TuningProblem, pool: Pool, curvature: Floats | None, report: Report | None
) -> tuple[Pool, Floats]:
    """Maximise from a pool; returns the best pool and the curvature found."""
    returns = int(problem.observed.counts().sum())
    theta = _to_theta(pool, problem.moderate)
    bounds = _bounds(problem.moderate.size, pool.exponents.size, problem.least_phi)
    search = new_quasi_newton(theta, curvature)
    reason, evaluations = RUNNING, 0
    while reason == RUNNING:
        value, slope = _value_and_slope(problem, search.trial, pool)
        evaluations += 1
        reason = advance(bounds, TOLERANCE * returns, search, value, slope)
        if report is not None:
            report(evaluations, 0)
    best = replace(
        _from_theta(search.theta, problem, pool),
        log_likelihood=float(search.value[0]),
        converged=reason == CONVERGED,
        reason=REASONS[reason],
    )
    return best, search.curvature


class _Coordinate(NamedTuple):
    """How a shared parameter is searched for: its coordinate, the way back, and the derivative of that."""

    name: str
    least: float
    most: float
    to: Callable[[Any], Any]
    back: Callable[[Any], Any]
    slope: Callable[[Any], Any]  # derivative of the parameter by the coordinate, from the parameter


def _from_one(name: str, least: float, most: float) -> _Coordinate:
    """Search a memory by its distance from one."""
    return _Coordinate(name, least, most, lambda m: np.log(1.0 - m), lambda x: 1.0 - np.exp(x), lambda m: m - 1.0)


def _from_zero(name: str, most: float) -> _Coordinate:
    """Search a parameter that can be exactly zero."""
    unit = 0.1
    return _Coordinate(name, 0.0, most, lambda p: np.log1p(p / unit), lambda x: unit * np.expm1(x), lambda p: p + unit)


_COORDINATES = (
    _Coordinate(
        "tails", LEAST_TAILS, MOST_TAILS, lambda n: np.log(n - 2.0), lambda x: 2.0 + np.exp(x), lambda n: n - 2
    ),
    _from_one("memory", LEAST_MEMORY, MOST_MEMORY),
    _from_one("fast_memory", 0.0, LEAST_MEMORY),
    _from_zero("fast_weight", MOST_FAST_WEIGHT),
    _Coordinate("surprise_scale", *SURPRISE_SCALES, np.log, np.exp, lambda c: c),
    _from_zero("rise", MOST_RISE),
    _Coordinate("exponents", -np.inf, np.inf, lambda e: e, lambda x: x, np.ones_like),
)


def _to_theta(pool: Pool, moderate: Floats) -> Floats:
    """Return the coordinates: log(1 + ratio / moderate), logit phi, and those of the other shared parameters."""
    phi = np.clip(pool.phi, 1e-3, 1.0 - 1e-6)
    shared = [c.to(np.clip(getattr(pool, c.name), c.least, c.most)) for c in _COORDINATES]
    return np.concatenate([np.log1p(pool.ratio / moderate), np.log(phi / (1.0 - phi)), *map(np.atleast_1d, shared)])


def _shared_places(states: int, levels: int) -> Iterator[tuple[_Coordinate, slice]]:
    """Yield the shared parameters and where theta has them."""
    place = 2 * states
    for coordinate in _COORDINATES:
        size = levels if coordinate.name == "exponents" else 1
        yield coordinate, slice(place, place + size)
        place += size


def _bounds(states: int, levels: int, least_phi: float) -> Floats:
    """Return the least and the greatest values of the coordinates, (2, D)."""
    bounds = np.empty((2, 2 * states + len(_COORDINATES) - 1 + levels))
    bounds[0], bounds[1] = -np.inf, np.inf
    bounds[0, :states] = 0.0
    bounds[0, states : 2 * states] = np.log(least_phi / (1.0 - least_phi)) if least_phi > 0.0 else -np.inf
    for coordinate, place in _shared_places(states, levels):
        ends = np.array([coordinate.least, coordinate.most])
        if np.isfinite(ends).all():
            bounds[:, place] = np.sort(coordinate.to(ends))[:, None]
    return bounds


def _from_theta(theta: Floats, problem: TuningProblem, old: Pool) -> Pool:
    states, free = problem.moderate.size, problem.free
    found: dict[str, Any] = {"ratio": problem.moderate * np.expm1(theta[:states])}
    if free.phi:
        found["phi"] = np.where(problem.walks, old.phi, 1.0 / (1.0 + np.exp(-theta[states : 2 * states])))
    for coordinate, place in _shared_places(states, old.exponents.size):
        if getattr(free, coordinate.name):
            value = np.clip(coordinate.back(theta[place]), coordinate.least, coordinate.most)
            found[coordinate.name] = value if coordinate.name == "exponents" else float(value[0])
    return replace(old, **found)


def _value_and_slope(problem: TuningProblem, theta: Floats, old: Pool) -> tuple[float, Floats]:
    """Return the panel's log-likelihood and its gradient by the coordinates."""
    states, free = problem.moderate.size, problem.free
    pool = _from_theta(theta, problem, old)
    score = problem.score(pool)
    slope = np.zeros_like(theta)
    by_ratio = (score.state_variance * problem.unit()).sum(axis=1)
    slope[:states] = by_ratio * problem.moderate * np.exp(theta[:states])
    if free.phi:
        slope[states : 2 * states] = score.phi.sum(axis=1) * pool.phi * (1.0 - pool.phi)
    by_common = score.common.sum(axis=1)
    for coordinate, place in _shared_places(states, old.exponents.size):
        if getattr(free, coordinate.name):
            by = {"exponents": by_common[:-1], "rise": by_common[-1]}.get(coordinate.name)
            by = getattr(score, coordinate.name).sum() if by is None else by
            slope[place] = by * coordinate.slope(getattr(pool, coordinate.name))
    return float(score.log_likelihood.sum()), slope


def _best_levels(problem: TuningProblem, pool: Pool) -> Floats:
    """Return the maximum-likelihood level of each asset at the ratios of a pool.

    The solution is closed, as the level only scales a Gaussian filter.
    """
    found = problem.score(pool)
    by_log_level = problem.levels * found.level
    if not problem.spec.scales:
        by_log_level += problem.levels * (pool.ratio[:, None] * found.state_variance).sum(axis=0)
    free = problem.observed.counts() - (problem.prior.kind == DIFFUSE).sum()
    levels = problem.levels * (1.0 + 2.0 * by_log_level / np.maximum(free, 1))
    return np.where((free > 0) & (levels > 0.0), levels, problem.levels)
