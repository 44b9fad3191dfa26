"""Names and texts in CSV files are escaped where a spreadsheet would execute them; numbers are as they were."""

import numpy as np
import pandas as pd
import pytest

from statefolio.commands.csv_tables import escape, write_csv


@pytest.mark.parametrize("text", ["=1+2", "+A1", "-cmd|'/C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "-A", "=HYPERLINK()"])
def test_formulas_get_an_apostrophe(text):
    assert escape(text) == f"'{text}"


@pytest.mark.parametrize("value", ["AAPL", "", "-", "+", "-1.5", "+3", "-inf", "1-2", "a=b", -1.5, None, np.nan, 3])
def test_other_values_stay(value):
    assert escape(value) is value


def test_names_of_rows_and_columns_and_texts_are_escaped_and_numbers_are_not(tmp_path):
    table = pd.DataFrame(
        {"=x": [-1.5, np.nan], "text": ["@a", "b"], "mixed": [-2, "=c"], "kind": pd.Categorical(["+k", "l"])},
        index=["-A", "B"],
    )
    write_csv(table, tmp_path / "t.csv", index_label="asset")
    assert (tmp_path / "t.csv").read_text() == "asset,'=x,text,mixed,kind\n'-A,-1.5,'@a,-2,'+k\nB,,b,'=c,l\n"
    assert next(iter(table.columns)) == "=x"
    write_csv(table["=x"], tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_text() == ",'=x\n'-A,-1.5\nB,\n"


def test_several_levels_and_repeated_names(tmp_path):
    rows = pd.MultiIndex.from_tuples([("=a", 1), ("b", 2)], names=["@k", "n"])
    table = pd.DataFrame([[1, 2], [3, 4]], index=rows, columns=["-y", "-y"])
    write_csv(table, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "'@k,n,'-y,'-y\n'=a,1,1,2\nb,2,3,4\n"


def test_a_plain_table_has_the_bytes_of_pandas(tmp_path):
    dates = pd.bdate_range("2020-01-01", periods=3, name="date")
    for table in (
        pd.DataFrame({"a": [1e-17, -0.1, np.nan], "b": ["x", None, "y,z"], "c": [True, False, True]}, dates),
        pd.DataFrame({"when": dates}, index=[3, 1, 2]),
        pd.DataFrame(columns=["a", "b"]),
    ):
        write_csv(table, tmp_path / "t.csv", index_label="k")
        assert (tmp_path / "t.csv").read_text() == table.to_csv(index_label="k")
