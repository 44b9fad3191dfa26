"""Statistics of a hedge against arch, and of many baskets against each alone."""

import numpy as np
import pandas as pd
import pytest
from arch.unitroot import ADF
from baskets import simulate, walks
from sklearn.base import clone

from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.prices import read_basket
from statefolio.pairs.verdict.bootstrap import ChangeBootstrap
from statefolio.pairs.verdict.statistics import hedge_statistics, statistics_of_baskets

ADAPTIVE = KalmanHedge(tuning="adaptive", passes=10)
OTHER_OPTIONS = KalmanHedge(
    tuning="adaptive", passes=4, center_spread=False, adaptive_start="path", center="sample", on_collapse="continue"
)


@pytest.mark.parametrize(
    "hedge",
    [ADAPTIVE, OTHER_OPTIONS, KalmanHedge(), StaticHedge(), RollingHedge(60), KalmanHedge("identity", "fixed")],
    ids=["adaptive", "adaptive otherwise", "mle", "static", "rolling", "fixed"],
)
def test_many_baskets_at_once_equal_each_alone(prices: pd.DataFrame, hedge: Hedge) -> None:
    basket = read_basket(prices)
    bootstrap, dates = ChangeBootstrap(basket.values, 7, 0), len(basket.dates)
    for tuned in (dates, 300):
        found = statistics_of_baskets(hedge, bootstrap.draw, 3, basket, tuned)
        table = pd.DataFrame(bootstrap.draw(2), basket.dates, basket.assets)
        alone = clone(hedge).fit(table, tune_until=basket.dates[tuned - 1])
        expected = hedge_statistics(alone, read_basket(table), tuned)
        np.testing.assert_allclose(found.iloc[2], expected, rtol=2e-4)


def test_statistics_are_those_of_arch(prices: pd.DataFrame) -> None:
    basket = read_basket(prices)
    hedge = StaticHedge().fit(prices, tune_until=basket.dates[249])
    found = hedge_statistics(hedge, basket, 250)
    held = hedge.held_value_.dropna()
    later = held.loc[held.index >= held.index[held.index <= basket.dates[249]][-1]]
    assert found.adf_held == pytest.approx(ADF(later, lags=1).stat, rel=1e-9)
    slope = np.polyfit(later.to_numpy()[:-1], np.diff(later), 1)[0]
    assert found.half_life_held == pytest.approx(-np.log(2.0) / slope, rel=1e-9)
    spread = hedge.spread_.iloc[250:].dropna()
    assert found.adf_predicted == pytest.approx(ADF(spread["predicted"], lags=1).stat, rel=1e-9)
    assert found.adf_filtered == pytest.approx(ADF(spread["filtered"], lags=1).stat, rel=1e-9)


def test_diffuse_ratios_have_a_warm_up() -> None:
    table = simulate(2)
    hedge = RollingHedge(60).fit(table)
    found = hedge_statistics(hedge, read_basket(table), len(table))
    expected = ADF(hedge.spread_["predicted"].iloc[15:], lags=1).stat
    assert found.adf_predicted == pytest.approx(expected, rel=1e-9)


def test_the_size_of_the_test() -> None:
    """One draw per basket: the 5 % quantile of draws holds for baskets (Giacomini, Politis and White 2013)."""
    real, drawn = [], []
    for seed in range(300):
        basket = read_basket(walks(seed, 150))
        bootstrap = ChangeBootstrap(basket.values, 6, seed)
        prices = [basket.values, bootstrap.draw(0)]
        found = statistics_of_baskets(ADAPTIVE, prices.__getitem__, 2, basket, 150)
        real.append(found["adf_held"].iloc[0])
        drawn.append(found["adf_held"].iloc[1])
    rate = np.mean(np.array(real) <= np.quantile(drawn, 0.05))
    assert 0.01 < rate < 0.10  # 5 % give or take three standard errors
    assert np.mean(np.array(real) < -2.88) > 0.12  # the nominal test is not a test here
