"""Look-ahead is found wherever the future is hidden, and causal policies are cleared."""

import sys
from collections import deque
from functools import partial
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.backtest.calendar import Drift
from statefolio.backtest.causality import check_causal
from statefolio.backtest.market import Market
from statefolio.backtest.run import run_backtests
from statefolio.exceptions import DataTypeError, InputError, PolicyError

DEMO = sf.load_demo()
RETURNS = DEMO.returns.iloc[:300]


@pytest.fixture(scope="module")
def demo():
    return Market(RETURNS, DEMO.factors.iloc[:300])


class Follows:
    """Buys the asset with the highest next return, from data it was made with."""

    def __init__(self, returns):
        self.returns = returns

    def decide(self, history, holdings):
        row = len(history.returns)
        return {history.returns.columns[int(np.argmax(np.asarray(self.returns)[min(row, len(self.returns) - 1)]))]: 1.0}


class Given:
    """Returns dated weights that were made before."""

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


def test_causal_policies_are_cleared(demo, run_anew, policies):
    honest = {"equal": policies["equal"](), "winners": policies["winners"](1), "random": Random(seed=5)}
    runs = run_backtests(honest, demo, rebalance="weekly", cuts=5)
    for check in [*(run.causality for run in runs.values()), run_anew(honest["winners"]), run_anew(honest["random"])]:
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
def test_policies_that_may_contain_the_future_are_not_cleared(checked, make):
    check = checked(make())
    assert check.verdict == "cannot be checked"
    assert "beyond the decision of" in check.detail


class Holds:
    """Carries an object, and reads the first asset's next return from it through a function."""

    def __init__(self, thing, look):
        self.thing, self.look = thing, look

    def decide(self, history, holdings):
        return {history.returns.columns[0]: float(self.look(self.thing, min(len(history.returns), 299)) > 0.0)}


def first_asset():
    return RETURNS.iloc[:, 0].to_numpy()


CARRIED = {
    "a partial": lambda: Holds(partial(lambda frame, row: frame.iloc[row, 0], RETURNS.copy()), lambda f, row: f(row)),
    "a list": lambda: Holds(first_asset().tolist(), lambda held, row: held[row]),
    "a deque": lambda: Holds(deque(first_asset()), lambda held, row: held[row]),
    "an array by asset": lambda: Holds(RETURNS.to_numpy().T.copy(), lambda held, row: held[0, row]),
}


@pytest.mark.parametrize("kind", CARRIED)
def test_containers_of_future_data_are_searched(checked, kind):
    assert checked(CARRIED[kind]()).verdict != "causal"


class LooksInside:
    """Names the global only inside a comprehension, which has its own code object."""

    def decide(self, history, holdings):
        row = min(len(history.returns), 299)
        return {max((RETURNS.iloc[row][name], name) for name in history.returns.columns)[1]: 1.0}


class Defaults:
    def decide(self, history, holdings, *, future=RETURNS):
        return {future.iloc[min(len(history.returns), 299)].idxmax(): 1.0}


class Property:
    @property
    def best(self):
        return RETURNS.idxmax(axis=1)

    def decide(self, history, holdings):
        return {self.best.iloc[min(len(history.returns), 299)]: 1.0}


signals = ModuleType("signals")
signals.__file__ = "/home/someone/signals.py"
signals.future = RETURNS


class ReadsModule:
    def decide(self, history, holdings):
        return {signals.future.iloc[min(len(history.returns), 299)].idxmax(): 1.0}


@pytest.mark.parametrize("policy", [LooksInside, Defaults, Property, ReadsModule])
def test_code_that_names_future_data_is_not_cleared(checked, policy):
    check = checked(policy())
    assert check.verdict == "cannot be checked"
    assert "beyond the decision of" in check.detail


def test_libraries_are_not_searched(replayed):
    class Uses:
        def decide(self, history, holdings):
            return {history.returns.columns[len(sys.byteorder) % 2]: float(np.sign(len(history.returns)))}

    assert replayed(Uses()).verdict == "causal"


def test_unseeded_policies_are_not_cleared(checked):
    class Unseeded:
        def decide(self, history, holdings):
            return pd.Series(np.random.default_rng().dirichlet(np.ones(len(history.active))), index=history.active)

    check = checked(Unseeded())
    assert check.verdict == "cannot be checked"
    assert "seed" in check.detail


@pytest.mark.parametrize("make", HIDDEN)
def test_a_hidden_future_is_caught(checked, make):
    """A deep copy still contains the data: the search finds and redraws them."""
    check = checked(make())
    assert check.verdict == "looks ahead", check.detail
    assert check.first_difference in check.cuts


def test_a_policy_that_looks_ahead_does_not_affect_the_others(demo, policies):
    runs = run_backtests({"equal": policies["equal"](), "follows": Follows(RETURNS)}, demo, rebalance="weekly", cuts=2)
    assert [run.causality.verdict for run in runs.values()] == ["causal", "looks ahead"]


def scores_of(market, lag):
    """Weights by yesterday's return; without a lag, by the return that they then earn."""
    score = market.returns.rank(axis=1).shift(lag - 1).dropna()
    return score.div(score.sum(axis=1), axis=0)


def test_a_builder_is_built_anew(demo):
    good = check_causal(lambda market: scores_of(market, 1), demo, cuts=4)
    assert good.verdict == "causal"
    assert good.cuts[0] > demo.dates[0]
    as_policy = check_causal(lambda market: Given(scores_of(market, 1)), demo, cuts=4)
    assert as_policy.verdict == "causal", as_policy.detail


def test_no_lag_is_caught(demo):
    """A weight that earns the return of t is decided at t - 1 and must not use that return."""
    check = check_causal(lambda market: scores_of(market, 0), demo, cuts=4)
    assert check.verdict == "looks ahead"
    assert check.first_difference == check.cuts[0]
    assert check_causal(lambda market: Given(scores_of(market, 0)), demo, cuts=4).verdict == "looks ahead"


def test_scaling_by_the_whole_sample_is_caught(demo):
    check = check_causal(lambda market: market.returns / market.returns.std(), demo, cuts=2)
    assert check.verdict == "looks ahead"
    assert check.first_difference == demo.dates[0]


def test_last_dates_of_months_are_caught(demo):
    """The last date of a month is only known to be the last on the next date."""
    check = check_causal(lambda market: market.returns.groupby(pd.Grouper(freq="ME")).tail(1), demo, cuts=3)
    assert check.verdict == "looks ahead"


def test_given_weights_cannot_be_checked(demo):
    assert check_causal(scores_of(demo, 1), demo).verdict == "cannot be checked"


def test_a_function_that_fails_without_the_future_looks_ahead(demo):
    """Only the whole market has its last date."""

    def made(market):
        last = market.returns.loc[[demo.dates[-1]]]
        return market.returns.rank(axis=1).iloc[:-1] * last.iloc[0]

    assert check_causal(made, demo, cuts=2).verdict == "looks ahead"
    with pytest.raises(PolicyError, match="the function raised ZeroDivisionError on a market until"):
        check_causal(lambda market: 1 / 0, demo)


def test_without_decisions_nothing_is_checked(demo, policies):
    check = check_causal(policies["answers"](None), demo, cuts=3)
    assert check.verdict == "cannot be checked"
    assert "no decision" in check.detail


def test_bad_input(demo, policies):
    with pytest.raises(InputError, match="cuts must be a whole number of at least 1, got 0"):
        check_causal(policies["equal"](), demo, cuts=0)
    with pytest.raises(InputError, match="cuts must be a list of dates, got 'soon'"):
        check_causal(policies["equal"](), demo, cuts="soon")
    with pytest.raises(DataTypeError, match=r"must be a policy or a function .*, got 3"):
        check_causal(3, demo)
    with pytest.raises(InputError, match="cuts must leave a date with a future"):
        check_causal(policies["equal"](), demo, cuts=[demo.dates[-1]])


FUTURE = RETURNS.shift(-1).rank(axis=1).pipe(lambda score: score.div(score.sum(axis=1), axis=0)).iloc[:-1]
AS_TEXT = {f"{date:%Y-%m-%d}": best for date, best in RETURNS.shift(-1).iloc[:-1].idxmax(axis=1).items()}
PLAIN = RETURNS.to_numpy().tolist()


class Reads:
    """Reads picks by the text of their date."""

    picks = AS_TEXT

    def decide(self, history, holdings):
        return {self.picks.get(f"{history.date:%Y-%m-%d}", "AAPL"): 1.0}


def with_default(market, weights=FUTURE):
    return weights[weights.index <= market.dates[-1]]


def from_numbers(market):
    """Weights from numbers without dates, as long as the market it is given."""
    later = pd.DataFrame(PLAIN[1:] + PLAIN[-1:], columns=RETURNS.columns, index=RETURNS.index)
    return later.loc[: market.dates[-1]].clip(lower=0.0)


CHEATING_BUILDERS = {
    "ignores the market": lambda market: FUTURE,
    "cuts tomorrow's weights": lambda market: FUTURE[FUTURE.index <= market.dates[-1]],
    "a default": with_default,
    "unlabelled numbers": from_numbers,
    "a policy with a frame": lambda market: Follows(RETURNS.copy()),
    "a policy with an array": lambda market: Follows(RETURNS.to_numpy().copy()),
    "a policy with a market": lambda market: FollowsMarket(Market(RETURNS)),
    "a policy with weights": lambda market: Given(FUTURE),
    "a policy that reads a global": lambda market: ReadsGlobal(),
    "a policy with picks by text": lambda market: Reads(),
    "a closure": lambda market: closes_over(RETURNS),
}


@pytest.mark.parametrize("kind", CHEATING_BUILDERS)
def test_builders_that_ignore_the_market_are_not_cleared(demo, kind):
    check = check_causal(CHEATING_BUILDERS[kind], demo, cuts=3, end=RETURNS.index[-2])
    assert check.verdict != "causal", check.detail


def test_names_of_attributes_are_no_globals(demo, monkeypatch):
    """The code reads the attribute `returns`; a global of that name is another thing."""
    monkeypatch.setitem(globals(), "returns", RETURNS)
    assert check_causal(lambda market: market.returns.rank(axis=1) / 300, demo, cuts=2).verdict == "causal"


def test_a_builder_of_the_same_weights_cannot_be_checked(demo):
    check = check_causal(lambda market: pd.DataFrame(0.1, market.dates, market.assets[:5]), demo, cuts=2)
    assert check.verdict == "cannot be checked"
    assert "same weights for any market" in check.detail


def test_the_sentence_says_what_was_checked(demo, policies):
    check = check_causal(policies["equal"](), demo, cuts=4)
    assert str(check) == (
        "no look-ahead found in 4 of 4 cuts, 3 of them repeated in a new process; unlabelled arrays that it carries "
        "and files that compiled code reads are not searched"
    )
    own = check_causal(sf.portfolio.EqualWeight(), demo, cuts=4)
    assert str(own) == "no look-ahead found in 4 of 4 cuts; files and unlabelled arrays are not searched"
    assert check_causal(Follows(RETURNS), demo, cuts=2).sentence.startswith("look-ahead found: the decision of")
    assert str(check_causal(FUTURE, demo)).startswith("cannot be checked: it is not known what given weights")


@pytest.mark.usefixtures("without_new_processes")
@pytest.mark.parametrize("threshold", [0.02, 0.002])
def test_cuts_fall_on_decisions_that_drift_calls(demo, threshold, policies):
    drift = Drift(threshold)
    equal = {"equal": policies["equal"](), "again": policies["equal"]()}
    results = run_backtests(equal, demo, rebalance=drift, cuts=5)
    decided = results["equal"].decisions.index
    for result in results.values():
        assert result.causality.verdict == "causal"
        assert len(result.causality.cuts) == min(5, len(decided))
        assert set(result.causality.cuts) <= set(decided)
    check = check_causal(policies["equal"](), demo, rebalance=drift, cuts=5)
    assert check.verdict == "causal"
    assert set(check.cuts) <= set(decided)
    assert (
        run_backtests({"it": Follows(RETURNS)}, demo, rebalance=drift, cuts=5)["it"].causality.verdict == "looks ahead"
    )
