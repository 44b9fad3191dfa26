"""Files as vendors and programs write them, small ones with known contents."""

import io

import numpy as np
import pandas as pd
import pytest
from written_files import days, read, workbook

from statefolio.data import read_prices, read_returns
from statefolio.exceptions import FileFormatError, InputError, StatefolioError, StatefolioWarning, UnknownNameError

YFINANCE_ONE = """Price,Adj Close,Close,High,Low,Open,Volume
Ticker,AAA,AAA,AAA,AAA,AAA,AAA
Date,,,,,,
2023-01-03,100.5,101,103,99,100,1000
2023-01-04,101.5,102,104,100,101,1100
"""
YFINANCE_TWO = """Price,Close,Close,Volume,Volume
Ticker,AAA,BBB,AAA,BBB
Date,,,,
2023-01-03,1.5,2.5,10,20
2023-01-04,1.6,2.6,11,21
"""


def test_yfinance_of_one_ticker(file):
    table = read(read_prices, file(YFINANCE_ONE), "'Adj Close' was taken")
    assert table.columns.tolist() == ["AAA"]
    assert table["AAA"].tolist() == [100.5, 101.5]
    assert read(read_prices, file(YFINANCE_ONE), value="Close")["AAA"].tolist() == [101, 102]
    with pytest.raises(UnknownNameError, match=r"value must name a field of .*got 'Bid'"):
        read_prices(file(YFINANCE_ONE), value="Bid")
    with pytest.raises(InputError, match="Set value to the field"):
        read_returns(file(YFINANCE_ONE))


def test_yfinance_of_several_tickers(file, tmp_path):
    table = read(read_prices, file(YFINANCE_TWO), "'Close' was taken")
    assert table.to_dict("list") == {"AAA": [1.5, 1.6], "BBB": [2.5, 2.6]}
    assert days(table) == ["2023-01-03", "2023-01-04"]
    swapped = "\n".join([*(YFINANCE_TWO.splitlines()[k] for k in (1, 0, 2, 3, 4))])
    assert read(read_prices, file(swapped), "'Close' was taken").equals(table)
    frame = pd.read_csv(io.StringIO(YFINANCE_TWO), header=[0, 1], index_col=0, parse_dates=True)
    frame.to_parquet(tmp_path / "two.parquet")
    assert read(read_prices, tmp_path / "two.parquet", "'Close' was taken").equals(table)
    frame.tz_localize("America/New_York").to_parquet(tmp_path / "zone.parquet")
    assert read(read_prices, tmp_path / "zone.parquet", "'Close' was taken").equals(table)


def test_older_headers_of_several_tickers(file):
    text = ",AAA,AAA,BBB,BBB\n,Open,Close,Open,Close\nDate,,,,\n2023-01-03,1,1.5,2,2.5\n2023-01-04,1,1.6,2,2.6\n"
    assert read(read_prices, file(text), "'Close' was taken").to_dict("list") == {"AAA": [1.5, 1.6], "BBB": [2.5, 2.6]}
    merged = ",AAA US Equity,,BBB US Equity,\nDates,PX_LAST,PX_VOLUME,PX_LAST,PX_VOLUME\n"
    merged += "03/01/2023,1.5,9,2.5,9\n31/01/2023,1.6,9,2.6,9\n"
    table = read(read_prices, file(merged), "'PX_LAST' was taken", "day/month/year")
    assert table.to_dict("list") == {"AAA US Equity": [1.5, 1.6], "BBB US Equity": [2.5, 2.6]}


def test_yahoo_with_nulls(file):
    text = "Date,Open,High,Low,Close,Adj Close,Volume\n"
    text += "2020-01-01,null,null,null,null,null,null\n2020-01-02,1,2,1,2,1.9,5\n"
    table = read(read_prices, file(text, "KO.csv"), "'Adj Close' was taken as 'KO'")
    assert np.isnan(table["KO"].iloc[0])
    assert table["KO"].iloc[1] == 1.9
    assert read(read_prices, file(text, "KO.csv"), "'Close' was taken", value="Close")["KO"].iloc[1] == 2


def test_stooq(file):
    text = "Date,Open,High,Low,Close,Volume\n2020-01-02,1,2,1,1.5,5\n2020-01-03,1,2,1,1.6,5\n"
    assert read(read_prices, file(text, "aapl_us_d.csv"), "was taken as 'aapl_us_d'").iloc[:, 0].tolist() == [1.5, 1.6]
    bulk = (
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
        "AAPL.US,D,20200102,000000,1,2,1,1.5,5,0\nAAPL.US,D,20200103,000000,1,2,1,1.6,5,0\n"
    )
    table = read(read_prices, file(bulk, "aapl.us.txt"), "a long table")
    assert table.to_dict("list") == {"AAPL.US": [1.5, 1.6]}


def test_investing(file):
    head = '"Date","Price","Open","High","Low","Vol.","Change %"\n'
    rows = ['"Nov 28, 2025","1,234.56","1,230.00","1,240.00","1,229.10","1.2M","0.53%"']
    rows += ['"Nov 27, 2025","1,228.05","1,230.00","1,240.00","1,229.10","900.5K","-0.20%"']
    table = read(read_prices, file(head + "\n".join(rows)), "'Price' was taken", "newest row first")
    assert table["AAA"].tolist() == [1228.05, 1234.56]
    assert days(table) == ["2025-11-27", "2025-11-28"]
    returns = read(
        read_returns, file(head + "\n".join(rows)), "'Change %' was taken", "newest row first", "divided by 100"
    )
    np.testing.assert_allclose(returns["AAA"], [-0.0020, 0.0053], atol=1e-15)
    german = head + '"28.11.2025","1.234,56","1.230,00","1.240,00","1.229,10","1,20M","0,53%"\n'
    german += '"27.11.2025","1.228,05","1.230,00","1.240,00","1.229,10","900,5K","-0,20%"\n'
    table = read(read_prices, file(german), "'Price' was taken", "newest row first", "decimal comma")
    assert table["AAA"].tolist() == [1228.05, 1234.56]


def test_alpha_vantage(file):
    text = (
        "timestamp,open,high,low,close,adjusted_close,volume\n2020-01-03,1,2,1,1.6,1.5,5\n2020-01-02,1,2,1,1.5,1.4,5\n"
    )
    assert read(read_prices, file(text), "'adjusted_close'", "newest row first")["AAA"].tolist() == [1.4, 1.5]


def test_kaggle_panel(file):
    text = "date,open,high,low,close,volume,Name\n"
    text += "2020-01-02,1,2,1,1.5,9,A\n2020-01-03,1,2,1,1.6,9,A\n2020-01-03,3,4,3,3.5,9,B\n"
    table = read(read_prices, file(text), "assets were taken from 'Name', the prices from 'close'")
    assert table["A"].tolist() == [1.5, 1.6]
    assert table["B"].iloc[1] == 3.5
    assert read(read_prices, file(text), value="open")["B"].iloc[1] == 3


def test_crsp(file):
    text = (
        "PERMNO,date,TICKER,PRC,RET\n10001,20200102,AAA,-10.5,C\n10001,20200103,AAA,11,0.047619\n"
        "10002,20200102,BBB,20,B\n10002,20200103,BBB,22,0.1\n"
    )
    returns = read(read_returns, file(text), "the returns from 'RET'", asset="PERMNO", value=None)
    assert returns.columns.tolist() == ["10001", "10002"]
    assert returns["10002"].isna().tolist() == [True, False]
    prices = read(read_prices, file(text), "the prices from 'PRC'", "midpoint", asset="PERMNO")
    assert prices["10001"].tolist() == [10.5, 11]


def test_q_factors(file):
    text = "year,month,R_F,R_MKT\n1967,1,0.3927,8.1852\n1967,2,0.3743,0.7557\n1967,12,0.1,0.2\n"
    table = read(read_returns, file(text))
    assert days(table) == ["1967-01-31", "1967-02-28", "1967-12-31"]
    assert table["R_MKT"].tolist() == [8.1852, 0.7557, 0.2]


def test_global_factor_data(file):
    text = "location,name,freq,weighting,direction,n_stocks,n_stocks_min,date,ret\n"
    text += "usa,age,monthly,vw_cap,-1,100,9,1990-01-31,0.01\nusa,age,monthly,vw_cap,-1,100,9,1990-02-28,0.02\n"
    text += "usa,beta,monthly,vw_cap,-1,100,9,1990-02-28,0.03\n"
    table = read(read_returns, file(text), "taken from 'name', the returns from 'ret'")
    assert table["age"].tolist() == [0.01, 0.02]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_european(file, separator):
    text = "date;AAA;BBB\n02.01.2023;1.234,56;50,1\n03.01.2023;1.240,0;49,9\n".replace(";", separator)
    for options, said in (({}, ["decimal comma"]), ({"decimal": ",", "date_format": "%d.%m.%Y"}, [])):
        table = read(read_prices, file(text), *said, **options)
        assert table.to_dict("list") == {"AAA": [1234.56, 1240.0], "BBB": [50.1, 49.9]}
        assert days(table) == ["2023-01-02", "2023-01-03"]
    mixed = "date;AAA;BBB\n02.01.2023;1.234;50,1\n03.01.2023;1.240;49,9\n"
    table = read(read_prices, file(mixed), "decimal comma")
    assert table["AAA"].tolist() == [1234.0, 1240.0]


def test_numbers_that_can_be_meant_two_ways_are_refused(file):
    text = 'date,AAA,BBB\n2023-01-02,"1,234","2,345"\n2023-01-03,"1,240","2,400"\n'
    with pytest.raises(InputError, match=r"'1,234', which can be 1\.234 or 1234\. Set decimal"):
        read_prices(file(text))
    assert read(read_prices, file(text), decimal=".")["AAA"].tolist() == [1234, 1240]
    assert read(read_prices, file(text), decimal=",")["AAA"].tolist() == [1.234, 1.24]
    with pytest.raises(InputError, match=r"one decimal mark, got '12,5' and '1,234\.5'"):
        read_prices(file('date,AAA\n2023-01-02,"1,234.5"\n2023-01-03,"12,5"\n'))


@pytest.mark.parametrize(
    ("written", "expected", "said"),
    [
        (["01/31/2023", "02/01/2023"], ["2023-01-31", "2023-02-01"], ["month/day/year"]),
        (["31/01/2023", "01/02/2023"], ["2023-01-31", "2023-02-01"], ["day/month/year"]),
        (["1/31/23", "2/1/23"], ["2023-01-31", "2023-02-01"], ["month/day/year"]),
        (["31.01.2023", "01.02.2023"], ["2023-01-31", "2023-02-01"], []),
        (["Jan 31, 2023", "Feb 1, 2023"], ["2023-01-31", "2023-02-01"], []),
        (["31-Jan-2023", "01-Feb-2023"], ["2023-01-31", "2023-02-01"], []),
        (["31JAN2023", "01FEB2023"], ["2023-01-31", "2023-02-01"], []),
        (["2023/01/31", "2023/02/01"], ["2023-01-31", "2023-02-01"], []),
        (["44957", "44958"], ["2023-01-31", "2023-02-01"], ["as Excel counts"]),
        (["1675123200", "1675209600"], ["2023-01-31", "2023-02-01"], ["seconds since 1970"]),
        (["1675123200000", "1675209600000"], ["2023-01-31", "2023-02-01"], ["milliseconds since 1970"]),
        (["2023-01-31 00:00:00-05:00", "2023-05-01 00:00:00-04:00"], ["2023-01-31", "2023-05-01"], []),
        (["2023-01-31T00:00:00Z", "2023-02-01T00:00:00Z"], ["2023-01-31", "2023-02-01"], []),
        (["2023-01-31 00:00:00", "2023-02-01 00:00:00"], ["2023-01-31", "2023-02-01"], []),
        (["2023-01-30T23:00:00Z", "2023-01-31T23:00:00Z"], None, ["midnights of the next day"]),
        (["2023M01", "2023M02"], ["2023-01-31", "2023-02-28"], []),
        (["Jan 2023", "Feb 2023"], ["2023-01-31", "2023-02-28"], []),
        (["Jan-23", "Feb-23"], ["2023-01-31", "2023-02-28"], []),
        (["202301", "202302"], ["2023-01-31", "2023-02-28"], []),
    ],
)
@pytest.mark.parametrize("separator", [",", ";"])
def test_dates_however_written(file, written, expected, said, separator):
    quote = '"' if separator == "," and "," in written[0] else ""
    lines = [f"{quote}{day}{quote}{separator}{k + 1.5}{separator}{k + 2}" for k, day in enumerate(written)]
    table = read(read_prices, file("\n".join([f"date{separator}AAA{separator}BBB", *lines])), *said)
    assert expected is None or days(table) == expected
    assert table["AAA"].tolist() == [1.5, 2.5]


def test_dates_that_can_be_meant_two_ways_are_refused(file):
    text = "Date,AAA,BBB\n01/03/2023,1,2\n01/04/2023,2,3\n"
    with pytest.raises(InputError, match=r"'01/03/2023', which all could .* date_format='%d/%m/%Y'"):
        read_prices(file(text))
    assert days(read_prices(file(text), date_format="%m/%d/%Y")) == ["2023-01-03", "2023-01-04"]
    with pytest.raises(InputError, match="'31/01/2023' and '01/31/2023'"):
        read_prices(file("Date,AAA,BBB\n31/01/2023,1,2\n01/31/2023,2,3\n"))


def test_prose_above_and_below(file):
    text = "Some vendor's export,,\nDownloaded,2024-01-02,\n\n"
    text += "date,AAA,BBB\n2023-01-03,1,2\n2023-01-04,2,3\n\nCopyright of the vendor\n"
    table = read(read_prices, file(text), "lines above its line of names", "text under its table")
    assert table.to_dict("list") == {"AAA": [1, 2], "BBB": [2, 3]}


def test_trailing_separators(file):
    table = read(read_prices, file("date,AAA,BBB\n2023-01-03,1,2,\n2023-01-04,2,3,\n"), "is empty and has no name")
    assert table.to_dict("list") == {"AAA": [1, 2], "BBB": [2, 3]}


def test_own_words_for_missing(file):
    text = "date,AAA,BBB\n2023-01-03,-9.99,2\n2023-01-04,2,absent\n"
    table = read(read_prices, file(text), missing=["-9.99", "absent"])
    assert table.isna().to_numpy().tolist() == [[True, False], [False, True]]
    with pytest.raises(InputError, match="got 'absent' on 2023-01-04"):
        read_prices(file(text))


def test_workbooks(tmp_path):
    dates = [pd.Timestamp("2023-01-03").to_pydatetime(), pd.Timestamp("2023-01-04").to_pydatetime()]
    rows = [["Some prose"], [], ["DATE", "AAA", "BBB"], [dates[0], 1.25, 2], [dates[1], None, 3.5]]
    path = workbook(tmp_path / "one.xlsx", {"Data": rows, "Notes": [["words"]]})
    table = read(read_returns, path, "lines above")
    assert days(table) == ["2023-01-03", "2023-01-04"]
    assert table["BBB"].tolist() == [2, 3.5]
    assert np.isnan(table["AAA"].iloc[1])
    path = workbook(tmp_path / "two.xlsx", {"A": rows, "B": rows})
    with pytest.raises(InputError, match=r"sheet must name one .* 'A', 'B'"):
        read_returns(path)
    assert read(read_returns, path, "lines above", sheet="B").equals(table)
    with pytest.raises(UnknownNameError, match=r"sheet must name a sheet of .*got 'C'"):
        read_returns(path, sheet="C")


def test_what_only_looks_like_a_workbook(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as archive:
        for name in ("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"):
            archive.writestr(name, "<x/>")
    with pytest.raises(FileFormatError, match="a workbook that cannot be read"):
        read_returns(tmp_path / "x.xlsx")


@pytest.mark.parametrize(
    "content",
    [
        b"\r",
        b"\xef\xbb\xbf",
        b'date,A\n2020-01-01,"1\n',
        b'date,A\n"' + b"x" * 200_000 + b'",1\n',
        b"\n\n,\n",
        b"date,A\n2020-01-01," + b"9" * 5000 + b"\n",
        b"date,A\n99999999,1\n",
        b"date,A\n2020-13-45,1\n",
        b"date,A,B\n2020-01-01,True,False\n",
        b"PAR1",
        b"PAR1" + b"\x00" * 50 + b"PAR1",
        b"PK\x03\x04",
        b"\x1f\x8b",
        b"\x1f\x8b\x08\x00junk",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
        b";;;;;\n;;;;;\n",
        b"date;A\n" * 3,
        b"date,A\n,1\n,1\n2020-01-01,1\n",
        b'"' * 1001,
    ],
)
@pytest.mark.parametrize("reader", [read_prices, read_returns])
def test_broken_files_raise_our_errors_alone(file, reader, content):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatefolioWarning)
        with pytest.raises(StatefolioError):
            reader(file(content))


def test_bombs_are_refused_before_they_unpack(file):
    import gzip

    with pytest.raises(FileFormatError, match="unpack to at most 83 MB"):
        read_prices(file(gzip.compress(b"\x00" * 100_000_000)))
    import zipfile

    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.csv", b"1," * 50_000_000)
    with pytest.raises(FileFormatError, match="unpack to at most"):
        read_prices(file(held.getvalue()))


def test_points_that_could_part_thousands(file):
    with pytest.raises(InputError, match=r"'1\.234', which can be 1\.234 or 1234"):
        read_prices(file("date;AAA;BBB\n2023-01-02;1.234;987\n2023-01-03;1.240;990\n"))
    quoted = 'date,AAA,BBB\n2023-01-02,"1.234","2.345"\n2023-01-03,"1.240","2.350"\n'
    assert read(read_prices, file(quoted), "read with a decimal point")["AAA"].tolist() == [1.234, 1.24]


def test_semicolons_part_values_where_commas_are_as_frequent(file):
    table = read(read_prices, file("date;A, Inc;B, Inc\n2023-01-02;1,5;2,5\n2023-01-03;1,6;2,6\n"), "decimal comma")
    assert table.to_dict("list") == {"A, Inc": [1.5, 1.6], "B, Inc": [2.5, 2.6]}
