"""Invalid prices are refused with advice; valid ones are used unchanged."""

import numpy as np
import pandas as pd
import pytest
from baskets import simulate

from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning, UnknownNameError
from statefolio.pairs.hedges.static_hedges import StaticHedge

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


def test_a_series_is_refused() -> None:
    with pytest.raises(DataTypeError, match="DataFrame"):
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
