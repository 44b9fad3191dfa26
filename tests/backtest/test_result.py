import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.performance import measures
from statefolio.backtest.run import run_backtest
from statefolio.backtest.simulation import simulate
from statefolio.portfolio.policy import Decision

COSTS = TradingCosts(0.001, half_spread=0.0005, impact=0.1, borrow=0.02, financing=0.03)


def test_the_summary_by_hand(market, policies):
    run = run_backtest(policies["answers"]({"A": 1.2, "B": -0.5, "E": 0.6}), market, rebalance="weekly", costs=COSTS)
    found, ledger = run.summary(cash_rate=market.cash_rate), run.ledger.iloc[1:]
    years, value = 149 / 252, run.value.mean()
    costs = ledger["trading_cost"].sum() + ledger["impact_cost"].sum()
    fees = ledger["borrow_fee"].sum() + ledger["financing_fee"].sum()
    assert fees > 0.0
    assert found["annual_trading_costs"] == pytest.approx(costs / value / years)
    assert found["annual_fees"] == pytest.approx(fees / value / years)
    before = run.value.shift().iloc[1:]
    assert found["daily_turnover"] == pytest.approx((ledger["traded"] / before).mean())
    assert found["turnover"] == pytest.approx(252 * found["daily_turnover"])
    assert found["gross_exposure"] == pytest.approx(run.weights.iloc[1:].abs().sum(axis=1).mean())
    assert found["net_exposure"] == pytest.approx(run.weights.iloc[1:].sum(axis=1).mean())
    excess = run.returns - market.cash_rate.iloc[1:]
    assert found["sharpe"] == pytest.approx(excess.mean() / excess.std() * np.sqrt(252))
    assert found["cost_drag"] == pytest.approx(
        measures(run.gross_returns)["annual_return"] - measures(run.returns)["annual_return"]
    )
    assert all(name == name.lower() and " " not in name for name in found.index)


def test_measures_of_a_result_exclude_the_start(make_frame):
    """Nothing is held on the date of the first decision."""
    market = Market(make_frame(np.random.default_rng(0).normal(0, 0.01, (3, 1))))
    run = simulate(pd.DataFrame({"A": [1.0]}, index=market.dates[:1]), market)
    assert measures(run)["gross_exposure"] == pytest.approx(1.0)


def test_measures_of_an_account_that_costs_bankrupt(make_frame):
    frame = make_frame(np.zeros((4, 1)))
    wanted = pd.DataFrame({"A": [5.0, 0.0]}, index=frame.index[:2])
    run = simulate(wanted, Market(frame), costs=TradingCosts(2.0), capital=100.0)
    assert run.stopped
    assert run.gross_returns.tolist() == [0.0, 0.0]
    assert run.summary()["annual_return"] == -1.0


def test_fallbacks_are_counted_by_reason(market):
    class Falls:
        def decide(self, history, holdings):
            if len(history.returns) < 50:
                return Decision(None, converged=False, reason="too short", fallback="keep")
            if len(history.returns) < 60:
                return Decision(None)
            return pd.Series(0.2, index=history.active)

    result = run_backtest(Falls(), market, rebalance=10)
    assert result.decision_count == 15
    found = result.fallbacks
    assert found.index.tolist() == ["keep: too short"]
    assert found["decisions"].tolist() == [5]
    assert found["share"].iloc[0] == pytest.approx(5 / 15)
    assert found["last"].iloc[0] == market.dates[40]
    assert result.summary()["fallbacks"] == pytest.approx(5 / 15)
