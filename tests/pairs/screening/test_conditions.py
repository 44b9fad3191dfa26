"""Condition numbers of baskets against one singular value decomposition each."""

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import StatefolioWarning
from statefolio.pairs.hedges.static_hedges import StaticHedge
from statefolio.pairs.prices import condition_number
from statefolio.pairs.screening.conditions import condition_numbers
from statefolio.pairs.screening.screen import screen_pairs


def walks(noise: float) -> pd.DataFrame:
    """Return prices of an asset, its twin, one between them and one that stands still."""
    draw = np.random.default_rng(0)
    x, y = 100.0 + draw.normal(size=(400, 2)).cumsum(axis=0).T
    prices = {"X": x, "TWIN": x + noise * draw.normal(size=400), "Y": 0.5 * (x + y), "STILL": np.full(400, 7.0)}
    return pd.DataFrame(prices, pd.bdate_range("2015-01-01", periods=400))


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("gaps", [False, True])
def test_condition_numbers_are_those_of_each_basket(size: int, gaps: bool) -> None:
    prices = walks(1e-2).to_numpy(copy=True)
    if gaps:
        prices[::5, 1] = np.nan
        prices[:30, 2] = np.nan
    members = np.array([[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1]])[:, :size]
    expected = [condition_number(x[np.isfinite(x).all(axis=1)]) for x in (prices[:, own] for own in members)]
    np.testing.assert_allclose(condition_numbers(prices, members), expected, rtol=1e-6)
    assert np.isnan(condition_numbers(prices, np.array([[0, 3]]))).all()


def test_screens_have_a_column_condition() -> None:
    found = screen_pairs(walks(1e-2), pairs=[("X", "Y"), ("TWIN", "Y"), ("X", "TWIN"), ("X", "STILL")])
    numbers = pd.concat([found.table["condition"], found.untested["condition"]])
    assert 500 < numbers.filter(like="TWIN").max() < 5000
    assert numbers.drop(found.untested.index).notna().all()
    assert found.untested.index.str.contains("STILL").any()


@pytest.mark.parametrize(("noise", "warns"), [(1e-1, False), (1e-2, True)])
def test_hedging_twins_are_warned_of_with_their_condition_number(noise: float, warns: bool) -> None:
    prices = walks(noise)[["Y", "X", "TWIN"]]
    if not warns:
        StaticHedge().fit(prices)
        return
    with pytest.warns(StatefolioWarning, match=r"'X', 'TWIN', which are hardly told apart .condition number \d"):
        StaticHedge().fit(prices)
