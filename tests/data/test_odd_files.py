"""Odd files, a few of each kind: read right and said, or refused with advice that can be followed."""

import gzip
import io
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from written_files import days, read, workbook

from statefolio.data import read_groups, read_prices, read_returns
from statefolio.exceptions import FileFormatError, InputError, StatefolioError


def test_two_lines_of_names_over_an_index_without_a_name(file):
    text = ",AAA,AAA,BBB,BBB\n,Close,Volume,Close,Volume\n2023-03-10,1,2,3,4\n2023-03-13,1.5,2,3.5,4\n"
    table = read(read_prices, file(text), "'Close' was taken")
    assert table.to_dict("list") == {"AAA": [1, 1.5], "BBB": [3, 3.5]}


def test_crsp_prices_as_text(file):
    text = "date,PERMNO,PRC\n2020-08-31,10001,$12\n2020-09-01,10001,-$13\n2020-09-02,10001,\n"
    table = read(read_prices, file(text), "1 negative prices, which CRSP writes for the midpoint")
    np.testing.assert_array_equal(table["10001"], [12, 13, np.nan])
    with pytest.raises(InputError, match="got 'halted' on row 2"):
        read_prices(file(text.replace("-$13", "halted")))
    grouped = 'date,PERMNO,PRC\n2020-08-31,10001,"$2.387"\n2020-09-01,10001,"$434"\n'
    with pytest.raises(InputError, match=r"got cells such as '2\.387', which can be 2\.387 or 2387"):
        read_prices(file(grouped))
    assert read(read_prices, file(grouped), decimal=",")["10001"].tolist() == [2387, 434]


def test_numbers_with_decimals_are_no_names_of_assets(file):
    text = "date,id,KO\n2020-01-02,-0.5%,1%\n2020-01-02,-0.5%,1%\n2020-01-03,1.5%,2%\n"
    said = ("repeats 1 rows", "divided by 100")
    assert read(read_returns, file(text), *said).to_dict("list") == {"id": [-0.005, 0.015], "KO": [0.01, 0.02]}


def test_true_and_false_are_no_names_of_assets(file, tmp_path):
    table = pd.DataFrame({"AAA": [True, False], "BBB": [2.0, 3.0]}, pd.DatetimeIndex(["2020-01-02", "2020-01-03"]))
    table.to_parquet(tmp_path / "x.parquet")
    for path in (file("date,AAA,BBB\n2020-01-02,True,2\n2020-01-03,False,3\n"), tmp_path / "x.parquet"):
        with pytest.raises(InputError, match=r"must have numbers in the column 'AAA', got .*True"):
            read_prices(path)


@pytest.mark.parametrize("error", ["#N/A Requesting Data...", "#N/A History", "#N/A Invalid Field", "Retrieving..."])
def test_errors_of_vendors_are_missing_values(file, error):
    assert read(read_prices, file(f"date,A,B\n2020-01-02,1,2\n2020-01-03,{error},2\n"))["A"].isna().tolist() == [0, 1]


@pytest.mark.parametrize(("dates", "kind"), [(("1/2020", "12/2020"), "months"), (("01-2020", "12-2020"), "months")])
def test_months_before_years(file, dates, kind):
    table = read(read_returns, file("date,A\n" + "".join(f"{day},0.1\n" for day in dates)))
    assert days(table) == ["2020-01-31", "2020-12-31"]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (("2020-01-02", "-----"), "'-----' next to '2020-01-02'.*Correct that row, or delete it"),
        (("2020-01-02", "2020-02-30"), "'2020-02-30', which is no day of the calendar.*Correct that row"),
        (("20200102", "20200230"), "'20200230', which is no day of the calendar.*Correct that row"),
        (("31.01.2020", "30.02.2020"), "'30.02.2020', which is no day of the calendar.*Correct that row"),
        (("2020-01", "2020-13"), "'2020-13', which is no month.*Correct that row"),
        (("AAA", "BBB"), "Name the column of dates with date"),
    ],
)
def test_the_error_names_the_cell_that_is_no_date(file, cells, reason):
    with pytest.raises(InputError, match=reason):
        read_prices(file("date,A,B\n" + "".join(f"{cell},1,2\n" for cell in cells)))


def test_a_format_with_a_time_zone_gives_the_local_day(file):
    path = file("date,A\n2023-03-10 23:00:00-0500,1\n2023-03-13 23:00:00-0400,2\n")
    assert days(read(read_prices, path, date_format="%Y-%m-%d %H:%M:%S%z")) == ["2023-03-10", "2023-03-13"]
    with pytest.raises(InputError, match="'2023-03-10 23:00:00-0500', which is not written as '%d/%m/%Y'"):
        read_prices(path, date_format="%d/%m/%Y")


@pytest.mark.parametrize("separators", [",", ",,,"])
def test_separators_at_the_end_of_every_line(file, separators):
    text = "date,A,B\n" + "".join(f"2020-01-0{k},{k},2{separators}\n" for k in (2, 3))
    assert read(read_prices, file(text), "is empty and has no name")["A"].tolist() == [2, 3]


def test_counters_beside_empty_and_repeated_rows(file):
    rows = ["0,2020-01-02,1,2", ",,,", "1,2020-01-03,3,4", "1,2020-01-03,3,4"]
    said = ("only counts rows", "1 empty rows", "repeats 1 rows")
    table = read(read_prices, file("\n".join([",day,A,B", *rows, ""])), *said)
    assert table.to_dict("list") == {"A": [1, 3], "B": [2, 4]}


def test_prose_with_as_many_commas_as_the_names(file):
    text = "Prices, daily\n\ndate,S&P 500\n2020-07-24,113\n2020-07-27,114\n"
    assert read(read_prices, file(text), "lines above its line of names").to_dict("list") == {"S&P 500": [113, 114]}


def test_rows_are_no_prose(file):
    rows = [f"2019W{k}|{'A2' if k < 18 else '2020'}|{k}.5|" for k in range(12, 25)]
    with pytest.raises(InputError, match="something else \\('2019W12'\\)"):  # not one of its rows as the line of names
        read(
            read_prices, file("\n".join(["Some export", "Dates|ticker|value|", *rows, ""])), "lines above", "is a long"
        )
    prose = "\n".join(f"x{k}|1|y" for k in range(4))
    with pytest.raises(InputError, match="line of names above all rows, got 4 rows such as 'x0,1,y' above 'date,A,B'"):
        read_prices(file(f"{prose}\ndate|A|B\n2020-01-02|1|2\n2020-01-03|1|2\n"))


def test_assets_may_be_called_as_fields_are(file):
    text = (
        "Price,Open,Open,Close,Close\nTicker,OPEN,Close,OPEN,Close\nDate,,,,\n2023-01-03,1,2,3,4\n2023-01-04,1,2,3,5\n"
    )
    assert read(read_prices, file(text), "'Close' was taken").to_dict("list") == {"OPEN": [3, 3], "Close": [4, 5]}
    text = "Date,id,Date,Close\n2023-01-03,7,2023-01-03,4\n2023-01-04,7,2023-01-04,5\n"
    assert read(read_prices, file(text), "2 tables side by side").to_dict("list") == {"id": [7, 7], "Close": [4, 5]}


def test_many_blank_lines(file):
    assert read_groups(file("\n" * 200 + "asset,group\nAAA,tech\n")).to_dict() == {"AAA": "tech"}


def test_cells_of_parquet_are_numbers_and_texts(tmp_path):
    path = tmp_path / "x.parquet"
    for column in (pa.array([[1], [2]]), pa.array([{"a": 1}, {"a": 2}]), pa.array([b"1", b"2"])):
        pq.write_table(pa.table({"date": pa.array(["2020-01-02", "2020-01-03"]), "A": column}), path)
        with pytest.raises(FileFormatError, match="must have one number or text in each cell, got the column 'A'"):
            read_prices(path)
    pd.DataFrame(index=pd.DatetimeIndex(["2020-01-02"])).to_parquet(path)
    with pytest.raises(FileFormatError, match="has no column of values"):
        read_prices(path)


def test_categories_of_parquet_are_read_as_texts(tmp_path):
    cells = pd.DataFrame({"A": pd.Categorical(["1.5", "2.5"]), "B": [1.0, 2.0]})
    cells.set_index(pd.DatetimeIndex(["2020-01-02", "2020-01-03"], name="date")).to_parquet(tmp_path / "x.parquet")
    assert read_prices(tmp_path / "x.parquet")["A"].tolist() == [1.5, 2.5]


def test_workbooks_without_a_table(tmp_path):
    with pytest.raises(FileFormatError, match="in its sheet, got one column"):
        read_prices(workbook(tmp_path / "x.xlsx", {"S": [["words"]]}))


def test_the_error_names_the_kind_of_file(file):
    def packed(content):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("x", content)
        return buffer.getvalue()

    kinds = {
        "a file packed with bzip2": b"BZh91AY&SY" + b"\x00" * 20,
        "a file packed twice": packed(gzip.compress(b"date,A\n2020-01-02,1\n")),
        "an empty zip": b"PK\x05\x06" + bytes(18),
        "a PDF": b"%PDF-1.7\n",
        "a Feather or Arrow file": b"ARROW1\x00\x00",
        "a pickle": b"\x80\x04\x95",
        "a model of statefolio": b"statefolio model 3 x\n",
    }
    for kind, content in kinds.items():
        with pytest.raises(FileFormatError, match=rf"must be CSV, Parquet or a workbook.*, got {kind}\."):
            read_prices(file(content))


@pytest.mark.parametrize(
    "content",
    [
        '""|""|""|"S&P 500"\n"0"|"202009"|""|"NaN"\n""|""|""|""\n"1"|"202009"|""|"NaN"\n',
        ",,A\n,,\n,,\n",
        "date,date,asset,value\n2020-01-02,2020-01-02,A,1\n",
    ],
)
@pytest.mark.parametrize("layout", ["auto", "wide", "long"])
@pytest.mark.filterwarnings("ignore::statefolio.exceptions.StatefolioWarning")
def test_names_that_are_empty_or_repeated_end_in_our_errors(file, content, layout):
    try:
        table = read_prices(file(content), layout=layout)
    except StatefolioError:
        return
    assert table.columns.is_unique


def test_opens_highs_and_lows_are_no_assets(file):
    path = file("date,open,high,low\n2020-01-02,1,3,1\n2020-01-03,2,3,2\n")
    with pytest.raises(InputError, match="Set value to one of them, or layout='wide' if each is an asset"):
        read_prices(path)
    assert read(read_prices, path, "of one asset", value="open")["AAA"].tolist() == [1, 2]
    assert read(read_prices, path, layout="wide").columns.tolist() == ["open", "high", "low"]


def test_names_of_long_tables_stay_as_they_are_written(file):
    text = "date,ticker,value\n20200102,1e5,1\n20200102,007,2\n20200102,NA,3\n20200103,1e5,4\n"
    assert read(read_prices, file(text)).columns.tolist() == ["1e5", "007", "NA"]


def test_a_long_table_that_would_be_far_larger_than_its_file_is_refused(file):
    days = pd.date_range("1990-01-01", periods=6000).strftime("%Y-%m-%d")
    rows = "".join(f"{day},A{k},1\n" for k, day in enumerate(days))
    with pytest.raises(InputError, match="got 6,000 rows for 6,000 dates and 6,000 assets"):
        read_prices(file("date,ticker,close\n" + rows))


def test_a_ticker_that_begins_as_a_file_of_another_kind_is_text(file):
    text = "ORCL US Equity,,MSFT US Equity,\nDate,PX_LAST,Date,PX_LAST\n2020-01-02,1,2020-01-02,2\n"
    assert read(read_prices, file(text), "2 tables").columns.tolist() == ["ORCL US Equity", "MSFT US Equity"]


def test_a_cell_far_away_is_refused_before_the_sheet_is_built(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["date", "A"], ["2020-01-02", 1], ["2020-01-03", 2]):
        book.active.append(row)
    book.active["XFD1048576"] = 1
    book.save(tmp_path / "x.xlsx")
    with pytest.raises(FileFormatError, match="must have its cells side by side, got 7 cells"):
        read_prices(tmp_path / "x.xlsx")
