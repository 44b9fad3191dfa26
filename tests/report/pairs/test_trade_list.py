"""Trades of a walked basket, from the sign of the hedged asset's weight."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from statefolio.report.pairs.trade_list import MOST, trade_exhibit, trades_of


def walked(side):
    dates = pd.bdate_range("2020-01-01", periods=len(side))
    weights = pd.DataFrame({"A": np.array(side, dtype=float), "B": -np.array(side, dtype=float)}, dates)
    return SimpleNamespace(weights=weights, returns=pd.Series(0.01, dates))


def test_a_trade_lasts_while_the_side_stays():
    table = trades_of(walked([0, 1, 1, 0, -1, 1, 1]), "A")
    assert table["Side"].to_list() == ["long", "short", "long"]
    assert table["Dates"].to_list() == [2, 1, 2]
    assert table["Open"].to_list() == ["no", "no", "yes"]
    assert table["Return"].to_numpy() == pytest.approx([1.01**2 - 1, 0.01, 1.01**2 - 1])
    assert table["From"].iloc[1] == table["To"].iloc[1]


def test_the_latest_come_first_and_the_others_are_folded():
    exhibit = trade_exhibit({"static": walked([0, 1] * 20)}, "A")
    assert len(exhibit.table) == MOST
    assert exhibit.table["From"].is_monotonic_decreasing
    assert len(exhibit.folded.table) == 20 - MOST
    assert trade_exhibit({"static": walked([0, 0])}, "A").table is None
