from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from past_gate import Gate, LeastVariance, nothing_held, walk_through
from sklearn.base import BaseEstimator, clone

from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.optimisation.best_effort import A_STEP, best_effort
from statefolio.portfolio.optimisation.objectives import MinimumVariance
from statefolio.portfolio.policies.model_policy import ModelPolicy
from statefolio.portfolio.policy import Holdings
from statefolio.portfolio.problem import Solution
from statefolio.portfolio.views.kalman_mean import KalmanMean
from statefolio.risk.factor_risk import FactorRisk
from statefolio.risk.low_rank import LowRankCovariance


class Failing:
    """An objective that finds nothing, or NaN."""

    def __init__(self, solution=None):
        self.solution = solution

    def solve(self, problem):
        if self.solution is not None:
            return self.solution
        return Solution(np.full(len(problem.assets), np.nan), False, "gross and net cannot both hold")


class Momentum(BaseEstimator):
    """A view: mean return so far, unsure by its sampling error, of all assets but some."""

    def __init__(self, without=()):
        self.without = without

    def fit(self, X, y=None, *, risk=None, tune_until=None):
        assert y is not None
        assert risk.last_date_ == tune_until == X.index[-1]
        self.seen_ = X
        return self

    def partial_fit(self, X, y=None, *, risk=None):
        assert risk.last_date_ == X.index[-1]
        self.seen_ = pd.concat([self.seen_, X])
        return self

    def forecast(self, risk):
        names = [name for name in risk.assets_ if name not in self.without]
        return Expected(self.seen_[names].mean(), self.seen_[names].var() / self.seen_[names].count())


class Expected:
    def __init__(self, mean, variance):
        self.mean, self.variance, self.assets = mean, variance, mean.index

    def aligned(self, assets):
        empty = np.zeros((len(assets), 0))
        covariance = LowRankCovariance(empty, np.zeros((0, 0)), self.variance[assets].to_numpy())
        return self.mean[assets].to_numpy(), covariance


def slow_minimum_variance(returns, factors, tuned, assets):
    """The whole policy again: one fit, dense algebra."""
    risk = FactorRisk(KalmanLoadings(), residual_structure=None).fit(returns, factors, tune_until=tuned)
    sigma = risk.covariance_frame().loc[assets, assets]
    pull = np.linalg.solve(sigma, np.ones(len(assets)))
    return pd.Series(pull / pull.sum(), index=assets)


def test_decisions_are_those_of_one_fit_and_dense_algebra(gate, small_risk):
    dates = gate.returns.index[[120, 141, 253, 300]]
    decisions = walk_through({"it": ModelPolicy(LeastVariance(), small_risk)}, gate, dates)["it"]
    late, delisted = gate.returns.columns[[1, 2]]
    for date, decision in zip(dates, decisions, strict=True):
        known = gate.at(date)
        assert decision.converged
        expected = slow_minimum_variance(known.returns, known.factors, dates[0], decision.weights.index)
        np.testing.assert_allclose(decision.weights, expected, rtol=1e-8)
        assert decision.details["risk_contribution"].sum() == pytest.approx(1.0)
    held = [set(decision.weights.index) for decision in decisions]
    assert [late in names for names in held] == [False, False, False, True]
    assert [delisted in names for names in held] == [True, True, False, False]
    assert not any("NEVER" in names for names in held)


def test_the_future_is_absent(gate, small_risk):
    dates = gate.returns.index[[120, 130, 150]]
    noise = pd.Series(gate.returns.index > dates[-1], index=gate.returns.index)
    spoiled = Gate(gate.returns.mask(noise, 0.4), gate.factors.mask(noise, -0.4))
    policy = ModelPolicy(LeastVariance(), small_risk, Momentum())
    runs = [walk_through({"it": clone(policy)}, g, dates)["it"] for g in (gate, spoiled, gate.until(dates[-1]))]
    for one, *others in zip(*runs, strict=True):
        for other in others:
            pd.testing.assert_series_equal(one.weights, other.weights, check_exact=True)
            for name, detail in one.details.items():
                pd.testing.assert_series_equal(detail, other.details[name], check_exact=True)


def test_policies_of_a_run_share_a_risk_model_and_do_not_change_each_other(gate, small_risk, monkeypatch):
    calls = []
    fit, partial_fit = FactorRisk.fit, FactorRisk.partial_fit
    monkeypatch.setattr(FactorRisk, "fit", lambda self, *a, **k: [calls.append("fit"), fit(self, *a, **k)][1])
    monkeypatch.setattr(
        FactorRisk, "partial_fit", lambda self, *a, **k: [calls.append("on"), partial_fit(self, *a, **k)][1]
    )
    dates = gate.returns.index[[120, 130, 150]]
    policies = {
        "one": ModelPolicy(LeastVariance(), small_risk),
        "two": ModelPolicy(LeastVariance(), clone(small_risk), Momentum()),
        "three": ModelPolicy(Failing(), clone(small_risk), fallback="cash"),
    }
    together = walk_through(policies, gate, dates)
    assert calls == ["fit", "on", "on"]
    calls.clear()
    alone = walk_through({"two": policies["two"]}, gate.until(dates[-1]), dates)
    for one, other in zip(together["two"], alone["two"], strict=True):
        pd.testing.assert_series_equal(one.weights, other.weights, check_exact=True)


def test_a_view_gives_mean_and_its_uncertainty(gate, small_risk):
    date = gate.returns.index[150]
    without = gate.returns.columns[0]
    policy = ModelPolicy(LeastVariance(), small_risk, Momentum(without=(without,)))
    history = gate.at(date)
    decision = policy.decide(history, nothing_held(history))
    (problem,) = policy.objective.problems
    assert without not in problem.assets
    seen = gate.returns.loc[:date, problem.assets]
    np.testing.assert_allclose(problem.mean, seen.mean())
    np.testing.assert_allclose(problem.mean_covariance.diagonal, seen.var() / seen.count())
    w = decision.weights
    forecast = decision.details["forecast"]
    assert forecast["expected_return"] == pytest.approx(float(w @ seen.mean()))
    assert forecast["expected_return_error"] == pytest.approx(float(w**2 @ (seen.var() / seen.count())) ** 0.5)
    pd.testing.assert_series_equal(decision.details["expected_return"], seen.mean(), check_names=False)


def test_the_view_sees_excess_returns(gate, small_risk):
    gate.cash_rate = 0.001
    history = gate.at(gate.returns.index[150])
    policy = ModelPolicy(LeastVariance(), small_risk, Momentum())
    policy.decide(history, nothing_held(history))
    (problem,) = policy.objective.problems
    np.testing.assert_allclose(problem.mean, history.returns[problem.assets].mean() - 0.001)


def test_details_of_an_objective_are_kept(gate, small_risk):
    class Telling(LeastVariance):
        def solve(self, problem):
            return replace(super().solve(problem), details={"risk_budget": pd.Series(1.0, index=["market"])})

    history = gate.at(gate.returns.index[150])
    details = ModelPolicy(Telling(), small_risk).decide(history, nothing_held(history)).details
    assert set(details) == {"risk_budget", "risk_contribution", "exposure", "exposure_error", "forecast"}


@pytest.mark.parametrize("fallback", ["keep", "cash"])
def test_too_little_history_falls_back_with_a_reason(gate, small_risk, fallback):
    history = gate.at(gate.returns.index[40])
    policy = ModelPolicy(LeastVariance(), small_risk, fallback=fallback)
    decision = policy.decide(history, nothing_held(history))
    assert not decision.converged
    assert decision.fallback == fallback
    assert decision.reason.startswith("no risk model yet: 63 returns")


@pytest.mark.parametrize("fallback", ["keep", "cash"])
@pytest.mark.parametrize(
    ("objective", "reason"),
    [(Failing(), "gross and net"), (Failing(Solution(np.full(6, np.nan))), "NaN or infinite")],
)
def test_no_solution_falls_back_with_a_reason(gate, small_risk, objective, reason, fallback):
    history = gate.at(gate.returns.index[230])
    held = Holdings(history.date, pd.Series(0.1, index=gate.returns.columns), 1e6, 21)
    decision = ModelPolicy(objective, small_risk, fallback=fallback).decide(history, held)
    assert (decision.converged, decision.fallback) == (False, fallback)
    assert reason in decision.reason
    if fallback == "keep":
        assert decision.weights is None
    else:
        assert not decision.weights.any()


def test_an_empty_universe_falls_back_with_a_reason(gate, small_risk):
    dates = gate.returns.index
    empty = gate.returns.copy()
    empty.iloc[130:] = np.nan
    gone = Gate(empty, gate.factors)
    decisions = walk_through({"it": ModelPolicy(LeastVariance(), small_risk)}, gone, dates[[120, 160]])["it"]
    assert decisions[0].converged
    assert decisions[1].reason == "none of 0 active assets has a covariance"


def test_invalid_options_are_named(gate, small_risk):
    history = gate.at(gate.returns.index[150])
    for options, error, message in (
        ({"objective": LeastVariance}, DataTypeError, "objective must be an object with solve"),
        ({"constraints": {"upper": 1}}, DataTypeError, "constraints must be a Constraints object, got a dict"),
        ({"fallback": "hope"}, InputError, "fallback must be 'keep' or 'cash', got 'hope'"),
        ({"view": KalmanLoadings()}, DataTypeError, "view must be an object with forecast.* got a KalmanLoadings"),
        ({"risk": FactorRisk(prefit=True)}, InputError, "risk model must have prefit=False"),
        ({"risk": LeastVariance()}, DataTypeError, "risk model must be .* got a LeastVariance"),
        ({"retune_every": -1}, InputError, "retune_every"),
        ({"volume_window": 0}, InputError, "volume_window"),
        ({"holding_period": 0}, InputError, "holding_period"),
    ):
        policy = ModelPolicy(**{"objective": LeastVariance(), "risk": small_risk, **options})
        with pytest.raises(error, match=message):
            policy.decide(history, nothing_held(history))


def test_a_policy_is_cloned_without_what_it_learned(gate, small_risk):
    policy = ModelPolicy(LeastVariance(), small_risk, constraints=Constraints(upper=0.5), costs=0.001)
    before = dict(policy.__dict__)
    history = gate.at(gate.returns.index[150])
    policy.decide(history, nothing_held(history))
    assert policy.__dict__ == before
    assert clone(policy).constraints.upper == 0.5
    assert not hasattr(small_risk, "model_")


def test_positions_sold_without_a_covariance_or_a_forecast_are_named(gate, small_risk):
    dates, names = gate.returns.index, gate.returns.columns
    late = names[1]
    history = gate.at(dates[253])
    held = Holdings(history.date, pd.Series(0.1, index=names), 1e6, 21)
    plain = ModelPolicy(LeastVariance(), small_risk).decide(history, held)
    assert plain.converged
    assert late not in plain.weights
    assert plain.reason.startswith(f"sold without a covariance: {late!r} (")
    viewed = ModelPolicy(LeastVariance(), small_risk, Momentum(without=(names[0],)))
    assert f"sold without a forecast: {names[0]!r}" in viewed.decide(gate.at(dates[253]), held).reason
    nothing = nothing_held(history)
    assert ModelPolicy(LeastVariance(), small_risk).decide(gate.at(dates[253]), nothing).reason == ""


def test_the_reason_of_a_solution_is_passed_on(gate, small_risk):
    class Unproven(LeastVariance):
        def solve(self, problem):
            return replace(super().solve(problem), reason="not proven to be the optimum")

    history = gate.at(gate.returns.index[150])
    found = ModelPolicy(Unproven(), small_risk).decide(history, nothing_held(history))
    assert (found.converged, found.reason) == (True, "not proven to be the optimum")


def test_bounds_that_few_assets_cannot_meet_fall_back_with_a_reason(gate, small_risk):
    history = gate.at(gate.returns.index[150])
    policy = ModelPolicy(MinimumVariance(), small_risk, constraints=Constraints(upper=0.1))
    found = policy.decide(history, nothing_held(history))
    assert (found.converged, found.fallback) == (False, "keep")
    assert found.reason == "no weights satisfy all constraints: net is missed by 0.3 at best, with upper kept"


def test_where_turnover_stops_the_way_the_decision_is_the_step_of_an_update(gate, small_risk):
    """40 % in cash: a turnover of 10 % cannot invest it. The same step is decided on and shown with the orders."""
    history = gate.at(gate.returns.index[230])
    held = Holdings(history.date, pd.Series(0.6 / 9, index=gate.returns.columns), 1e6, 21)
    policy = ModelPolicy(MinimumVariance(), small_risk, constraints=Constraints(turnover=0.1))
    found = policy.decide(history, held)
    assert (found.converged, found.fallback, found.reason.split(";")[0]) == (True, "", A_STEP)
    effort = policy.best_effort(history, held, found)
    known = effort.problem.assets
    before = held.weights[known]
    assert (found.weights - before).abs().sum() == pytest.approx(0.1)
    again = best_effort(effort.problem, MinimumVariance())
    np.testing.assert_array_equal(found.weights.to_numpy(), again.weights)
    assert effort.step.rest == pytest.approx(again.rest)
    assert effort.step.steps_left == again.steps_left > 1
    infeasible = ModelPolicy(MinimumVariance(), small_risk, constraints=Constraints(upper=0.1, turnover=0.1))
    assert infeasible.decide(history, held).fallback == "keep"  # also without the limit on turnover


def test_a_view_without_signal_is_said_once_and_noted_on_every_decision(gate, small_risk):
    dates = gate.returns.index[[150, 171, 192, 213]]
    policy = ModelPolicy(LeastVariance(), small_risk, KalmanMean(mean="own"), retune_every=21)
    with pytest.warns(StatefolioWarning) as caught:
        decisions = walk_through({"it": policy}, gate, dates)["it"]
    assert sum("no signal found" in str(one.message) for one in caught) == 1
    for decision in decisions:
        assert decision.converged
        assert "no signal found in expected returns: all views are the long-run mean" in decision.reason
