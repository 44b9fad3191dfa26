"""A panel whose hyper-parameters are looked for: the data, and what one pool of parameters makes of them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.blocks import over_blocks, pad_last
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.law import DISCOUNT, Floats, Law
from statefolio.kalman.panel import Filter, new_filter
from statefolio.kalman.records import Dates, Lanes, Prior, Room, new_room
from statefolio.kalman.score import score_lanes

_REST = 5
"""Rows of one number an asset; rows of K numbers follow."""


@dataclass(frozen=True)
class Pool:
    """What a panel shares."""

    ratio: Floats  # (K,) signal-to-noise
    phi: Floats  # (K,)
    tails: float
    memory: float
    exponent: float  # of the common volatility level
    log_likelihood: float = np.nan  # the panel's sum
    converged: bool = False
    reason: str = "given"
    pilot_ratio: Floats | None = None  # (K,) of the filter that gave the common volatility level
    levels: Floats | None = None  # (N,) padded: each asset's own level, where it was maximised too


@dataclass(frozen=True)
class Free:
    """What is looked for beside the signal-to-noise ratios; the rest stays as it is."""

    tails: bool = False
    memory: bool = False
    exponent: bool = False
    phi: bool = False
    levels: bool = False  # each asset's own

    @property
    def shared(self) -> bool:
        """Whether anything that all assets share is."""
        return self.tails or self.memory or self.exponent or self.phi


@dataclass(frozen=True)
class Slopes:
    """Log-likelihoods, an asset a column, and their derivatives."""

    log_likelihood: Floats  # (N,)
    level: Floats  # (N,)
    tails: Floats  # (N,)
    memory: Floats  # (N,)
    exponent: Floats  # (N,)
    state_variance: Floats  # (K, N)
    phi: Floats  # (K, N)
    mean: Floats  # (K, N)


@dataclass(frozen=True)
class Problem:
    """The data, and what is held."""

    law: Law
    X: Floats  # (T, K), or (T, K, N) padded: each asset its own
    Y: Floats  # (T, N) padded
    log_common: Floats  # (T,) log of the common volatility level
    levels: Floats  # (N,) padded
    mean: Floats  # (K, N) padded
    prior: Prior  # of N assets, padded
    moderate: Floats  # (K,) signal-to-noise that moves a loading slowly
    free: Free

    def subset(self, assets: NDArray[np.intp]) -> "Problem":
        """The same problem for some assets."""
        lanes = pad_last(self.Y[:, assets], np.nan)
        padding = np.zeros(lanes.shape[1] - assets.size, dtype=np.intp)
        chosen = np.concatenate([assets, padding])
        return replace(
            self,
            X=self.X if self.X.ndim == 2 else np.ascontiguousarray(self.X[:, :, chosen]),
            Y=lanes,
            levels=self.levels[chosen],
            mean=self.mean[:, chosen],
            prior=self.prior._replace(mean=self.prior.mean[chosen], covariance=self.prior.covariance[chosen]),
        )

    def until(self, row: int) -> "Problem":
        """The same problem on the dates before a row."""
        return replace(self, X=self.X[:row], Y=self.Y[:row], log_common=self.log_common[:row])

    def dates(self, exponent: float) -> Dates:
        """What all assets share, date by date."""
        return Dates(self.X, np.exp(exponent * self.log_common), self.log_common)

    def unit(self) -> Floats | float:
        """What a signal-to-noise ratio is multiplied by to give the engine's state variance."""
        return 1.0 if self.law.scales or self.law.noise == DISCOUNT else self.levels

    def filter(self, pool: Pool) -> Filter:
        """The panel's filter at a pool, before its first date."""
        law, own = self.at(pool)
        return new_filter(
            law,
            own.state_variance,
            own.level,
            phi=own.phi,
            mean=own.mean,
            start=(self.prior.mean, self.prior.covariance),
            kind=self.prior.kind,
            before_prediction=self.prior.before_prediction,
        )

    def at(self, pool: Pool) -> tuple[Law, Lanes]:
        """The law of a pool, and the parameters it gives each asset."""
        shape = (self.X.shape[1], self.levels.size)
        state_variance = np.empty(shape)
        state_variance[:] = pool.ratio[:, None] * self.unit()
        law = self.law._replace(tails=pool.tails, memory=pool.memory)
        return law, Lanes(state_variance, self.levels, np.repeat(pool.phi[:, None], shape[1], axis=1), self.mean)

    def slopes(self, pool: Pool) -> Slopes:
        """Every asset's log-likelihood at a pool, and its derivatives."""
        law, own = self.at(pool)
        states, count = own.phi.shape
        rows = np.zeros((_REST + 3 * states, count))
        dates = self.dates(pool.exponent)

        def work(first: int, last: int) -> None:
            room = new_room(law, self.prior, len(self.X), states)
            for block in range(first, last):
                here = slice(block * WIDTH, (block + 1) * WIDTH)
                _fill_room(room, self.prior, own, here)
                score_lanes(law, dates, self.Y, here.start, room)
                rows[:, here] = [room.log_likelihood, room.by.level, *room.by_shared, *room.by.state_variance,
                                 *room.by.phi, *room.by.mean]  # fmt: skip

        over_blocks(work, count // WIDTH, float(self.Y.size))
        by_state = rows[_REST:].reshape(3, states, count)
        return Slopes(*rows[:_REST], *by_state)


def _fill_room(room: Room, prior: Prior, own: Lanes, here: slice) -> None:
    """Put in the priors and parameters of one block."""
    for mine, whole in zip(room.own, own, strict=True):
        mine[:] = whole[..., here]
    room.prior.mean[:], room.prior.covariance[:] = prior.mean[here], prior.covariance[here]
