"""Rules walked date by date; weights that know nothing later; what to hold today."""

import numpy as np
import pandas as pd
import pytest
from baskets import simulate
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from statefolio.exceptions import InputError
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.prices import read_basket
from statefolio.pairs.trading.retuned import retuned
from statefolio.pairs.trading.rules import Bands, Linear
from statefolio.pairs.trading.signals import basket_weights, z_score
from statefolio.pairs.trading.today import position_today
from statefolio.pairs.trading.walked import walk

HEDGE = KalmanHedge("identity", "fixed", delta=1e-4, observation_variance=0.05)


@pytest.mark.parametrize(
    ("rule", "z", "units"),
    [
        (Bands(1, 0), [0, -1.5, -0.5, 0.1, 0.5, 1.2, 0.9, -0.1], [0, 1, 1, 0, 0, -1, -1, 0]),
        (Bands(1, 1), [-1.5, -0.9, -1.1, 1.1, 0.9], [1, 0, 1, -1, 0]),
        (Bands(1, 0, stop=3), [-2, -3.5, -2.5, -0.5, -1.5], [1, 0, 0, 0, 1]),
        (Bands(1, 0, longest=2), [-2, -2, -2, -2, 0.5, -2], [1, 1, 0, 0, 0, 1]),
        (Bands(1, -0.5), [-2, 0.4, 0.6], [1, 1, 0]),
        (Bands(1, 0), [np.nan, -2, np.nan, 1.5], [0, 1, 1, -1]),
        (Linear(), [np.nan, -0.1, np.nan, 2.0, 0.0], [0, 1, 1, -1, 0]),
        (Linear(full_at=2), [-1, 4, -0.5], [0.5, -1, 0.25]),
    ],
)
def test_units(rule: Bands | Linear, z: list[float], units: list[float]) -> None:
    np.testing.assert_array_equal(rule.units(np.array(z, dtype=float)), units)


@given(st.lists(st.floats(-5, 5) | st.just(float("nan")), min_size=2, max_size=40), st.integers(1, 39))
def test_units_know_nothing_later_and_are_mirrored(z: list[float], cut: int) -> None:
    scores = np.array(z)
    for rule in (Bands(1, 0, stop=3, longest=5), Linear(2.0)):
        np.testing.assert_array_equal(rule.units(scores)[:cut], rule.units(scores[:cut]))
        np.testing.assert_array_equal(rule.units(-scores), -rule.units(scores))


def test_weights_are_money_in_the_basket(prices: pd.DataFrame) -> None:
    hedge = HEDGE.fit(prices)
    weights = basket_weights(hedge, prices, Bands(1, 0), gross=2.0)
    units = pd.Series(Bands(1, 0).units(z_score(hedge).to_numpy()), index=prices.index)
    held = weights[(weights != 0.0).any(axis=1)]
    assert len(held) > 50
    np.testing.assert_allclose(held.abs().sum(axis=1), 2.0, rtol=1e-12)
    shares = held / prices.loc[held.index]
    ratios = hedge.hedge_ratios_["filtered"].to_pandas().loc[held.index]
    np.testing.assert_allclose(-shares[["TWO", "SIX"]].div(shares["ONE"], axis=0), ratios, rtol=1e-10)
    np.testing.assert_array_equal(np.sign(held["ONE"]), units[held.index])


def test_weights_of_a_date_do_not_change_when_more_dates_come(prices: pd.DataFrame) -> None:
    whole = basket_weights(HEDGE.fit(prices), prices, Bands(1, 0))
    cut = prices.iloc[:300]
    early = basket_weights(HEDGE.fit(cut), cut, Bands(1, 0))
    pd.testing.assert_frame_equal(whole.loc[: cut.index[-1]], early, check_exact=True)


def test_score_of_the_spread_over_a_look_back() -> None:
    table = simulate(8)
    hedge = StaticHedge().fit(table)
    spread = hedge.spread_["filtered"]
    z = z_score(hedge, of="spread", lookback=20)
    last = spread.iloc[-20:]
    assert z.iloc[-1] == pytest.approx((last.iloc[-1] - last.mean()) / last.std())
    assert z.iloc[:19].isna().all()


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


def test_no_level_is_below_zero_by_a_sign_alone() -> None:
    levels = Bands(1.0, 0.0).levels()
    assert list(levels) == ["long entry", "long exit", "short exit", "short entry"]
    assert not np.signbit([levels["long exit"], levels["short exit"]]).any()


def test_chans_two_rules(etfs: pd.DataFrame) -> None:
    from statefolio.backtest.market import Market
    from statefolio.backtest.simulation import simulate as run

    def scored(weights: pd.DataFrame, prices: pd.DataFrame) -> tuple[float, float]:
        returns = run(weights, Market(prices.pct_change(fill_method=None))).returns.reindex(prices.index).fillna(0.0)
        return float((1 + returns).prod() ** (252 / len(returns)) - 1), float(252**0.5 * returns.mean() / returns.std())

    two = etfs[["EWC", "EWA"]]
    kalman = basket_weights(KalmanHedge("identity", "fixed").fit(two), two, Bands(1, 1))
    assert scored(kalman, two) == pytest.approx((0.26225194, 2.36116164), abs=5e-9)
    three = etfs[["EWC", "EWA", "IGE"]]
    linear = basket_weights(StaticHedge("johansen").fit(three), three, Linear(), of="spread", lookback=23)
    assert scored(linear, three) == pytest.approx((0.12573868, 1.39131009), abs=5e-9)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Bands(0), "entry=0"),
        (lambda: Bands(1, 2), "exit=2"),
        (lambda: Bands(True), "entry=True"),
        (lambda: Bands(1, 0, stop=0.5), "stop beyond entry"),
        (lambda: Bands(longest=0), "longest=0"),
        (lambda: Linear(float("nan")), "full_at=nan"),
        (lambda: z_score(HEDGE.fit(simulate(1)), of="price"), "'innovation', 'spread'"),
        (lambda: z_score(HEDGE.fit(simulate(1)), of="spread"), "lookback=None"),
        (lambda: basket_weights(HEDGE.fit(simulate(1)), simulate(1), Bands(), gross=-1), "gross=-1"),
        (lambda: basket_weights(HEDGE.fit(simulate(1)), simulate(1).iloc[5:], Bands()), "lacks dates"),
        (lambda: position_today(HEDGE.fit(simulate(1)), simulate(1), Bands(), capital=0), "capital=0"),
    ],
)
def test_what_cannot_be_used(make: object, told: str) -> None:
    with pytest.raises(InputError, match=told):
        make()  # type: ignore[operator]
