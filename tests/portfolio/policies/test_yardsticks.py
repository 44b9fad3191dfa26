import numpy as np
import pandas as pd
import pytest
from past_gate import Gate, nothing_held, walk_through
from sklearn.base import clone

from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning, UnknownNameError
from statefolio.portfolio.policies.yardsticks import BuyAndHold, EqualWeight, GivenWeights, InverseVolatility
from statefolio.portfolio.policy import Holdings


def test_equal_weight_holds_what_is_active(gate):
    history = gate.at(gate.returns.index[230])
    found = EqualWeight().decide(history, nothing_held(history))
    late, delisted = gate.returns.columns[[1, 2]]
    assert set(found.index) == set(gate.returns.columns) - {late, delisted, "NEVER"}
    np.testing.assert_allclose(found, 1 / 6)


def test_equal_weight_of_nothing_is_nothing(gate):
    history = Gate(gate.returns * np.nan).at(gate.returns.index[50])
    assert EqualWeight().decide(history, nothing_held(history)).empty


def test_inverse_volatility_by_its_definition(gate):
    history = gate.at(gate.returns.index[200])
    found = InverseVolatility(window=40).decide(history, nothing_held(history))
    expected = {}
    for name in history.active:
        seen = [value for value in gate.returns[name].iloc[161:201] if value == value]
        mean = sum(seen) / len(seen)
        expected[name] = 1 / (sum((value - mean) ** 2 for value in seen) / (len(seen) - 1)) ** 0.5
    expected = pd.Series(expected) / sum(expected.values())
    pd.testing.assert_series_equal(found, expected, rtol=1e-12, check_names=False)


def test_inverse_volatility_leaves_out_assets_without_volatility(gate):
    history = gate.at(gate.returns.index[260])
    found = InverseVolatility(window=40).decide(history, nothing_held(history))
    late, delisted = gate.returns.columns[[1, 2]]
    assert late in history.active
    assert late not in found
    assert delisted not in found
    still = gate.returns.copy()
    still.iloc[:, 0] = 0.001
    history = Gate(still).at(still.index[260])
    assert still.columns[0] not in InverseVolatility(window=40).decide(history, nothing_held(history))


def test_inverse_volatility_without_data_gives_a_reason(gate):
    history = gate.at(gate.returns.index[10])
    found = InverseVolatility().decide(history, nothing_held(history))
    assert not found.converged
    assert found.fallback == "equal weight"
    assert "63 dates" in found.reason
    np.testing.assert_allclose(found.weights, 1 / len(history.active))


def test_buy_and_hold_buys_once(gate):
    dates = gate.returns.index[[50, 60, 70]]
    for policy in (
        BuyAndHold(),
        BuyAndHold(InverseVolatility()),
        BuyAndHold(pd.Series({gate.returns.columns[0]: 1.0})),
    ):
        decisions = walk_through({"it": policy}, gate, dates)["it"]
        assert decisions[0].weights.sum() == pytest.approx(1.0)
        assert [decision.weights is None for decision in decisions] == [False, True, True]


@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York", "Asia/Tokyo"])
def test_given_weights_are_those_of_the_latest_date(gate, zone):
    dates, names = gate.returns.index, gate.returns.columns
    frame = pd.DataFrame([[0.5, 0.5], [np.nan, 1.0]], index=dates[[50, 60]], columns=names[[0, 2]])
    policy = GivenWeights(frame.tz_localize(zone))
    early = policy.decide(gate.at(dates[49]), None)
    assert (early.weights, early.converged, early.fallback) == (None, False, "keep")
    assert early.reason == f"the first weights given are of {dates[50]:%Y-%m-%d}"
    assert dict(policy.decide(gate.at(dates[55]), None)) == {names[0]: 0.5, names[2]: 0.5}
    assert dict(policy.decide(gate.at(dates[60]), None)) == {names[0]: 0.0, names[2]: 1.0}
    late = policy.decide(gate.at(dates[230]), None)
    assert dict(late.weights) == {names[0]: 0.0}
    assert (late.converged, late.fallback) == (False, "cash for them")
    assert late.reason == f"given weights of assets that cannot be bought: {names[2]!r} (1)"


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda frame: frame.iloc[0], DataTypeError, "got a Series"),
        (lambda frame: frame.iloc[::-1], InputError, "out of order"),
        (lambda frame: frame.rename(columns={"x": "y"}), UnknownNameError, "got 'y'"),
        (lambda frame: frame * np.inf, InputError, "infinite"),
        (lambda frame: frame * 200.0, InputError, "sum to 100 on .*: percent"),
        (lambda frame: pd.concat([frame, frame], axis=1), InputError, "duplicate"),
        (lambda frame: frame.astype(str), DataTypeError, "numbers"),
        (lambda frame: frame > 0, DataTypeError, "numbers"),
    ],
)
def test_invalid_given_weights_raise_an_error(gate, spoil, error, message):
    history = gate.at(gate.returns.index[50])
    frame = pd.DataFrame(0.5, index=gate.returns.index[[40, 41]], columns=[gate.returns.columns[0], "x"])
    if error is not UnknownNameError:
        frame = frame.iloc[:, :1]
    with pytest.raises(error, match=message):
        GivenWeights(spoil(frame)).decide(history, None)


@pytest.mark.parametrize("window", [1, 2.5, True, None])
def test_a_window_is_a_number_of_dates(gate, window):
    history = gate.at(gate.returns.index[50])
    with pytest.raises(InputError, match="window must be a whole number"):
        InverseVolatility(window).decide(history, nothing_held(history))


@pytest.mark.parametrize("policy", [EqualWeight(), InverseVolatility(30), BuyAndHold(EqualWeight())])
def test_the_future_is_absent(gate, policy):
    date = gate.returns.index[150]
    spoiled = Gate(gate.returns.where(gate.returns.index.to_series() <= date, 9.0))
    found = [policy.decide(g.at(date), Holdings(date, gate.returns.iloc[0] * 0.0, 1e6)) for g in (gate, spoiled)]
    pd.testing.assert_series_equal(*found, check_exact=True)
    assert repr(clone(policy)) == repr(policy)


def test_implausible_given_weights_warn(gate):
    dates, names = gate.returns.index, gate.returns.columns
    history = gate.at(dates[60])
    frame = pd.DataFrame(0.5, index=dates[[40, 50]], columns=names[[0, 3]])
    policy = GivenWeights(frame * 40.0)
    with pytest.warns(StatefolioWarning, match=f"40 times the value on {dates[40]:%Y-%m-%d}. Divide them by 100"):
        policy.decide(history, None)
    policy.decide(history, None)  # said once
    with pytest.warns(StatefolioWarning, match=f"only NaN on '{dates[50]:%Y-%m-%d}': everything is sold"):
        GivenWeights(frame.where(frame.index.to_series() < dates[50])).decide(history, None)
    for nothing in (frame * 0.0, frame * np.nan):
        with pytest.warns(StatefolioWarning, match="weights must be other than 0 .* nothing is held"):
            GivenWeights(nothing).decide(history, None)
    with pytest.warns(StatefolioWarning, match="first must be other than 0"):
        BuyAndHold({names[0]: 0.0}).decide(history, nothing_held(history))


def test_weights_that_begin_later_or_not_yet_are_a_fallback(gate):
    """As a builder gives them that needs a window of dates, on a history that ends within it."""
    dates, names = gate.returns.index, gate.returns.columns
    history = gate.at(dates[60])
    frame = pd.DataFrame(0.5, index=dates[[40, 50]], columns=names[[0, 3]])
    empty = GivenWeights(frame.iloc[:0].tz_localize("UTC")).decide(history, None)
    assert (empty.weights, empty.converged, empty.reason) == (None, False, "no weights are given")
    begun = GivenWeights(frame.where(frame.index.to_series() > dates[40])).decide(history, None)
    assert dict(begun) == {names[0]: 0.5, names[3]: 0.5}


@pytest.mark.parametrize(
    ("first", "error", "message"),
    [
        ({"AAPL": 60, "AMD": 40}, InputError, "first must be shares .* sum to 100: percent"),
        ({"AAPL": np.nan}, InputError, "first"),
        (pd.Series([0.5, 0.5], ["AAPL", "AAPL"]), InputError, "twice"),
        ([0.5, 0.5], DataTypeError, "first"),
    ],
)
def test_implausible_first_weights_raise_an_error(gate, first, error, message):
    history = gate.at(gate.returns.index[60])
    with pytest.raises(error, match=message):
        BuyAndHold(first).decide(history, nothing_held(history))


@pytest.mark.parametrize(("row", "known"), [(40, 41), (99, 100), (149, 150)])
def test_a_window_longer_than_the_data_is_a_fallback(gate, row, known):
    history = gate.at(gate.returns.index[row])
    found = InverseVolatility(window=200).decide(history, nothing_held(history))
    assert not found.converged
    assert found.reason == f"window of 200 dates, {known} known"
    equal = known < 100
    assert found.fallback == ("equal weight" if equal else "shorter window")
    assert (found.weights.nunique() == 1) == equal
    assert not BuyAndHold(InverseVolatility(200)).decide(history, nothing_held(history)).converged


def test_positions_sold_without_a_volatility_are_named(gate):
    still = gate.returns.copy()
    still.iloc[:, 0] = 0.001
    history = Gate(still).at(still.index[150])
    held = Holdings(history.date, pd.Series(0.1, index=still.columns), 1e6, 21)
    found = InverseVolatility(window=40).decide(history, held)
    assert found.converged
    assert found.reason == f"sold without a volatility: {still.columns[0]!r}"
