"""Decisions that are rejected, and objects that a policy may change."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from statefolio.backtest.run import run_backtest, run_backtests
from statefolio.exceptions import DataTypeError, PolicyError
from statefolio.portfolio.policy import Decision


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        (Decision({"A": 0.5}, details={"x": 3}), "details must be a mapping"),
        (Decision({"A": 0.5}, details=None), "details must be a mapping"),
        (Decision({"A": 0.5}, converged="no"), "converged must be True or False, got 'no'"),
        (Decision(None, converged=False, reason=3), "reason must be text, got 3"),
        (Decision(None, converged=False, fallback=None), "fallback must be text, got None"),
        (Decision({"A": 1e9}), r"1e\+09 times the value"),
        ({"A": 2e308, "B": 1.0}, "NaN or infinite"),
        ({"A": np.True_}, "weight .*True"),
    ],
)
def test_errors_name_date_and_policy(market, policies, decision, message):
    with pytest.raises(PolicyError, match=message) as raised:
        run_backtest(policies["answers"](decision), market, start="2020-02-03", name="odd")
    assert str(raised.value).startswith("policy 'odd' on 2020-02-03")


def test_details_are_those_of_their_date(market):
    class Rewrites:
        def __init__(self):
            self.message = pd.Series({"asked": 0.0})

        def decide(self, history, holdings):
            self.message["asked"] += 1.0
            return Decision(None, details={"count": self.message})

    counted = run_backtest(Rewrites(), market).details["count"]["asked"]
    assert counted.tolist() == list(range(1, len(counted) + 1))


def test_policies_that_cannot_be_copied_are_rejected(market, policies):
    with pytest.raises(DataTypeError, match="policy 'Answers' cannot be copied"):
        run_backtest(policies["answers"](number for number in range(3)), market)

    class Changes(BaseEstimator):
        def __init__(self, window=3):
            self.window = window + 1

        def decide(self, history, holdings):
            return None

    with pytest.raises(DataTypeError, match="policy 'Changes' cannot be copied"):
        run_backtest(Changes(), market)


def test_policies_are_a_mapping_by_name(market, policies):
    with pytest.raises(DataTypeError, match="policies must be a mapping"):
        run_backtests([policies["equal"]()], market)


def test_a_policy_cannot_change_the_input_of_others(market, policies):
    class Spoils:
        def decide(self, history, holdings):
            holdings.weights.iloc[:] = 9.0
            holdings.weights.index.name = "spoilt"
            frame = history.returns
            frame.columns.name = frame.index.name = "spoilt"
            with pytest.raises(ValueError):
                history.returns.to_numpy().setflags(write=True)
            return {"A": 0.5}

    alone = run_backtest(policies["equal"](), market, rebalance="weekly")
    both = run_backtests({"spoils": Spoils(), "equal": policies["equal"]()}, market, rebalance="weekly", cuts=3)
    pd.testing.assert_frame_equal(alone.ledger, both["equal"].ledger, check_exact=True)
    assert both["spoils"].causality.verdict == "causal", both["spoils"].causality.detail
    assert (market.assets.name, market.returns.columns.name) == (None, None)


def test_a_policy_may_write_to_its_holdings(market):
    class Adds:
        def decide(self, history, holdings):
            holdings.weights["A"] = 0.5 * holdings.weights["A"] + 0.3
            return {"A": float(holdings.weights["A"])}

    check = run_backtest(Adds(), market, rebalance="weekly", cuts=3).causality
    assert check.verdict == "causal", check.detail
