"""Model policies, views, objectives and the back-test, all together."""

import pickle

import numpy as np
import pandas as pd
import pytest
from skfolio.optimization import MeanRisk

import statefolio as sf
from statefolio.backtest.calendar import Drift
from statefolio.backtest.causality import check_causal
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.point_in_time import PointInTimeData
from statefolio.backtest.run import run_backtest, run_backtests
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.optimisation.objectives import MinimumVariance, Utility
from statefolio.portfolio.policies.model_policy import ModelPolicy
from statefolio.portfolio.policies.skfolio_policy import SkfolioPolicy
from statefolio.portfolio.policies.walk import ModelWalk
from statefolio.portfolio.policies.yardsticks import EqualWeight, InverseVolatility
from statefolio.portfolio.views.factor_premia import FactorPremia
from statefolio.risk.factor_risk import FactorRisk

COSTS = TradingCosts(proportional=0.001, half_spread=0.0005)
START = 120


def small_risk():
    return FactorRisk(KalmanLoadings(), residual_structure=None)


def policies():
    boxes = Constraints(upper=0.4)
    return {
        "equal": EqualWeight(),
        "inverse": InverseVolatility(),
        "least": ModelPolicy(MinimumVariance(), small_risk(), constraints=boxes),
        "useful": ModelPolicy(Utility(5.0), small_risk(), FactorPremia(), constraints=boxes, costs=COSTS),
        "skfolio": SkfolioPolicy(MeanRisk(max_weights=0.5), lookback=100, costs=COSTS),
    }


@pytest.fixture(scope="module")
def market():
    data = sf.load_demo()
    returns = data.returns.iloc[-240:, :6].copy()
    returns.iloc[:150, 1] = np.nan
    returns.iloc[180:, 2] = np.nan
    return Market(returns, data.factors.iloc[-240:, :2])


@pytest.fixture(scope="module")
def together(market):
    return run_backtests(policies(), market, start=market.dates[START], costs=COSTS, cuts=2)


def test_all_of_them_run_without_a_fallback(market, together):
    late, delisted = market.assets[[1, 2]]
    for name in ("equal", "inverse", "least", "useful", "skfolio"):
        result = together[name]
        assert "fallback" not in set(result.events["kind"])
        last = result.decisions.iloc[-1]
        assert last.sum() == pytest.approx(1.0)
        assert last.fillna(0.0)[delisted] == 0.0
        assert result.decisions[late].fillna(0.0).any() or name != "equal"


def test_details_reach_the_result(together):
    details = together["useful"].details
    assert {"risk_contribution", "exposure", "exposure_error", "expected_return", "forecast"} <= set(details)
    np.testing.assert_allclose(details["risk_contribution"].sum(axis=1), 1.0)


def test_other_policies_in_a_run_change_nothing(market, together):
    for name in ("least", "useful"):
        alone = run_backtest(policies()[name], market, start=market.dates[START], costs=COSTS)
        pd.testing.assert_frame_equal(alone.weights, together[name].weights, check_exact=True)


def test_policies_that_decide_on_other_dates_change_nothing(market):
    """With a drift rule each policy decides on its own dates, on a shared walk."""
    given = {"start": market.dates[START], "rebalance": Drift(0.03), "costs": COSTS}
    chosen = {name: policies()[name] for name in ("least", "useful")}
    for name, among in run_backtests(chosen, market, **given).items():
        alone = run_backtest(chosen[name], market, **given)
        pd.testing.assert_frame_equal(alone.weights, among.weights, check_exact=True)


def test_no_decision_sees_the_future(market, together):
    """Decisions of all policies are repeated at cuts; for the most complex policy, whole runs too."""
    for name, result in together.items():
        assert result.causality.verdict == "causal", f"{name}: {result.causality.detail}"
    found = check_causal(policies()["useful"], market, cuts=[market.dates[190]], start=market.dates[START])
    assert found.verdict == "causal", found.detail


def test_failed_optimisations_are_counted(market):
    policy = ModelPolicy(MinimumVariance(), small_risk(), constraints=Constraints(upper=0.1))
    result = run_backtest(policy, market, start=market.dates[START], rebalance=40, costs=COSTS)
    events = result.events[result.events["kind"] == "fallback"]
    assert len(events) == 3
    assert events["detail"].str.contains("net").all()
    np.testing.assert_allclose(result.value, result.capital)


def test_a_pickled_walk_continues(market, monkeypatch):
    gate = PointInTimeData(market)
    gate.advance(START)
    walk = ModelWalk(small_risk())
    walk.at(gate.history())
    walk, shared = pickle.loads(pickle.dumps((walk, gate.shared)))
    later = PointInTimeData(market, shared)
    later.advance(START + 9)
    monkeypatch.setattr(FactorRisk, "fit", lambda *_, **__: pytest.fail("it was fitted anew"))
    risk = walk.at(later.history())
    monkeypatch.undo()
    known = later.history()
    fresh = small_risk().fit(known.returns, known.factors, tune_until=market.dates[START])
    pd.testing.assert_frame_equal(risk.covariance_frame(), fresh.covariance_frame(), check_exact=True)
