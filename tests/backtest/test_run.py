import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from statefolio.backtest.calendar import Drift
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.result import EVENTS
from statefolio.backtest.run import Walk, run_backtest, run_backtests
from statefolio.backtest.simulation import simulate
from statefolio.exceptions import DataTypeError, InputError, PolicyError, UnknownNameError
from statefolio.portfolio.policy import Decision

COSTS = TradingCosts(0.001, half_spread=0.0005, impact=0.1, borrow=0.02, financing=0.03)


def check_same(one, other):
    for name in ("ledger", "weights", "decisions", "events"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)
    assert one.stopped == other.stopped


@pytest.mark.parametrize("rebalance", ["daily", "weekly", 10])
@pytest.mark.parametrize("lag", [1, 2])
def test_a_run_equals_the_simulation_of_its_decisions(market, policies, rebalance, lag):
    run = run_backtest(policies["equal"](), market, rebalance=rebalance, costs=COSTS, lag=lag)
    check_same(run, simulate(run.decisions, market, costs=COSTS, lag=lag))
    assert run.name == "Equal"


def test_policies_in_a_run_do_not_affect_each_other(market, policies):
    both = run_backtests(
        {"equal": policies["equal"](), "winners": policies["winners"](5)}, market, costs=COSTS, start=market.dates[10]
    )
    check_same(both["winners"], run_backtest(policies["winners"](5), market, costs=COSTS, start=market.dates[10]))
    check_same(both["equal"], run_backtest(policies["equal"](), market, costs=COSTS, start=market.dates[10]))


class Remembers(BaseEstimator):
    """Holds one asset after the other, and counts decisions in the shared results."""

    def __init__(self, start=0):
        self.start = start

    def decide(self, history, holdings):
        self.turn_ = getattr(self, "turn_", self.start) + 1
        history.shared["asked"] = history.shared.get("asked", 0) + 1
        chosen = history.active[self.turn_ % len(history.active)]
        details = {"expected_return": pd.Series({chosen: float(history.shared["asked"])})}
        return Decision(pd.Series({chosen: 1.0}), details=details)


def test_policies_are_cloned(market):
    policy = Remembers()
    first, second = (run_backtest(policy, market, rebalance=20) for _ in range(2))
    check_same(first, second)
    assert not hasattr(policy, "turn_")


@pytest.mark.usefixtures("without_new_processes")
def test_resuming_gives_the_same_bytes(market, policies):
    asked = {"a": Remembers(), "b": Remembers(3), "c": policies["equal"]()}
    options = {"rebalance": "weekly", "costs": COSTS, "cuts": 4}
    states = []
    whole = run_backtests(asked, market, checkpoint=lambda state: states.append(pickle.dumps(state)), **options)
    for state in states[::6]:
        again = run_backtests(asked, market, resume=pickle.loads(state), **options)
        for name in asked:
            check_same(whole[name], again[name])
            assert whole[name].causality == again[name].causality
        frames = [results["b"].details["expected_return"] for results in (whole, again)]
        assert frames[0].equals(frames[1])
    with pytest.raises(InputError, match="resume must be a state of the same"):
        run_backtests(asked, market, resume=pickle.loads(states[3]), rebalance="daily", costs=COSTS, cuts=4)
    with pytest.raises(InputError, match="resume must be a state of the same"):
        run_backtests(asked, market.perturbed_after(market.dates[2]), resume=pickle.loads(states[3]), **options)


def test_a_walk_advances_step_by_step(market, policies):
    walk, seen = Walk({"equal": policies["equal"]()}, market, rebalance=30), []
    while not walk.done:
        walk.step()
        seen.append(walk.progress)
    assert seen == [(1, 150), (31, 150), (61, 150), (91, 150), (121, 150), (150, 150)]


def test_progress_is_reported(market, policies):
    message = []
    run_backtest(policies["equal"](), market, progress=lambda done, of: message.append((done, of)))
    assert message[-1] == (150, 150)


def test_drift_decides_when_weights_have_drifted(market, policies):
    run = run_backtest(policies["answers"]({"A": 0.5, "B": 0.5}), market, rebalance=Drift(0.02))
    held = run.weights[["A", "B"]]
    drifted = held * (1 + market.returns[["A", "B"]].fillna(0.0))
    drifted = drifted.div(drifted.sum(axis=1), axis=0)
    beyond = drifted.index[((drifted - 0.5).abs().max(axis=1) > 0.02) & (drifted.index > market.dates[0])]
    assert 2 < len(run.decisions) < 100
    assert list(run.decisions.index[1:]) == list(beyond)


def test_drift_waits_for_a_pending_order(market, policies):
    run = run_backtest(policies["answers"]({"A": 0.5, "B": 0.5}), market, rebalance=Drift(0.0), lag=3)
    asked = np.diff(market.dates.get_indexer(run.decisions.index))
    assert set(asked) == {3}
    assert run.decisions.index[-1] == market.dates[147]


def test_holdings_against_the_ledger(market):
    class Looks:
        def decide(self, history, holdings):
            history.shared.setdefault("seen", []).append(holdings)
            return {"A": 0.6, "B": -0.1}

    walk = Walk({"looks": Looks()}, market, rebalance=40, costs=COSTS)
    while not walk.done:
        walk.step()
    seen, result = walk.state.shared["seen"], walk.results()["looks"]
    assert [one.dates_since for one in seen] == [0, 40, 40, 40]
    assert seen[0].value == 1e6
    assert seen[0].cash == 1.0
    for one in seen[1:]:
        assert one.value == result.value[one.date]
        assert one.cash == pytest.approx(result.ledger.loc[one.date, "cash"] / one.value)
    assert list(seen[1].weights.index) == list(market.assets)


def test_details_and_fallbacks_are_recorded(market, policies):
    answer = Decision(
        None,
        converged=False,
        reason="group 'tech' cannot be met",
        fallback="keep",
        details={"x": pd.Series({"A": 1.0})},
    )
    run = run_backtest(policies["answers"](answer), market)
    assert list(run.events.columns) == list(EVENTS)
    assert set(run.events["kind"]) == {"fallback"}
    assert run.events["detail"].iloc[0] == "keep: group 'tech' cannot be met"
    assert run.details["x"].shape == (len(run.events), 1)
    assert run.decisions.empty


def test_all_cash_earns_the_cash_rate(market, policies):
    run = run_backtest(policies["answers"]({}), market, costs=COSTS)
    assert run.returns.to_numpy() == pytest.approx(5e-5)
    assert (run.ledger[["traded", "trading_cost", "financing_fee"]] == 0.0).all().all()
    assert run.weights.eq(0.0).all().all()


def test_dates_without_anything_to_buy(make_frame, policies):
    values = np.random.default_rng(0).normal(0, 0.01, (60, 2))
    values[:25], values[40:] = np.nan, np.nan
    market = Market(make_frame(values), delisted_after=5)
    run = run_backtest(policies["equal"](), market, rebalance=10)
    assert run.decisions.index.tolist() == [market.dates[30], market.dates[40]]
    fallbacks = run.events[run.events["kind"] == "fallback"]
    assert set(fallbacks["detail"]) == {"keep: no asset can be bought"}
    assert len(fallbacks) == 4
    assert (run.weights.iloc[46:] == 0.0).all().all()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"A": np.nan}, "NaN or infinite for 'A'"),
        ({"A": np.inf}, "NaN or infinite"),
        ({"Z": 1.0}, "weights must name assets of the market, got 'Z'"),
        (pd.Series([0.5, 0.5], index=["A", "A"]), "must name each asset once, got 'A'"),
        ({"A": "half"}, "weight 'half'"),
        ({"A": None}, "weight None"),
        ({"A": True}, "weight True"),
        (pd.Series([1j], index=["A"]), "complex"),
        ([0.5, 0.5], r"must return weights by asset .*, got \[0.5, 0.5\]"),
        (0.5, "must return weights by asset .*, got 0.5"),
        (Decision(np.ones(5)), "must return weights by asset .*, got a ndarray"),
    ],
)
def test_errors_name_date_and_policy(market, policies, answer, message):
    with pytest.raises(PolicyError, match=message) as raised:
        run_backtest(policies["answers"](answer), market, start="2020-02-03", name="odd")
    assert str(raised.value).startswith("policy 'odd' on 2020-02-03")


def test_a_policy_that_raises_names_date_and_policy(market, policies):
    with pytest.raises(PolicyError, match="policy 'Winners' on 2020-01-01 raised ValueError: 200 dates") as raised:
        run_backtest(policies["winners"](200), market)
    assert isinstance(raised.value.__cause__, ValueError)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"lag": 0}, InputError, "lag must be a whole number of at least 1, got 0"),
        ({"lag": 1.5}, InputError, "lag must be a whole number of at least 1, got 1.5"),
        ({"capital": 0.0}, InputError, "capital"),
        ({"capital": True}, InputError, "capital"),
        ({"capital": np.nan}, InputError, "capital"),
        ({"start": "soon"}, InputError, "start must be a date, got 'soon'"),
        ({"costs": 0.001}, DataTypeError, "costs must be TradingCosts or None, got 0.001"),
        ({"cuts": "2020-02-03"}, InputError, "cuts must be a list of dates, got '2020-02-03'"),
        ({"cuts": True}, InputError, "cuts must be a list of dates, got True"),
        ({"capital": "a"}, InputError, "capital"),
        ({"start": "2030-01-01"}, InputError, "2030-01-01"),
        ({"end": "1999-01-01"}, InputError, "1999-01-01"),
        ({"rebalance": "never"}, InputError, "never"),
        ({"cuts": -1}, InputError, "cuts"),
        ({"costs": TradingCosts(pd.Series({"A": 0.1}))}, UnknownNameError, "must name every asset"),
    ],
)
def test_options_are_checked(market, policies, options, error, message):
    with pytest.raises(error, match=message):
        run_backtest(policies["equal"](), market, **options)


def test_objects_of_other_types_are_rejected(market, policies, noisy_returns):
    with pytest.raises(DataTypeError, match="the class Equal"):
        run_backtest(policies["equal"], market)
    with pytest.raises(DataTypeError, match="got 'equal'"):
        run_backtest("equal", market)
    with pytest.raises(DataTypeError, match="market must be a Market, got a DataFrame"):
        run_backtest(policies["equal"](), noisy_returns)
    with pytest.raises(InputError, match="policies must hold at least one policy"):
        run_backtests({}, market)
    with pytest.raises(InputError, match="dollar volumes"):
        run_backtest(policies["equal"](), Market(noisy_returns), costs=COSTS)


def test_a_bankrupt_account_is_not_asked_again(make_frame, policies):
    values = np.zeros((30, 1))
    values[10] = -0.5
    run = run_backtests(
        {"levered": policies["answers"]({"A": 3.0}), "cash": policies["answers"]({})},
        Market(make_frame(values)),
        rebalance=5,
    )
    assert run["levered"].value.iloc[-1] <= 0.0
    assert len(run["levered"].ledger) == 11
    assert run["levered"].events["kind"].tolist() == ["bankrupt"]
    assert len(run["levered"].decisions) == 2
    assert len(run["cash"].ledger) == 30
    assert run["cash"].stopped == ""


def test_returns_before_and_after_costs(market, policies):
    run = run_backtest(policies["equal"](), market, costs=COSTS, rebalance="weekly")
    ledger = run.ledger
    held, rate = run.weights.iloc[1:], market.cash_rate.iloc[1:]
    gross = (held * market.returns.iloc[1:].fillna(0.0)).sum(axis=1) + (1 - held.sum(axis=1)) * rate
    assert np.abs(run.gross_returns - gross).max() < 1e-12
    assert np.abs((1 + run.returns).cumprod() * 1e6 - run.value.iloc[1:]).max() < 1e-6
    assert (run.gross_returns >= run.returns - 1e-15).all()
    assert run.turnover.max() == pytest.approx(1.0, abs=0.01)
    assert run.drawdown.max() == 0.0
    assert ledger["profit"].iloc[0] == 0.0


def test_a_start_long_before_the_data_is_refused(market, policies):
    with pytest.raises(InputError, match="start must not be before the market's first date, 2020-01-01, got '2018'"):
        run_backtest(policies["equal"](), market, start="2018")
    near = run_backtest(policies["equal"](), market, start="2019-12-20")
    assert near.value.index[0] == market.dates[0]
