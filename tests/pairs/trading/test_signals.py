"""Z-scores and weights that use no later dates, and two published strategies."""

import numpy as np
import pandas as pd
import pytest
from baskets import simulate

from statefolio.exceptions import InputError
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import StaticHedge
from statefolio.pairs.trading.rules import Bands, Linear
from statefolio.pairs.trading.signals import basket_weights, z_score

HEDGE = KalmanHedge("identity", "fixed", delta=1e-4, observation_variance=0.05)


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
    ("make", "message"),
    [
        (lambda: z_score(HEDGE.fit(simulate(1)), of="price"), "of must be 'innovation' or 'spread', got 'price'"),
        (lambda: z_score(HEDGE.fit(simulate(1)), of="spread"), "lookback must be .* at least 2, got None"),
        (lambda: basket_weights(HEDGE.fit(simulate(1)), simulate(1), Bands(), gross=-1), "gross must be .* got -1"),
        (lambda: basket_weights(HEDGE.fit(simulate(1)), simulate(1).iloc[5:], Bands()), "prices must have all dates"),
    ],
)
def test_invalid_options(make: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()  # type: ignore[operator]
