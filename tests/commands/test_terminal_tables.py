import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from statefolio.commands.terminal_tables import number, p_value, table


@pytest.mark.parametrize(
    ("value", "text"), [(0.0004, "< .001"), (0.0126, ".013"), (0.5, ".500"), (1.0, "1.000"), (np.nan, "-")]
)
def test_p_values_have_three_decimals(value, text):
    assert p_value(value) == text


def test_a_missing_number_is_a_dash():
    assert number(0.123, "{:.1%}") == "12.3%"
    assert number(np.nan, "{:.1%}") == "-"


def test_a_table_has_its_title_above_and_numbers_to_the_right():
    frame = pd.DataFrame({"model": ["a", "long name"], "dates": [1000, 5], "score": [0.12345, np.nan]})
    console = Console(width=60, record=True, file=io.StringIO())
    console.print(table(frame, "A long title that is wider than the columns below it"))
    lines = [line.rstrip() for line in console.export_text().splitlines() if line.strip()]
    assert lines[0] == "A long title that is wider than the columns below it"
    assert lines[3].split() == ["a", "1,000", "0.123"]
    assert lines[4].endswith("-")
