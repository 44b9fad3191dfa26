"""Notes of decisions are events."""

import pandas as pd

from statefolio.backtest.market import Market
from statefolio.backtest.run import run_backtest
from statefolio.portfolio.policy import Decision


class Noting:
    """Buys one asset, and falls back on the first date."""

    def decide(self, history, holdings):
        weights = pd.Series({history.active[0]: 1.0})
        if len(history.returns) == 1:
            return Decision(weights, converged=False, reason="too few", fallback="first asset")
        return Decision(weights, reason="positions sold: B")


def test_notes_of_decisions_that_did_not_fall_back_are_events():
    dates = pd.bdate_range("2024-01-01", periods=4)
    result = run_backtest(Noting(), Market(pd.DataFrame(0.01, dates, ["A", "B"])), rebalance="daily")
    assert result.events["kind"].tolist() == ["fallback", "note", "note", "note"]
    assert result.notes.loc["positions sold: B", "decisions"] == 3
    assert result.fallbacks["share"].sum() == 0.25
