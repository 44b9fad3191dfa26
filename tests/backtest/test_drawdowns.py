import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.backtest.drawdowns import drawdowns, maximum_drawdown


def dated(values):
    return pd.Series(np.asarray(values, dtype=float), index=pd.date_range("2020-01-01", periods=len(values)))


def walked(returns):
    """Find the deepest drawdown date by date."""
    value, peak, peak_at, found = 1.0, 1.0, -1, (0.0, None, None)
    for t, r in enumerate(returns):
        value *= 1 + r
        if value >= peak:
            peak, peak_at = value, t
        elif value / peak - 1 < found[0]:
            found = (value / peak - 1, peak_at, t)
    return found


def test_peak_trough_and_recovery():
    found = maximum_drawdown(dated([0.1, -0.1, -0.1, 0.2, 0.1, 0.0]))
    assert found.depth == pytest.approx(0.81 - 1)
    assert [found.peak, found.trough, found.recovery] == [
        pd.Timestamp(d) for d in ("2020-01-01", "2020-01-03", "2020-01-05")
    ]
    assert (found.dates, found.dates_to_recover) == (4, 2)


def test_the_start_is_a_peak_and_a_recovery_may_not_come():
    found = maximum_drawdown(dated([-0.1, 0.05]))
    assert (found.peak, found.recovery, found.dates, found.dates_to_recover) == (None, None, 2, None)
    assert maximum_drawdown(dated([0.1, 0.0])).depth == 0


@pytest.mark.parametrize("seed", range(5))
def test_against_a_walk_date_by_date(seed):
    r = np.random.default_rng(seed).normal(0, 0.02, 300)
    found, (depth, peak, trough) = maximum_drawdown(dated(r)), walked(r)
    index = dated(r).index
    assert found.depth == pytest.approx(depth, abs=1e-12)
    assert found.trough == index[trough]
    assert found.peak == (index[peak] if peak >= 0 else None)


def test_the_pandemic_in_the_market():
    market = sf.load_demo().factors["market"].loc["2019":"2021"]
    found = maximum_drawdown(market)
    assert found.peak == pd.Timestamp("2020-02-19")
    assert found.trough == pd.Timestamp("2020-03-23")
    assert found.recovery == pd.Timestamp("2020-08-18")
    assert found.depth == pytest.approx(-0.3392, abs=1e-4)
    assert drawdowns(market).min() == found.depth
