"""Too few dates or assets are refused with the number needed; only dates with all prices count."""

import numpy as np
import pandas as pd
import pytest
from baskets import simulate

import statefolio as sf
from statefolio.exceptions import InputError, StatefolioWarning

sp = sf.pairs
PRICES = simulate(3, dates=200)[["ONE", "TWO"]]
HOLED = PRICES.copy()
HOLED.iloc[1::2, 1] = np.nan  # 100 dates with both prices


def late(dates: int) -> pd.DataFrame:
    return PRICES.assign(TWO=PRICES["TWO"].where(np.arange(200) >= 200 - dates))


@pytest.mark.parametrize("rows", [1, 2, 7])
@pytest.mark.parametrize("make", [sp.StaticHedge, sp.RollingHedge, sp.KalmanHedge])
def test_hedges_need_dates(make: type[sp.StaticHedge], rows: int) -> None:
    for prices in (PRICES.iloc[:rows], late(rows)):
        with pytest.raises(InputError, match=rf"at least 8 dates with a price of all 2 assets .* got {rows}"):
            make().fit(prices)


@pytest.mark.parametrize("rows", [1, 20])
def test_tests_and_verdicts_need_dates(rows: int) -> None:
    with pytest.raises(InputError, match=rf"at least .* dates with .* got {rows}"):
        sp.cointegration_tests(PRICES.iloc[:rows])
    with pytest.raises(InputError, match=r"at least 20 dates with all prices to test, got 5"):
        sp.judge_basket(sp.StaticHedge(), late(100), tune_until=PRICES.index[194], draws=19)
    with pytest.raises(InputError, match=f"prices must have at least 28 dates, got {rows}"):
        sp.screen_pairs(PRICES.iloc[:rows])


@pytest.mark.parametrize(
    "refuses",
    [sp.StaticHedge().fit, sp.cointegration_tests, sp.screen_pairs, sp.hedge_pairs, sp.RollingHedge().fit],
)
def test_one_asset(refuses) -> None:
    with pytest.raises(InputError, match="at least two assets, got 'ONE'"):
        refuses(PRICES[["ONE"]])


def test_a_walk_needs_dates_before_its_start() -> None:
    with pytest.raises(InputError, match=r"at least 8 dates with a price of all 2 assets .* got 6"):
        sp.walk_baskets(late(100), {"rolling": sp.RollingHedge(5)}, start=PRICES.index[106])
    with pytest.raises(InputError, match="0 dates are before it"):
        sp.walk_baskets(late(100), {"rolling": sp.RollingHedge(5)}, start=PRICES.index[90])


def test_a_screen_counts_the_dates_of_what_it_cannot_test() -> None:
    found = sp.screen_pairs(late(12))
    assert found.untested["reason"].tolist() == ["fewer than 27 dates with all prices (12)"]
    assert "1 could not be tested (fewer than 27 dates with all prices (12): 1)" in str(found)
    with pytest.warns(StatefolioWarning, match=r"ONE ~ TWO \(12 dates with both prices, 27 are needed\)"):
        sp.hedge_pairs(late(12))


def test_a_verdict_counts_dates_with_all_prices() -> None:
    verdict = sp.judge_basket(sp.StaticHedge(), HOLED, draws=19)
    assert len(verdict.dates) == 100
    assert "100 dates from" in verdict.sentence
    later = sp.judge_basket(sp.StaticHedge(), HOLED, tune_until=PRICES.index[99], draws=19)
    assert later.dates.equals(PRICES.index[100::2])
    assert "50 dates from" in later.sentence


def test_a_walk_counts_dates_with_all_prices() -> None:
    hedges = {"fixed": sp.KalmanHedge("identity", "fixed")}
    walk = sp.walk_baskets(HOLED, hedges, start=PRICES.index[101], retune=10)
    assert walk.start == PRICES.index[102]
    dates = walk.parameters["fixed"].index
    assert dates.equals(PRICES.index[[101, 121, 141, 161, 181]])
