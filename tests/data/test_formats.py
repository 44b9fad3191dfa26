"""CSV text and Parquet bytes to raw tables."""

import io

import pandas as pd
import pytest

from statefolio.data.formats import is_parquet, parquet_table
from statefolio.data.reading import Reading as Columns
from statefolio.data.separated import text_table
from statefolio.exceptions import FileFormatError, InputError


def test_parquet_is_known_by_its_first_bytes():
    held = io.BytesIO()
    frame = pd.DataFrame({"date": ["2020-01-01"], "A": [1.0]})
    frame.to_parquet(held)
    assert is_parquet(held.getvalue())
    assert not is_parquet(b"date,A\n")
    pd.testing.assert_frame_equal(parquet_table(held.getvalue(), "x.parquet"), frame)


def test_quoted_names_may_hold_commas():
    table = text_table(b'date,"Smith, A",B\n2020-01-01,1,2\n', Columns(), "x.csv")
    assert table.columns.tolist() == ["date", "Smith, A", "B"]
    assert table.loc[0, "Smith, A"] == 1


def test_dates_stay_as_written():
    table = text_table(b"date,A,B\n20200101,1,2\n", Columns(), "x.csv")
    assert table.loc[0, "date"] == "20200101"


@pytest.mark.parametrize("word", ["", "NA", "NaN", "nan", "null", "None", "#N/A"])
def test_words_for_missing_values(word):
    table = text_table(f"date,A,B,C\n2020-01-01,{word},2,3\n".encode(), Columns(), "x.csv")
    assert table["A"].isna().all()


def test_errors_name_the_file():
    with pytest.raises(FileFormatError, match=r"^x\.csv must have .* got one column"):
        text_table(b"date\n2020-01-01\n", Columns(), "x.csv")
    with pytest.raises(InputError, match=r"^x\.csv must have .* got 'A' twice"):
        text_table(b"date,A,A\n2020-01-01,1,2\n", Columns(), "x.csv")


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["2020-01-01,1,2,3", "2020-01-02,1,2"], "line 2 must have one value for each of 3 names, got 4"),
        (["2020-01-01,1,2", "2020-01-02,1,2,3"], "line 3 .* got 4 values.* probably truncated"),
        (["2020-01-01,1,2", "2020-01-02,1", "2020-01-03,1,2"], "line 3 .* got 2 values"),
        (["2020-01-01,1,2", "2020-01"], "line 3 .* got 1 values.* probably truncated"),
    ],
)
def test_lines_of_another_width_are_refused(rows, message, quote):
    text = "\n".join([f"date,{quote}A{quote},B", *rows])
    with pytest.raises(FileFormatError, match=message):
        text_table(text.encode(), Columns(), "x.csv")


def test_blank_lines_are_no_rows():
    assert len(text_table(b"date,A\n2020-01-01,1\n\n2020-01-02,2\n\n", Columns(), "x.csv")) == 2
