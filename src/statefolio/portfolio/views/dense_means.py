"""Filters means with any state covariance, in matrices: O(N^3) per date."""

from dataclasses import dataclass, replace

import numpy as np

from statefolio._arrays.types import Array
from statefolio.kalman.dense import dense_filter

_DATES_PER_RUN = 64


@dataclass(frozen=True, eq=False)
class DenseMeans:
    """The distribution N(mean, covariance) of the next date's means, and their dynamics.

    Parameters
    ----------
    mean, covariance
        (N,) and (N, N).
    level, phi : (N,) arrays
        m_t+1 = level + phi (m_t - level) + w_t.
    step, noise : (N, N) arrays
        Q and H.
    """

    mean: Array
    covariance: Array
    level: Array
    phi: Array
    step: Array
    noise: Array

    def run(self, returns: Array) -> "tuple[DenseMeans, Array, Array]":
        """Filter returns (T, N), NaN where not observed; also return predicted means and variances by date, (T, N)."""
        T, offset, identity = np.diag(self.phi), (1.0 - self.phi) * self.level, np.eye(len(self.phi))
        means, variances = np.empty(returns.shape), np.empty(returns.shape)
        a, P = self.mean, self.covariance
        for first in range(0, len(returns), _DATES_PER_RUN):
            rows = slice(first, first + _DATES_PER_RUN)
            found = dense_filter(returns[rows], identity, self.noise, self.step, a, P, transition=T, offset=offset)
            means[rows] = found.predicted
            variances[rows] = np.diagonal(found.predicted_covariance, axis1=1, axis2=2)
            a = offset + T @ found.filtered[-1]
            P = T @ found.filtered_covariance[-1] @ T.T + self.step
        return replace(self, mean=a, covariance=P), means, variances
