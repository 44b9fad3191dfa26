"""Looking ahead is caught, wherever the future is hidden; what is causal is cleared."""

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.backtest.causality import check_causal
from statefolio.backtest.market import Market
from statefolio.backtest.run import run_backtests
from statefolio.exceptions import DataTypeError, InputError

DEMO = sf.load_demo()
RETURNS = DEMO.returns.iloc[:300]


@pytest.fixture(scope="module")
def demo():
    return Market(RETURNS, DEMO.factors.iloc[:300])


class Follows:
    """Buys what rises next, from data it was made with."""

    def __init__(self, returns):
        self.returns = returns

    def decide(self, history, holdings):
        row = len(history.returns)
        return {history.returns.columns[int(np.argmax(np.asarray(self.returns)[min(row, len(self.returns) - 1)]))]: 1.0}


class Given:
    """Weights that were made before, dated."""

    def __init__(self, weights):
        self.weights = weights

    def decide(self, history, holdings):
        return self.weights.loc[history.date]


class Random:
    def __init__(self, seed=None):
        self.draw = np.random.default_rng(seed)

    def decide(self, history, holdings):
        return pd.Series(self.draw.dirichlet(np.ones(len(history.active))), index=history.active)


HIDDEN = [
    lambda: Follows(RETURNS.copy()),
    lambda: Follows(RETURNS.to_numpy().copy()),
    lambda: FollowsMarket(Market(RETURNS)),
]


class ReadsGlobal:
    def decide(self, history, holdings):
        return {RETURNS.iloc[min(len(history.returns), 299)].idxmax(): 1.0}


def closes_over(returns):
    class Closes:
        def decide(self, history, holdings):
            return {returns.iloc[min(len(history.returns), 299)].idxmax(): 1.0}

    return Closes()


@pytest.fixture
def replayed(demo):
    def check(policy):
        return run_backtests({"it": policy}, demo, rebalance="weekly", cuts=5)["it"].causality

    return check


@pytest.fixture
def run_anew(demo):
    def check(policy):
        return check_causal(policy, demo, rebalance="weekly", cuts=3)

    return check


@pytest.fixture(params=["replayed", "run_anew"])
def checked(request):
    return request.getfixturevalue(request.param)


def test_causal_policies_are_cleared(checked, policies):
    for policy in (policies["equal"](), policies["winners"](1), Random(seed=5)):
        check = checked(policy)
        assert check.verdict == "causal", check.detail
        assert check.first_difference is None
        assert len(check.cuts) >= 3


class FollowsMarket:
    def __init__(self, market):
        self.parts = {"market": [market]}

    def decide(self, history, holdings):
        returns = self.parts["market"][0].returns
        return {returns.iloc[min(len(history.returns), len(returns) - 1)].fillna(-1).idxmax(): 1.0}


@pytest.mark.parametrize("make", [ReadsGlobal, lambda: closes_over(RETURNS), lambda: Given(RETURNS)])
def test_what_may_hide_the_future_is_not_cleared(checked, make):
    check = checked(make())
    assert check.verdict == "cannot be checked"
    assert "beyond the decision of" in check.detail


def test_what_is_not_seeded_is_not_cleared(checked):
    class Unseeded:
        def decide(self, history, holdings):
            return pd.Series(np.random.default_rng().dirichlet(np.ones(len(history.active))), index=history.active)

    check = checked(Unseeded())
    assert check.verdict == "cannot be checked"
    assert "seed" in check.detail


@pytest.mark.parametrize("make", HIDDEN)
def test_a_hidden_future_is_caught(checked, make):
    """A deep copy still holds it: it is found there, and drawn anew."""
    check = checked(make())
    assert check.verdict == "looks ahead", check.detail
    assert check.first_difference in check.cuts


def test_a_neighbour_that_looks_ahead_condemns_itself_alone(demo, policies):
    runs = run_backtests({"equal": policies["equal"](), "follows": Follows(RETURNS)}, demo, rebalance="weekly", cuts=2)
    assert [run.causality.verdict for run in runs.values()] == ["causal", "looks ahead"]


def scores_of(market, lag):
    """Weights by yesterday's return, or with no lag: computed from the return that they then earn."""
    score = market.returns.rank(axis=1).shift(lag - 1).dropna()
    return score.div(score.sum(axis=1), axis=0)


def test_a_builder_is_built_anew(demo):
    good = check_causal(lambda market: scores_of(market, 1), demo, cuts=4)
    assert good.verdict == "causal"
    assert good.cuts[0] > demo.dates[0]
    as_policy = check_causal(lambda market: Given(scores_of(market, 1)), demo, cuts=4)
    assert as_policy.verdict == "causal", as_policy.detail


def test_no_lag_is_caught(demo):
    """A weight that is to earn the return of t is decided at t - 1: then it must not know that return."""
    check = check_causal(lambda market: scores_of(market, 0), demo, cuts=4)
    assert check.verdict == "looks ahead"
    assert check.first_difference == check.cuts[0]
    assert check_causal(lambda market: Given(scores_of(market, 0)), demo, cuts=4).verdict == "looks ahead"


def test_scaling_by_the_whole_sample_is_caught(demo):
    check = check_causal(lambda market: market.returns / market.returns.std(), demo, cuts=2)
    assert check.verdict == "looks ahead"
    assert check.first_difference == demo.dates[0]


def test_last_dates_of_months_are_caught(demo):
    """That a date was the last of its month is known on the next one."""
    check = check_causal(lambda market: market.returns.groupby(pd.Grouper(freq="ME")).tail(1), demo, cuts=3)
    assert check.verdict == "looks ahead"


def test_weights_that_are_given_cannot_be_checked(demo):
    assert check_causal(scores_of(demo, 1), demo).verdict == "cannot be checked"


def test_bad_input(demo, policies):
    with pytest.raises(DataTypeError, match="is a int"):
        check_causal(3, demo)
    with pytest.raises(InputError, match="cuts"):
        check_causal(policies["equal"](), demo, cuts=[demo.dates[-1]])
