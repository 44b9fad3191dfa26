import re

import numpy as np
import pandas as pd
import pytest

from statefolio._display.numbers import number
from statefolio.report.tables import comparison_table, facts, plain_table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1.000"),
        (0.85123, "0.8512"),
        (-12.3456, "\u221212.35"),
        (123456.7, "123,457"),
        (1.5e-7, "1.500e\u221207"),
        (np.nan, "\u2013"),
    ],
)
def test_numbers_have_four_figures(value, text):
    assert number(value) == text


def test_the_best_of_each_column_is_marked():
    table = pd.DataFrame(
        {
            "error_variance": [0.8, 0.9],
            "log_score": [1.0, 2.0],
            "share_best_log_score": [0.25, 0.75],
            "share_best_error_variance": [0.625, 0.375],
        },
        index=pd.Index(["a", "b"], name="model"),
    )
    text = comparison_table(table)
    assert text.count("num best") == 4
    assert '<td class="num best" data-label="Error variance">0.8000</td>' in text
    assert re.search('<td class="num best" data-label="[^"]*">75.0%</td>', text)
    assert re.search('<td class="num best" data-label="[^"]*">62.5%</td>', text)


def test_everything_is_escaped():
    table = pd.DataFrame({"<a>": ["<b>"], "date": [pd.Timestamp("2020-01-02")]})
    assert "<b>" not in plain_table(table)
    assert "2020-01-02" in plain_table(table)
    assert facts({"<k>": ["<v>", 1, True, None]}).count("<") == 6


def test_a_long_table_states_the_number_of_further_rows():
    assert "and 60 more" in plain_table(pd.DataFrame({"x": range(100)}))
