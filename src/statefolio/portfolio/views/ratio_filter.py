"""Filters means as hidden states whose covariance is a multiple of the noise's, without matrices.

    r_t = m_t + e_t,  e_t ~ N(0, H)        m_t+1 = c + phi (m_t - c) + w_t,  w_t ~ N(0, q H),   m_1 ~ N(c_1, p_1 H)

The state's covariance is a multiple of H at the start and at every step, so it remains one, P_t = p_t H. The gain
P_t (P_t + H)^-1 is then p_t / (p_t + 1) times the identity, so that neither H nor its inverse enters the mean. Each
asset has a recursion in two numbers,

    k = p / (p + 1)      m <- m + k (r - m)      p <- k      then      m <- c + phi (m - c)      p <- phi^2 p + q

(West and Harrison 1997, Bayesian Forecasting and Dynamic Models, section 16.4: matrix normal models with a common
design). It is the exact filter if H is diagonal, with any gaps, or if all assets have the same gain. If H is not
diagonal and an asset's return is missing, it neglects the information that other assets' returns have about it.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from statefolio._arrays.types import Array


@dataclass(frozen=True, eq=False)
class RatioFilter:
    """Distribution of the next date's means, and their dynamics; arrays (N,), or (G, N) for G models side by side.

    Parameters
    ----------
    mean, ratio
        m and p of the next date.
    level, phi, step
        c, phi and q.
    share
        Derivative of the mean with respect to c: 1 at a start from c, then g <- 1 - phi + phi (1 - k) g.
    """

    mean: Array
    ratio: Array
    level: Array
    phi: Array
    step: Array
    share: Array

    def run(self, returns: Array) -> "tuple[RatioFilter, Array, Array, Array]":
        """Filter returns (T, N), NaN where not observed; also return m, p and g predicted for each date, (T, N)."""
        means, ratios, shares = np.empty((3, *returns.shape))
        after = self
        for t, row in enumerate(returns):
            means[t], ratios[t], shares[t] = after.mean, after.ratio, after.share
            after = after._after(row)
        return after, means, ratios, shares

    def scores(self, returns: Array) -> Array:
        """Minus twice the log-likelihood (G, N) without constants, at the maximum over each asset's noise variance.

        The maximum over the noise variance h is at the mean of v^2 / f, f = p + 1, which leaves
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
        """The filter of these assets, by place; a place may occur more than once."""
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
    """Filters that start from their stationary distribution: mean `level`, variance `spread` times the noise's.

    With phi = 1 the mean is constant, and `spread` is its prior variance.
    """
    level, phi, spread = np.broadcast_arrays(level, phi, spread)
    step = spread * (1.0 - phi * phi)
    return RatioFilter(level.copy(), spread.copy(), level.copy(), phi.copy(), step, np.ones(level.shape))
