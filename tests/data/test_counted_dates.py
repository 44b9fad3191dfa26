"""Dates that are plain numbers: read as the whole column allows, or refused."""

import pandas as pd
import pytest
from written_files import days, read

from statefolio.data import read_prices
from statefolio.data.date_patterns import looks_like_a_date
from statefolio.exceptions import InputError

BUSINESS = pd.bdate_range("2020-01-02", periods=30)


def table_of(written):
    return "date,AAA\n" + "".join(f"{text},{k + 1.5}\n" for k, text in enumerate(written))


@pytest.mark.parametrize("form", ["%y%m%d", "%d%m%y", "%m%d%y"])
def test_six_digits_of_a_day(file, form):
    written = BUSINESS.strftime(form)
    table = read(read_prices, file(table_of(written)), "writes its dates as")
    assert (table.index == BUSINESS).all()


@pytest.mark.parametrize("start", ["1926-07-31", "2001-01-31", "2005-06-30", "2013-01-31"])
def test_six_digits_of_a_month(file, start):
    months = pd.date_range(start, periods=30, freq="ME")
    assert (read(read_prices, file(table_of(months.strftime("%Y%m")))).index == months).all()


@pytest.mark.parametrize(
    "written",
    [
        ["200102", "200103", "200106", "200107"],  # days of January 2020, or months of 2001
        ["200101", "200201", "200301", "200401"],  # first days of months, or Januaries
        [f"2001{month:02}" for month in range(1, 13)],  # twelve days, or twelve months
    ],
)
def test_six_digits_that_can_be_both_are_refused(file, written):
    with pytest.raises(InputError, match=r"which can be months .* or year, month, day .*date_format='%Y%m'"):
        read_prices(file(table_of(written)))
    assert days(read_prices(file(table_of(written)), date_format="%y%m%d"))[0].startswith("2020-01-0")
    assert days(read_prices(file(table_of(written)), date_format="%Y%m"))[0].startswith("2001-0")


def test_the_first_row_under_prose_is_kept_where_later_days_look_like_months(file):
    written = pd.bdate_range("2020-05-11", "2020-05-29")[::-1].strftime("%y%m%d")
    table = read(
        read_prices, file("Some prose\n" + table_of(written)), "lines above", "writes its dates as", "newest row first"
    )
    assert days(table)[-1] == "2020-05-29"


def test_six_digits_that_are_no_date_are_refused(file):
    with pytest.raises(InputError, match="no date of six digits"):
        read_prices(file(table_of(["737792", "737793"])))


@pytest.mark.parametrize("origin", ["1970-01-01", "1960-01-01", "1904-01-01"])
def test_days_counted_from_elsewhere_are_refused(file, origin):
    written = (BUSINESS - pd.Timestamp(origin)).days
    with pytest.raises(InputError, match="counted from 1904, 1960 or 1970"):
        read_prices(file(table_of(written)))


@pytest.mark.parametrize("days_", [BUSINESS, pd.bdate_range("1950-01-02", periods=30)])
def test_days_as_excel_counts_them(file, days_):
    written = (days_ - pd.Timestamp("1899-12-30")).days
    assert (read(read_prices, file(table_of(written)), "as Excel counts").index == days_).all()


def test_midnights_elsewhere_are_warned_of(file):
    hong_kong = BUSINESS.tz_localize("Asia/Hong_Kong").tz_convert("UTC")
    seconds = hong_kong.as_unit("s").asi8
    read(read_prices, file(table_of(seconds)), "seconds since 1970", "from Sunday to Thursday")
    read(read_prices, file(table_of(hong_kong.strftime("%Y-%m-%dT%H:%M:%SZ"))), "from Sunday to Thursday")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["1/30/2020 4:00:00 PM", "1/31/2020 12:30 PM"], ["2020-01-30", "2020-01-31"]),
        (["1/30/2020 12:00:00 AM", "1/31/2020 12:00:00 AM"], ["2020-01-30", "2020-01-31"]),
        (["20200130 170000", "20200131 170000"], ["2020-01-30", "2020-01-31"]),
        (["20200130  00:00:00", "20200131  00:00:00"], ["2020-01-30", "2020-01-31"]),
        (["30.01.2020 00:00:00.000 GMT+0100", "31.01.2020 00:00:00.000 GMT+0100"], ["2020-01-30", "2020-01-31"]),
        (["2020-Jan-30", "2020-Jan-31"], ["2020-01-30", "2020-01-31"]),
        (["30 Jan '20", "31 Jan '20"], ["2020-01-30", "2020-01-31"]),
        (["30. Okt. 2020", "1. Dez. 2020"], ["2020-10-30", "2020-12-01"]),
        (["30 juin 2020", "1 août 2020"], ["2020-06-30", "2020-08-01"]),
        (["Q1 2020", "Q2 2020"], ["2020-03-31", "2020-06-30"]),
        (["43860.6875", "43861.6875"], ["2020-01-30", "2020-01-31"]),
        (["1580342400.0", "1580428800.0"], ["2020-01-30", "2020-01-31"]),
    ],
)
def test_more_ways_of_writing_days(file, written, expected):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = read_prices(file(table_of(written)))
    assert days(table) == expected
    assert (table.index == table.index.normalize()).all()


def test_years_of_two_digits_that_would_be_in_the_future(file):
    with pytest.raises(InputError, match="'12/31/65', which can be of 1965 or 2065"):
        read_prices(file(table_of(["12/31/65", "01/31/66"])))


@pytest.mark.parametrize("name", ["SET 50", "marraskuu 2020", "DAX", "MSCI World"])
def test_names_are_no_dates(name):
    assert not looks_like_a_date(name)
