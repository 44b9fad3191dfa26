"""A policy that optimises weights with a risk model, a view and an objective."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._arrays.text import listed
from statefolio._options import HasMethod, Kind, OneOf, Rule, Whole, check_options
from statefolio.exceptions import InputError
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.optimisation.best_effort import A_STEP, Step, best_effort
from statefolio.portfolio.policies.decision_details import decision_details
from statefolio.portfolio.policies.decision_problem import HOLDING_PERIOD, expected_holding_period, make_problem
from statefolio.portfolio.policies.fallback import FALLBACK, fall_back
from statefolio.portfolio.policies.notes import marked_sales, notes, sold_positions
from statefolio.portfolio.policies.walk import ModelWalk
from statefolio.portfolio.policy import Decision, History, Holdings
from statefolio.portfolio.problem import Objective, Problem
from statefolio.portfolio.views.kalman_mean import NO_SIGNAL
from statefolio.risk.factor_risk import FactorRisk

RULES: dict[str, Rule] = {
    "fallback": FALLBACK,
    "objective": HasMethod("solve", "an object with solve(problem)", "MinimumVariance()"),
    "constraints": Kind(Constraints, "a Constraints object", "Constraints(upper=0.1)"),
    "view": HasMethod("forecast", "an object with forecast(risk)", "KalmanMean()") | None,
    "volume_window": Whole(at_least=1, example=60),
    "holding_period": HOLDING_PERIOD,
    "risk_horizon": OneOf("model", "holding_period"),
}


class _Asked(NamedTuple):
    """A problem; the assets with each thing that is needed; reasons of the others; what the view lacks."""

    problem: Problem
    known: dict[str, pd.Index]
    excluded: "pd.Series[str] | None"
    flat: str


@dataclass(frozen=True, eq=False)
class BestEffort:
    """The problem of a decision, and the largest step that turnover and volumes allow; None without such a step."""

    problem: Problem
    step: Step | None


class ModelPolicy(BaseEstimator):
    """A policy that solves an objective with a risk model and, optionally, a view on expected returns.

    Models are fitted at the first decision and continued from there (see `ModelWalk`). An asset can be held if it is
    active, has a covariance and, with a view, a forecast. Positions in other assets are sold, outside turnover limits.

    Parameters
    ----------
    objective : Objective
        E.g. `MinimumVariance()`.
    risk : RiskModel, optional
        Unfitted. Default: `FactorRisk()`.
    view : View, optional
        Unfitted. Its forecast is the problem's mean, and the forecast's covariance is added to the risk.
    constraints : Constraints
        By default long only and fully invested.
    costs : optional
        Trading costs: a `TradingCosts`, a number or a Series by asset, as a share of the value traded. Market impact is
        not part of the problem.
    retune_every : int, optional
        Dates after which risk model and view are fitted anew. Default: never.
    fallback : {"keep", "cash"}
        If there are no weights (too little data for the models, a problem that is infeasible also without limits on
        turnover and volumes): trade nothing, or sell everything.
    holding_period : float, optional
        Dates until the next decision, over which the cost of a trade is earned back. Default: as many as since the last
        decision; 21 at the first. Pass a number if decisions are triggered by drift.
    min_dates : int
        The models are fitted once some asset has this many returns.
    volume_window : int
        An asset's usual dollar volume, for `constraints.volume_share`, is the median over this many dates.
    risk_horizon : {"model", "holding_period"}
        The covariance is that of the risk model, by default for the next date; or its mean over the dates until the
        next decision (`FactorRisk.over`), with loadings nearer to their means and less certain. On six panels before
        the test years of our benchmarks, with 21 dates between decisions, the latter lowered the volatility of
        minimum-variance portfolios on three and raised it on three (by -0.7 % to +0.2 % of it), and its QLIKE was worse
        on five. It is therefore off by default.

    Examples
    --------
    A minimum-variance portfolio of four stocks, at most half in each, rebalanced monthly:

    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> market = sf.Market(demo.returns.iloc[-300:, :4], demo.factors.iloc[-300:])
    >>> risk = sf.FactorRisk(sf.RollingLoadings(126), residual_structure=None)
    >>> policy = sf.ModelPolicy(
    ...     sf.portfolio.MinimumVariance(), risk, constraints=sf.Constraints(upper=0.5), min_dates=126
    ... )
    >>> result = sf.run_backtest(policy, market, start="2022-09-01")
    >>> result.weights.iloc[-1].round(2).to_dict()
    {'AAPL': 0.32, 'AMD': 0.0, 'BAC': 0.5, 'BBY': 0.18}
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
        risk_horizon: str = "model",
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
        self.risk_horizon = risk_horizon

    def decide(self, history: History, holdings: Holdings) -> Decision:
        """Return the optimal weights with details; or the fallback, with the reason.

        Where limits on turnover or volumes leave no weights, these are the largest step towards the weights without
        these limits (see `best_effort`), and the reason says so; the fallback is for problems without any.

        The reason of weights that were found says what limits them: no proof that they are optimal, the gap to a risk
        budget, positions sold without a covariance or a forecast, a view that found no signal.

        Raises
        ------
        InputError, UnknownNameError, DataTypeError
            If an option or the data are invalid. A problem without a solution is not an error: see `Decision`.
        """
        check_options(self, RULES)
        asked = self._ask(history, holdings)
        if isinstance(asked, str):
            return fall_back(self.fallback, asked, holdings)
        problem, known, excluded, flat = asked
        if not len(problem.assets):
            needed = " and ".join(known)
            return fall_back(self.fallback, f"none of {len(history.active)} active assets has {needed}", holdings)
        solution = self.objective.solve(problem)
        if not solution.converged:
            step = best_effort(problem, self.objective)
            if step is None:
                return fall_back(self.fallback, solution.reason, holdings, solution.details)
            solution = replace(solution, weights=step.weights, reason=A_STEP)
        odd = ~np.isfinite(solution.weights)
        if odd.any():
            reason = f"the objective returned NaN or infinite weights for {listed(problem.assets[odd])}"
            return fall_back(self.fallback, reason, holdings, solution.details)
        weights = pd.Series(solution.weights, index=problem.assets)
        sold = sold_positions(holdings, history.active, known, excluded)
        return Decision(
            weights,
            reason=notes(solution.reason, sold, flat),
            details={
                **decision_details(problem, solution.weights),
                **solution.details,
                **marked_sales(holdings, history.active, known),
            },
        )

    def best_effort(self, history: History, holdings: Holdings, decision: Decision) -> BestEffort | None:
        """Return the largest step towards the weights without limits on turnover and volumes.

        Parameters
        ----------
        history, holdings
            Of the decision.
        decision
            What `decide` returned. If it found weights, these are the step.

        Returns
        -------
        BestEffort or None
            None if the models have too little data. Its `step` is None where neither limit stops the way, or there are
            no weights without them either.
        """
        check_options(self, RULES)
        asked = self._ask(history, holdings)
        if isinstance(asked, str) or not len(asked.problem.assets):
            return None
        problem, found = asked.problem, decision.weights if decision.converged else None
        chosen = None if found is None else np.array(found.reindex(problem.assets), dtype=np.float64)
        return BestEffort(problem, best_effort(problem, self.objective, chosen))

    def _ask(self, history: History, holdings: Holdings) -> "_Asked | str":
        """Fit or continue the models and build the problem; or the reason why they have too little data."""
        risk_walk = self._walk(FactorRisk() if self.risk is None else self.risk, None, "risk model")
        view_walk = None if self.view is None else self._walk(self.view, risk_walk, "view")
        for walk in (risk_walk, view_walk):
            reason = "" if walk is None else walk.not_yet(history)
            if reason:
                return reason
        risk = self._ahead(risk_walk.at(history), holdings)
        view = None if view_walk is None else view_walk.at(history)
        forecast = None if view is None else view.forecast(risk)
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
        known = {"a covariance": risk.assets_}
        if forecast is not None:
            known["a forecast"] = forecast.assets
        excluded = getattr(risk, "excluded_", None)
        flat = "" if getattr(view, "signal_found_", True) else NO_SIGNAL
        return _Asked(problem, known, None if excluded is None else excluded["reason"], flat)

    def _ahead(self, risk: Any, holdings: Holdings) -> Any:
        """The risk model as it forecasts the next date, or the dates until the next decision."""
        if self.risk_horizon == "model":
            return risk
        if not hasattr(risk, "over"):
            raise InputError(
                f"risk_horizon must be 'model' for {type(risk).__name__}, which has no method over(horizon), got "
                "'holding_period'. Leave it out."
            )
        return risk.over(max(1, round(expected_holding_period(self.holding_period, holdings))))

    def _walk(self, model: Any, risk: ModelWalk | None, name: str) -> ModelWalk:
        return ModelWalk(model, self.retune_every, min_dates=self.min_dates, risk=risk, name=name)
