"""Portfolios whose assets or groups contribute given shares of the risk."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio._options import OneOf, check_options
from statefolio.exceptions import InputError
from statefolio.portfolio.budgets.damped_step import Gaps
from statefolio.portfolio.budgets.nearest import nearest
from statefolio.portfolio.budgets.newton import budgeted_positions
from statefolio.portfolio.budgets.read_budget import read_budget, read_signs
from statefolio.portfolio.budgets.scaling import scale_within
from statefolio.portfolio.budgets.solutions import NO_ASSET, exact, failed, nearest_found
from statefolio.portfolio.optimisation.limits import Limits, limits_of
from statefolio.portfolio.problem import Problem, Solution
from statefolio.risk.low_rank import LowRankCovariance
from statefolio.risk.weights import read_numbers

RULES = {"absent": OneOf("refuse", "spread")}


class RiskBudget(BaseEstimator):
    """Weights with w_i (Sigma w)_i / w' Sigma w = b_i: each asset contributes a given share of the variance.

    Without a budget all assets contribute equally (equal risk contribution, or risk parity). For positive shares and
    given signs the portfolio is unique up to its size. Its size follows from the net weight, else from the limit on
    gross weight, else from a gross weight of one. If the constraints exclude it, the solution is the nearest portfolio:
    it minimises the sum of squared gaps between contributions and shares within the constraints. `reason` then
    describes the gap, and `details` has both ("risk_contribution", "risk_budget").

    Sigma is the covariance of returns, without that of the mean's error. Expected returns and trading costs are not
    used.

    Parameters
    ----------
    budget : Series or mapping, optional
        A share for each asset, or for each group of the constraints' `groups`, whose assets then get equal parts of it;
        shares sum to one. By default all assets get the same. An asset with a share of 0 gets no weight.
    signs : Series or mapping, optional
        -1 for each short position; assets that are not named are long.
    absent : {"refuse", "spread"}
        For shares of assets that the problem lacks: raise an error, or spread them over the others in proportion (for
        markets with listings and delistings; `signs` of such assets are then ignored too).

    References
    ----------
    Spinu (2013); Griveau-Billion, Richard and Roncalli (2013); Richard and Roncalli (2019).

    Examples
    --------
    Bonds contribute half of the risk, and therefore most of the weight:

    >>> import numpy as np
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> covariance = sf.risk.LowRankCovariance(np.full((3, 1), 0.01), np.eye(1), np.array([1e-4, 2e-4, 4e-4]))
    >>> problem = sf.portfolio.Problem(
    ...     pd.Index(["bonds", "gold", "stocks"]),
    ...     covariance,
    ...     factors=pd.Index([]),
    ...     previous=np.zeros(3),
    ...     constraints=sf.Constraints(),
    ...     trade_cost=np.zeros(3),
    ... )
    >>> solution = sf.RiskBudget({"bonds": 0.5, "gold": 0.25, "stocks": 0.25}).solve(problem)
    >>> [round(float(w), 3) for w in solution.weights]
    [0.524, 0.262, 0.215]
    >>> solution.details["risk_contribution"].round(3).to_dict()
    {'bonds': 0.5, 'gold': 0.25, 'stocks': 0.25}
    """

    def __init__(self, budget: Any = None, signs: Any = None, absent: str = "refuse"):
        self.budget = budget
        self.signs = signs
        self.absent = absent

    def solve(self, problem: Problem) -> Solution:
        """Return the weights that meet the budget, or come nearest to it.

        Raises
        ------
        UnknownNameError
            If `budget` or `signs` name something that the problem lacks.
        InputError
            If shares are negative, do not sum to one or omit an asset, if a sign is not 1 or -1 or contradicts a bound,
            or if more assets have a share than `max_holdings` allows.
        """
        check_options(self, RULES)
        if not len(problem.assets):
            return failed(0, NO_ASSET)
        budget, signs = self._budget(problem), self._signs(problem)
        limits = limits_of(problem)
        _check_signs(problem, limits, budget, signs)
        held = budget > 0.0
        covariance = problem.covariance
        root = covariance.loadings @ covariance.factor_root
        found = budgeted_positions(signs[held, None] * root[held], covariance.diagonal[held], budget[held])
        w = np.zeros(len(budget))
        w[held] = signs[held] * found.positions
        names = problem.assets
        size, violated = scale_within(w, limits)
        if not violated:
            return exact(size * w, shares(covariance, size * w), budget, names)
        start = w * (size or 1.0 / np.abs(w).sum())
        near = nearest(
            lambda v: _gaps(covariance, root, v, budget), _keep_signs(limits, budget, signs), [start], covariance
        )
        if near.weights is None:
            return failed(len(w), near.reason)
        return nearest_found(near, shares(covariance, near.weights), budget, names, violated)

    def _budget(self, problem: Problem) -> Array:
        assets, groups = problem.assets, problem.constraints.groups
        if self.budget is None:
            return np.full(len(assets), 1.0 / len(assets))
        spread = self.absent == "spread"
        given = read_numbers(self.budget, "budget")
        if groups is None or given.index.isin(assets).any() or not given.index.isin(groups.to_numpy()).any():
            return read_budget(given, assets, "assets", spread_absent=spread)
        group = groups.reindex(assets)
        if group.isna().any():
            raise InputError(
                f"groups must have every asset where the budget is by group, got none for "
                f"{listed(assets[group.isna()])}. Add their groups."
            )
        there = pd.Index(group.unique())
        share = pd.Series(read_budget(given, there, "groups", spread_absent=spread), index=there)
        alike: Array = np.asarray(group.map(share) / group.map(group.value_counts()), dtype=np.float64)
        return alike

    def _signs(self, problem: Problem) -> Array:
        given = self.signs
        if given is not None and self.absent == "spread":
            named = read_numbers(given, "signs")
            given = named[named.index.isin(problem.assets)]
        return read_signs(given, problem.assets, "assets")


def shares(covariance: LowRankCovariance, w: Array) -> Array:
    """Contributions of the assets to the variance, as shares of it; they sum to one."""
    parts = w * covariance.multiply(w)
    share: Array = parts / parts.sum()
    return share


def _gaps(covariance: LowRankCovariance, root: Array, w: Array, budget: Array) -> Gaps:
    """With Sigma = F F' + D: d s_i / d w_j = ((Sigma w)_i [i = j] + w_i Sigma_ij - 2 s_i (Sigma w)_j) / v."""
    marginal = covariance.multiply(w)
    variance = float(w @ marginal)
    share = w * marginal / variance
    diagonal = (marginal + w * covariance.diagonal) / variance
    left = np.column_stack([w[:, None] * root, -2.0 * share]) / variance
    return Gaps(share - budget, diagonal, left, np.column_stack([root, marginal]))


def _keep_signs(limits: Limits, budget: Array, signs: Array) -> Limits:
    """Bounds that keep each position's sign, and exclude assets without a share unless their bounds exclude 0."""
    lower = np.where(signs > 0.0, np.maximum(limits.lower, 0.0), limits.lower)
    upper = np.where(signs < 0.0, np.minimum(limits.upper, 0.0), limits.upper)
    none = (budget == 0.0) & (lower <= 0.0) & (upper >= 0.0)
    lower, upper = np.where(none, 0.0, lower), np.where(none, 0.0, upper)
    return replace(limits, lower=np.minimum(lower, upper), upper=upper)


def _check_signs(problem: Problem, limits: Limits, budget: Array, signs: Array) -> None:
    short = (budget > 0.0) & (signs < 0.0) & (limits.lower >= 0.0) & (limits.upper > 0.0)
    if short.any():
        raise InputError(
            f"signs must be 1 where lower allows no short positions, got -1 for {listed(problem.assets[short])}. Pass "
            "Constraints(lower=-1), or leave the sign out."
        )
    long = (budget > 0.0) & (signs > 0.0) & (limits.upper <= 0.0) & (limits.lower < 0.0)
    if long.any():
        raise InputError(
            f"signs must be -1 where upper allows no long positions, got 1 for {listed(problem.assets[long])}. Pass "
            "signs of -1 for them."
        )
    count = int(np.count_nonzero(budget))
    if count > limits.max_holdings:
        raise InputError(
            f"budget must give a share to at most max_holdings={limits.max_holdings} assets, got {count}. Pass 0 for "
            "the others, or leave max_holdings out."
        )
