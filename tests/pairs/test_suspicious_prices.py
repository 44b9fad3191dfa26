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
from statefolio.exceptions import InputError, StatefolioWarning
from statefolio.pairs.suspicious_prices import valid_prices

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


def judged(table: pd.DataFrame, alike: bool = True) -> tuple[np.ndarray, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        values = valid_prices(table.to_numpy(), pd.DatetimeIndex(table.index), table.columns, alike)
    return values, [str(one.message) for one in caught]


def steady(columns: int = 2, rows: int = 100) -> pd.DataFrame:
    """Prices that move up and down around a level of each asset's own: the first by 1 %, each other by a bit more."""
    signs = np.where(np.arange(rows) % 2, -1.0, 1.0)[:, None]
    place = np.arange(columns)
    index = pd.bdate_range("2024-01-01", periods=rows)
    return pd.DataFrame((1.0 + signs * (0.01 + 0.001 * place)) * 10.0 ** (place + 1), index, list("ABCDEF")[:columns])


def test_clean_prices_are_returned_as_they_are() -> None:
    values, said = judged(steady(6))
    np.testing.assert_array_equal(values, steady(6))
    assert said == []


def test_assets_that_move_alike_are_named_unless_they_are_one_basket() -> None:
    table = steady(3)
    table["C"] = 7.0 * table["A"]
    assert judged(table)[1] == ["prices should have each asset once, got 'C' that moves as 'A' does. Drop one of them."]
    assert judged(table, alike=False)[1] == []


@pytest.mark.parametrize(("times", "invalid"), [(9e3, False), (1.1e4, True)])
def test_ten_thousand_times_the_median_is_no_price(times: float, invalid: bool) -> None:
    table = steady()
    table.iloc[50, 1] = 100.0 * times
    values, said = judged(table)
    assert np.isnan(values[50, 1]) == invalid
    assert np.isnan(values).sum() == invalid
    assert ("1 that is not" in said[0]) == invalid
    table.iloc[:, 0] *= 1e6  # another asset's level does not matter
    assert np.isnan(judged(table)[0]).sum() == invalid


def test_an_asset_that_rose_by_ten_thousand_times_has_prices() -> None:
    table = steady(rows=400)
    table["B"] = np.exp(np.linspace(0.0, np.log(5e6), 400))
    assert not np.isnan(judged(table)[0]).any()


def test_a_tenth_of_the_values_of_half_the_assets_may_be_invalid() -> None:
    table = steady()
    table.iloc[10:20, 1] = 0.0
    values, said = judged(table)
    assert np.isnan(values[10:20, 1]).all()
    assert "got 10 that are not" in said[0]
    assert "'B' on 2024-01-15: 0; 'B' on 2024-01-16: 0; 'B' on 2024-01-17: 0; and 7 more" in said[0]
    table.iloc[20, 1] = -1.0
    with pytest.raises(InputError, match="got 11 that are not"):
        judged(table)
    wide = table.assign(C=1.0 + np.arange(100) % 2 / 100)
    assert "got 11 that are not" in judged(wide)[1][0]  # one asset of three
    table.iloc[50:, 1] = np.nan
    table.iloc[10:16, 1] = 1.0  # 5 of 50 known values
    assert "got 5 that are not" in judged(table)[1][0]
    table.iloc[10, 1] = 0.0
    with pytest.raises(InputError, match="got 6 that are not"):
        judged(table)


@pytest.mark.parametrize(
    ("jump", "kept", "usual", "named"),
    [
        (0.39, 0.0, 0.02, False),
        (0.41, 0.0, 0.02, True),
        (0.41, 0.19, 0.02, True),
        (0.41, 0.21, 0.02, False),
        (0.46, 0.0, 0.04, False),  # eight usual moves are 8 * 1.4826 * 0.04 = 0.474
        (0.49, 0.0, 0.04, True),
    ],
)
def test_large_moves_that_the_next_date_undoes_are_named(jump: float, kept: float, usual: float, named: bool) -> None:
    """Beyond 0.4 and eight usual moves, of which a fifth is kept at most."""
    table = steady(3)
    moves = usual * np.where(np.arange(100) % 2, -1.0, 1.0)
    moves[50:52] = [jump, (kept - 1.0) * jump]
    table["B"] = 100.0 * np.exp(moves.cumsum())
    assert [f"1 large moves that the next date undoes (first: 'B' on {table.index[50]:%Y-%m-%d}" in text
            for text in judged(table)[1]] == [True] * named  # fmt: skip


@pytest.mark.parametrize(
    ("still", "rows", "named"),
    [(20, 100, False), (21, 100, True), (98, 100, True), (99, 100, False), (30, 3_101, False), (32, 3_101, True)],
)
def test_prices_that_stand_still_for_more_than_twenty_dates_and_a_hundredth_are_named(
    still: int, rows: int, named: bool
) -> None:
    """A price that never changes is refused elsewhere."""
    table = steady(3, rows)
    table.iloc[: still + 1, 2] = 1_005.0
    words = f"got 'C' that stands still on {still} of {rows - 1} dates. Tests and hedges take old prices for calm ones."
    assert [words in text for text in judged(table)[1]] == [True] * named


@pytest.mark.parametrize(("rows", "named"), [(61, True), (60, False)])
def test_sixty_changes_are_needed_to_say_that_a_price_stands_still(rows: int, named: bool) -> None:
    table = steady(5).iloc[:rows]
    table.iloc[: rows - 4] = table.iloc[rows - 4]
    texts = judged(table)[1]
    assert len(texts) == named
    words = f"got 'A' that stands still on {rows - 4} of 60 dates, 'B' .* and 2 more. Tests"
    assert all(re.search(words, text) for text in texts)


def test_the_first_split_is_named_with_its_ratio() -> None:
    table = steady(rows=101)
    table.iloc[50:, 1] /= 2.0
    table.iloc[75:, 1] *= 10.0
    (text,) = judged(table)[1]
    assert "got 2 moves that look like splits (first: 'B' on 2024-03-11, to 0.511 times the price, and stays)" in text
