"""Invalid prices are refused with advice; valid ones are used unchanged."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from baskets import simulate

from statefolio.exceptions import InputError, StatefolioWarning, UnknownNameError
from statefolio.pairs.hedges.static_hedges import StaticHedge
from statefolio.pairs.prices import check_testable, check_tunable, condition_number, read_basket
from statefolio.pairs.trading.walk_forward import walk_baskets
from statefolio.pairs.verdict.verdict import judge_basket

TABLE = simulate(1)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE[["ONE"]], "at least two assets"),
        (TABLE.assign(TWO=TABLE["ONE"]), "linear combinations of each other, got 'ONE', 'TWO'"),
        (TABLE.assign(SIX=3.0 * TABLE["TWO"] + 1.0), "linear combinations of each other, got 'TWO', 'SIX'"),
        (TABLE.assign(TWO=7.0), "constant price of 'TWO'"),
        (TABLE.iloc[:10], "at least 11 dates with a price of all 3 assets .* got 10"),
        (TABLE.assign(SIX=TABLE["SIX"].where(TABLE.index > "2011-07-10")), "got 5\\.|shortest history"),
        (TABLE.replace(TABLE.iloc[3, 1], np.inf), "infinite"),
        (TABLE.pct_change().iloc[1:], "must be positive, got .* that are not .*not their returns"),
        (TABLE[["ONE", "TWO"]].assign(ONE=-TABLE["ONE"]), "must be positive, got 400 that are not"),
    ],
)
def test_invalid_prices(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message):
        StaticHedge().fit(table)


def test_a_series_is_one_asset_and_no_basket() -> None:
    with pytest.raises(InputError, match="at least two assets, got 'ONE' alone"):
        StaticHedge().fit(TABLE["ONE"])


def test_tuning_before_the_first_price() -> None:
    with pytest.raises(InputError, match="tune_until must not be before the first date"):
        StaticHedge().fit(TABLE, tune_until="2001-01-01")
    with pytest.raises(InputError, match="tune_until must be a date"):
        StaticHedge().fit(TABLE, tune_until="yesterday-ish")


def test_a_split_warns() -> None:
    split = TABLE.assign(SIX=TABLE["SIX"].where(TABLE.index < "2010-06-01", TABLE["SIX"] / 2.0))
    with pytest.warns(StatefolioWarning, match=r"1 moves that look like splits \(first: 'SIX' on 2010-06-01"):
        StaticHedge().fit(split)


def test_partial_fit_needs_later_dates_of_the_same_assets() -> None:
    hedge = StaticHedge().fit(TABLE.iloc[:300])
    with pytest.raises(UnknownNameError, match="got none for 'SIX'"):
        hedge.partial_fit(TABLE.iloc[300:][["ONE", "TWO"]])
    with pytest.raises(InputError, match="prices must start after"):
        hedge.partial_fit(TABLE.iloc[299:])
    other_order = hedge.partial_fit(TABLE.iloc[300:][["SIX", "ONE", "TWO"]]).spread_
    pd.testing.assert_frame_equal(StaticHedge().fit(TABLE, tune_until=TABLE.index[299]).spread_.iloc[300:], other_order)


def test_polars(prices: pd.DataFrame) -> None:
    import polars as pl

    table = pl.from_pandas(prices.reset_index(names="date"))
    assert StaticHedge().fit(table).hedge_ratios_.identical(StaticHedge().fit(prices).hedge_ratios_)


def test_as_many_dates_as_needed_are_enough() -> None:
    for assets in (2, 3):
        rows = 3 * assets + 2
        check_tunable(read_basket(TABLE.iloc[:rows, :assets]))
        with pytest.raises(
            InputError, match=f"at least {rows} dates with a price of all {assets} assets .* got {rows - 1}"
        ):
            check_tunable(read_basket(TABLE.iloc[: rows - 1, :assets]))


def alike(noise: float) -> pd.DataFrame:
    """SIX is TWO, in another currency, but for noise."""
    draw = np.random.default_rng(4).normal(size=len(TABLE))
    return TABLE.assign(SIX=1e-3 * TABLE["TWO"] * (1.0 + noise * draw))


def test_hedging_assets_that_cannot_be_told_apart_are_refused_for_a_hedge_and_may_be_tested() -> None:
    check_tunable(read_basket(alike(1e-4)))
    basket = read_basket(alike(1e-7))
    check_testable(basket)
    message = (
        r"prices of the assets that hedge 'ONE' must differ, got 'TWO', 'SIX', which .*\(condition number [25]e\+06"
    )
    with pytest.raises(InputError, match=message):
        check_tunable(basket)
    check_tunable(read_basket(alike(1e-7)[["TWO", "SIX"]]))  # one hedging asset, whatever it resembles


@pytest.mark.parametrize("name", ["fit", "judge_basket", "walk_baskets"])
def test_hedging_assets_that_are_hardly_told_apart_are_warned_of_once(name: str) -> None:
    """Not for each simulated basket, nor at each tuning."""
    doors: dict[str, Callable[[pd.DataFrame], Any]] = {
        "fit": StaticHedge().fit,
        "judge_basket": lambda table: judge_basket(StaticHedge(), table, draws=19),
        "walk_baskets": lambda table: walk_baskets(
            table, {"a": StaticHedge(), "b": StaticHedge(logs=True)}, start=table.index[200], retune=30
        ),
    }
    words = (
        r"hedge 'ONE' should differ, got 'TWO', 'SIX', which are hardly told apart \(condition number [2-5]\.?\d?e\+03"
    )
    with pytest.warns(StatefolioWarning, match=words) as said:
        doors[name](alike(1e-4))
    assert [one.filename for one in said] == [__file__]
    doors[name](alike(1e-2))


@pytest.mark.parametrize("level", [1e-6, 1.0, 1e6])
def test_the_assets_of_a_linear_combination_are_named_whatever_their_level(level: float) -> None:
    table = TABLE.assign(OTHER=TABLE["SIX"].to_numpy()[::-1], SIX=level * (TABLE["ONE"] + 2.0 * TABLE["TWO"]))
    with pytest.raises(InputError, match="combinations of each other, got 'ONE', 'TWO', 'SIX', which"):
        check_testable(read_basket(table))


def test_condition_numbers() -> None:
    x = np.random.default_rng(2).normal(size=(500, 2)) + 100.0
    together = np.stack([x[:, 0], x[:, 0] + 1e-3 * x[:, 1]], axis=1)
    assert condition_number(x * [1.0, 1e8]) == pytest.approx(condition_number(x))
    assert condition_number(together) == pytest.approx(2e3, rel=0.1)
    assert condition_number(np.stack([x[:, 0], np.ones(500)], axis=1)) == np.inf


def test_a_basket_is_cut_by_date_and_keeps_complete_dates() -> None:
    table = TABLE[["ONE", "TWO"]].copy()
    table.iloc[[3, 7], [1, 0]] = np.nan
    basket = read_basket(table)
    assert len(basket.complete) == len(basket.complete_dates) == len(TABLE) - 2
    assert TABLE.index[3] not in basket.complete_dates
    assert np.isnan(basket.values[3]).all()
    cut = basket.until(TABLE.index[9])
    assert cut.dates[-1] == TABLE.index[9]
    np.testing.assert_array_equal(cut.values, basket.values[:10])
    np.testing.assert_array_equal(cut.in_logs().complete, np.log(cut.complete))
    np.testing.assert_array_equal(read_basket(table, logs=True).values, np.log(basket.values))
    np.testing.assert_array_equal(read_basket(table, known=pd.Index(["TWO", "ONE"])).values, basket.values[:, ::-1])
