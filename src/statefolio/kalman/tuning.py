"""Learns the hyper-parameters of a panel: given, pooled, per asset, shrunk towards the pool, or a discount factor."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.blocks import Report, pad_last, padded
from statefolio.kalman.horizon_weights import learn_horizons, learns_horizons
from statefolio.kalman.learned_filter import LearnedFilter
from statefolio.kalman.observations import Observations, Observed
from statefolio.kalman.ordinary_least_squares import OLSFit, filled_with_median, moderate_ratio
from statefolio.kalman.panel_start import LEAST_ASSETS, start_of, suggest_start
from statefolio.kalman.per_asset import AssetEstimates, tune_each, tune_shrunk
from statefolio.kalman.pooled import tune_pool
from statefolio.kalman.records import Prior
from statefolio.kalman.regressions import regress_each, without_regressions
from statefolio.kalman.specification import CONSTANT, DISCOUNT, Floats, Specification
from statefolio.kalman.start import DIFFUSE, GIVEN
from statefolio.kalman.tuning_problem import Free, Pool, TuningProblem
from statefolio.kalman.tuning_spec import EVERYBODY, NOBODY, Learned, TuningSpec, start_kinds
from statefolio.kalman.usual_values import (
    USUAL_TAILS,
    constant_regressors,
    least_phi,
    means,
    persistence,
    usual_phi,
    usual_pool,
)
from statefolio.kalman.volatility import Common, level_paths, move_sizes, no_moments

NO_RESIDUAL = "hardly a residual while tuning: left out of what the panel shares"
"""Reason of an asset that is a combination of the factors."""

ONE_MOVE = "mostly one date's move while tuning: left out of what the panel shares"
"""Reason of an asset with most of its squared returns on a single date."""

UNSEEN = 0.5
"""Share of a moderate signal-to-noise ratio by which the loadings of an asset may move more than those of its panel."""

Progress = Callable[[str, int, int], None]


def tune(options: TuningSpec, X: Floats, Y: Floats | Observations, progress: Progress | None = None) -> Learned:
    """Learn the hyper-parameters that are not given, from all dates.

    Parameters
    ----------
    options : TuningSpec
    X : (T, K) or (T, K, N) array
        Regressors, shared or one set per asset (see `own_regressors`).
    Y : (T, N) array, or Observations
        NaN where missing.
    progress : callable, optional
        Called with the stage, the steps done and the number of steps (0 where unknown).

    Returns
    -------
    Learned
        N + 1 columns; the last one is for an asset that tuning has not seen.
    """
    observed = Observed.of(Y)
    means_known = options.mean is not None or not options.reverts
    if options.tuning == "fixed" and options.observation_variance is not None and means_known:
        ols, residuals = without_regressions(observed.count, X.shape[1])
    else:
        ols, residuals = regress_each(X, observed)
    teaches = ~(residuals.hardly_any | residuals.one_date)
    if not teaches.any():  # then there is nothing better to learn from
        teaches[:] = True
    given = options.observation_variance
    level = filled_with_median(np.append(residuals.variance, np.nan) if given is None else given, 1.0)
    ols = _of_teachers(ols, teaches)
    origin = None if options.from_panel == NOBODY else suggest_start(ols, constant_regressors(X))
    if origin is not None and options.from_panel == EVERYBODY and not options.tunes_levels:
        options = replace(options, start=start_of(origin, options.noise, level))
    problem = _problem(options, X, observed.only(teaches), ols, level)
    pool = usual_pool(options, problem.moderate, usual_phi(options, X))
    if options.tuning != "fixed" or options.common:
        problem, pool = _tune_shared(options, problem, pool, progress)
    excluded = np.where(residuals.one_date, ONE_MOVE, NO_RESIDUAL)
    learned = _from_pool(options, problem, pool, ols, level)
    learned = replace(
        learned,
        teaches=np.append(teaches, True),
        reason=np.where(np.append(teaches, True), learned.reason, np.append(excluded, "")),
    )
    if origin is not None:
        starts = (options.from_panel == EVERYBODY) | (ols.observations <= len(ols.mean))
        learned = replace(learned, origin=origin, from_panel=starts)
    if options.tuning in ("mle", "shrunk"):
        tune_own, stage = (tune_each, "own") if options.tuning == "mle" else (tune_shrunk, "shrunk")
        report = _named(progress, stage)
        estimates = tune_own(problem, pool, ols, learned.level, report, uncertain=options.uncertain)
        learned = _with_estimates(learned, estimates)
    if options.tuning == "discount":
        learned = _with_discount(options, learned, problem, pool)
    if options.leans and teaches.sum() >= LEAST_ASSETS and learns_horizons(options.dates_per_year, X):
        at = LearnedFilter(options, learned, problem.dates(pool))
        learned = replace(learned, lean=learn_horizons(at, problem.observed, constant_regressors(X)))
    if options.uncertain:
        learned = replace(learned, error_variance=_of_errors(options, learned, problem, pool, ols))
    return learned


def _of_errors(options: TuningSpec, learned: Learned, problem: TuningProblem, pool: Pool, ols: OLSFit) -> Floats:
    """Return the state variances of each asset's loadings (K, N), as far as its data tell.

    Those of maximum likelihood are expectations already. What a panel shares, or shrinks to, is a compromise between
    its assets: to it comes `UNSEEN` of the ratio at which a loading has a memory of a fifth of the history, which an
    asset's own likelihood hardly excludes. The loading on a constant has none of it: the alphas that last are small.
    """
    if options.tuning == "mle":
        return learned.state_variance
    if options.tuning == "discount" and not problem.free.shared:  # no ratio is tuned yet
        pool = tune_pool(problem, pool)
    unit = 1.0 if learned.spec.scales or learned.spec.noise == DISCOUNT else learned.level
    shared = learned.state_variance if options.tuning == "shrunk" else pool.ratio[:, None] * unit
    unseen = UNSEEN * filled_with_median(moderate_ratio(ols), 0.0)
    unseen[constant_regressors(problem.X)] = 0.0
    return np.asarray(shared + unseen * unit)


def _of_teachers(ols: OLSFit, teaches: NDArray[np.bool_]) -> OLSFit:
    """Drop the variances of assets without a residual, so that no median over the panel counts them."""
    kept = np.append(teaches, False)
    variances = {name: np.where(kept, getattr(ols, name), np.nan) for name in ("variance", "residual_variance")}
    return ols._replace(**variances)


def _problem(options: TuningSpec, X: Floats, observed: Observations, ols: OLSFit, level: Floats) -> TuningProblem:
    states, count = X.shape[1], observed.count
    phi = usual_phi(options, X)[:, None]
    walks = (phi[:, 0] == 1.0) & (options.phi is None)
    start = (np.zeros((count, states)), np.zeros((count, states, states))) if options.start is None else options.start
    extra = np.zeros(padded(count) - count, dtype=np.intp)
    with_padding = np.concatenate([np.arange(count), extra])
    moderate = np.full(states, np.nan)
    if np.isfinite(ols.variance).any():
        moderate = np.nanmedian(moderate_ratio(ols), axis=1)
    tails = np.inf if options.gaussian else USUAL_TAILS
    return TuningProblem(
        spec=Specification(options.noise, options.scales, options.reverts, tails, 1.0, 1.0),
        X=np.ascontiguousarray(X) if X.ndim == 2 else pad_last(X, 0.0),
        observed=observed,
        common=Common(np.zeros((len(X), options.speeds if options.common else 0)), np.zeros(0)),
        levels=pad_last(level[:-1], 1.0),
        mean=pad_last(means(options, ols)[:, :-1], 0.0),
        prior=Prior(
            start_kinds(options, phi), options.before_prediction, start[0][with_padding], start[1][with_padding]
        ),
        moderate=np.where(np.isfinite(moderate) & (moderate > 0.0), moderate, 1.0),
        free=Free(
            tails=not options.gaussian and options.tails is None,
            memory=options.noise != CONSTANT and options.memory is None,
            fast_memory=options.speeds > 1 and options.fast_memory is None,
            fast_weight=options.speeds > 1 and options.fast_weight is None,
            surprise_scale=options.speeds > 1 and options.surprise_scale is None,
            exponents=options.common and options.exponents is None,
            rise=options.moves and options.rise is None,
            phi=options.reverts and options.phi is None and options.tunes_reversion,
            levels=options.tunes_levels,
        ),
        walks=walks,
        least_phi=least_phi(options),
    )


def _tune_shared(
    options: TuningSpec, problem: TuningProblem, pool: Pool, progress: Progress | None
) -> tuple[TuningProblem, Pool]:
    """Learn the common volatility level, if there is one, then the shared parameters."""
    if options.common:
        plain = problem.spec._replace(noise=CONSTANT, scales=False, reverts=False, tails=np.inf)
        kind = np.full(pool.phi.size, DIFFUSE if options.start is None else GIVEN)
        flat = Common.none(len(problem.X))
        pilot = replace(problem, spec=plain, free=Free(), prior=problem.prior._replace(kind=kind), common=flat)
        calm = Pool(5.0 * problem.moderate, np.ones(pool.phi.size), np.inf, 1.0, np.zeros(0))
        if options.tuning != "fixed":
            calm = tune_pool(pilot, calm, _named(progress, "pilot"))
        elif options.state_variance is not None:
            count = options.state_variance.shape[1] - 1
            unit = 1.0 if options.scales else problem.levels[:count]
            calm = replace(calm, ratio=np.median(options.state_variance[:, :-1] / unit, axis=1))
        pool = replace(pool, pilot_ratio=calm.ratio, ratio=calm.ratio)
        if options.tuning != "fixed":
            levels = level_paths(*pilot.surprises(calm), np.ones(options.speeds))[:-1]
            moves = move_sizes(problem.X, no_moments(len(problem.moderate)))[0] if options.moves else np.zeros(0)
            problem = replace(problem, common=Common(np.log(levels), moves))
    if options.tuning == "fixed" or (options.tuning in ("mle", "discount") and not problem.free.shared):
        return problem, pool
    return problem, tune_pool(problem, pool, _named(progress, "pooled"))


def _named(progress: Progress | None, stage: str) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda done, total: progress(stage, done, total)


def _from_pool(options: TuningSpec, problem: TuningProblem, pool: Pool, ols: OLSFit, level: Floats) -> Learned:
    """Give every asset the pooled parameters, or the given ones."""
    states, count = ols.mean.shape
    spec = pool.specify(problem.spec)
    if pool.levels is not None:
        level = np.append(pool.levels[: count - 1], level[-1])
    unit = 1.0 if spec.scales or spec.noise == DISCOUNT else level
    state_variance = np.broadcast_to(pool.ratio[:, None] * unit, (states, count)).copy()
    known = np.isfinite(ols.residual_variance)
    few = [f"{int(n)} observations for {states} states while tuning: at the panel's median" for n in ols.observations]
    reason = np.where(known, pool.reason, few)
    if options.tuning == "fixed":
        known = np.ones(count, dtype=bool)
        reason = np.full(count, "given")
        if options.state_variance is not None:
            state_variance = options.state_variance
    return Learned(
        spec=spec,
        state_variance=state_variance,
        level=level,
        phi=persistence(options, pool, ols, state_variance * (level if spec.scales else 1.0)),
        mean=means(options, ols),
        exponents=pool.exponents,
        rise=pool.rise,
        pilot_ratio=pool.pilot_ratio if pool.pilot_ratio is not None else np.zeros(states),
        standard_error=np.full((1 + states, count), np.nan),
        converged=known & (pool.converged or options.tuning == "fixed"),
        reason=reason,
        teaches=np.ones(count, dtype=bool),
    )


def _with_estimates(learned: Learned, estimates: AssetEstimates) -> Learned:
    """Use the estimates of each asset; assets without one take the median over those that have one."""
    found = estimates.found
    by_level = learned.level / np.median(learned.level[found]) if found.any() else 1.0
    by_level = np.where(learned.teaches | learned.spec.scales, 1.0, by_level)

    def fill(values: Floats, before: Floats) -> Floats:
        kept = np.where(found, values, np.nan)
        return filled_with_median(kept, np.nan) if found.any() else before

    unit = np.where(found, 1.0, by_level)
    state_variance, likeliest = unit * fill(estimates.state_variance, learned.state_variance), None
    if estimates.expected is not None:
        state_variance, likeliest = unit * fill(estimates.expected, learned.state_variance), state_variance
    return replace(
        learned,
        state_variance=state_variance,
        likeliest=likeliest,
        level=np.where(learned.teaches, fill(estimates.level, learned.level), learned.level),
        phi=fill(estimates.phi, learned.phi),
        mean=fill(estimates.mean, learned.mean),
        standard_error=np.where(found, estimates.standard_error, np.nan),
        converged=estimates.converged & found,
        reason=np.where(found, estimates.reason, learned.reason),
    )


def _likelihood(at: LearnedFilter, Y: Floats, _report: Report | None) -> Floats:
    """Return the log-likelihood of every asset, padding included."""
    return at.build().run(at.dates.X, Y, at.dates.common, store="likelihood").log_likelihood


def _with_discount(options: TuningSpec, learned: Learned, problem: TuningProblem, pool: Pool) -> Learned:
    """Learn the discount factor that maximises the summed predictive likelihood; state variances are zero."""
    states, count = learned.state_variance.shape
    dates = problem.dates(pool)

    def with_factor(factor: float) -> Learned:
        spec = learned.spec._replace(discount=factor)
        return replace(learned, spec=spec, state_variance=np.zeros((states, count)))

    def loss(log_forgetting: float) -> float:
        at = LearnedFilter(options, with_factor(1.0 - np.exp(log_forgetting)), dates)
        return -float(problem.observed.compute(_likelihood, at).sum())

    if options.discount is not None:
        return with_factor(options.discount)
    from scipy.optimize import minimize_scalar

    best = minimize_scalar(loss, bounds=(np.log(1e-5), np.log(0.2)), method="bounded", options={"xatol": 1e-3})
    return with_factor(1.0 - float(np.exp(best.x)))
