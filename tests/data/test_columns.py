"""The roles of columns, and which tables count as long."""

import pandas as pd
import pytest

from statefolio.data.cells import could_be_numbers
from statefolio.data.columns import is_long
from statefolio.data.missing import MISSING
from statefolio.data.reading import Reading as Columns
from statefolio.data.recognition import text_columns
from statefolio.exceptions import InputError

DATES = pd.date_range("2020-01-01", periods=3, name="date")


def table(**columns):
    return pd.DataFrame(columns, index=DATES)


def test_the_column_of_dates():
    assert Columns().date_column(["x", " Date ", "y"]) == " Date "
    assert Columns().date_column(["x", "y"]) == "x"
    assert Columns(date="y").date_column(["date", "y"]) == "y"


@pytest.mark.parametrize(
    ("columns", "names", "expected"),
    [
        (Columns(), ["date", "a", "p"], "a"),
        (Columns(), ["a", "date", "p"], "a"),
        (Columns(), ["date", "a", "p", "q"], None),
        (Columns("wide"), ["date", "a", "p"], None),
        (Columns("long"), ["date", "a", "p", "q"], "a"),
        (Columns(value="a"), ["date", "a", "p"], "p"),
        (Columns(asset="q"), ["date", "a", "p", "q"], "q"),
        (Columns(asset="z"), ["date", "a", "p", "q"], None),
    ],
)
def test_the_column_of_names(columns, names, expected):
    found = text_columns(names, lambda: iter([["A"] * len(names)]), columns).labels
    assert [names[k] for k in found] == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("columns", "frame", "expected"),
    [
        (Columns(), table(ticker=["A", "B", "C"], p=[1, 2, 3]), True),
        (Columns(), table(a=["A", "A", "A"], p=[1, 2, 3]), True),
        (Columns(), table(a=["True", "False", "True"], p=[1, 2, 3]), False),
        (Columns(), table(a=[True, False, True], p=[1, 2, 3]), False),
        (Columns(), table(a=["1", "x", "3"], p=[1, 2, 3]), False),
        (Columns(), table(a=[1, 2, 3], p=[1, 2, 3]), False),
        (Columns(), table(a=["A", "B", "C"], p=[1, 2, 3], q=[1, 2, 3]), False),
        (Columns("wide"), table(a=["A", "B", "C"], p=[1, 2, 3]), False),
        (Columns("wide", value="p"), table(a=["A", "B", "C"], p=[1, 2, 3]), False),
        (Columns("long"), table(a=[1, 2, 3], p=[1, 2, 3]), True),
        (Columns(value="p"), table(a=[1, 2, 3], p=[1, 2, 3]), True),
    ],
)
def test_which_tables_are_long(columns, frame, expected):
    assert is_long(frame, columns, "x.csv") is expected


def is_text(*cells):
    return not could_be_numbers(pd.Series(cells, dtype=str))


@pytest.mark.parametrize("missing", MISSING)
def test_missing_cells_are_not_text(missing):
    assert not is_text(*[missing] * 150, "83.98", "84.10")
    assert not is_text(*[f" {missing} "] * 150)
    assert is_text(*[missing] * 150, "AAA", "BBB")


def test_prices_are_no_names():
    with pytest.raises(InputError, match=r"got 'halted' and '83.98'. Set layout='long' .* set layout='wide'"):
        is_long(table(a=["halted", "halted", "83.98"], p=[1, 2, 3]), Columns(), "x.csv")


def test_texts_of_which_each_date_has_one_are_no_names_unless_said():
    with pytest.raises(InputError, match=r"names of assets or values, got 'A' and each date once. Set layout='long'"):
        is_long(table(a=["A", "B", "C"], p=[1, 2, 3]), Columns(), "x.csv")


def test_mostly_text():
    assert is_text("A", "B", "3")
    assert not is_text("1", "2", "x")
    assert not is_text("1,234.50", "1.2M", "0.3%", "(5)", "$3", "-")
