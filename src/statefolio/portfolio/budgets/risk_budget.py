"""Weights whose contributions to risk are those of a budget, asset by asset or group by group."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError
from statefolio.portfolio.budgets.balance import balance
from statefolio.portfolio.budgets.lines import read_budget, read_signs
from statefolio.portfolio.budgets.nearest import nearest
from statefolio.portfolio.budgets.outcome import NO_ASSET, exact, failed, nearest_found
from statefolio.portfolio.budgets.scaling import scale_within
from statefolio.portfolio.budgets.step import Gaps
from statefolio.portfolio.optimisation.limits import Limits, limits_of
from statefolio.portfolio.problem import Problem, Solution
from statefolio.risk.low_rank import LowRankCovariance
from statefolio.risk.weights import read_numbers

_ABSENT = ("refuse", "spread")


class RiskBudget(BaseEstimator):
    """Weights with w_i (Sigma w)_i / w' Sigma w = b_i: each asset bears the share of the variance it is given.

    For positive shares and given signs there is exactly one such portfolio up to its size; size follows the net
    weight asked for, else the limit on gross weight, else a gross weight of one. Where limits leave no exact one, the
    nearest is taken, which minimises the sum of squared gaps between contributions and shares within the limits, and
    the solution says so in `reason` and shows both in `details` ("risk_contribution", "risk_budget").

    Sigma is the covariance of the returns, without what the mean is not sure of. Expected returns and the cost of
    trading play no part.

    Parameters
    ----------
    budget : Series or mapping, optional
        A share for each asset, or for each group of the constraints' `groups`, whose assets then share it alike; they
        add up to one. Where not given, all assets get the same. An asset whose share is 0 gets no weight. (As its share
        goes to 0 the position of an asset that hedges the others need not; with a weight of 0 it contributes 0 too.)
    signs : Series or mapping, optional
        -1 for each asset that is to be short; assets that are not named are long.
    absent : {"refuse", "spread"}
        What becomes of the shares of assets that the problem lacks: an error, or they are spread over the others in
        proportion (for markets where assets come and go; all but the problem's own are then ignored in `signs` too).

    References
    ----------
    Spinu (2013); Griveau-Billion, Richard and Roncalli (2013); Richard and Roncalli (2019).
    """

    def __init__(self, budget: Any = None, signs: Any = None, absent: str = "refuse"):
        self.budget = budget
        self.signs = signs
        self.absent = absent

    def solve(self, problem: Problem) -> Solution:
        """Return the weights that bear the budget, or come nearest to it.

        Raises
        ------
        UnknownNameError
            If budget or signs name what the problem lacks.
        InputError
            If shares are negative, do not add up to one or leave an asset out, if a sign is not 1 or -1 or
            contradicts a box, or if fewer holdings are allowed than assets have a share.
        """
        if self.absent not in _ABSENT:
            raise InputError(f"absent={self.absent!r}; {' or '.join(map(repr, _ABSENT))} was expected. Pass one.")
        if not len(problem.assets):
            return failed(0, NO_ASSET)
        budget, signs = self._budget(problem), self._signs(problem)
        limits = limits_of(problem)
        _check(problem, limits, budget, signs)
        held = budget > 0.0
        covariance = problem.covariance
        root = covariance.loadings @ covariance.factor_root
        found = balance(signs[held, None] * root[held], covariance.diagonal[held], budget[held])
        w = np.zeros(len(budget))
        w[held] = signs[held] * found.positions
        names = problem.assets
        size, at_fault = scale_within(w, limits)
        if not at_fault:
            return exact(size * w, shares(covariance, size * w), budget, names)
        start = w * (size or 1.0 / np.abs(w).sum())
        near = nearest(
            lambda v: _gaps(covariance, root, v, budget), _keep_signs(limits, budget, signs), [start], covariance
        )
        if near.weights is None:
            return failed(len(w), near.reason)
        return nearest_found(near, shares(covariance, near.weights), budget, names, at_fault)

    def _budget(self, problem: Problem) -> Array:
        assets, groups = problem.assets, problem.constraints.groups
        if self.budget is None:
            return np.full(len(assets), 1.0 / len(assets))
        spread = self.absent == "spread"
        lines = read_numbers(self.budget, "budget")
        if groups is None or lines.index.isin(assets).any() or not lines.index.isin(groups.to_numpy()).any():
            return read_budget(lines, assets, "assets", spread_absent=spread)
        group = groups.reindex(assets)
        if group.isna().any():
            raise InputError(
                f"groups lacks {listed(list(assets[group.isna()]))}; a group for each asset was expected, since the "
                "budget is by group. Name them."
            )
        there = pd.Index(group.unique())
        share = pd.Series(read_budget(lines, there, "groups", spread_absent=spread), index=there)
        alike: Array = np.asarray(group.map(share) / group.map(group.value_counts()), dtype=np.float64)
        return alike

    def _signs(self, problem: Problem) -> Array:
        given = self.signs
        if given is not None and self.absent == "spread":
            named = read_numbers(given, "signs")
            given = named[named.index.isin(problem.assets)]
        return read_signs(given, problem.assets, "assets")


def shares(covariance: LowRankCovariance, w: Array) -> Array:
    """What each asset contributes to the variance, as a share of it; they add up to one."""
    parts = w * covariance.multiply(w)
    share: Array = parts / parts.sum()
    return share


def _gaps(covariance: LowRankCovariance, root: Array, w: Array, budget: Array) -> Gaps:
    """With Sigma = F F' + D: d s_i / d w_j = ((Sigma w)_i [i = j] + w_i Sigma_ij - 2 s_i (Sigma w)_j) / v."""
    pull = covariance.multiply(w)
    variance = float(w @ pull)
    share = w * pull / variance
    diagonal = (pull + w * covariance.diagonal) / variance
    left = np.column_stack([w[:, None] * root, -2.0 * share]) / variance
    return Gaps(share - budget, diagonal, left, np.column_stack([root, pull]))


def _keep_signs(limits: Limits, budget: Array, signs: Array) -> Limits:
    """Boxes that let no position cross zero, nor assets without a share be held unless their own box says so."""
    lower = np.where(signs > 0.0, np.maximum(limits.lower, 0.0), limits.lower)
    upper = np.where(signs < 0.0, np.minimum(limits.upper, 0.0), limits.upper)
    none = (budget == 0.0) & (lower <= 0.0) & (upper >= 0.0)
    lower, upper = np.where(none, 0.0, lower), np.where(none, 0.0, upper)
    return replace(limits, lower=np.minimum(lower, upper), upper=upper)


def _check(problem: Problem, limits: Limits, budget: Array, signs: Array) -> None:
    short = (budget > 0.0) & (signs < 0.0) & (limits.lower >= 0.0) & (limits.upper > 0.0)
    if short.any():
        raise InputError(
            f"signs makes {listed(list(problem.assets[short]))} short where lower allows no weight below 0; "
            "signs within the boxes were expected. Pass Constraints(lower=-1), or leave the sign out."
        )
    long = (budget > 0.0) & (signs > 0.0) & (limits.upper <= 0.0) & (limits.lower < 0.0)
    if long.any():
        raise InputError(
            f"budget makes {listed(list(problem.assets[long]))} long where upper allows no weight above 0; signs "
            "within the boxes were expected. Pass a sign of -1 for them."
        )
    count = int(np.count_nonzero(budget))
    if count > limits.max_holdings:
        raise InputError(
            f"budget gives {count} assets a share and max_holdings is {limits.max_holdings}; no more shares than "
            "holdings were expected. Give the others 0, or leave max_holdings out."
        )
