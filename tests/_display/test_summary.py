"""Summaries print whole, stay pandas objects, and fit one screen of a notebook."""

import pickle

import numpy as np
import pandas as pd
import pytest

from statefolio._display.numbers import cell
from statefolio._display.summary import MEASURES, CallableSummary, SummaryList, SummaryTable
from statefolio._display.text_table import WIDTH, text_table

SENTENCE = "The largest eigenvalue of the residual correlations is above its limit, so a factor is missing. " * 3


def wide_table(rows=40, columns=14):
    rng = np.random.default_rng(0)
    names = [f"coverage of the column {i}" for i in range(columns)]
    frame = pd.DataFrame(rng.normal(size=(rows, columns)), [f"asset {i}" for i in range(rows)], names)
    return SummaryTable(frame.assign(verdict=SENTENCE), "Many columns", {"Options": "all"}, [SENTENCE])


def test_nothing_is_cut_and_no_line_is_longer_than_the_page():
    table = wide_table()
    text = str(table)
    assert "..." not in text
    assert max(map(len, text.splitlines())) <= WIDTH
    assert all(text.count(f"asset {i} ") >= 2 for i in range(40))  # repeated where the table continues
    words = " ".join(text.split())
    assert words.count("largest eigenvalue of the") >= 1
    assert all(f"column {i}" in words for i in range(14))


def test_a_selection_is_plain_pandas_and_a_pickle_is_the_same_table():
    table = wide_table(rows=3)
    assert type(table.head(1)) is pd.DataFrame
    assert type(table["verdict"]) is pd.Series
    assert str(pickle.loads(pickle.dumps(table))) == str(table)
    measures = SummaryList(pd.Series({"sharpe": 0.5}, name="mine"), "Measures")
    assert measures.name == "mine" == measures[["sharpe"]].name
    assert type(measures[["sharpe"]].round(1)) is pd.Series
    assert str(pickle.loads(pickle.dumps(measures))) == str(measures)


def test_a_notebook_shows_one_screen_with_what_is_left_out():
    html = wide_table(rows=500)._repr_html_()
    assert html.count("<tr>") == 13
    assert "488 more rows and 7 more columns" in html
    assert len(html) < 20_000


def test_html_is_escaped():
    table = SummaryTable(pd.DataFrame({"a": ["<script>"]}, index=["<b>"]), "<i>", {"<u>": "<s>"}, ["<p>"])
    html = table._repr_html_()
    for name in ("<script>", "<i>", "<u>", "<s>", "<p>"):
        assert name not in html


def test_cells_have_the_units_of_their_columns_or_rows():
    frame = pd.DataFrame({"p_value": [0.0004], "dates": [1504], "rejected": [True], "share": [0.25], "when": [None]})
    text = str(SummaryTable(frame))
    for shown in ("< .001", "1,504", "yes", "25.0%", "\u2013"):
        assert shown in text
    by_row = SummaryTable(pd.DataFrame({"x": {"annual_return": 0.1, "dates": 504.0}}), formats={"x": MEASURES})
    assert "10.00%" in str(by_row)
    assert "504" in str(by_row)
    assert "504." not in str(by_row)


@pytest.mark.parametrize("value", [None, np.nan, pd.NaT, pd.NA, np.inf])
def test_what_has_no_value_is_a_dash(value):
    assert cell(value) == "\u2013"


def test_an_empty_table_prints():
    assert str(SummaryTable(pd.DataFrame(), "Nothing")) == "Nothing"
    assert str(SummaryTable(pd.DataFrame({"a": []}), "Nothing")).startswith("Nothing")
    assert "Nothing" in SummaryTable(pd.DataFrame(), "Nothing")._repr_html_()
    assert str(SummaryList(pd.Series(dtype=float), "Nothing")) == "Nothing"


def test_a_summary_that_is_an_attribute_may_be_called():
    table = CallableSummary(pd.DataFrame({"a": [1]}))
    assert table() is table


def test_a_word_longer_than_the_page_is_printed_whole():
    word = "x" * 150
    assert word in text_table(["a"], [[word]], [False])
