"""Weights whose contributions to risk are those of a budget, factor by factor."""

from dataclasses import dataclass, replace
from itertools import chain, combinations
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._arrays.types import Array
from statefolio.exceptions import InputError
from statefolio.portfolio.budgets.balance import balance
from statefolio.portfolio.budgets.factor_space import FactorSpace
from statefolio.portfolio.budgets.lines import read_budget, read_signs
from statefolio.portfolio.budgets.nearest import nearest
from statefolio.portfolio.budgets.outcome import NO_ASSET, exact, failed, nearest_found
from statefolio.portfolio.budgets.scaling import scale_within
from statefolio.portfolio.optimisation.limits import Limits, Row, limits_of
from statefolio.portfolio.problem import Problem, Solution

IDIOSYNCRATIC = "idiosyncratic"
_MOST_PATTERNS = 256
_CANDIDATES = 8
_NOTHING = 1e-300


class FactorRiskBudget(BaseEstimator):
    """Weights with x_k (Omega x)_k / w' Sigma w = b_k for each factor, x = B'w; the rest is the idiosyncratic share.

    Exposures come first: for given signs one x has x_k (Omega x)_k = b_k. Of all weights with these exposures, the one
    of least idiosyncratic variance is D^-1 B (B' D^-1 B)^-1 x; a portfolio n without exposures is added to it until
    the idiosyncratic share is its own: of all such n the one with the most expected return for its variance, or the
    most net weight where there is no mean. The share cannot be lower than with n = 0; that, or constraints that the
    portfolio misses at every size, make the nearest be taken, which minimises the sum of squared gaps between
    contributions and shares (a minimum near that portfolio), and `reason` and `details` ("risk_contribution",
    "risk_budget", "exposure") show the gap.

    Parameters
    ----------
    budget : Series or mapping
        A share for each factor of the problem and one for "idiosyncratic", which is all that these factors do not
        explain: residual factors, idiosyncratic variances and what loadings' uncertainty adds to them. They add up to
        one. A factor whose share is 0 gets no exposure.
    signs : Series or mapping, optional
        -1 for each factor whose exposure is to be negative, 1 for positive; factors not named are positive. Where
        nothing is given any signs will do: all positive if that is exact within the constraints, else those with the
        fewest negative ones that are (256 patterns are tried), else all positive and the nearest.

    References
    ----------
    Roncalli and Weisang (2016), Risk Parity Portfolios with Risk Factors, Quantitative Finance 16, whose additional
    factors are the n here. Deguest, Martellini and Meucci (2013) budget uncorrelated combinations of factors instead.
    """

    def __init__(self, budget: Any, signs: Any = None):
        self.budget = budget
        self.signs = signs

    def solve(self, problem: Problem) -> Solution:
        """Return the weights that bear the budget, or come nearest to it.

        Raises
        ------
        UnknownNameError
            If budget or signs name what is no factor of the problem.
        InputError
            If shares are negative, do not add up to one or leave a line out, or a sign is neither 1 nor -1.
        """
        lines = _lines(problem)
        budget = read_budget(self.budget, lines, "factors")
        if not len(problem.assets):
            return failed(0, NO_ASSET)
        limits = limits_of(problem)
        space = FactorSpace.of(problem)
        tries: list[_Trial] = []
        for signs in self._patterns(problem.factors, budget):
            tried = _try(space, limits, budget, signs)
            tries.append(tried)
            if not (tried.why or tried.at_fault):
                return _with_exposure(exact(tried.weights, space.shares(tried.weights), budget, lines), space, problem)
        first, candidates = tries[0], [one.weights for one in tries[:_CANDIDATES]]
        signed = np.ones(len(budget) - 1) if self.signs is None else read_signs(self.signs, problem.factors, "factors")
        kept = limits if self.signs is None else _keep_signs(limits, space, problem.factors, signed)
        near = nearest(lambda w: space.gaps(w, budget), kept, candidates, space.covariance)
        if near.weights is None:
            return failed(len(problem.assets), near.reason)
        found = nearest_found(near, space.shares(near.weights), budget, lines, first.at_fault, first.why)
        return _with_exposure(found, space, problem)

    def _patterns(self, factors: pd.Index, budget: Array) -> list[Array]:
        """Signs to be tried, in order."""
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
    """Weights for one pattern of signs; what keeps them from being exact, and which limits they miss."""

    weights: Array
    why: str
    at_fault: list[str]


def _try(space: FactorSpace, limits: Limits, budget: Array, signs: Array) -> _Trial:
    held = np.flatnonzero(budget[:-1])
    x = np.zeros(len(signs))
    if len(held):
        root = signs[held, None] * space.factor_root[held]
        x[held] = signs[held] * balance(root, np.zeros(len(held)), budget[held]).positions
    w, why = space.weights(x, float(budget[-1]))
    size, at_fault = scale_within(w, limits)
    return _Trial(w * (size or 1.0 / max(np.abs(w).sum(), _NOTHING)), why, at_fault)


def _lines(problem: Problem) -> pd.Index:
    if IDIOSYNCRATIC in problem.factors:
        raise InputError(
            f"a factor is called {IDIOSYNCRATIC!r}; that name was expected to be free for what factors do not "
            "explain. Rename the factor."
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
