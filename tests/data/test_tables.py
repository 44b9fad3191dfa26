"""Prices and returns from CSV and Parquet, wide and long."""

import gzip

import numpy as np
import pandas as pd
import pytest

from statefolio.data import read_prices, read_returns
from statefolio.exceptions import FileFormatError, InputError, StatefolioWarning, UnknownNameError

WIDE = "date,A,B\n2020-01-01,1.5,\n2020-01-02,2.25,3\n2020-01-03,NA,4\n"
EXPECTED = pd.DataFrame(
    [[1.5, np.nan], [2.25, 3.0], [np.nan, 4.0]],
    index=pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-03"], name="date"),
    columns=pd.Index(["A", "B"], name="asset"),
)
LONG = "date,ticker,close\n2020-01-01,A,1.5\n2020-01-02,A,2.25\n2020-01-02,B,3\n2020-01-03,B,4\n"


@pytest.fixture
def file(tmp_path):
    def write(text, name="table.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def same(table, expected=EXPECTED):
    pd.testing.assert_frame_equal(table, expected, check_index_type=False, check_column_type=False)
    assert all(kind == np.float64 for kind in table.dtypes)


@pytest.mark.parametrize(
    "text",
    [
        WIDE,
        WIDE.replace("\n", "\r\n"),
        WIDE.rstrip("\n"),
        "\ufeff" + WIDE,
        WIDE.replace("date", ""),
        WIDE.replace("2020-01-0", "2020010"),
        WIDE.replace("A,B", "A , B"),
        LONG,
        LONG.replace("date", "Date"),
    ],
)
def test_csv_in_its_forms(file, text):
    same(read_prices(file(text)))


def test_csv_packed(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(gzip.compress(WIDE.encode()))
    same(read_returns(path))


def test_long_rows_may_be_grouped_by_date(file):
    same(read_prices(file("d,a,p\n2020-01-01,A,1.5\n2020-01-02,B,3\n2020-01-02,A,2.25\n2020-01-03,B,4\n")))


def test_long_with_named_columns(file):
    rows = ["A,2020-01-01,9,1.5", "A,2020-01-02,9,2.25", "B,2020-01-02,9,3", "B,2020-01-03,9,4"]
    text = "\n".join(["ticker,day,volume,close", *rows])
    same(read_prices(file(text), date="day", asset="ticker", value="close"))


def test_assets_in_long_tables_keep_their_names(file):
    rows = [f"2020-01-02,{name},1" for name in ("NA", "TRUE", "0123", "nan")]
    table = read_prices(file("date,asset,price\n" + "\n".join(rows) + "\n"), layout="long")
    assert table.columns.tolist() == ["NA", "TRUE", "0123", "nan"]


def test_numbers_as_names_need_a_word(file):
    text = "date,number,ret\n2020-01-01,10001,0.5\n2020-01-01,10002,0.25\n"
    assert read_returns(file(text), layout="long").columns.tolist() == ["10001", "10002"]
    with pytest.raises(InputError, match=r"duplicate dates.*layout='long'"):
        read_returns(file(text))


def test_dates_in_a_given_format(file):
    text = WIDE
    for number in "123":
        text = text.replace(f"2020-01-0{number}", f"0{number}.01.2020")
    same(read_prices(file(text), date_format="%d.%m.%Y"))


@pytest.mark.parametrize("keep_index", [True, False])
def test_parquet_wide(tmp_path, keep_index):
    path = tmp_path / "table.parquet"
    (EXPECTED if keep_index else EXPECTED.rename_axis(columns=None).reset_index()).to_parquet(path)
    same(read_prices(path))


def test_parquet_long(tmp_path):
    path = tmp_path / "table.parquet"
    long = EXPECTED.stack().rename("price")
    long.to_frame().to_parquet(path)
    same(read_prices(path))
    long.reset_index().to_parquet(path)
    same(read_prices(path, asset="asset", value="price"))


def test_values_are_read_to_the_last_bit(file, tmp_path):
    values = np.random.default_rng(0).normal(size=(50, 3))
    frame = pd.DataFrame(values, index=pd.date_range("2020", periods=50, name="date"), columns=list("ABC"))
    frame.to_csv(tmp_path / "exact.csv")
    np.testing.assert_array_equal(read_returns(tmp_path / "exact.csv"), values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("date A B\n2020-01-01 1 2\n", "one column"),
        (WIDE + "2020-01-04,5", "truncated"),
        (WIDE.replace("2.25,3", "2.25,3,4"), "line 3 .* got 4 values"),
    ],
)
def test_broken_text(file, text, message):
    with pytest.raises(FileFormatError, match=message):
        read_prices(file(text))


def test_wrong_encodings(file):
    with pytest.warns(StatefolioWarning, match="not UTF-8 and was read as Windows-1252, e.g. 'date,É,B'"):
        table = read_prices(file(WIDE.replace(",A,", ",É,"), encoding="latin-1"))
    assert table.columns.tolist() == ["É", "B"]
    same(read_prices(file(WIDE, encoding="utf-16")))
    same(read_prices(file(WIDE, encoding="utf-32")))
    with pytest.raises(FileFormatError, match="got byte 0x81 at position 5"):
        read_prices(file(WIDE.replace(",A,", ",\x81,"), encoding="latin-1"))
    with pytest.raises(FileFormatError, match="zero bytes"):
        read_prices(file(WIDE, encoding="utf-16-le"))


def test_unreadable_files(tmp_path):
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_prices(tmp_path / "absent.csv")
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_prices(tmp_path)
    whole = tmp_path / "whole.parquet"
    EXPECTED.to_parquet(whole)
    (tmp_path / "half.parquet").write_bytes(whole.read_bytes()[:-50])
    with pytest.raises(FileFormatError, match="begins like a Parquet"):
        read_prices(tmp_path / "half.parquet")
    (tmp_path / "half.csv.gz").write_bytes(gzip.compress(WIDE.encode())[:-9])
    with pytest.raises(FileFormatError, match="truncated"):
        read_prices(tmp_path / "half.csv.gz")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "date,A,B\n2020-01-02,1,1\n2020-01-01,1,1\n2020-01-03,1,1\n",
            "2020-01-01 comes after 2020-01-02.*Sort the rows",
        ),
        ("date,A,B\n2020-01-01,1,1\n2020-01-01,1,2\n", "1 duplicate dates"),
        ("date,A,B\n,1,1\n2020-01-01,1,1\n", "1 rows without a date"),
        ("date,A,B\nyesterday,1,1\n", "must have dates"),
        ("date,A,B\n01/02/2020,1,1\n", "date_format"),
        ("date,A,A\n2020-01-01,1,1\n", "'A' twice"),
        ("date,A, A\n2020-01-01,1,1\n", "'A' twice"),
        ("date,A,B\n2020-01-01,inf,1\n", "1 infinite values .*A on 2020-01-01"),
        ("date,A,B,C\n2020-01-01,1,x,1\n", "'B', got 'x' on 2020-01-01"),
        ("date,A,B\n2020-01-01,1,2\n2020-01-02,1,2\n2020-01-03,x,2\n", "'A', got 'x' on 2020-01-03"),
        ("date,A,B\n", "0 dates and 2 assets"),
        ("date,t,p\n2020-01-01,A,1\n2020-01-01,A,2\n", "duplicate rows .*A on 2020-01-01"),
        ("date,t,p\n2020-01-02,A,1\n2020-01-01,A,2\n2020-01-03,A,2\n", "out of order .*A on 2020-01-01"),
        ("date,t,p\n2020-01-02,A,1\n2020-01-02,,2\n", "without a name"),
    ],
)
def test_input_that_is_refused(file, text, message):
    with pytest.raises(InputError, match=message):
        read_returns(file(text))


def test_unknown_options_and_columns(file):
    with pytest.raises(InputError, match="'auto', 'wide' or 'long'"):
        read_prices(file(WIDE), layout="tall")
    with pytest.raises(UnknownNameError, match=r"date must name a column of .* got 'day'"):
        read_prices(file(WIDE), date="day")
    with pytest.raises(UnknownNameError, match=r"asset must name a column of .* got 'name'"):
        read_prices(file(LONG), asset="name")


def test_real_panel(shared):
    prices = read_prices(shared / "sp500_close_2013_2018.parquet")
    assert prices.shape == (1259, 505)
    assert prices.loc["2016-05-19", "LNT"] == pytest.approx(17.87, abs=0.01)


DAYS = pd.bdate_range("2020-01-01", periods=150).strftime("%Y-%m-%d")


@pytest.mark.parametrize("missing", ["", "-", "NA", ".", "#N/A N/A", "#DIV/0!", "n.a.", " "])
@pytest.mark.parametrize("assets", [1, 2, 3])
@pytest.mark.parametrize("position", [0, -1])
@pytest.mark.parametrize("quote", ["", '"'])
def test_missing_cells_make_no_long_table(file, missing, assets, position, quote):
    lines = [",".join(["date", *"ABC"[:assets]])]
    for row, day in enumerate(DAYS):
        cells = [str(83.98 + row)] * assets
        if row < 140:
            cells[position] = missing
        lines.append(",".join([day, *(f"{quote}{cell}{quote}" for cell in cells)]))
    table = read_prices(file("\n".join(lines)))
    assert table.columns.tolist() == list("ABC"[:assets])
    assert table.notna().sum().tolist()[position] == 10
    assert table.iloc[-1].tolist() == [83.98 + 149] * assets


@pytest.mark.parametrize(
    "text",
    [
        "2021-01-04,52.8,41.5\n2021-01-05,52.2,41.0\n",
        "2021-01-04,KO,52.8\n2021-01-04,XOM,41.5\n",
        "20210104,52.8\n20210105,52.2\n",
        "04.01.2021,52.8\n05.01.2021,52.2\n",
        "1963-07,0.1\n1963-08,0.2\n",
        "0,2021-01-04,52.8\n1,2021-01-05,52.2\n",
        "2021-01-04,50,50\n2021-01-05,51,51\n",
    ],
)
def test_a_file_without_names_is_refused(file, text):
    with pytest.raises(InputError, match=r"names in its first line, got .* Put a line of names above it"):
        read_prices(file(text))


COUNTED = "date,A,B\n2020-01-01,1.5,2\n2020-01-02,2.25,3\n2020-01-03,2.5,4\n"


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "index"])
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("dates", ["date", "timestamp"])
def test_a_column_that_counts_is_no_asset(file, name, first, dates):
    lines = COUNTED.replace("date", dates).split()
    lines = [f"{name},{lines[0]}", *(f"{first + k},{line}" for k, line in enumerate(lines[1:]))]
    with pytest.warns(StatefolioWarning, match="only counts rows; it is no asset"):
        table = read_prices(file("\n".join(lines)))
    pd.testing.assert_frame_equal(table, read_prices(file(COUNTED)))


def test_columns_without_a_name(file):
    with pytest.warns(StatefolioWarning, match="is empty and has no name"):
        table = read_prices(file(COUNTED.replace("\n", ",\n")))
    assert table.columns.tolist() == ["A", "B"]
    with pytest.raises(InputError, match="got none for column 4 of 4"):
        read_prices(file(COUNTED.replace("\n", ",7\n").replace("B,7", "B,")))
    years = read_returns(file(",A,B\n1990,1,2\n1991,3,4\n"))
    assert years.index.strftime("%Y-%m-%d").tolist() == ["1990-12-31", "1991-12-31"]


@pytest.mark.parametrize(
    ("written", "date_format"),
    [
        (("1963-07", "1963-08"), None),
        (("196307", "196308"), None),
        (("1963-07", "1963-08"), "%Y-%m"),
        (("196307", "196308"), "%Y%m"),
        (("Jul 1963", "Aug 1963"), "%b %Y"),
        (("1963-07-31", "1963-08-31"), None),
    ],
)
def test_months_are_dated_by_their_last_day(file, written, date_format):
    table = read_returns(file(f"date,MKT\n{written[0]},1\n{written[1]},2\n"), date_format=date_format)
    assert table.index.strftime("%Y-%m-%d").tolist() == ["1963-07-31", "1963-08-31"]


def test_quarters_and_mixed_dates(file):
    table = read_returns(file("date,A\n2020Q1,1\n2020Q4,2\n"))
    assert table.index.strftime("%Y-%m-%d").tolist() == ["2020-03-31", "2020-12-31"]
    with pytest.raises(InputError, match=r"either days or months.*'2020-01' and '2020-02-03'"):
        read_returns(file("date,A\n2020-01,1\n2020-02-03,2\n"))


@pytest.mark.parametrize("text", [COUNTED, LONG.replace("2020-01-02,B,3\n", "")])
def test_newest_first_is_sorted(file, text):
    lines = text.split()
    with pytest.warns(StatefolioWarning, match="newest row first; the rows were sorted"):
        table = read_prices(file("\n".join([lines[0], *lines[:0:-1]])))
    pd.testing.assert_frame_equal(table[sorted(table)], read_prices(file(text)))


@pytest.mark.parametrize("text", [COUNTED, LONG])
def test_repeated_and_empty_rows_are_dropped(file, text):
    lines = text.split()
    with pytest.warns(StatefolioWarning) as caught:
        table = read_prices(file("\n".join([*lines[:3], lines[2], *lines[3:], ",,", ' , ,""'])))
    messages = " ".join(str(warning.message) for warning in caught)
    assert "2 empty rows" in messages
    assert "repeats 1 rows word for word" in messages
    pd.testing.assert_frame_equal(table, read_prices(file(text)))


def test_periods_from_parquet(tmp_path):
    frame = pd.DataFrame({"A": [1.0, 2.0]}, pd.period_range("2020-01", periods=2, freq="M"))
    frame.to_parquet(tmp_path / "periods.parquet")
    assert read_prices(tmp_path / "periods.parquet").index.strftime("%Y-%m-%d").tolist() == ["2020-01-31", "2020-02-29"]
