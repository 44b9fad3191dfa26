"""Weights and groups from files with one row per asset."""

import gzip

import pandas as pd
import pytest

from statefolio.data import read_groups, read_weights
from statefolio.exceptions import FileFormatError, InputError, StatefolioWarning, UnknownNameError

TEXT = "asset,weight\nA,0.5\n NA ,-1e-1\n007,.6\n"
WEIGHTS = pd.Series([0.5, -0.1, 0.6], pd.Index(["A", "NA", "007"], name="asset"), name="weight")


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "table.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_weights_keep_names_as_they_are_written(file):
    pd.testing.assert_series_equal(read_weights(file(TEXT)), WEIGHTS, check_index_type=False)


def test_weights_from_parquet_and_packed(tmp_path):
    for frame in (WEIGHTS.to_frame(), WEIGHTS.reset_index()):
        frame.to_parquet(tmp_path / "w.parquet")
        pd.testing.assert_series_equal(read_weights(tmp_path / "w.parquet"), WEIGHTS, check_index_type=False)
    (tmp_path / "w.csv.gz").write_bytes(gzip.compress(TEXT.encode()))
    pd.testing.assert_series_equal(read_weights(tmp_path / "w.csv.gz"), WEIGHTS, check_index_type=False)


def test_columns_by_name(file):
    path = file("sector,note,ticker\nTech,x,A\nOil,y,B\n")
    assert read_groups(path, asset="ticker").to_dict() == {"A": "Tech", "B": "Oil"}
    assert read_groups(path, asset="ticker", value="note").to_dict() == {"A": "x", "B": "y"}
    with pytest.raises(UnknownNameError, match=r"value must name a column of .* got 'industry'"):
        read_groups(path, value="industry")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("asset,weight\nA,one\n", "finite weight .* got 'one' for 'A'"),
        ("asset,weight\nA,\n", "finite weight .* got '' for 'A'"),
        ("asset,weight\nA,inf\n", "finite weight .* got 'inf' for 'A'"),
        ("asset,weight\nA,1\nA,2\n", "'A' twice"),
        ("asset,weight\n,1\n", "got a row without one"),
        ("asset,weight\n", "0 rows"),
        ("AAPL,0.6\nKO,0.4\n", "names in its first line, got 'AAPL,0.6'"),
        ("AAPL,1\nKO,-1\n", "names in its first line, got 'AAPL,1'"),
        ("date,A,B\n2020-01-01,0.1,0.2\n", "got 3 .date, A, B"),
    ],
)
def test_weights_that_cannot_be_used(file, text, words):
    with pytest.raises(InputError, match=words):
        read_weights(file(text))


def test_groups_without_a_line_of_names(file):
    with pytest.raises(InputError, match="got 'AAPL,Tech', which is data"):
        read_groups(file("AAPL,Tech\nMSFT,Tech\nKO,Staples\n"))


def test_files_that_cannot_be_read(file, tmp_path):
    with pytest.raises(InputError, match="no group for 'B'"):
        read_groups(file("asset,sector\nA,Oil\nB, \n"))
    with pytest.raises(FileFormatError, match="line 3"):
        read_weights(file("asset,weight\nA,1\nB\n"))
    with pytest.raises(FileFormatError):
        read_weights(tmp_path / "absent.csv")


@pytest.mark.parametrize("text", ["asset;weight\nAAA;0,6\nBBB;0,4\n", "asset\tweight\nAAA\t0.6\nBBB\t0.4\n"])
def test_weights_of_other_lands(file, text):
    assert read_weights(file(text)).to_dict() == {"AAA": 0.6, "BBB": 0.4}


def test_weights_with_percent_signs(file):
    with pytest.warns(StatefolioWarning, match="divided by 100"):
        weights = read_weights(file("asset,weight\nAAA,60%\nBBB,40.0%\n"))
    assert weights.round(12).to_dict() == {"AAA": 0.6, "BBB": 0.4}
