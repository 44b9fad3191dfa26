"""Long tables: one series per asset, and times of day."""

import pytest
from written_files import days, read

from statefolio.data import read_prices, read_returns
from statefolio.exceptions import InputError


@pytest.mark.parametrize(
    ("head", "rows", "said"),
    [
        ("location,name,date,ret", ["usa,age,1990-01-31,1", "jpn,age,1990-02-28,2"], "'usa' and 'jpn' in 'location'"),
        ("name,freq,date,ret", ["age,d,1990-01-31,1", "age,m,1990-02-28,2"], "'d' and 'm' in 'freq'"),
        ("date,ticker,field,value", ["2020-01-02,A,PX,1", "2020-01-03,A,VOL,2"], "'PX' and 'VOL' in 'field'"),
    ],
)
def test_rows_of_several_series_are_refused(file, head, rows, said):
    with pytest.raises(InputError, match=f"one series per asset, got {said}.*Keep the rows of one"):
        read_returns(file("\n".join([head, *rows, rows[0].replace("1990-01-31", "1990-03-31").replace("02,", "06,")])))


def test_kinds_that_agree_within_each_asset_are_read(file):
    text = "date,ticker,currency,close\n2020-01-02,A,USD,1\n2020-01-03,A,USD,2\n2020-01-02,B,EUR,3\n"
    table = read(read_prices, file(text), "a long table")
    assert table["A"].tolist() == [1, 2]


def test_times_of_day_go_where_each_asset_has_one_row_a_day(file):
    text = "timestamp,symbol,close\n2020-01-02 21:00,A,1\n2020-01-02 16:30,B,2\n2020-01-03 21:00,A,3\n"
    table = read(read_prices, file(text))
    assert days(table) == ["2020-01-02", "2020-01-03"]
    assert table.iloc[0].tolist() == [1, 2]
    intraday = "date,A\n2020-01-02 10:00,1\n2020-01-02 11:00,2\n"
    assert read(read_prices, file(intraday)).index.strftime("%H").tolist() == ["10", "11"]
