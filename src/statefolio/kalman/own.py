"""Each asset's own hyper-parameters: maximum likelihood, and between that and the pool."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.blocks import Report, over_blocks
from statefolio.kalman.climb import CONVERGED, REASONS
from statefolio.kalman.coordinates import Scales
from statefolio.kalman.law import DISCOUNT, Floats, Law
from statefolio.kalman.maximum import Tasks, evaluate, maximise, new_tasks
from statefolio.kalman.ordinary import Ordinary, moderate_ratio
from statefolio.kalman.pooled import tune_pool
from statefolio.kalman.problem import Pool, Problem
from statefolio.kalman.records import Dates, Prior

STARTS = (0.7, 3.0)
"""Where climbs start, in the coordinate of signal-to-noise: one about its moderate value, one ten times it."""

STRENGTHS = (0.0, 0.3, 1.0, 3.0, 10.0, 30.0)
_SMALL_STEP = 1e-3


@dataclass(frozen=True)
class Own:
    """What each asset's own climb found, an asset a column."""

    state_variance: Floats  # (K, N), signal-to-noise where the law scales
    level: Floats  # (N,)
    phi: Floats  # (K, N)
    mean: Floats  # (K, N)
    standard_error: Floats  # (1 + K, N)
    log_likelihood: Floats  # (N,)
    converged: NDArray[np.bool_]
    found: NDArray[np.bool_]
    reason: NDArray[np.str_]
    strength: float = 0.0


@dataclass(frozen=True)
class _Climbs:
    """The climbs of a panel: the problem, and the coordinates of each asset."""

    problem: Problem
    pool: Pool
    scales: Scales
    anchor: Floats  # (K, N)
    assets: NDArray[np.intp]

    def _data(self) -> tuple[Law, Dates, Floats, Prior, Scales]:
        law = self.problem.law._replace(tails=self.pool.tails, memory=self.pool.memory)
        return law, self.problem.dates(self.pool.exponent), self.problem.Y, self.problem.prior, self.scales

    def climb(self, theta: Floats, strength: float, report: Report | None) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """Climb from theta (starts, assets, D); returns the best of each asset's ends."""
        starts, count, size = theta.shape
        tasks = new_tasks(np.repeat(self.assets, starts), theta.transpose(1, 0, 2).reshape(-1, size))

        def work(first: int, last: int) -> None:
            maximise(*self._data(), self.anchor, strength, tasks, first, last)

        self._share(work, tasks, report)
        best = np.argmax(tasks.value.reshape(count, starts), axis=1) + starts * np.arange(count)
        return tasks.theta[best], tasks.value[best], tasks.reason[best]

    def evaluate(self, assets: NDArray[np.intp], theta: Floats) -> tuple[Floats, Floats]:
        """Log-likelihood and gradient at points of assets."""
        tasks = new_tasks(assets, theta)

        def work(first: int, last: int) -> None:
            evaluate(*self._data(), tasks, first, last)

        self._share(work, tasks, None)
        return tasks.value, tasks.gradient

    def _share(self, work: Callable[[int, int], None], tasks: Tasks, report: Report | None) -> None:
        """Share tasks among threads: pieces so long that lanes stay full, so short that progress shows."""
        pieces = int(np.clip(len(tasks.asset) // 512, 1, 16))
        over_blocks(work, len(tasks.asset), float(self.problem.Y.size), pieces=pieces, report=report)


def _prepare(problem: Problem, pool: Pool, ordinary: Ordinary) -> _Climbs:
    count = ordinary.observations.size
    moderate = moderate_ratio(ordinary)
    moderate = np.where(np.isfinite(moderate) & (moderate > 0.0), moderate, problem.moderate[:, None])
    deviation = np.sqrt(np.where(np.isfinite(ordinary.variance), ordinary.variance, 1.0))
    mean = np.zeros((len(moderate), count))
    mean[:, :-1] = problem.mean[:, : count - 1]
    scales = Scales(moderate, mean, deviation)
    assets = np.flatnonzero(np.isfinite(ordinary.residual_variance) & (ordinary.residual_variance > 0.0))
    return _Climbs(problem, pool, scales, np.log1p(pool.ratio[:, None] / moderate), assets)


def _starting_points(climbs: _Climbs, level: Floats, heights: list[Floats]) -> Floats:
    """Theta (starts, assets, D) from coordinates of signal-to-noise (K, assets)."""
    states = climbs.anchor.shape[0]
    reverts = climbs.problem.law.reverts
    theta = np.zeros((len(heights), climbs.assets.size, 1 + states * (3 if reverts else 1)))
    theta[:, :, 0] = np.log(level[climbs.assets])
    for start, height in enumerate(heights):
        theta[start, :, 1 : 1 + states] = height.T
    if reverts:
        phi = np.clip(climbs.pool.phi, 1e-3, 1.0 - 1e-5)
        theta[:, :, 1 + states : 1 + 2 * states] = np.log(phi / (1.0 - phi))
    return theta


def tune_own(problem: Problem, pool: Pool, ordinary: Ordinary, level: Floats, report: Report | None) -> Own:
    """Maximum likelihood for every asset, from several starts, with standard errors."""
    climbs = _prepare(problem, pool, ordinary)
    shape = (climbs.anchor.shape[0], climbs.assets.size)
    theta = _starting_points(climbs, level, [np.full(shape, height) for height in STARTS])
    ends, value, reason = climbs.climb(theta, 0.0, report)
    return _collect(climbs, ends, value, reason, _standard_errors(climbs, ends), 0.0)


def tune_shrunk(problem: Problem, pool: Pool, ordinary: Ordinary, level: Floats, report: Report | None) -> Own:
    """Between each asset's own maximum and the pool.

    The log-likelihood is penalised by strength/2 times the squared distance from the pool in the coordinates of
    coordinates.py, a normal prior of precision `strength`; the strength is the one whose estimates on the first
    two thirds of the dates, pool included, predict the last third best, over the panel.
    """
    climbs = _prepare(problem, pool, ordinary)
    past = problem.until((2 * len(problem.X)) // 3)
    early = _prepare(past, tune_pool(past, pool), ordinary)
    later = replace(climbs, pool=early.pool)
    start = _starting_points(early, level, [early.anchor[:, early.assets]])
    scored = []
    for number, strength in enumerate(STRENGTHS):
        ends, _, _ = early.climb(start, strength, None)
        before, _ = early.evaluate(early.assets, ends)
        after, _ = later.evaluate(early.assets, ends)
        scored.append(float(np.sum(after - before)))
        if report is not None:
            report(number + 1, len(STRENGTHS) + 1)
    strength = STRENGTHS[int(np.argmax(scored))]
    start = _starting_points(climbs, level, [climbs.anchor[:, climbs.assets]])
    ends, value, reason = climbs.climb(start, strength, None)
    errors = np.full((1 + climbs.anchor.shape[0], climbs.assets.size), np.nan)
    return _collect(climbs, ends, value, reason, errors, strength)


def _parameters(climbs: _Climbs, theta: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """State variances, levels, phi and means that theta (assets, D) stands for."""
    states, law = climbs.anchor.shape[0], climbs.problem.law
    level = np.exp(theta[:, 0])
    unit = 1.0 if law.scales or law.noise == DISCOUNT else level
    moderate = climbs.scales.moderate[:, climbs.assets]
    state_variance = moderate * np.expm1(theta[:, 1 : 1 + states].T) * unit
    if not law.reverts:
        return state_variance, level, np.ones_like(state_variance), np.zeros_like(state_variance)
    phi = 1.0 / (1.0 + np.exp(-theta[:, 1 + states : 1 + 2 * states].T))
    away = theta[:, 1 + 2 * states :].T * climbs.scales.deviation[:, climbs.assets]
    return state_variance, level, np.clip(phi, 1e-3, 1.0 - 1e-5), climbs.scales.mean[:, climbs.assets] + away


def _standard_errors(climbs: _Climbs, theta: Floats) -> Floats:
    """From the observed information: central differences of the exact score, floors left out; (1 + K, assets)."""
    count, size = theta.shape
    states = climbs.anchor.shape[0]
    step = _SMALL_STEP * np.eye(size)
    points = np.concatenate([theta[:, None] + step, theta[:, None] - step], axis=1).reshape(-1, size)
    _, slope = climbs.evaluate(np.repeat(climbs.assets, 2 * size), points)
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
    state_variance, level, _, _ = _parameters(climbs, theta)
    law, moderate = climbs.problem.law, climbs.scales.moderate[:, climbs.assets]
    jacobian = np.zeros((count, 1 + states, size))
    jacobian[:, 0, 0] = level
    unit = 1.0 if law.scales or law.noise == DISCOUNT else level
    j = np.arange(states)
    jacobian[:, 1 + j, 1 + j] = (moderate * np.exp(theta[:, 1 : 1 + states].T) * unit).T
    if not (law.scales or law.noise == DISCOUNT):
        jacobian[:, 1 + j, 0] = state_variance.T
    errors: Floats = np.sqrt(np.maximum(np.einsum("nij,njk,nik->ni", jacobian, covariance, jacobian), 0.0))
    errors[~sound] = np.nan
    errors[:, 1:][~inside[:, 1 : 1 + states]] = np.nan
    return errors.T


def _collect(climbs: _Climbs, theta: Floats, value: Floats, reason: NDArray[np.int64], errors: Floats,
             strength: float) -> Own:  # fmt: skip
    """Spread the assets that climbed over all assets."""
    count = climbs.anchor.shape[1]
    assets = climbs.assets

    def wide(values: Floats) -> Floats:
        whole = np.full((*values.shape[:-1], count), np.nan)
        whole[..., assets] = values
        return whole

    state_variance, level, phi, mean = _parameters(climbs, theta)
    texts = np.full(count, "", dtype="<U80")
    texts[assets] = [REASONS[int(code)] for code in reason]
    found, converged = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    found[assets], converged[assets] = np.isfinite(value), reason == CONVERGED
    return Own(wide(state_variance), wide(level), wide(phi), wide(mean), wide(errors), wide(value), converged, found,
               texts, strength)  # fmt: skip
