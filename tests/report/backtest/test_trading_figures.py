from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from statefolio.report.backtest.trading_figures import cumulative_costs, traded_by_period, trading_figure


@pytest.fixture(scope="module")
def daily(make_result):
    return make_result(every=1)


@pytest.mark.parametrize(("most", "word"), [(1000, "date"), (145, "week"), (40, "month"), (12, "quarter"), (1, "year")])
def test_turnover_is_summed_by_period_without_loss(daily, most, word):
    summed, said = traded_by_period(daily.turnover, most)
    assert said == word
    assert summed.sum() == pytest.approx(daily.turnover.sum(), rel=1e-12)
    if word == "month":
        first = daily.turnover.index[0].to_period("M")
        months = daily.turnover.index.to_period("M")
        assert summed.iloc[0] == pytest.approx(daily.turnover[months == first].sum())


def test_bars_and_costs(long_short):
    bars, *areas = trading_figure(long_short, currency="USD").data
    assert bars.y.sum() == pytest.approx(100 * long_short.turnover.sum(), rel=1e-5)
    assert [area.name for area in areas] == ["Trading", "Stock borrowing"]
    for area, column in zip(areas, ("trading_cost", "borrow_fee"), strict=True):
        assert area.y[-1] == pytest.approx(long_short.ledger[column].sum(), rel=1e-5)
        assert (np.diff(area.y) >= 0).all()


def test_no_turnover(all_cash):
    assert len(trading_figure(all_cash).data) == 1
    assert not cumulative_costs(all_cash).to_numpy().any()
    nothing, word = traded_by_period(pd.Series(dtype=float, index=pd.DatetimeIndex([])))
    assert (len(nothing), word) == (0, "date")


def test_rounding_errors_are_not_costs(long_short):
    ledger = long_short.ledger.copy()
    ledger["financing_fee"] = 1e-12
    names = [trace.name for trace in trading_figure(replace(long_short, ledger=ledger)).data[1:]]
    assert names == ["Trading", "Stock borrowing"]
