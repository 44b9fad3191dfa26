"""A mean as a hidden state, filtered in ratios to the noise's variance: numbers, however many assets there are.

    r_t = m_t + e_t,  e_t ~ N(0, H)        m_t+1 = c + phi (m_t - c) + w_t,  w_t ~ N(0, q H),   m_1 ~ N(c_1, p_1 H)

The state's covariance is a multiple of H at the start and at every step, so it stays one, P_t = p_t H, and the gain
P_t (P_t + H)^-1 is p_t / (p_t + 1) times the identity: H and its inverse drop out of the mean. Each asset then has a
recursion of its own in two numbers,

    k = p / (p + 1)      m <- m + k (r - m)      p <- k      then      m <- c + phi (m - c)      p <- phi^2 p + q

(West and Harrison 1997, Bayesian Forecasting and Dynamic Models, section 16.4: matrix normal models with a common
design). It is the exact filter where H is diagonal, with any gaps, or where all assets have the same gain. Where H is
not diagonal and an asset misses a date, it leaves aside what the others' returns say of that asset.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from statefolio._arrays.types import Array


@dataclass(frozen=True, eq=False)
class RatioFilter:
    """Law of the next date's means, and how it moves; arrays of shape (N,), or (G, N) for G laws side by side.

    Parameters
    ----------
    mean, ratio
        m and p of the next date.
    level, phi, step
        c, phi and q.
    share
        How much of an error of c is in the mean: 1 at a start from c, then g <- 1 - phi + phi (1 - k) g.
    """

    mean: Array
    ratio: Array
    level: Array
    phi: Array
    step: Array
    share: Array

    def run(self, returns: Array) -> "tuple[RatioFilter, Array, Array, Array]":
        """Filter returns (T, N), NaN where not observed; also m, p and g predicted for each of these dates, (T, N)."""
        means, ratios, shares = np.empty((3, *returns.shape))
        after = self
        for t, row in enumerate(returns):
            means[t], ratios[t], shares[t] = after.mean, after.ratio, after.share
            after = after._after(row)
        return after, means, ratios, shares

    def scores(self, returns: Array) -> Array:
        """Twice the negative log-likelihood (G, N), each asset's noise variance at its maximum; constants left out.

        With the noise's variance h unknown its maximum is the mean of v^2 / f, f = p + 1, and what is left is
        n log(sum v^2 / f) + sum log f - n log n.
        """
        squares, logs = np.zeros(self.mean.shape), np.zeros(self.mean.shape)
        after = self
        for row in returns:
            seen = ~np.isnan(row)
            f = after.ratio + 1.0
            squares += np.where(seen, (row - after.mean) ** 2 / f, 0.0)
            logs += np.where(seen, np.log(f), 0.0)
            after = after._after(row)
        count = np.count_nonzero(~np.isnan(returns), axis=0)
        known = np.where((count > 0) & (squares > 0.0), squares, 1.0)
        found: Array = count * np.log(known / np.maximum(count, 1)) + logs
        return found

    def select(self, places: Any) -> "RatioFilter":
        """The filter of these assets, by place; one may be named more than once."""
        return RatioFilter(*(getattr(self, part.name)[places] for part in fields(self)))

    def _after(self, row: Array) -> "RatioFilter":
        seen = ~np.isnan(row)
        gain = np.where(seen, self.ratio / (self.ratio + 1.0), 0.0)
        mean = self.mean + gain * (np.where(seen, row, 0.0) - self.mean)
        ratio = np.where(seen, gain, self.ratio)
        return replace(
            self,
            mean=self.level + self.phi * (mean - self.level),
            ratio=self.phi * self.phi * ratio + self.step,
            share=1.0 + self.phi * ((1.0 - gain) * self.share - 1.0),
        )


def stationary(level: Array, phi: Array, spread: Array) -> RatioFilter:
    """Filters that start from the law they tend to: mean `level`, variance `spread` times the noise's.

    Where phi is 1 the mean stands still, and `spread` is the variance of what it was drawn with.
    """
    level, phi, spread = np.broadcast_arrays(level, phi, spread)
    step = spread * (1.0 - phi * phi)
    return RatioFilter(level.copy(), spread.copy(), level.copy(), phi.copy(), step, np.ones(level.shape))
