"""A walk continues from a state on the data of that state only; later data may differ."""

import pickle

import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.walk import Walk
from statefolio.exceptions import DataTypeError, InputError

OPTIONS = {"rebalance": 10, "costs": TradingCosts(0.001)}


def changed(frame, row):
    other = frame.copy()
    other.iloc[row] = other.iloc[row] * 0.5
    return other


@pytest.fixture
def parts(noisy_returns):
    draw = np.random.default_rng(0)
    factors = pd.DataFrame(draw.normal(0, 0.01, (150, 2)), index=noisy_returns.index, columns=["f", "g"])
    return {
        "returns": noisy_returns,
        "factors": factors,
        "cash_rate": factors["f"].abs() / 100,
        "dollar_volumes": noisy_returns.fillna(0.0).abs() + 1.0,
        "others": {"rate": factors[["f"]]},
        "delistings": {"D": noisy_returns.index[109]},
    }


@pytest.fixture
def kept(parts, policies):
    """A state after six decisions: rows until 50 are done."""
    walk = Walk({"equal": policies["equal"]()}, Market(**parts), **OPTIONS)
    for _ in range(6):
        walk.step()
        walk.state  # noqa: B018 - the digest is taken at every step, in pieces
    return pickle.dumps(walk.state)


def resume(kept, market, policies, **options):
    return Walk({"equal": policies["equal"]()}, market, resume=pickle.loads(kept), **OPTIONS | options)


CHANGES = {
    "returns": lambda parts, row: {"returns": changed(parts["returns"], row)},
    "factors": lambda parts, row: {"factors": changed(parts["factors"], row)},
    "cash": lambda parts, row: {"cash_rate": changed(parts["cash_rate"], row)},
    "volumes": lambda parts, row: {"dollar_volumes": changed(parts["dollar_volumes"], row)},
    "others": lambda parts, row: {"others": {"rate": changed(parts["others"]["rate"], row)}},
}


@pytest.mark.parametrize("name", CHANGES)
def test_known_data_must_be_the_same_and_later_data_may_differ(kept, parts, policies, name):
    assert resume(kept, Market(**parts | CHANGES[name](parts, 51)), policies).progress == (51, 150)
    for row in (0, 23, 50):
        with pytest.raises(InputError, match="resume must be a state of the same"):
            resume(kept, Market(**parts | CHANGES[name](parts, row)), policies)


@pytest.mark.parametrize(
    "given",
    [{"others": {}}, {"others": {"price": None}}, {"factors": None}, {"delisting_return": -0.5}, {"delisted_after": 9}],
)
def test_names_and_settings_must_be_the_same(kept, parts, policies, given):
    if given.get("others"):
        given = {"others": {"price": parts["others"]["rate"]}}
    with pytest.raises(InputError, match="resume must be a state of the same"):
        resume(kept, Market(**parts | given), policies)


def test_delistings_count_once_they_have_happened(kept, parts, policies):
    resume(kept, Market(**parts | {"delistings": None}), policies)
    gone = parts["returns"].copy()
    gone.iloc[:, 0] = np.nan
    before = parts | {"returns": gone}
    walk = Walk({"equal": policies["equal"]()}, Market(**before), **OPTIONS)
    walk.step()
    with pytest.raises(InputError, match="resume must be a state of the same"):
        resume(pickle.dumps(walk.state), Market(**before | {"delistings": {"A": parts["returns"].index[0]}}), policies)


def test_other_objects_are_no_state(parts, policies):
    with pytest.raises(DataTypeError, match="resume must be a WalkState, got a dict"):
        Walk({"equal": policies["equal"]()}, Market(**parts), resume={})
