"""One portfolio decision as arrays (`Problem`), and the weights found for it (`Solution`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._options import Number, check
from statefolio.exceptions import InputError
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.showing import ShownSolution
from statefolio.risk.low_rank import LowRankCovariance


@dataclass(frozen=True, eq=False)
class Problem:
    """The data of one portfolio decision; N assets, K factors, all returns in decimals per date.

    Parameters
    ----------
    assets
        Their names; every array is in this order.
    covariance
        Covariance of the next date's returns. The first K columns of its loadings belong to `factors`; residual factors
        follow.
    factors
        Names of the factors.
    previous : (N,) array
        Weights before the trade.
    constraints
        Limits on the weights.
    trade_cost : (N,) array
        Cost of trading one unit of value, paid once.
    mean : (N,) array, optional
        Expected excess returns.
    mean_covariance : LowRankCovariance, optional
        Covariance of the estimation error of `mean`.
    loading_variance : (N, K) array, optional
        Variances of the loadings on `factors`.
    holding_period : float
        Dates until the next decision: means and variances accrue on each, costs are paid once.
    dates_since : int
        Dates since the last decision.
    most_held : (N,) array, optional
        The largest position that volumes allow, as a share of the portfolio's value.

    Raises
    ------
    InputError
        If an array has the wrong shape or is not finite, or a cost or the holding period is negative.

    Examples
    --------
    Three assets with one common factor:

    >>> import numpy as np
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> covariance = sf.risk.LowRankCovariance(
    ...     loadings=np.array([[1.0], [0.2], [0.5]]),
    ...     factor_covariance=np.array([[1e-4]]),
    ...     diagonal=np.array([5e-5, 1e-5, 1e-4]),
    ... )
    >>> problem = sf.portfolio.Problem(
    ...     pd.Index(["stocks", "bonds", "gold"]),
    ...     covariance,
    ...     factors=pd.Index(["market"]),
    ...     previous=np.zeros(3),
    ...     constraints=sf.Constraints(),
    ...     trade_cost=np.full(3, 0.001),
    ... )
    >>> solution = sf.portfolio.MinimumVariance().solve(problem)
    >>> [round(float(w), 3) for w in solution.weights]
    [0.0, 0.966, 0.034]
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
                found = f"shape {np.shape(values)}" if np.shape(values) != shape else "NaN or infinite numbers"
                raise InputError(
                    f"{name} must be finite numbers of shape {shape} in the order of assets, got {found}. Leave out "
                    "assets with missing values."
                )
        if len(self.covariance) != count:
            raise InputError(
                f"covariance must be of the {count} assets, got {len(self.covariance)}. Select the same assets."
            )
        least = np.min(self.trade_cost, initial=0.0)
        if least < 0.0:
            raise InputError(f"trade_cost must be at least 0, got {least:g}. Pass costs as positive numbers.")
        check("holding_period", self.holding_period, Number(above=0.0, infinite=True, example=21))

    @property
    def risk(self) -> LowRankCovariance:
        """Covariance of the next date's return plus that of the mean's estimation error: what an optimiser uses.

        Over h dates the noise of returns adds up to h Sigma, but the mean's error P is the same on each of them: h^2 P.
        Per date, that is Sigma + h P.
        """
        if self.mean_covariance is None:
            return self.covariance
        return add(self.covariance, times(self.mean_covariance, self.holding_period))


@dataclass(frozen=True, eq=False, repr=False)
class Solution(ShownSolution):
    """Weights, and whether they solve the problem.

    Parameters
    ----------
    weights : (N,) array
        NaN where not `converged`.
    converged, reason
        Whether the solver succeeded; if not, why, with the violated constraint where it is known.
    details
        Series for a `Decision`, by name.

    Examples
    --------
    Positions of at most 20 % each cannot make a fully invested portfolio of three assets:

    >>> import numpy as np
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> uncorrelated = sf.risk.LowRankCovariance(np.zeros((3, 0)), np.zeros((0, 0)), np.full(3, 1e-4))
    >>> problem = sf.portfolio.Problem(
    ...     pd.Index(["a", "b", "c"]),
    ...     uncorrelated,
    ...     factors=pd.Index([]),
    ...     previous=np.zeros(3),
    ...     constraints=sf.Constraints(upper=0.2),
    ...     trade_cost=np.zeros(3),
    ... )
    >>> solution = sf.portfolio.MinimumVariance().solve(problem)
    >>> solution.converged
    False
    >>> print(solution.reason)
    no weights satisfy all constraints: net is missed by 0.4 at best, with upper kept
    """

    weights: Array
    converged: bool = True
    reason: str = ""
    details: Mapping[str, "pd.Series[float]"] = field(default_factory=dict)


class Objective(Protocol):
    """The interface of an objective: `solve` returns the best weights for a problem."""

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
