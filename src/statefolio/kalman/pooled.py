"""Estimates the hyper-parameters that a panel shares: one signal-to-noise per factor, tails, memory, exponent.

The summed predictive log-likelihood of the panel is maximised by its exact gradient: first on a few hundred assets,
then on all of them, from the point and the curvature found.

A shared parameter that a step takes to a bound keeps its slope there, so the search can leave the bound again. One
start serves: other starts end at the same maximum, except near a memory of 1, where the likelihood has a second one
that forecasts worse (see loadings/README.md).
"""

from dataclasses import replace

import numpy as np

from statefolio.kalman.blocks import Report
from statefolio.kalman.quasi_newton import CONVERGED, REASONS, RUNNING, advance, new_quasi_newton
from statefolio.kalman.specification import Floats
from statefolio.kalman.start import DIFFUSE
from statefolio.kalman.tuning_problem import Pool, TuningProblem

SAMPLE = 256
"""Number of assets in the first search, where the panel has more than twice as many."""

TOLERANCE = 1e-7
"""Gain of log-likelihood per return below which a search ends."""

_LEVEL_TOLERANCE = 0.01

LEAST_TAILS, MOST_TAILS = 2.2, 200.0
LEAST_MEMORY, MOST_MEMORY = 0.9, 0.9999
"""Bounds of the degrees of freedom, and of the memory of learned variances."""


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
    bounds = _bounds(problem.moderate.size)
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


def _to_theta(pool: Pool, moderate: Floats) -> Floats:
    """Return the coordinates: log(1 + ratio / moderate), logit phi, log(nu - 2), log(1 - memory), exponent."""
    phi = np.clip(pool.phi, 1e-3, 1.0 - 1e-6)
    tails, memory = np.clip(pool.tails, LEAST_TAILS, MOST_TAILS), np.clip(pool.memory, LEAST_MEMORY, MOST_MEMORY)
    shared = [np.log(tails - 2.0), np.log(1.0 - memory), pool.exponent]
    return np.concatenate([np.log1p(pool.ratio / moderate), np.log(phi / (1.0 - phi)), shared])


def _bounds(states: int) -> Floats:
    """Return the least and the greatest values of the coordinates, (2, D)."""
    bounds = np.empty((2, 2 * states + 3))
    bounds[0], bounds[1] = -np.inf, np.inf
    bounds[0, :states] = 0.0
    bounds[:, -3] = np.log(LEAST_TAILS - 2.0), np.log(MOST_TAILS - 2.0)
    bounds[:, -2] = np.log(1.0 - MOST_MEMORY), np.log(1.0 - LEAST_MEMORY)
    return bounds


def _from_theta(theta: Floats, problem: TuningProblem, old: Pool) -> Pool:
    states, free = problem.moderate.size, problem.free
    pool = replace(old, ratio=problem.moderate * np.expm1(theta[:states]))
    if free.phi:
        pool = replace(pool, phi=1.0 / (1.0 + np.exp(-theta[states : 2 * states])))
    if free.tails:
        pool = replace(pool, tails=float(np.clip(2.0 + np.exp(theta[-3]), LEAST_TAILS, MOST_TAILS)))
    if free.memory:
        pool = replace(pool, memory=float(np.clip(1.0 - np.exp(theta[-2]), LEAST_MEMORY, MOST_MEMORY)))
    return replace(pool, exponent=float(theta[-1])) if free.exponent else pool


def _value_and_slope(problem: TuningProblem, theta: Floats, old: Pool) -> tuple[float, Floats]:
    """Return the panel's log-likelihood and its gradient by the coordinates."""
    states, free = problem.moderate.size, problem.free
    pool = _from_theta(theta, problem, old)
    found = problem.score(pool)
    slope = np.zeros_like(theta)
    by_ratio = (found.state_variance * problem.unit()).sum(axis=1)
    slope[:states] = by_ratio * problem.moderate * np.exp(theta[:states])
    if free.phi:
        slope[states : 2 * states] = found.phi.sum(axis=1) * pool.phi * (1.0 - pool.phi)
    if free.tails:
        slope[-3] = found.tails.sum() * (pool.tails - 2.0)
    if free.memory:
        slope[-2] = -found.memory.sum() * (1.0 - pool.memory)
    if free.exponent:
        slope[-1] = found.exponent.sum()
    return float(found.log_likelihood.sum()), slope


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
