"""Hyper-parameters from data: what is fixed, pooled, each asset's own, shrunk or discounted."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from statefolio.kalman.blocks import pad_last
from statefolio.kalman.law import CONSTANT, DISCOUNT, Floats, Law
from statefolio.kalman.ordinary import Ordinary, filled_with_median, moderate_ratio, ordinary_least_squares, unknown
from statefolio.kalman.own import Own, tune_own, tune_shrunk
from statefolio.kalman.panel import Filter, new_filter
from statefolio.kalman.pooled import tune_pool
from statefolio.kalman.problem import Free, Pool, Problem
from statefolio.kalman.records import Prior
from statefolio.kalman.start import DIFFUSE, GIVEN, STATIONARY
from statefolio.kalman.volatility import common_level

USUAL_TAILS, USUAL_MEMORY, USUAL_EXPONENT, USUAL_PHI = 6.0, 0.97, 0.95, 0.99

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Wish:
    """What is asked for; None is to be learned."""

    tuning: str
    noise: int
    gaussian: bool
    scales: bool
    reverts: bool
    common: bool
    start: tuple[Floats, Floats] | None = None  # (N + 1, K) and (N + 1, K, K); the last for newcomers
    before_prediction: bool = False
    state_variance: Floats | None = None  # (K, N + 1)
    observation_variance: Floats | None = None  # (N + 1,)
    phi: Floats | None = None  # (K,)
    mean: Floats | None = None  # (K, N + 1)
    tails: float | None = None
    memory: float | None = None
    exponent: float | None = None
    discount: float | None = None


@dataclass(frozen=True)
class Learned:
    """Hyper-parameters of a panel, an asset a column; the last column is that of an asset not seen yet."""

    law: Law
    state_variance: Floats  # (K, N), signal-to-noise where the law scales
    level: Floats  # (N,)
    phi: Floats  # (K, N)
    mean: Floats  # (K, N)
    exponent: float
    pilot_ratio: Floats  # (K,) signal-to-noise of the filter whose surprises make the common level
    standard_error: Floats  # (1 + K, N) of the level and the state variances
    converged: NDArray[np.bool_]  # (N,)
    reason: NDArray[np.str_]  # (N,)

    def with_newcomers(self, count: int) -> "Learned":
        """The same with `count` more assets that tuning has not seen, as its last column says."""
        return self.select(np.concatenate([np.arange(self.level.size), np.full(count, -1)]))

    def select(self, columns: NDArray[np.intp]) -> "Learned":
        """The same for some columns."""
        names = ("state_variance", "level", "phi", "mean", "standard_error", "converged", "reason")
        return replace(self, **{name: getattr(self, name)[..., columns] for name in names})


def tune(wish: Wish, X: Floats, Y: Floats, progress: Progress | None = None) -> Learned:
    """Learn what the wish leaves open, from all dates of X and Y (T, N); N + 1 columns come back.

    X is (T, K), or (T, K, N) where each asset has its own regressors (`own_regressors`).
    """
    if wish.tuning == "fixed" and wish.observation_variance is not None and (wish.mean is not None or not wish.reverts):
        ordinary = unknown(Y.shape[1], X.shape[1])
    else:
        ordinary = ordinary_least_squares(X, Y)
    level = filled_with_median(
        ordinary.residual_variance if wish.observation_variance is None else wish.observation_variance, 1.0
    )
    problem = _problem(wish, X, Y, ordinary, level)
    pool = _usual_pool(wish, problem.moderate)
    if wish.tuning != "fixed" or wish.common:
        problem, pool = _tune_shared(wish, problem, pool, progress)
    learned = _from_pool(wish, problem, pool, ordinary, level)
    if wish.tuning == "mle":
        return _with_own(learned, tune_own(problem, pool, ordinary, learned.level, _named(progress, "own")))
    if wish.tuning == "shrunk":
        return _with_own(learned, tune_shrunk(problem, pool, ordinary, learned.level, _named(progress, "shrunk")))
    if wish.tuning == "discount":
        return _with_discount(wish, learned, problem)
    return learned


def build(wish: Wish, learned: Learned) -> Filter:
    """The filter of these hyper-parameters, before its first date."""
    return new_filter(
        learned.law,
        learned.state_variance[:, :-1],
        learned.level[:-1],
        phi=learned.phi[:, :-1],
        mean=learned.mean[:, :-1],
        start=_start(wish),
        kind=_kind(wish, learned.phi),
        before_prediction=wish.before_prediction,
    )


def build_pilot(wish: Wish, learned: Learned) -> Filter:
    """The Gaussian filter of constant variances whose surprises make the common volatility level."""
    plain = Law(CONSTANT, scales=False, reverts=False, tails=np.inf, memory=1.0, discount=1.0)
    level = learned.level[:-1]
    return new_filter(
        plain,
        learned.pilot_ratio[:, None] * level,
        level,
        start=_start(wish),
        before_prediction=wish.before_prediction,
    )


def _start(wish: Wish) -> tuple[Floats, Floats] | None:
    return None if wish.start is None else (wish.start[0][:-1], wish.start[1][:-1])


def _kind(wish: Wish, phi: Floats) -> NDArray[np.int64]:
    if wish.start is not None:
        return np.full(phi.shape[0], GIVEN)
    return np.where(wish.reverts & (phi < 1.0).all(axis=1), STATIONARY, DIFFUSE)


def _problem(wish: Wish, X: Floats, Y: Floats, ordinary: Ordinary, level: Floats) -> Problem:
    states, count = X.shape[1], Y.shape[1]
    lanes = pad_last(Y, np.nan)
    mean = _means(wish, ordinary)
    phi = np.full((states, 1), USUAL_PHI) if wish.phi is None else wish.phi[:, None]
    start = (np.zeros((count, states)), np.zeros((count, states, states))) if wish.start is None else wish.start
    extra = np.zeros(lanes.shape[1] - count, dtype=np.intp)
    with_padding = np.concatenate([np.arange(count), extra])
    moderate = np.full(states, np.nan)
    if np.isfinite(ordinary.variance).any():
        moderate = np.nanmedian(moderate_ratio(ordinary), axis=1)
    given = wish.start is not None or wish.observation_variance is not None
    return Problem(
        law=Law(wish.noise, wish.scales, wish.reverts, np.inf if wish.gaussian else USUAL_TAILS, 1.0, 1.0),
        X=np.ascontiguousarray(X) if X.ndim == 2 else pad_last(X, 0.0),
        Y=lanes,
        log_common=np.zeros(len(X)),
        levels=pad_last(level[:-1], 1.0),
        mean=pad_last(mean[:, :-1] if wish.reverts else np.zeros((states, count)), 0.0),
        prior=Prior(_kind(wish, phi), wish.before_prediction, start[0][with_padding], start[1][with_padding]),
        moderate=np.where(np.isfinite(moderate) & (moderate > 0.0), moderate, 1.0),
        free=Free(
            tails=not wish.gaussian and wish.tails is None,
            memory=wish.noise != CONSTANT and wish.memory is None,
            exponent=wish.common and wish.exponent is None,
            phi=wish.reverts and wish.phi is None,
            levels=wish.noise == CONSTANT and wish.gaussian and not given,
        ),
    )


def _means(wish: Wish, ordinary: Ordinary) -> Floats:
    """What loadings revert to, (K, N + 1): given, or constant loadings."""
    return filled_with_median(ordinary.mean, 0.0) if wish.mean is None else wish.mean


def _usual_pool(wish: Wish, moderate: Floats) -> Pool:
    usual_tails = USUAL_TAILS if wish.tails is None else wish.tails
    usual_memory = USUAL_MEMORY if wish.memory is None else wish.memory
    return Pool(
        ratio=5.0 * moderate,
        phi=np.full(moderate.size, USUAL_PHI if wish.reverts else 1.0) if wish.phi is None else wish.phi,
        tails=np.inf if wish.gaussian else usual_tails,
        memory=1.0 if wish.noise == CONSTANT else usual_memory,
        exponent=(USUAL_EXPONENT if wish.exponent is None else wish.exponent) if wish.common else 0.0,
    )


def _tune_shared(wish: Wish, problem: Problem, pool: Pool, progress: Progress | None) -> tuple[Problem, Pool]:
    """The common volatility level, if there is one, then what the panel shares."""
    if wish.common:
        plain = problem.law._replace(noise=CONSTANT, scales=False, reverts=False, tails=np.inf)
        kind = np.full(pool.phi.size, DIFFUSE if wish.start is None else GIVEN)
        pilot = replace(problem, law=plain, free=Free(), prior=problem.prior._replace(kind=kind))
        calm = Pool(5.0 * problem.moderate, np.ones(pool.phi.size), np.inf, 1.0, 0.0)
        if wish.tuning != "fixed":
            calm = tune_pool(pilot, calm, _named(progress, "pilot"))
        elif wish.state_variance is not None:
            count = wish.state_variance.shape[1] - 1
            unit = 1.0 if wish.scales else problem.levels[:count]
            calm = replace(calm, ratio=np.median(wish.state_variance[:, :-1] / unit, axis=1))
        pool = replace(pool, pilot_ratio=calm.ratio, ratio=calm.ratio)
        if wish.tuning != "fixed":
            level = common_level(pilot.filter(calm), pilot.X, pilot.Y)[0]
            problem = replace(problem, log_common=np.log(level))
    if wish.tuning == "fixed" or (wish.tuning in ("mle", "discount") and not problem.free.shared):
        return problem, pool
    return problem, tune_pool(problem, pool, _named(progress, "pooled"))


def _named(progress: Progress | None, stage: str) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda done, total: progress(stage, done, total)


def _from_pool(wish: Wish, problem: Problem, pool: Pool, ordinary: Ordinary, level: Floats) -> Learned:
    """Every asset at the pool, or at what was given."""
    states, count = ordinary.mean.shape
    law = problem.law._replace(tails=pool.tails, memory=pool.memory)
    if pool.levels is not None:
        level = np.append(pool.levels[: count - 1], level[-1])
    unit = 1.0 if law.scales or law.noise == DISCOUNT else level
    state_variance = np.broadcast_to(pool.ratio[:, None] * unit, (states, count)).copy()
    known = np.isfinite(ordinary.residual_variance)
    few = [f"{_lacking(int(n), states)} while tuning: at the panel's median" for n in ordinary.observations]
    reason = np.where(known, pool.reason, few)
    if wish.tuning == "fixed":
        known = np.ones(count, dtype=bool)
        reason = np.full(count, "given")
        if wish.state_variance is not None:
            state_variance = wish.state_variance
    return Learned(
        law=law,
        state_variance=state_variance,
        level=level,
        phi=np.repeat(pool.phi[:, None], count, axis=1),
        mean=_means(wish, ordinary) if wish.reverts else np.zeros((states, count)),
        exponent=pool.exponent,
        pilot_ratio=pool.pilot_ratio if pool.pilot_ratio is not None else np.zeros(states),
        standard_error=np.full((1 + states, count), np.nan),
        converged=known & (pool.converged or wish.tuning == "fixed"),
        reason=reason,
    )


def _lacking(observations: int, states: int) -> str:
    """What an asset without a residual variance lacks."""
    return f"{observations} observations for {states} states" if observations <= states else "no residual at all"


def _with_own(learned: Learned, own: Own) -> Learned:
    """Each asset's own estimates; assets without take the median of those that have one."""
    found = own.found

    def fill(values: Floats, before: Floats) -> Floats:
        kept = np.where(found, values, np.nan)
        return filled_with_median(kept, np.nan) if found.any() else before

    return replace(
        learned,
        state_variance=fill(own.state_variance, learned.state_variance),
        level=fill(own.level, learned.level),
        phi=fill(own.phi, learned.phi),
        mean=fill(own.mean, learned.mean),
        standard_error=np.where(found, own.standard_error, np.nan),
        converged=own.converged & found,
        reason=np.where(found, own.reason, learned.reason),
    )


def _with_discount(wish: Wish, learned: Learned, problem: Problem) -> Learned:
    """The discount factor of the summed predictive likelihood; no state variances."""
    states, count = learned.state_variance.shape
    dates = problem.dates(learned.exponent)

    def with_factor(factor: float) -> Learned:
        law = learned.law._replace(discount=factor)
        return replace(learned, law=law, state_variance=np.zeros((states, count)))

    def loss(log_forgetting: float) -> float:
        filter_ = build(wish, with_factor(1.0 - np.exp(log_forgetting)))
        found = filter_.run(dates.X, problem.Y, dates.common, store="likelihood").log_likelihood
        return -float(found.sum())

    if wish.discount is not None:
        return with_factor(wish.discount)
    best = minimize_scalar(loss, bounds=(np.log(1e-5), np.log(0.2)), method="bounded", options={"xatol": 1e-3})
    return with_factor(1.0 - float(np.exp(best.x)))
