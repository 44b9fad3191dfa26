"""Portfolios whose factors contribute given shares of the risk."""

from dataclasses import dataclass, replace
from itertools import chain, combinations
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError
from statefolio.portfolio.budgets.factor_space import FactorSpace
from statefolio.portfolio.budgets.nearest import nearest
from statefolio.portfolio.budgets.newton import budgeted_positions
from statefolio.portfolio.budgets.read_budget import read_budget, read_signs
from statefolio.portfolio.budgets.scaling import scale_within
from statefolio.portfolio.budgets.solutions import NO_ASSET, exact, failed, nearest_found
from statefolio.portfolio.optimisation.limits import Limits, Row, limits_of
from statefolio.portfolio.problem import Problem, Solution

IDIOSYNCRATIC = "idiosyncratic"
_MOST_PATTERNS = 256
_CANDIDATES = 8
_NOTHING = 1e-300


class FactorRiskBudget(BaseEstimator):
    """Weights with x_k (Omega x)_k / w' Sigma w = b_k for each factor, x = B'w, and an idiosyncratic share.

    First the exposures: for given signs exactly one x has x_k (Omega x)_k = b_k. Of all weights with these exposures,
    D^-1 B (B' D^-1 B)^-1 x has the lowest idiosyncratic variance. A portfolio n without exposures is added until the
    idiosyncratic share is right: the n with the highest expected return for its variance, or the most net weight
    without a mean. The share cannot be lower than with n = 0. In that case, or if the portfolio violates constraints at
    every size, the solution is the nearest portfolio: it minimises the sum of squared gaps between contributions and
    shares (a minimum near the exact portfolio). `reason` and `details` ("risk_contribution", "risk_budget", "exposure")
    then show the gap.

    Parameters
    ----------
    budget : Series or mapping
        A share for each factor of the problem and one for "idiosyncratic", the risk that these factors do not explain:
        residual factors, idiosyncratic variances and the uncertainty of loadings. Shares sum to one. A factor with a
        share of 0 gets no exposure.
    signs : Series or mapping, optional
        -1 for each factor with a negative exposure, 1 for positive; factors that are not named are positive. By default
        any signs are valid: all positive if that meets the budget within the constraints, else the signs with the
        fewest negative ones that do (256 patterns are tried), else all positive and the nearest portfolio.

    References
    ----------
    Roncalli and Weisang (2016), Risk Parity Portfolios with Risk Factors, Quantitative Finance 16, whose additional
    factors are the n here. Deguest, Martellini and Meucci (2013) budget uncorrelated combinations of factors instead.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> covariance = sf.risk.LowRankCovariance(
    ...     loadings=np.array([[1.0, 0.5], [1.2, -0.4], [0.8, 0.1], [0.9, 0.8]]),
    ...     factor_covariance=np.diag([1e-4, 4e-5]),
    ...     diagonal=np.full(4, 4e-5),
    ... )
    >>> problem = sf.portfolio.Problem(
    ...     pd.Index(["a", "b", "c", "d"]),
    ...     covariance,
    ...     factors=pd.Index(["market", "value"]),
    ...     previous=np.zeros(4),
    ...     constraints=sf.Constraints(lower=-1.0, upper=2.0),
    ...     trade_cost=np.zeros(4),
    ... )
    >>> budget = {"market": 0.6, "value": 0.1, "idiosyncratic": 0.3}
    >>> solution = sf.portfolio.FactorRiskBudget(budget).solve(problem)
    >>> solution.details["risk_contribution"].round(3).to_dict()
    {'market': 0.6, 'value': 0.1, 'idiosyncratic': 0.3}
    >>> [round(float(w), 2) for w in solution.weights]
    [0.13, -0.22, 0.75, 0.34]
    """

    def __init__(self, budget: Any, signs: Any = None):
        self.budget = budget
        self.signs = signs

    def solve(self, problem: Problem) -> Solution:
        """Return the weights that meet the budget, or come nearest to it.

        Raises
        ------
        UnknownNameError
            If `budget` or `signs` name something that is not a factor of the problem.
        InputError
            If shares are negative, do not sum to one or omit a factor, or a sign is not 1 or -1.
        """
        names = _bearers(problem)
        budget = read_budget(self.budget, names, "factors")
        if not len(problem.assets):
            return failed(0, NO_ASSET)
        limits = limits_of(problem)
        space = FactorSpace.of(problem)
        tries: list[_Trial] = []
        for signs in self._patterns(problem.factors, budget):
            tried = _try(space, limits, budget, signs)
            tries.append(tried)
            if not (tried.why or tried.violated):
                return _with_exposure(exact(tried.weights, space.shares(tried.weights), budget, names), space, problem)
        first, candidates = tries[0], [one.weights for one in tries[:_CANDIDATES]]
        signed = np.ones(len(budget) - 1) if self.signs is None else read_signs(self.signs, problem.factors, "factors")
        kept = limits if self.signs is None else _keep_signs(limits, space, problem.factors, signed)
        near = nearest(lambda w: space.gaps(w, budget), kept, candidates, space.covariance)
        if near.weights is None:
            return failed(len(problem.assets), near.reason)
        found = nearest_found(near, space.shares(near.weights), budget, names, first.violated, first.why)
        return _with_exposure(found, space, problem)

    def _patterns(self, factors: pd.Index, budget: Array) -> list[Array]:
        """The patterns of signs to try, in order."""
        if self.signs is not None:
            return [read_signs(self.signs, factors, "factors")]
        held = np.flatnonzero(budget[:-1])
        chosen = chain.from_iterable(combinations(held, count) for count in range(len(held) + 1))
        patterns = []
        for negative, _ in zip(chosen, range(_MOST_PATTERNS), strict=False):
            signs = np.ones(len(factors))
            signs[list(negative)] = -1.0
            patterns.append(signs)
        return patterns


@dataclass(frozen=True, eq=False)
class _Trial:
    """Weights for one pattern of signs, the reason why they are not exact, and the limits they violate."""

    weights: Array
    why: str
    violated: list[str]


def _try(space: FactorSpace, limits: Limits, budget: Array, signs: Array) -> _Trial:
    held = np.flatnonzero(budget[:-1])
    x = np.zeros(len(signs))
    if len(held):
        root = signs[held, None] * space.factor_root[held]
        x[held] = signs[held] * budgeted_positions(root, np.zeros(len(held)), budget[held]).positions
    w, why = space.weights(x, float(budget[-1]))
    size, violated = scale_within(w, limits)
    return _Trial(w * (size or 1.0 / max(np.abs(w).sum(), _NOTHING)), why, violated)


def _bearers(problem: Problem) -> pd.Index:
    if IDIOSYNCRATIC in problem.factors:
        raise InputError(
            f"factors must not be called {IDIOSYNCRATIC!r}, the name of the remaining risk, got "
            f"{listed(problem.factors)}. Rename the factor."
        )
    return pd.Index([*problem.factors, IDIOSYNCRATIC])


def _keep_signs(limits: Limits, space: FactorSpace, factors: pd.Index, signs: Array) -> Limits:
    rows = [
        Row(f"sign of {name!r}", sign * column, 0.0, np.inf)
        for name, sign, column in zip(factors, signs, space.exposures.T, strict=True)
    ]
    return replace(limits, rows=(*limits.rows, *rows))


def _with_exposure(found: Solution, space: FactorSpace, problem: Problem) -> Solution:
    exposure = pd.Series(found.weights @ space.exposures, index=problem.factors, name="exposure")
    return replace(found, details={**found.details, "exposure": exposure})
