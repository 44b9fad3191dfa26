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


def printed(frame, width):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(table(frame, "Title"))
    return [line.rstrip() for line in console.export_text().splitlines()]


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("columns", [2, 5, 9, 20])
def test_no_number_is_cut_at_any_width(width, columns):
    rng = np.random.default_rng(columns)
    names = ["portfolio", *(f"yearly measure {k}" for k in range(1, columns))]
    rows = [[f"portfolio {k}", *(f"{value:+.1%}" for value in rng.normal(0, 300, columns - 1))] for k in range(3)]
    lines = printed(pd.DataFrame(rows, columns=names), width)
    text = " ".join(lines)
    assert all(len(line) <= width for line in lines)
    assert "…" not in text
    for row in rows:
        for cell in row[1:]:
            assert cell in text.split()
    for k in range(3):
        assert f"portfolio {k}" in text


def test_texts_wrap_and_lose_nothing():
    reason = "the covariance could not be estimated on this date because too few returns were observed"
    text = " ".join(" ".join(printed(pd.DataFrame({"portfolio": ["a"], "reason": [reason], "n": [3]}), 50)).split())
    assert all(word in text.split() for word in reason.split())


def test_a_table_without_rows():
    assert any("portfolio" in line for line in printed(pd.DataFrame({"portfolio": [], "n": []}), 80))


def test_the_last_column_is_whole_at_every_width():
    """A table that fits but for its edge goes on below."""
    names = ["model", "error variance", "log score", "log score, common noise", "best error variance, % of assets"]
    rows = [["exponential", "0.123", "-0.456", "12.345", "98.76"], ["rolling 500", "1.2", "-3.4", "56.7", "5"]]
    for width in range(40, 125):
        words = " ".join(printed(pd.DataFrame(rows, columns=names), width)).split()
        assert {cell for row in rows for cell in row[1:]} <= set(words), width
        assert {word for name in names for word in name.split()} <= set(words), width


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_an_infinite_number_is_a_dash(value):
    assert number(value, "{:,.1f}") == "-"
