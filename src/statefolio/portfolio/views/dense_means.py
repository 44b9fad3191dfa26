"""Means as hidden states with any state covariance: the filter in matrices, O(N^3) a date."""

from dataclasses import dataclass, replace

import numpy as np

from statefolio._arrays.types import Array
from statefolio.kalman.dense import dense_filter

_DATES_A_RUN = 64


@dataclass(frozen=True, eq=False)
class DenseMeans:
    """Law N(mean, covariance) of the next date's means, and how it moves.

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
        """Filter returns (T, N), NaN where not observed; also means and variances predicted for each date, (T, N)."""
        T, offset, identity = np.diag(self.phi), (1.0 - self.phi) * self.level, np.eye(len(self.phi))
        means, variances = np.empty(returns.shape), np.empty(returns.shape)
        a, P = self.mean, self.covariance
        for first in range(0, len(returns), _DATES_A_RUN):
            rows = slice(first, first + _DATES_A_RUN)
            found = dense_filter(returns[rows], identity, self.noise, self.step, a, P, transition=T, offset=offset)
            means[rows] = found.predicted
            variances[rows] = np.diagonal(found.predicted_covariance, axis1=1, axis2=2)
            a = offset + T @ found.filtered[-1]
            P = T @ found.filtered_covariance[-1] @ T.T + self.step
        return replace(self, mean=a, covariance=P), means, variances
