"""The tuning problem of a panel: the data, and their log-likelihood and its derivatives at shared parameters."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.blocks import Report, over_blocks, pad_last
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.observations import ELSEWHERE, Observations, Observed
from statefolio.kalman.panel import Filter, new_filter
from statefolio.kalman.records import BlockParameters, Dates, Prior, Workspace, new_workspace
from statefolio.kalman.score import score_block
from statefolio.kalman.specification import DISCOUNT, Floats, Specification
from statefolio.kalman.volatility import Common

_REST = 7
"""Number of results that are one number per asset; those by state, and by the common volatility, follow."""


@dataclass(frozen=True)
class Pool:
    """Hyper-parameters that the assets of a panel share."""

    ratio: Floats  # (K,) signal-to-noise
    phi: Floats  # (K,)
    tails: float
    memory: float
    exponents: Floats  # (J,) of the common volatility levels
    rise: float = 0.0  # of the noise with the size of a date's regressors
    fast_memory: float = 0.0
    fast_weight: float = 0.0
    surprise_scale: float = 1.0
    log_likelihood: float = np.nan  # the panel's sum
    converged: bool = False
    reason: str = "given"
    pilot_ratio: Floats | None = None  # (K,) of the filter that gave the common volatility level
    levels: Floats | None = None  # (N,) padded: levels of the assets, where they were maximised too

    def specify(self, spec: Specification) -> Specification:
        """Return a model specification with these shared parameters."""
        return spec._replace(
            tails=self.tails,
            memory=self.memory,
            fast_memory=self.fast_memory,
            fast_weight=self.fast_weight,
            surprise_scale=self.surprise_scale,
        )


@dataclass(frozen=True)
class Free:
    """Parameters that are tuned in addition to the signal-to-noise ratios; the others are fixed."""

    tails: bool = False
    memory: bool = False
    fast_memory: bool = False
    fast_weight: bool = False
    surprise_scale: bool = False
    exponents: bool = False
    rise: bool = False
    phi: bool = False
    levels: bool = False  # one per asset

    @property
    def shared(self) -> bool:
        """True where any shared parameter is tuned."""
        return any(getattr(self, each.name) for each in fields(self) if each.name != "levels")


class Rooms:
    """Workspaces of scores, kept from one evaluation to the next: their memory is costly to get from the system."""

    def __init__(self) -> None:
        self._free: list[tuple[object, Workspace]] = []

    def __getstate__(self) -> dict[str, list[tuple[object, Workspace]]]:
        """Keep the memory in its process."""
        return {"_free": []}

    @contextmanager
    def take(self, spec: Specification, prior: Prior, dates: int, states: int, common: int) -> Iterator[Workspace]:
        """Lend a workspace to one thread."""
        shape = (spec.reverts, prior.kind.tobytes(), prior.before_prediction, dates, states, common)
        try:
            found, workspace = self._free.pop()
        except IndexError:
            found = None
        if found != shape:
            workspace = new_workspace(spec, prior, dates, states, common)
        yield workspace
        self._free.append((shape, workspace))


@dataclass(frozen=True)
class PanelScore:
    """Log-likelihoods and their derivatives, one column per asset."""

    log_likelihood: Floats  # (N,)
    level: Floats  # (N,)
    tails: Floats  # (N,)
    memory: Floats  # (N,)
    fast_memory: Floats  # (N,)
    fast_weight: Floats  # (N,)
    surprise_scale: Floats  # (N,)
    state_variance: Floats  # (K, N)
    phi: Floats  # (K, N)
    mean: Floats  # (K, N)
    common: Floats  # (J + 1, N) by the exponents of the common volatility, and by its rise


@dataclass(frozen=True)
class TuningProblem:
    """The data of a panel, and its fixed parameters."""

    spec: Specification
    X: Floats  # (T, K), or (T, K, N) padded: one set per asset
    observed: Observations
    common: Common
    levels: Floats  # (N,) padded
    mean: Floats  # (K, N) padded
    prior: Prior  # of N assets, padded
    moderate: Floats  # (K,) signal-to-noise that moves a loading slowly
    free: Free
    walks: NDArray[np.bool_]  # (K,) loadings whose persistence stays 1
    least_phi: float = 0.0
    rooms: Rooms = field(default_factory=Rooms)

    def subset(self, assets: NDArray[np.intp]) -> "TuningProblem":
        """Return the problem of some assets."""
        lanes = pad_last(self.observed.columns(assets), np.nan)
        padding = np.zeros(lanes.shape[1] - assets.size, dtype=np.intp)
        chosen = np.concatenate([assets, padding])
        return self._at(chosen, Observed(lanes, assets.size))

    def part(self, first: int, last: int) -> "TuningProblem":
        """Return the problem of the lanes [first, last), without their observations."""
        return self._at(slice(first, last), ELSEWHERE)

    def _at(self, chosen: "NDArray[np.intp] | slice", observed: Observations) -> "TuningProblem":
        """Return the problem of some columns."""
        return replace(
            self,
            X=self.X if self.X.ndim == 2 else np.ascontiguousarray(self.X[:, :, chosen]),
            observed=observed,
            levels=self.levels[chosen],
            mean=self.mean[:, chosen],
            prior=self.prior._replace(mean=self.prior.mean[chosen], covariance=self.prior.covariance[chosen]),
        )

    def until(self, row: int) -> "TuningProblem":
        """Return the problem on the dates before a row."""
        return replace(self, X=self.X[:row], observed=self.observed.until(row), common=self.common.until(row))

    def dates(self, pool: Pool) -> Dates:
        """Return the regressors and the common factor of each date."""
        return Dates(self.X, self.common.factor(pool.exponents, pool.rise), self.common.slopes(pool.rise))

    def shared(self) -> tuple[Floats, ...]:
        """Return the large arrays that do not depend on the assets."""
        return self.X, *self.common

    def unit(self) -> Floats | float:
        """Return the factor from a signal-to-noise ratio to the state variance of the filter."""
        return 1.0 if self.spec.scales or self.spec.noise == DISCOUNT else self.levels

    def filter(self, pool: Pool) -> Filter:
        """Build the panel's filter at given shared parameters, before its first date."""
        spec, own = self.at(pool)
        return new_filter(
            spec,
            own.state_variance,
            own.level,
            phi=own.phi,
            mean=own.mean,
            start=(self.prior.mean, self.prior.covariance),
            kind=self.prior.kind,
            before_prediction=self.prior.before_prediction,
        )

    def at(self, pool: Pool) -> tuple[Specification, BlockParameters]:
        """Return the model specification and the parameters of each asset at given shared parameters."""
        shape = (self.X.shape[1], self.levels.size)
        state_variance = np.empty(shape)
        state_variance[:] = pool.ratio[:, None] * self.unit()
        return pool.specify(self.spec), BlockParameters(
            state_variance, self.levels, np.repeat(pool.phi[:, None], shape[1], axis=1), self.mean
        )

    def score(self, pool: Pool) -> PanelScore:
        """Return the log-likelihood of every asset at given shared parameters, and its derivatives."""
        rows = self.observed.compute(_score, _AtPool(self, pool))
        states = self.X.shape[1]
        by_state, by_common = rows[_REST : _REST + 3 * states], rows[_REST + 3 * states :]
        by_each = [*rows[:_REST], *by_state.reshape(3, states, rows.shape[1]), by_common]
        return PanelScore(*by_each)

    def surprises(self, pool: Pool) -> tuple[Floats, Floats]:
        """Return the sum of capped squared standardised innovations, and their number, of each block (blocks, T)."""
        surprise, surprised = self.observed.compute(_surprises, _AtPool(self, pool))
        return np.ascontiguousarray(surprise.T), np.ascontiguousarray(surprised.T)


@dataclass(frozen=True)
class _AtPool:
    """A problem at given shared parameters."""

    problem: TuningProblem
    pool: Pool

    def part(self, first: int, last: int) -> "_AtPool":
        """Return the problem of the lanes [first, last)."""
        return _AtPool(self.problem.part(first, last), self.pool)

    def shared(self) -> tuple[Floats, ...]:
        """Return the regressors and the common level."""
        return self.problem.shared()


def _score(at: _AtPool, Y: Floats, report: Report | None) -> Floats:
    """Return one row per derivative, after the log-likelihood; one column per asset."""
    problem, prior = at.problem, at.problem.prior
    spec, own = problem.at(at.pool)
    states, count = own.phi.shape
    dates = problem.dates(at.pool)
    rows = np.zeros((_REST + 3 * states + dates.slopes.shape[1], count))

    def work(first: int, last: int) -> None:
        with problem.rooms.take(spec, prior, len(problem.X), states, dates.slopes.shape[1]) as workspace:
            for block in range(first, last):
                here = slice(block * WIDTH, (block + 1) * WIDTH)
                _fill_workspace(workspace, prior, own, here)
                score_block(spec, dates, Y, here.start, workspace)
                by, by_shared = workspace.by, workspace.by_shared
                by_asset = (workspace.log_likelihood, by.level, *by_shared[:-1])
                rows[:, here] = [*by_asset, *by.state_variance, *by.phi, *by.mean, *by_shared.common]

    over_blocks(work, count // WIDTH, float(Y.size), report=report)
    return rows


def _surprises(at: _AtPool, Y: Floats, _report: Report | None) -> tuple[Floats, Floats]:
    """Return what `TuningProblem.surprises` does, (T, blocks)."""
    paths = at.problem.filter(at.pool).run(at.problem.X, Y, store="state", note_surprise=True)
    return paths.surprise.T, paths.surprised.T


def _fill_workspace(workspace: Workspace, prior: Prior, own: BlockParameters, here: slice) -> None:
    """Copy the priors and parameters of one block."""
    for mine, whole in zip(workspace.own, own, strict=True):
        mine[:] = whole[..., here]
    workspace.prior.mean[:], workspace.prior.covariance[:] = prior.mean[here], prior.covariance[here]
