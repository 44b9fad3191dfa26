"""One decision as a problem in arrays, and what came of solving it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.exceptions import InputError
from statefolio.portfolio.constraints import Constraints
from statefolio.risk.low_rank import LowRankCovariance


@dataclass(frozen=True, eq=False)
class Problem:
    """What an objective is asked to solve; N assets, K factors, everything in decimals a date.

    Parameters
    ----------
    assets
        Their names; every array is in this order.
    covariance
        Of the next date's returns. The first columns of its loadings belong to `factors`; residual factors follow.
    factors
        Names of the factors.
    mean : (N,) array, optional
        Expected excess returns.
    mean_covariance : LowRankCovariance, optional
        Of what `mean` is not sure of.
    loading_variance : (N, K) array, optional
        Variances of the loadings on `factors`.
    previous : (N,) array
        Weights held before the trade.
    constraints
        What weights must keep to.
    trade_cost : (N,) array
        What trading a unit of value costs, paid once.
    holding_period
        Dates until the next decision: means and variances are earned on each, costs once.
    dates_since
        Dates since the former decision.
    most_held : (N,) array, optional
        The largest position that volumes allow, as a share of the value.

    Raises
    ------
    InputError
        If an array does not fit the assets or is not finite, or a cost or a holding period is negative.
    """

    assets: pd.Index
    covariance: LowRankCovariance
    factors: pd.Index
    previous: Array
    constraints: Constraints
    trade_cost: Array
    mean: Array | None = None
    mean_covariance: LowRankCovariance | None = None
    loading_variance: Array | None = None
    holding_period: float = 1.0
    dates_since: int = 0
    most_held: Array | None = None

    def __post_init__(self) -> None:
        count = len(self.assets)
        shapes: dict[str, tuple[int, ...]] = {"mean": (count,), "previous": (count,), "trade_cost": (count,)}
        shapes["loading_variance"] = (count, len(self.factors))
        for name, shape in shapes.items():
            values = getattr(self, name)
            if values is not None and (np.shape(values) != shape or not np.isfinite(values).all()):
                raise InputError(
                    f"{name} has shape {np.shape(values)}, or values that are not finite; {shape} finite numbers were "
                    "expected, in the order of assets. Leave out assets about which something is not known."
                )
        if len(self.covariance) != count:
            raise InputError(f"covariance is of {len(self.covariance)} assets; {count} were expected. Select the same.")
        if (np.asarray(self.trade_cost) < 0.0).any() or not self.holding_period > 0.0:
            raise InputError(
                f"a trade_cost is negative, or holding_period={self.holding_period!r} is not positive; costs of 0 or "
                "more and a number of dates were expected. Check their signs."
            )

    @property
    def risk(self) -> LowRankCovariance:
        """Covariance of a date's returns and of what the mean is not sure of: the risk that an optimiser sees.

        Over h dates the noise of returns adds up to h Sigma, but a mean that is wrong is wrong on each of them: h^2 P.
        A date's share of both is Sigma + h P.
        """
        if self.mean_covariance is None:
            return self.covariance
        return add(self.covariance, times(self.mean_covariance, self.holding_period))


@dataclass(frozen=True, eq=False)
class Solution:
    """Weights, and whether they are what was looked for.

    Parameters
    ----------
    weights : (N,) array
        NaN where not `converged`.
    converged, reason
        A solver that fails says so here, with the constraint at fault where it is known.
    details
        For a `Decision`.
    """

    weights: Array
    converged: bool = True
    reason: str = ""
    details: Mapping[str, "pd.Series[float]"] = field(default_factory=dict)


class Objective(Protocol):
    """What is looked for."""

    def solve(self, problem: Problem) -> Solution:
        """Return the best weights within the constraints."""


def add(one: LowRankCovariance, other: LowRankCovariance) -> LowRankCovariance:
    """Return the sum of two covariances of the same assets."""
    k, m = one.loadings.shape[1], other.loadings.shape[1]
    block = np.zeros((k + m, k + m))
    block[:k, :k], block[k:, k:] = one.factor_covariance, other.factor_covariance
    return LowRankCovariance(np.hstack([one.loadings, other.loadings]), block, one.diagonal + other.diagonal)


def times(covariance: LowRankCovariance, factor: float) -> LowRankCovariance:
    """Return a covariance times a positive number."""
    return LowRankCovariance(covariance.loadings, factor * covariance.factor_covariance, factor * covariance.diagonal)
