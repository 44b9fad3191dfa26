"""The position of today, and the prices that reach the levels of a rule."""

import numpy as np
import pandas as pd
import pytest
from baskets import simulate
from sklearn.base import clone

from statefolio.exceptions import InputError
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.prices import read_basket
from statefolio.pairs.trading.retuned import retuned
from statefolio.pairs.trading.rules import Bands, Linear
from statefolio.pairs.trading.signals import basket_weights, z_score
from statefolio.pairs.trading.today import position_today
from statefolio.pairs.trading.walk_forward_hedge import walk

HEDGE = KalmanHedge("identity", "fixed", delta=1e-4, observation_variance=0.05)


def test_today_is_the_last_row_and_its_prices_reach_the_levels() -> None:
    table = simulate(8)
    hedge = HEDGE.fit(table)
    rule = Bands(1, 0, stop=3)
    now = position_today(hedge, table, rule, capital=50_000.0)
    assert now.date == table.index[-1]
    weights = basket_weights(hedge, table, rule).iloc[-1]
    pd.testing.assert_series_equal(now.positions["weight"], weights, check_names=False)
    np.testing.assert_allclose(now.positions["shares"] * table.iloc[-1], 50_000.0 * weights)
    for name, row in now.distances.iterrows():
        assert row["deviations"] == pytest.approx(row["z_score"] - z_score(HEDGE.fit(table)).iloc[-1])
        moved = pd.concat([table, table.iloc[-1:].set_axis([table.index[-1] + pd.Timedelta(days=3)])])
        moved.iloc[-1, 0] = row["price"]
        assert z_score(HEDGE.fit(moved)).iloc[-1] == pytest.approx(row["z_score"], abs=1e-9), name
    assert "long stop" in str(now)


@pytest.mark.parametrize("logs", [False, True])
def test_a_level_is_reached_at_its_price_by_every_hedge(logs: bool) -> None:
    table = simulate(8)
    basket = read_basket(table, logs=logs)
    for hedge in (StaticHedge(logs=logs), RollingHedge(40, logs=logs), KalmanHedge(logs=logs)):
        parts = retuned(hedge, basket, [200, 300])
        walked = walk(parts, basket, [200, 300])
        fitted = clone(hedge).fit(table, tune_until=table.index[299])
        prices = [position_today(found, table, Bands(2, 0)).distances["price"] for found in (fitted, walked)]
        np.testing.assert_allclose(prices[0], prices[1], rtol=1e-4)
        later = table.iloc[-1:].set_axis([table.index[-1] + pd.Timedelta(days=3)])
        later.iloc[0, 0] = prices[0]["short entry"]
        assert z_score(fitted.partial_fit(later)).iloc[0] == pytest.approx(2.0)


def test_today_is_the_last_date_with_prices() -> None:
    table = simulate(8)
    table.iloc[-1, 1] = np.nan
    for logs in (False, True):
        hedge = clone(HEDGE).set_params(logs=logs).fit(table)
        for rule in (Bands(50.0), Linear(2.0)):  # flat, and not
            now = position_today(hedge, table, rule)
            assert now.date == table.index[-2]
            assert np.isfinite(now.positions.to_numpy()).all()
            assert np.isfinite(now.distances.to_numpy()).all()


def test_capital_must_be_positive() -> None:
    with pytest.raises(InputError, match=r"capital must be .* got 0"):
        position_today(HEDGE.fit(simulate(1)), simulate(1), Bands(), capital=0)
