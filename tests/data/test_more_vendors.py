"""More files as vendors and programs write them: read right, or refused with what to do."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from written_files import days, read, workbook

from statefolio.data import read_prices, read_returns
from statefolio.exceptions import FileFormatError, InputError

TWO = {"AAA": [1.5, 1.6]}
ONE = "'{}' was taken as 'AAA'"
FILES = {
    "tiingo": (
        "date,close,high,low,open,volume,adjClose,divCash,splitFactor\n"
        "2020-01-02T00:00:00.000Z,3,3,3,3,9,1.5,0.0,1.0\n2020-01-03T00:00:00.000Z,3,3,3,3,9,1.6,0.0,1.0\n",
        TWO,
        [ONE.format("adjClose")],
    ),
    "quandl": (
        "Date,Open,High,Low,Close,Volume,Ex-Dividend,Split Ratio,Adj. Open,Adj. Close\n"
        "2020-01-03,3,3,3,3,9,0,1,3,1.6\n2020-01-02,3,3,3,3,9,0,1,3,1.5\n",
        TWO,
        [ONE.format("Adj. Close"), "newest row first"],
    ),
    "coingecko": (
        "snapped_at,price,market_cap,total_volume\n2020-01-02 00:00:00 UTC,1.5,9,9\n2020-01-03 00:00:00 UTC,1.6,9,9\n",
        TWO,
        [ONE.format("price")],
    ),
    "yahoo with its currency": (
        'Currency in USD,,,,,,\nDate,Open,High,Low,Close,Adj Close,Volume\n"Jan 03, 2020",1,2,1,1.7,1.6,9\n'
        '"Jan 02, 2020",1,2,1,1.6,1.5,9\n',
        TWO,
        ["lines above", ONE.format("Adj Close"), "newest row first"],
    ),
    "nasdaq": (
        "Date,Close/Last,Volume,Open,High,Low\n01/31/2020,$1.6,9,$1,$2,$1\n01/30/2020,$1.5,9,$1,$2,$1\n",
        TWO,
        [ONE.format("Close/Last"), "month/day/year", "newest row first"],
    ),
    "barchart": (
        'Time,Open,High,Low,Last,%Chg,Volume\n01/30/2020,1,2,1,1.5,"6.67%",9\n01/31/2020,1,2,1,1.6,"6.67%",9\n'
        '"Downloaded from Barchart.com as of 02-05-2020, 10:00am CST"\n',
        TWO,
        ["text under its table", ONE.format("Last"), "month/day/year"],
    ),
    "deutsche boerse": (
        "Datum;Anfangskurs;Schlusskurs;Tageshoch;Tagestief;Volumen\n03.01.20;1,0;1,6;1,3;1,0;9\n"
        "02.01.20;1,0;1,5;1,3;1,0;9\n",
        TWO,
        ["decimal comma", ONE.format("Schlusskurs"), "newest row first"],
    ),
    "tushare": (
        "ts_code,trade_date,open,high,low,close,vol\n000001.SZ,20200103,3,3,3,1.6,9\n000001.SZ,20200102,3,3,3,1.5,9\n",
        {"000001.SZ": [1.5, 1.6]},
        ["assets were taken from 'ts_code'", "newest row first"],
    ),
    "datastream": (
        "Start,1/1/2010,\nName,APPLE,KO\nCode,@AAPL,U:KO\nCURRENCY,U$,U$\n30/01/2020,1.5,3\n31/01/2020,1.6,4\n",
        {"@AAPL": [1.5, 1.6], "U:KO": [3, 4]},
        ["names were taken from the line 'Code'", "day/month/year"],
    ),
    "prose in padded rows": (
        "S&P Dow Jones Indices,\n,\nEffective date ,AAA\n1/30/2020,1.5\n1/31/2020,1.6\n,\nSource: S&P,\n",
        TWO,
        ["lines above", "text under its table", "month/day/year"],
    ),
    "several lines of prose": (
        'Date,AAA,BBB\n2020-01-02,1.5,3\n2020-01-03,1.6,4\n\n"Copyright, all rights, of the vendor"\n"and more, (1)"\n',
        {"AAA": [1.5, 1.6], "BBB": [3, 4]},
        ["text under its table"],
    ),
    "a separator said in the first line": (
        "sep=;\ndate;AAA;BBB\n2020-01-02;1,5;3\n2020-01-03;1,6;4\n",
        {"AAA": [1.5, 1.6], "BBB": [3, 4]},
        ["lines above", "decimal comma"],
    ),
    "swiss and french thousands": (
        "date;AAA;BBB\n02.01.2020;1'234.5;1\u202f000.25\n03.01.2020;1\u2019235.5;12 000.5\n",
        {"AAA": [1234.5, 1235.5], "BBB": [1000.25, 12000.5]},
        [],
    ),
    "indian thousands": (
        'date,AAA\n2020-01-02,"1,23,456.5"\n2020-01-03,"12,34,567.25"\n',
        {"AAA": [123456.5, 1234567.25]},
        [],
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_files_of_vendors(file, name):
    text, expected, said = FILES[name]
    assert read(read_prices, file(text), *said).to_dict("list") == expected


@pytest.mark.parametrize(
    "cells",
    [("\u22120.015", "0.016"), ("\u20130.015", "0.016"), ("(0.015)", "0.016"), ("(1.5)%", "1.6%"), ("-1.5 %", "1.6 %")],
)
def test_minus_signs(file, cells):
    said = ["divided by 100"] if "%" in cells[0] else []
    table = read(read_returns, file(f"date,AAA\n2020-01-02,{cells[0]}\n2020-01-03,{cells[1]}\n"), *said)
    np.testing.assert_allclose(table["AAA"], [-0.015, 0.016], rtol=1e-14)


@pytest.mark.parametrize(
    "cells", [("1 5", "1 6"), ("99'16", "99'17"), ("12 34", "12 35"), ("1'2345", "1'2346"), ("99-16", "99-17")]
)
def test_marks_that_part_no_thousands_are_refused(file, cells):
    with pytest.raises(InputError):
        read_prices(file(f"date;AAA\n2020-01-02;{cells[0]}\n2020-01-03;{cells[1]}\n"))


@pytest.mark.parametrize(
    ("text", "error", "reason"),
    [
        ("ticker,2020-01-02,2020-01-03\nAAA,1,2\nBBB,1,2\n", InputError, "dates as names.*Swap rows and columns"),
        ('[{"date": "2020-01-02", "AAA": 1.5}]', FileFormatError, "web page or JSON. Export it as CSV"),
        ("<html><table><tr><td>Date</td></tr></table></html>", FileFormatError, "web page or JSON"),
        ("Name,A,#ERROR\nCode,A,#ERROR\n30/01/2020,1,2\n31/01/2020,1,2\n", InputError, "vendor's error for a series"),
        ("date,AAA\n2020-01-02,1\n2020-01-03,2\nTotal,3\n", InputError, "'Total' next to '2020-01-02'"),
        ('date,AAA,BBB\n2020-01-02,"?0,02",0.01\n', InputError, "names of assets or values, got '\\?0,02'"),
        ("1577923200000,7195.2,7255.0\n1578009600000,7200.8,7212.5\n", InputError, "which is data"),
    ],
)
def test_what_is_no_table_of_prices_is_refused(file, text, error, reason):
    with pytest.raises(error, match=reason):
        read_prices(file(text))


def test_returns_are_no_money_and_percent_is_said(file):
    with pytest.raises(InputError, match=r"an amount of money in the column 'Balance', '\$9,996'"):
        read(read_returns, file('Year,Month,AAA,Balance\n2020,1,-0.04%,"$9,996"\n2020,2,-8.1%,"$9,100"\n'), "divided")
    text = "Date,Price,Open,High,Low,Change %\n2020-01-02,9,9,9,9,0.15\n2020-01-03,9,9,9,9,0.25\n"
    read(read_returns, file(text), "'Change %' was taken as 'AAA'", "as of percent, whose values were read as decimals")


FRENCH = """This file was created by CMPT_ME_BEME_RETS using the 202001 CRSP database.

,Mkt-RF,RF
202001,-0.11,0.13
202002,-99.99,0.12

 Annual Factors: January-December
,Mkt-RF,RF
2019,28.28,2.15
"""


def test_files_of_frenchs_library(file):
    table = read(read_returns, file(FRENCH), "block 'Monthly' was read, percent as decimals. Set value for another")
    np.testing.assert_allclose(table.to_numpy(), [[-0.0011, 0.0013], [np.nan, 0.0012]])
    assert days(table) == ["2020-01-31", "2020-02-29"]
    assert read(read_returns, file(FRENCH), "block 'Annual", value="annual")["Mkt-RF"].tolist() == [0.2828]
    with pytest.raises(InputError, match="must have prices, got a file of French's data library"):
        read_prices(file(FRENCH))


def test_workbooks_of_programs(tmp_path):
    day = dt.datetime(2020, 1, 2)
    rows = [[None, "Date", "AAA"], [0, day, "1,5"], [1, day + dt.timedelta(1), "1,6"], ["Source: a vendor"]]
    path = workbook(tmp_path / "book.xlsx", {"Data": rows})
    table = read(read_prices, path, "only counts rows", "decimal comma", "text under its table")
    assert table["AAA"].tolist() == [1.5, 1.6]


def test_decimals_in_parquet(tmp_path):
    table = pd.DataFrame({"AAA": [Decimal("1.5"), None]}, pd.DatetimeIndex(["2020-01-02", "2020-01-03"], name="date"))
    table.to_parquet(tmp_path / "table.parquet")
    np.testing.assert_array_equal(read_prices(tmp_path / "table.parquet")["AAA"], [1.5, np.nan])
