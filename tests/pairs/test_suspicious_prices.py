"""Values that cannot be prices are missing, with a warning; doubtful prices are warned of, at every public function."""

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from baskets import simulate

import statefolio as sf
from statefolio.exceptions import StatefolioWarning

CLEAN = simulate(1, dates=300)[["ONE", "TWO"]]
DAY = CLEAN.index[40]
FUNCTIONS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "StaticHedge": lambda p: sf.pairs.StaticHedge().fit(p).next_["mean"].values,
    "StaticHedge, logs": lambda p: sf.pairs.StaticHedge(logs=True).fit(p).next_["mean"].values,
    "RollingHedge": lambda p: sf.pairs.RollingHedge().fit(p).hedge_ratios_["filtered"].values,
    "KalmanHedge": lambda p: sf.pairs.KalmanHedge("identity", "fixed").fit(p).held_value_.to_numpy(),
    "partial_fit": lambda p: _continued(p).held_value_.to_numpy(),
    "cointegration_tests": lambda p: sf.pairs.cointegration_tests(p, gaps="drop").to_frame()["statistic"].to_numpy(),
    "screen_pairs": lambda p: sf.pairs.screen_pairs(p).table["statistic"].to_numpy(),
    "hedge_pairs": lambda p: sf.pairs.hedge_pairs(p)["log_likelihood"].to_numpy(),
    "judge_basket": lambda p: sf.pairs.judge_basket(sf.pairs.StaticHedge(), p, draws=19).draws.to_numpy(),
    "basket_weights": lambda p: sf.pairs.basket_weights(_hedge(), p, sf.pairs.Bands()).to_numpy(),
    "position_today": lambda p: sf.pairs.position_today(_hedge(), p, sf.pairs.Bands()).positions.to_numpy(),
    "walk_baskets": lambda p: _walk(p).table.to_numpy(),
}


def _hedge() -> sf.pairs.StaticHedge:
    return sf.pairs.StaticHedge().fit(CLEAN)


def _continued(prices: pd.DataFrame) -> sf.pairs.StaticHedge:
    return sf.pairs.StaticHedge().fit(CLEAN.iloc[:35]).partial_fit(prices.iloc[35:])


def _walk(prices: pd.DataFrame) -> sf.pairs.BasketWalk:
    hedges = {"static": sf.pairs.StaticHedge(), "logs": sf.pairs.StaticHedge(logs=True)}
    return sf.pairs.walk_baskets(prices, hedges, start=prices.index[200], retune=None)


def with_value(value: float) -> pd.DataFrame:
    table = CLEAN.copy()
    table.loc[DAY, "TWO"] = value
    return table


@pytest.mark.parametrize("value", [0.0, -99.99, 1e10])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_price_is_a_missing_price(name: str, value: float) -> None:
    expected = FUNCTIONS[name](with_value(np.nan))
    with pytest.warns(
        StatefolioWarning, match=f"'TWO' on {DAY:%Y-%m-%d}: {re.escape(f'{value:g}')}.*treated as missing"
    ) as warned:
        found = FUNCTIONS[name](with_value(value))
    assert len(warned) == 1
    assert warned[0].filename == __file__
    np.testing.assert_array_equal(found, expected)


def test_one_zero_leaves_the_hedge_ratio_unbiased() -> None:
    draw = np.random.default_rng(0)
    x = 100.0 + draw.normal(size=500).cumsum()
    z = 2.0 + 0.5 * x + draw.normal(size=500)
    prices = pd.DataFrame({"Z": z, "X": x}, pd.bdate_range("2015-01-01", periods=500))
    prices.iloc[40, 1] = 0.0
    with pytest.warns(StatefolioWarning, match="'X' on 2015-02-26: 0"):
        ratio = float(sf.KalmanHedge().fit(prices).next_["mean"].sel(state="X"))
    assert ratio == pytest.approx(0.5, abs=0.02)


def jump(table: pd.DataFrame) -> None:
    table.iloc[40, 1] *= 1.8


def still(table: pd.DataFrame) -> None:
    table["TWO"] = table["TWO"].where(np.arange(len(table)) % 20 == 0).ffill()


def split(table: pd.DataFrame) -> None:
    table.iloc[40:, 1] /= 3.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (jump, f"1 large moves that the next date undoes .first: 'TWO' on {DAY:%Y-%m-%d}, "),
        (still, "'TWO' that stands still on 28. of 299 dates. Tests and hedges"),
        (split, f"1 moves that look like splits .first: 'TWO' on {DAY:%Y-%m-%d}, to 0.3"),
    ],
)
@pytest.mark.parametrize("name", ["StaticHedge", "screen_pairs", "walk_baskets"])
def test_doubtful_prices_are_kept_with_a_warning(
    name: str, change: Callable[[pd.DataFrame], None], message: str
) -> None:
    table = CLEAN.copy()
    change(table)
    with pytest.warns(StatefolioWarning, match=message) as warned:
        FUNCTIONS[name](table)
    assert [warning.filename for warning in warned] == [__file__]


def test_real_prices_do_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sf.pairs.hedge_pairs(sf.load_demo_prices().loc["2017":], [("CVX", "XOM")])
