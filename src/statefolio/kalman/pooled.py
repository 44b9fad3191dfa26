"""One signal-to-noise per factor for the whole panel, and whatever else it shares.

The panel's summed predictive log-likelihood is climbed by its exact gradient, first on a few hundred assets,
then, from there and with the curvature learned there, on all of them.
"""

from dataclasses import replace

import numpy as np

from statefolio.kalman.blocks import Report
from statefolio.kalman.climb import CONVERGED, REASONS, RUNNING, advance, new_climb
from statefolio.kalman.law import Floats
from statefolio.kalman.problem import Pool, Problem
from statefolio.kalman.start import DIFFUSE

SAMPLE = 256
"""Assets that a climb begins on, where there are more than twice as many."""

TOLERANCE = 1e-7
"""A climb ends when no direction promises this much a return."""

_LEVEL_TOLERANCE = 0.01

LEAST_TAILS, MOST_TAILS = 2.2, 200.0
LEAST_MEMORY, MOST_MEMORY = 0.9, 0.9999


def tune_pool(problem: Problem, pool: Pool, report: Report | None = None) -> Pool:
    """The pool that maximises the panel's predictive log-likelihood, climbed to from a given one.

    Where each asset's level is free too it is maximised in turn with the pool.
    """
    assets = np.flatnonzero(np.isfinite(problem.Y).any(axis=0))
    curvature = None
    if assets.size > 2 * SAMPLE:
        sample = assets[:: assets.size // SAMPLE]
        pool, curvature = _climb(problem.subset(sample), pool, None, report)
        curvature = curvature * (assets.size / sample.size)
    pool, curvature = _climb(problem, pool, curvature, report)
    while problem.free.levels:
        levels = _best_levels(problem, pool)
        moved = np.abs(np.log(levels / problem.levels)).max()
        problem, pool = replace(problem, levels=levels), replace(pool, levels=levels)
        if not moved >= _LEVEL_TOLERANCE:
            break
        pool, curvature = _climb(problem, pool, curvature, report)
    return pool


def _climb(problem: Problem, pool: Pool, curvature: Floats | None, report: Report | None) -> tuple[Pool, Floats]:
    """Climb from a pool; returns the best pool and the curvature learned."""
    returns = int(np.isfinite(problem.Y).sum())
    theta = _to_theta(pool, problem.moderate)
    size, states = theta.size, problem.moderate.size
    floor = np.arange(size) < states
    climb = new_climb(theta, curvature)
    reason, evaluations = RUNNING, 0
    while reason == RUNNING:
        value, slope = _value_and_slope(problem, climb.trial, pool)
        evaluations += 1
        reason = advance(floor, TOLERANCE * returns, climb, value, slope)
        if report is not None:
            report(evaluations, 0)
    best = replace(
        _from_theta(climb.theta, problem, pool),
        log_likelihood=float(climb.value[0]),
        converged=reason == CONVERGED,
        reason=REASONS[reason],
    )
    return best, climb.curvature


def _to_theta(pool: Pool, moderate: Floats) -> Floats:
    """Coordinates: log(1 + ratio / moderate), logit phi, log(nu - 2), log(1 - memory), exponent."""
    phi = np.clip(pool.phi, 1e-3, 1.0 - 1e-6)
    tails, memory = min(pool.tails, MOST_TAILS), min(pool.memory, MOST_MEMORY)
    shared = [np.log(tails - 2.0), np.log(1.0 - memory), pool.exponent]
    return np.concatenate([np.log1p(pool.ratio / moderate), np.log(phi / (1.0 - phi)), shared])


def _from_theta(theta: Floats, problem: Problem, old: Pool) -> Pool:
    states, free = problem.moderate.size, problem.free
    pool = replace(old, ratio=problem.moderate * np.expm1(theta[:states]))
    if free.phi:
        pool = replace(pool, phi=1.0 / (1.0 + np.exp(-theta[states : 2 * states])))
    if free.tails:
        pool = replace(pool, tails=float(np.clip(2.0 + np.exp(theta[-3]), LEAST_TAILS, MOST_TAILS)))
    if free.memory:
        pool = replace(pool, memory=float(np.clip(1.0 - np.exp(theta[-2]), LEAST_MEMORY, MOST_MEMORY)))
    return replace(pool, exponent=float(theta[-1])) if free.exponent else pool


def _value_and_slope(problem: Problem, theta: Floats, old: Pool) -> tuple[float, Floats]:
    """The panel's log-likelihood and its gradient by the coordinates."""
    states, free = problem.moderate.size, problem.free
    pool = _from_theta(theta, problem, old)
    found = problem.slopes(pool)
    slope = np.zeros_like(theta)
    by_ratio = (found.state_variance * problem.unit()).sum(axis=1)
    slope[:states] = by_ratio * problem.moderate * np.exp(theta[:states])
    if free.phi:
        slope[states : 2 * states] = found.phi.sum(axis=1) * pool.phi * (1.0 - pool.phi)
    if free.tails and LEAST_TAILS < pool.tails < MOST_TAILS:
        slope[-3] = found.tails.sum() * (pool.tails - 2.0)
    if free.memory and LEAST_MEMORY < pool.memory < MOST_MEMORY:
        slope[-2] = -found.memory.sum() * (1.0 - pool.memory)
    if free.exponent:
        slope[-1] = found.exponent.sum()
    return float(found.log_likelihood.sum()), slope


def _best_levels(problem: Problem, pool: Pool) -> Floats:
    """Each asset's maximum-likelihood level at the pool's ratios: closed, as levels only scale a Gaussian filter."""
    found = problem.slopes(pool)
    by_log_level = problem.levels * found.level
    if not problem.law.scales:
        by_log_level += problem.levels * (pool.ratio[:, None] * found.state_variance).sum(axis=0)
    free = np.isfinite(problem.Y).sum(axis=0) - (problem.prior.kind == DIFFUSE).sum()
    levels = problem.levels * (1.0 + 2.0 * by_log_level / np.maximum(free, 1))
    return np.where((free > 0) & (levels > 0.0), levels, problem.levels)
