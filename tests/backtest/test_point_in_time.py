import gc

import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.market import Market
from statefolio.backtest.point_in_time import PointInTimeData


def check_equals_until(history, market, date):
    cut = market.until(date)
    same = {"check_freq": False, "check_names": False, "check_exact": True}
    pd.testing.assert_frame_equal(history.returns, cut.returns, **same)
    pd.testing.assert_frame_equal(history.excess_returns, cut.excess_returns, **same)
    pd.testing.assert_frame_equal(history.factors, cut.factors, **same)
    pd.testing.assert_frame_equal(history.dollar_volumes, cut.dollar_volumes, **same)
    pd.testing.assert_series_equal(history.cash_rate, cut.cash_rate, **same)
    pd.testing.assert_frame_equal(history.others["rate"], cut.others["rate"], **same)
    assert history.date == date


def test_every_date_is_revealed_once(market):
    gate, histories = PointInTimeData(market), []
    for row in range(len(market.dates)):
        gate.advance(row)
        histories.append(gate.history())
        check_equals_until(histories[-1], market, market.dates[row])
    for row, history in enumerate(histories):
        check_equals_until(history, market, market.dates[row])


def test_several_rows_can_be_added_at_once(market):
    gate = PointInTimeData(market)
    for row in (3, 3, 80, 149):
        gate.advance(row)
        check_equals_until(gate.history(), market, market.dates[row])


def reachable(thing):
    """All objects that an object refers to, without code and modules."""
    seen, waiting = {}, [thing]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type | type(gc)) or callable(one):
            continue
        seen[id(one)] = one
        waiting.extend(gc.get_referents(one))
        base = getattr(one, "base", None)
        waiting.extend([base] if base is not None else [])
    return seen.values()


def test_no_object_of_a_history_contains_the_future(make_frame):
    """Every return is a different number, and no array of a history contains one of a later date."""
    values = 1e-4 * np.arange(1.0, 601.0).reshape(200, 3)
    market = Market(make_frame(values), make_frame(-values, ["f", "g", "h"]), others={"x": make_frame(values)})
    gate = PointInTimeData(market)
    gate.advance(99)
    arrays = [one for one in reachable(gate.history()) if isinstance(one, np.ndarray) and one.dtype == np.float64]
    assert any(np.isin(values[99], array).all() for array in arrays)
    for array in arrays:
        assert not np.isin(values[100:], array).any()
        assert not np.isin(-values[100:], array).any()
    assert not any(isinstance(one, Market | PointInTimeData) for one in reachable(gate.history()))


def test_nothing_can_be_written(market):
    gate = PointInTimeData(market)
    gate.advance(50)
    history = gate.history()
    with pytest.raises(ValueError):
        history.returns.to_numpy()[0, 0] = 1.0
    frame = history.returns
    frame["A"] = 7.0
    check_equals_until(history, market, market.dates[50])


def test_active_means_listed_and_not_delisted(noisy_returns):
    market = Market(noisy_returns, delisted_after=5)
    gate = PointInTimeData(market)
    found = {}
    for row in range(150):
        gate.advance(row)
        found[row] = "".join(gate.history().active)
    assert found[39] == "ABDE"
    assert found[40] == "ABCDE"
    assert found[63] == "ABCDE"  # E has been away for four dates
    assert found[64] == "ABCD"
    assert found[66] == "ABCDE"
    assert found[113] == "ABCDE"
    assert found[114] == "ABCE"
    known = PointInTimeData(Market(noisy_returns, delistings={"D": noisy_returns.index[109]}))
    known.advance(109)
    assert "D" not in known.history().active


def test_shared_results_stay_for_the_run(market):
    gate = PointInTimeData(market)
    gate.advance(0)
    gate.history().shared["a"] = 1
    gate.advance(1)
    assert gate.history().shared == {"a": 1}
