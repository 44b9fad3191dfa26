"""Estimates the hyper-parameters of each asset: by maximum likelihood, or shrunk towards the pooled ones."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.blocks import Report, over_blocks
from statefolio.kalman.coordinates import Scales
from statefolio.kalman.expected_variance import expected_ratio, points_about, prior_rate
from statefolio.kalman.maximum_likelihood import Tasks, evaluate, maximise, new_tasks
from statefolio.kalman.ordinary_least_squares import OLSFit, moderate_ratio
from statefolio.kalman.pooled import tune_pool
from statefolio.kalman.quasi_newton import CONVERGED, REASONS
from statefolio.kalman.records import Dates, Prior
from statefolio.kalman.specification import DISCOUNT, Floats, Specification
from statefolio.kalman.tuning_problem import Pool, TuningProblem

STARTS = (0.7, 3.0)
"""Starting points of the searches in the coordinate of signal-to-noise: its moderate value, and ten times that."""

STRENGTHS = (0.0, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Strengths of shrinkage to choose from."""

_SMALL_STEP = 1e-3


@dataclass(frozen=True)
class AssetEstimates:
    """Hyper-parameters estimated for each asset, one column per asset."""

    state_variance: Floats  # (K, N), signal-to-noise where `spec.scales`
    level: Floats  # (N,)
    phi: Floats  # (K, N)
    mean: Floats  # (K, N)
    standard_error: Floats  # (1 + K, N)
    log_likelihood: Floats  # (N,)
    converged: NDArray[np.bool_]
    found: NDArray[np.bool_]
    reason: NDArray[np.str_]
    strength: float = 0.0
    expected: Floats | None = None  # (K, N) state variances that the filter takes, their uncertainty counted


@dataclass(frozen=True)
class _Searches:
    """Searches for the maxima of a panel's likelihoods: the problem, and the coordinates of each asset."""

    problem: TuningProblem
    pool: Pool
    scales: Scales
    anchor: Floats  # (K, N)
    rate: Floats  # (N,) of the prior of signal-to-noise over its moderate value
    assets: NDArray[np.intp]

    def part(self, first: int, last: int) -> "_Searches":
        """Return the searches of the lanes [first, last)."""
        inside = (self.assets >= first) & (self.assets < last)
        return _Searches(
            self.problem.part(first, last),
            self.pool,
            Scales(*(np.ascontiguousarray(rows[:, first:last]) for rows in self.scales)),
            np.ascontiguousarray(self.anchor[:, first:last]),
            self.rate[first:last],
            self.assets[inside] - first,
        )

    def data(self, Y: Floats) -> tuple[Specification, Dates, Floats, Prior, Scales]:
        """Return what the compiled searches take."""
        dates = self.problem.dates(self.pool)
        dates = dates._replace(slopes=np.zeros((len(dates.X), 0)))  # no shared parameter is searched for
        return self.pool.specify(self.problem.spec), dates, Y, self.problem.prior, self.scales

    def maximise(
        self, theta: Floats, strength: float, report: Report | None
    ) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """Maximise from theta (starts, assets, D); returns the best end point of each asset, its value and reason."""
        points = _Points(self, self.assets, theta.transpose(1, 0, 2), strength)
        ends, value, reason = self.problem.observed.compute(_maximise, points, report)
        return np.ascontiguousarray(ends.T), value, reason

    def evaluate(self, theta: Floats) -> tuple[Floats, Floats]:
        """Return the log-likelihood (assets, points) and its gradient at points of each asset, (assets, points, D)."""
        value, gradient = self.problem.observed.compute(_evaluate, _Points(self, self.assets, theta))
        return value.T, np.ascontiguousarray(gradient.transpose(2, 0, 1))


@dataclass(frozen=True)
class _Points:
    """Points at which the likelihoods of assets are evaluated, or from which they are maximised."""

    searches: _Searches
    assets: NDArray[np.intp]
    theta: Floats  # (assets, points, D)
    strength: float = 0.0

    def part(self, first: int, last: int) -> "_Points":
        """Return the points of the lanes [first, last)."""
        inside = (self.assets >= first) & (self.assets < last)
        searches = self.searches.part(first, last)
        return _Points(searches, searches.assets, self.theta[inside], self.strength)

    def shared(self) -> tuple[Floats, ...]:
        """Return the regressors and the common level."""
        return self.searches.problem.shared()

    def tasks(self) -> Tasks:
        """Create one task per point, those of an asset one after another."""
        points, size = self.theta.shape[1:]
        return new_tasks(np.repeat(self.assets, points), self.theta.reshape(-1, size))


def _maximise(points: _Points, Y: Floats, report: Report | None) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return the best end point (D, assets) of each asset, its value and reason."""
    tasks, searches, (count, starts, _) = points.tasks(), points.searches, points.theta.shape

    def work(first: int, last: int) -> None:
        maximise(*searches.data(Y), searches.anchor, points.strength, tasks, first, last)

    _share(work, tasks, Y, report)
    best = np.argmax(tasks.value.reshape(count, starts), axis=1) + starts * np.arange(count)
    return tasks.theta[best].T, tasks.value[best], tasks.reason[best]


def _evaluate(points: _Points, Y: Floats, report: Report | None) -> tuple[Floats, Floats]:
    """Return the log-likelihood (points, assets) and its gradient (points, D, assets)."""
    tasks, (count, each, size) = points.tasks(), points.theta.shape

    def work(first: int, last: int) -> None:
        evaluate(*points.searches.data(Y), tasks, first, last)

    _share(work, tasks, Y, report)
    return tasks.value.reshape(count, each).T, tasks.gradient.reshape(count, each, size).transpose(1, 2, 0)


def _share(work: Callable[[int, int], None], tasks: Tasks, Y: Floats, report: Report | None) -> None:
    """Share tasks among threads, in pieces long enough to fill the lanes and short enough to show progress."""
    pieces = int(np.clip(len(tasks.asset) // 512, 1, 16))
    over_blocks(work, len(tasks.asset), float(Y.size), pieces=pieces, report=report)


def _prepare(problem: TuningProblem, pool: Pool, ols: OLSFit) -> _Searches:
    count = ols.observations.size
    moderate = moderate_ratio(ols)
    moderate = np.where(np.isfinite(moderate) & (moderate > 0.0), moderate, problem.moderate[:, None])
    deviation = np.sqrt(np.where(np.isfinite(ols.variance), ols.variance, 1.0))
    mean = np.zeros((len(moderate), count))
    mean[:, :-1] = problem.mean[:, : count - 1]
    scales = Scales(moderate, mean, deviation)
    assets = np.flatnonzero(np.isfinite(ols.residual_variance) & (ols.residual_variance > 0.0))
    anchor = np.log1p(pool.ratio[:, None] / moderate)
    return _Searches(problem, pool, scales, anchor, prior_rate(ols.observations), assets)


def _expect(searches: _Searches, theta: Floats, strength: float) -> Floats:
    """Return maxima theta (assets, D) with signal-to-noise ratios at their expectation (expected_variance.py)."""
    states = searches.anchor.shape[0]
    z = points_about(theta[:, 1 : 1 + states])  # (P, assets, K)
    number = len(z)
    points = np.repeat(theta[:, None], states * number, axis=1)
    for j in range(states):
        points[:, j * number : (j + 1) * number, 1 + j] = z[:, :, j].T
    value, gradient = searches.evaluate(points)
    value = value.reshape(-1, states, number).transpose(2, 0, 1)
    slope = np.stack([gradient[:, j * number : (j + 1) * number, 1 + j].T for j in range(states)], axis=2)
    rate, anchor = searches.rate[searches.assets, None], searches.anchor[:, searches.assets].T
    ratio = expected_ratio(z, value, slope, rate, strength, anchor)
    expected = theta.copy()
    expected[:, 1 : 1 + states] = np.where(np.isfinite(ratio), np.log1p(ratio), theta[:, 1 : 1 + states])
    return expected


def _starting_points(searches: _Searches, level: Floats, heights: list[Floats]) -> Floats:
    """Return theta (starts, assets, D) for given coordinates of signal-to-noise (K, assets)."""
    states = searches.anchor.shape[0]
    reverts = searches.problem.spec.reverts
    theta = np.zeros((len(heights), searches.assets.size, 1 + states * (3 if reverts else 1)))
    theta[:, :, 0] = np.log(level[searches.assets])
    for start, height in enumerate(heights):
        theta[start, :, 1 : 1 + states] = height.T
    if reverts:
        phi = np.clip(searches.pool.phi, 1e-3, 1.0 - 1e-5)
        theta[:, :, 1 + states : 1 + 2 * states] = np.log(phi / (1.0 - phi))
    return theta


def tune_each(
    problem: TuningProblem, pool: Pool, ols: OLSFit, level: Floats, report: Report | None, *, uncertain: bool = False
) -> AssetEstimates:
    """Estimate every asset by maximum likelihood, from several starting points, with standard errors.

    `uncertain` asks for the expected state variances too, which count their uncertainty.
    """
    searches = _prepare(problem, pool, ols)
    shape = (searches.anchor.shape[0], searches.assets.size)
    theta = _starting_points(searches, level, [np.full(shape, height) for height in STARTS])
    ends, value, reason = searches.maximise(theta, 0.0, report)
    errors = _standard_errors(searches, ends)
    return _collect(searches, ends, value, reason, errors, 0.0, uncertain=uncertain)


def tune_shrunk(
    problem: TuningProblem, pool: Pool, ols: OLSFit, level: Floats, report: Report | None, *, uncertain: bool = False
) -> AssetEstimates:
    """Estimate every asset, shrunk towards the pooled hyper-parameters.

    The log-likelihood is penalised by strength/2 times the squared distance from the pool in the coordinates of
    coordinates.py: a normal prior of precision `strength`. The strength is chosen by prediction: estimates (the pool
    included) on the first two thirds of the dates are scored on the last third, summed over the panel.
    """
    searches = _prepare(problem, pool, ols)
    past = problem.until((2 * len(problem.X)) // 3)
    early = _prepare(past, tune_pool(past, pool), ols)
    later = replace(searches, pool=early.pool)
    start = _starting_points(early, level, [early.anchor[:, early.assets]])
    scored = []
    for number, strength in enumerate(STRENGTHS):
        ends, _, _ = early.maximise(start, strength, None)
        before, _ = early.evaluate(ends[:, None])
        after, _ = later.evaluate(ends[:, None])
        scored.append(float(np.sum(np.ravel(after - before))))
        if report is not None:
            report(number + 1, len(STRENGTHS) + 1)
    strength = STRENGTHS[int(np.argmax(scored))]
    start = _starting_points(searches, level, [searches.anchor[:, searches.assets]])
    ends, value, reason = searches.maximise(start, strength, None)
    errors = np.full((1 + searches.anchor.shape[0], searches.assets.size), np.nan)
    return _collect(searches, ends, value, reason, errors, strength, uncertain=uncertain)


def _parameters(searches: _Searches, theta: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Convert theta (assets, D) to state variances, levels, phi and means."""
    states, spec = searches.anchor.shape[0], searches.problem.spec
    level = np.exp(theta[:, 0])
    unit = 1.0 if spec.scales or spec.noise == DISCOUNT else level
    moderate = searches.scales.moderate[:, searches.assets]
    state_variance = moderate * np.expm1(theta[:, 1 : 1 + states].T) * unit
    if not spec.reverts:
        return state_variance, level, np.ones_like(state_variance), np.zeros_like(state_variance)
    phi = 1.0 / (1.0 + np.exp(-theta[:, 1 + states : 1 + 2 * states].T))
    away = theta[:, 1 + 2 * states :].T * searches.scales.deviation[:, searches.assets]
    return state_variance, level, np.clip(phi, 1e-3, 1.0 - 1e-5), searches.scales.mean[:, searches.assets] + away


def _standard_errors(searches: _Searches, theta: Floats) -> Floats:
    """Return standard errors (1 + K, assets) from the observed information, coordinates at a floor left out.

    The information is the central difference of the exact score.
    """
    count, size = theta.shape
    states = searches.anchor.shape[0]
    step = _SMALL_STEP * np.eye(size)
    _, slope = searches.evaluate(np.concatenate([theta[:, None] + step, theta[:, None] - step], axis=1))
    slope = slope.reshape(count, 2, size, size)
    information = -(slope[:, 0] - slope[:, 1]) / (2.0 * _SMALL_STEP)
    information = 0.5 * (information + information.transpose(0, 2, 1))
    inside = np.ones((count, size), dtype=bool)
    inside[:, 1 : 1 + states] = theta[:, 1 : 1 + states] > 2.0 * _SMALL_STEP
    inside &= np.diagonal(information, axis1=1, axis2=2) > 1e-8
    both = inside[:, :, None] & inside[:, None, :]
    information = np.where(both & np.isfinite(information), information, 0.0) + np.eye(size) * ~inside[:, None, :]
    eigenvalues = np.linalg.eigvalsh(information)
    sound = eigenvalues[:, 0] > 1e-13 * eigenvalues[:, -1]
    covariance = np.linalg.inv(np.where(sound[:, None, None], information, np.eye(size)))
    state_variance, level, _, _ = _parameters(searches, theta)
    spec, moderate = searches.problem.spec, searches.scales.moderate[:, searches.assets]
    jacobian = np.zeros((count, 1 + states, size))
    jacobian[:, 0, 0] = level
    unit = 1.0 if spec.scales or spec.noise == DISCOUNT else level
    j = np.arange(states)
    jacobian[:, 1 + j, 1 + j] = (moderate * np.exp(theta[:, 1 : 1 + states].T) * unit).T
    if not (spec.scales or spec.noise == DISCOUNT):
        jacobian[:, 1 + j, 0] = state_variance.T
    errors: Floats = np.sqrt(np.maximum(np.einsum("nij,njk,nik->ni", jacobian, covariance, jacobian), 0.0))
    errors[~sound] = np.nan
    errors[:, 1:][~inside[:, 1 : 1 + states]] = np.nan
    return errors.T


def _collect(
    searches: _Searches,
    theta: Floats,
    value: Floats,
    reason: NDArray[np.int64],
    errors: Floats,
    strength: float,
    *,
    uncertain: bool,
) -> AssetEstimates:
    """Place the results of the estimated assets among all assets; the others are NaN."""
    count = searches.anchor.shape[1]
    assets = searches.assets

    def wide(values: Floats) -> Floats:
        whole = np.full((*values.shape[:-1], count), np.nan)
        whole[..., assets] = values
        return whole

    state_variance, level, phi, mean = _parameters(searches, theta)
    texts = np.full(count, "", dtype="<U80")
    texts[assets] = [REASONS[int(code)] for code in reason]
    found, converged = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    found[assets], converged[assets] = np.isfinite(value), reason == CONVERGED
    return AssetEstimates(
        state_variance=wide(state_variance),
        level=wide(level),
        phi=wide(phi),
        mean=wide(mean),
        standard_error=wide(errors),
        log_likelihood=wide(value),
        converged=converged,
        found=found,
        reason=texts,
        strength=strength,
        expected=wide(_parameters(searches, _expect(searches, theta, strength))[0]) if uncertain else None,
    )
