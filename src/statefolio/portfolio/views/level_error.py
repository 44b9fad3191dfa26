"""Measures the estimation error of the level that expected returns revert to."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from statefolio._arrays.types import Array


@dataclass(frozen=True, eq=False)
class LevelError:
    """Covariance of the errors of c: common 1 1' + diag(own)^1/2 H diag(own)^1/2.

    A mean over T dates has an error. Without it, a view that shrinks all assets to the pooled mean would treat that
    mean as known (Morris 1983, Journal of the American Statistical Association 78, on the effect of an estimated
    prior).

    Attributes
    ----------
    common : float
        Variance of an error that all assets share.
    own : (N + 1,) array
        Variance of each asset's own error divided by that of its noise; last, that of an asset that joins.
    """

    common: float
    own: Array

    def joined(self, count: int) -> "LevelError":
        """The errors after `count` more assets have joined."""
        return LevelError(self.common, np.append(self.own, np.full(count, self.own[-1])))


def level_error(mean: Any, returns: Array) -> LevelError:
    """Errors of "pooled" or "own" means of returns (T, N); given means count as known."""
    known = ~np.isnan(returns)
    count = known.sum(axis=0)
    none = np.zeros(returns.shape[1] + 1)
    if not isinstance(mean, str) or not known.any():
        return LevelError(0.0, none)
    if mean == "own":
        usual = float(np.median(count[count > 0]))
        return LevelError(0.0, 1.0 / np.append(np.where(count > 0, count, usual), usual))
    deviations = np.where(known, returns - returns[known].mean(), 0.0).sum(axis=1)
    return LevelError(float((deviations**2).sum()) / float(known.sum()) ** 2, none)
