"""Prices that cannot be used are turned away with what to do; what can be is not touched."""

import numpy as np
import pandas as pd
import pytest
from baskets import simulate

from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning, UnknownNameError
from statefolio.pairs.hedges.static_hedges import StaticHedge

TABLE = simulate(1)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (TABLE[["ONE"]], "one asset"),
        (TABLE.assign(TWO=TABLE["ONE"]), "'ONE', 'TWO' are the same"),
        (TABLE.assign(SIX=3.0 * TABLE["TWO"] + 1.0), "'TWO', 'SIX' are the same"),
        (TABLE.assign(TWO=7.0), "'TWO' are constant"),
        (TABLE.iloc[:10], "10 dates with a price of all 3 assets; 11"),
        (TABLE.assign(SIX=TABLE["SIX"].where(TABLE.index > "2011-07-10")), "5 dates|shortest history"),
        (TABLE.replace(TABLE.iloc[3, 1], np.inf), "infinite"),
    ],
)
def test_prices_that_teach_nothing(table: pd.DataFrame, told: str) -> None:
    with pytest.raises(InputError, match=told):
        StaticHedge().fit(table)


def test_logs_need_positive_prices() -> None:
    with pytest.raises(InputError, match=r"not positive \(first: 'TWO' on 2010-01-06"):
        StaticHedge(logs=True).fit(TABLE.assign(TWO=TABLE["TWO"].where(TABLE.index != "2010-01-06", -1.0)))


def test_no_table_at_all() -> None:
    with pytest.raises(DataTypeError, match="DataFrame"):
        StaticHedge().fit(TABLE["ONE"])


def test_learning_before_the_first_price() -> None:
    with pytest.raises(InputError, match="before the first price"):
        StaticHedge().fit(TABLE, tune_until="2001-01-01")
    with pytest.raises(InputError, match="not a date"):
        StaticHedge().fit(TABLE, tune_until="yesterday-ish")


def test_a_split_is_told_of() -> None:
    split = TABLE.assign(SIX=TABLE["SIX"].where(TABLE.index < "2010-06-01", TABLE["SIX"] / 2.0))
    with pytest.warns(StatefolioWarning, match=r"1 moves that look like splits \(first: 'SIX' on 2010-06-01"):
        StaticHedge().fit(split)


def test_going_on_wants_the_same_assets_later() -> None:
    hedge = StaticHedge().fit(TABLE.iloc[:300])
    with pytest.raises(UnknownNameError, match="lacks 'SIX'"):
        hedge.partial_fit(TABLE.iloc[300:][["ONE", "TWO"]])
    with pytest.raises(InputError, match="later dates were expected"):
        hedge.partial_fit(TABLE.iloc[299:])
    other_order = hedge.partial_fit(TABLE.iloc[300:][["SIX", "ONE", "TWO"]]).spread_
    pd.testing.assert_frame_equal(StaticHedge().fit(TABLE, tune_until=TABLE.index[299]).spread_.iloc[300:], other_order)


def test_polars(prices: pd.DataFrame) -> None:
    import polars as pl

    table = pl.from_pandas(prices.reset_index(names="date"))
    assert StaticHedge().fit(table).hedge_ratios_.identical(StaticHedge().fit(prices).hedge_ratios_)
