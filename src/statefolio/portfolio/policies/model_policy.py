"""Weights from a risk model, a view and an objective."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._arrays.text import listed
from statefolio.exceptions import DataTypeError
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.policies.decision_details import decision_details
from statefolio.portfolio.policies.decision_problem import make_problem
from statefolio.portfolio.policies.fallback import check_fallback, fall_back
from statefolio.portfolio.policies.options import check_dates
from statefolio.portfolio.policies.walk import ModelWalk
from statefolio.portfolio.policy import Decision, History, Holdings
from statefolio.portfolio.problem import Objective
from statefolio.risk.factor_risk import FactorRisk


class ModelPolicy(BaseEstimator):
    """A policy that solves an objective with a risk model and, if it has one, a view.

    Both are fitted at the first decision and go on from there (see `ModelWalk`). An asset can be held where it is
    active, has a covariance and, with a view, a forecast; what is held of others is sold, outside limits on turnover.

    Parameters
    ----------
    objective : Objective
        What is looked for, e.g. `MinimumVariance()`.
    risk : RiskModel, optional
        Unfitted. Default: `FactorRisk()`.
    view : View, optional
        Unfitted. Its forecast is the problem's mean, and the covariance of that forecast is part of the risk.
    constraints : Constraints
        What weights must keep to. By default long only and fully invested.
    costs : optional
        What trading costs: a `TradingCosts`, a number or a Series by asset, as a share of the value traded. Impact
        is not part of the problem.
    retune_every : int, optional
        Dates after which risk model and view are fitted anew. Default: never.
    fallback : {"keep", "cash"}
        Where there are no weights (the models know too little yet, the problem has no solution): trade nothing, or
        sell everything.
    holding_period : float, optional
        Dates until the next decision, over which the cost of a trade is earned back. Default: as many as since the
        last decision; 21 at the first. Pass a number where decisions come on drift.
    min_dates : int
        Returns that some asset must have before the models are fitted.
    volume_window : int
        Dates whose median is an asset's usual dollar volume, for `constraints.volume_share`.
    """

    def __init__(
        self,
        objective: Objective,
        risk: Any = None,
        view: Any = None,
        constraints: Constraints = Constraints(),  # noqa: B008 - frozen
        costs: Any = None,
        retune_every: int | None = None,
        fallback: str = "keep",
        *,
        holding_period: float | None = None,
        min_dates: int = 63,
        volume_window: int = 60,
    ) -> None:
        self.objective = objective
        self.risk = risk
        self.view = view
        self.constraints = constraints
        self.costs = costs
        self.retune_every = retune_every
        self.fallback = fallback
        self.holding_period = holding_period
        self.min_dates = min_dates
        self.volume_window = volume_window

    def decide(self, history: History, holdings: Holdings) -> Decision:
        """Return the objective's weights, with details; or the fallback, with the reason.

        Raises
        ------
        InputError, UnknownNameError, DataTypeError
            If an option or the data cannot be used. A problem without a solution is no error: see `Decision`.
        """
        self._check_options()
        risk_walk = self._walk(FactorRisk() if self.risk is None else self.risk, None, "risk model")
        view_walk = None if self.view is None else self._walk(self.view, risk_walk, "view")
        for walk in (risk_walk, view_walk):
            reason = "" if walk is None else walk.not_yet(history)
            if reason:
                return fall_back(self.fallback, reason, holdings)
        risk = risk_walk.at(history)
        forecast = None if view_walk is None else view_walk.at(history).forecast(risk)
        problem = make_problem(
            risk,
            forecast,
            history,
            holdings,
            self.constraints,
            self.costs,
            self.holding_period,
            self.volume_window,
        )
        if not len(problem.assets):
            known = "a covariance" if forecast is None else "a covariance and a forecast"
            return fall_back(self.fallback, f"none of {len(history.active)} active assets has {known}", holdings)
        solution = self.objective.solve(problem)
        if not solution.converged:
            return fall_back(self.fallback, solution.reason, holdings, solution.details)
        odd = ~np.isfinite(solution.weights)
        if odd.any():
            reason = f"the objective gave weights that are not finite: {listed(list(problem.assets[odd]))}"
            return fall_back(self.fallback, reason, holdings, solution.details)
        weights = pd.Series(solution.weights, index=problem.assets)
        return Decision(weights, details={**decision_details(problem, solution.weights), **solution.details})

    def _walk(self, model: Any, risk: ModelWalk | None, name: str) -> ModelWalk:
        return ModelWalk(model, self.retune_every, min_dates=self.min_dates, risk=risk, name=name)

    def _check_options(self) -> None:
        check_fallback(self.fallback)
        if isinstance(self.objective, type) or not hasattr(self.objective, "solve"):
            raise DataTypeError(
                f"objective is {self.objective!r}; an object with solve(problem) was expected. Pass MinimumVariance()."
            )
        if not isinstance(self.constraints, Constraints):
            raise DataTypeError(
                f"constraints is a {type(self.constraints).__name__}; Constraints were expected. "
                "Pass e.g. Constraints(upper=0.1)."
            )
        if self.view is not None and not hasattr(self.view, "forecast"):
            raise DataTypeError(
                f"view is a {type(self.view).__name__}; one with forecast(risk) was expected. Pass KalmanMean()."
            )
        check_dates("volume_window", self.volume_window)
