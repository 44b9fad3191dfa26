"""Targets on every date: those of the last date are the position today, and no later date changes an earlier one."""

import numpy as np
import pandas as pd
from baskets import simulate

from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.trading.rules import Bands
from statefolio.pairs.trading.targets import basket_targets
from statefolio.pairs.trading.today import position_today

HEDGE = KalmanHedge("identity", "fixed", delta=1e-4, observation_variance=0.05)


def test_the_last_row_is_the_position_today() -> None:
    table = simulate(3)
    hedge = HEDGE.fit(table)
    found = basket_targets(hedge, table, Bands(1, 0), capital=50_000.0)
    now = position_today(hedge, table, Bands(1, 0), capital=50_000.0)
    last = found.loc[now.date]
    names = list(table.columns)
    np.testing.assert_array_equal(last[[f"shares_{name}" for name in names]], now.positions["shares"])
    assert (last["z_score"], last["units"]) == (now.z_score, now.units)


def test_flat_dates_have_ratios_bands_and_one_unit_too() -> None:
    table = simulate(3)
    table.iloc[50, 1] = np.nan
    hedge = HEDGE.fit(table)
    found = basket_targets(hedge, table, Bands(1, 0), capital=50_000.0)
    assert found.index.equals(table.index)
    flat = found[found["units"] == 0.0].iloc[5:].drop(index=table.index[50], errors="ignore")
    assert len(flat) > 20
    assert (flat[[f"shares_{name}" for name in table]] == 0.0).all(axis=None)
    money = flat[[f"one_unit_{name}" for name in table]].to_numpy() * table.loc[flat.index].to_numpy()
    np.testing.assert_allclose(np.abs(money).sum(axis=1), 50_000.0)
    for name in table.columns[1:]:
        np.testing.assert_allclose(
            -flat[f"one_unit_{name}"] / flat[f"one_unit_{table.columns[0]}"], flat[f"ratio_{name}"]
        )
        assert (flat[f"lower_{name}"] < flat[f"ratio_{name}"]).all()
    assert found.loc[table.index[50], [f"shares_{name}" for name in table]].isna().all()
    cut = table.iloc[:100]
    pd.testing.assert_frame_equal(basket_targets(HEDGE.fit(cut), cut, Bands(1, 0), capital=50_000.0), found.iloc[:100])
