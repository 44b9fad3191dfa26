import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from statefolio.report.backtest.backtest_tables import (
    column_formats,
    cost_table,
    event_counts,
    first_events,
    measures_table,
)
from statefolio.report.tables import plain_table


def events(*rows):
    return pd.DataFrame(rows, columns=["date", "kind", "asset", "detail"])


def test_measures_have_headings_and_units():
    measures = pd.DataFrame(
        {"one": [-0.1234, 1.5, 250.0, np.nan]}, index=["annual_return", "sharpe", "drawdown_dates", "calmar"]
    )
    assert list(measures_table(measures)["one"]) == ["\u221212.34%", "1.500", "250", "\u2013"]


def test_costs_are_those_of_the_ledger(long_only, long_short, all_cash):
    table = cost_table({"l": long_only, "s": long_short, "c": all_cash}).set_index("strategy")
    ledger = long_short.ledger
    assert table.loc["s", "Trading"] == pytest.approx(ledger["trading_cost"].sum())
    assert table.loc["s", "Stock borrowing"] == pytest.approx(ledger["borrow_fee"].sum())
    paid = ledger["trading_cost"].sum() + ledger["borrow_fee"].sum()
    assert table.loc["s", "All costs"] == pytest.approx(paid)
    years = (len(ledger) - 1) / 252
    assert table.loc["s", "Cost per year"] == pytest.approx(paid / years / ledger["value"].mean())
    assert table.loc["l", "Turnover per year"] == pytest.approx(long_only.turnover.sum() / years)
    assert table.loc["c", "All costs"] == 0.0


def test_many_events_of_one_kind_do_not_hide_another(long_only):
    day = pd.Timestamp("2020-01-01")
    rows = [(day + pd.Timedelta(days=i), "unfilled", "A", "no price") for i in range(100)]
    crowd = replace(long_only, events=events(*rows, (day + pd.Timedelta(days=300), "bankrupt", None, "value -3")))
    listed = first_events({"x": crowd, "y": long_only}, first=10)
    assert len(listed) == 10
    assert listed["kind"].iloc[-1] == "bankrupt"
    assert listed["date"].is_monotonic_increasing
    counts = event_counts({"x": crowd, "y": long_only}).set_index("strategy")
    assert counts.loc["x", "unfilled"] == 100
    assert counts.loc["y"].sum() == 0
    assert first_events({"y": long_only}).empty


def test_columns_and_formats():
    table = pd.DataFrame(
        {"window": [60], "p_value": [0.04], "annual_return": [-0.1], "deflated_sharpe": [0.5], "x": ["a"]}
    )
    assert column_formats(table) == {"p_value": "p", "annual_return": ".1%", "deflated_sharpe": ".1%"}
    text = plain_table(table.assign(p_value=np.nan), {**column_formats(table), "x": ">"})
    assert "\u221210.0%" in text
    assert '<td class="num" data-label="p\u2011value">\u2013</td>' in text
    assert re.search(r'<td class="num"[^>]*>a</td>', text)
