"""Tables side by side in one file, each with its own dates."""

import numpy as np
import pandas as pd
import pytest
from written_files import days, read, workbook

from statefolio.data import read_prices
from statefolio.exceptions import InputError

DAYS = ["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"]
TABLE = {"AAA US": [1.5, 1.6, np.nan, np.nan], "BBB US": [2.5, np.nan, 2.6, 2.7]}
ROWS = "2020-01-02,1.5,2020-01-02,2.5\n2020-01-03,1.6,2020-01-06,2.6\n,,2020-01-07,2.7\n"


@pytest.mark.parametrize(
    "text",
    [
        "AAA US,,BBB US,\nDate,PX_LAST,Date,PX_LAST\n" + ROWS,
        ",AAA US,,BBB US\nDate,PX_LAST,Date,PX_LAST\n" + ROWS,
        "AAA US,AAA US,BBB US,BBB US\nDate,PX_LAST,Date,PX_LAST\n" + ROWS,
        "Date,AAA US,Date,BBB US\n" + ROWS,
        "Date,AAA US,Date.1,BBB US\n" + ROWS,
        "Date,AAA US,Date,BBB US\n" + ROWS.replace(",,", "#N/A N/A,#N/A N/A,"),
        "Date;AAA US;;Date;BBB US\n02.01.2020;1,5;;02.01.2020;2,5\n03.01.2020;1,6;;06.01.2020;2,6\n;;;07.01.2020;2,7\n",
        "Date,AAA US,Date,BBB US\n43832,1.5,43832,2.5\n43833,1.6,43836,2.6\n,,43837,2.7\n",
        "Date,AAA US,Date,BBB US\n2020-01-03,1.6,2020-01-07,2.7\n2020-01-02,1.5,2020-01-06,2.6\n,,2020-01-02,2.5\n",
        "AAA US,,,BBB US,,\nDate,PX_LAST,PX_VOLUME,Date,PX_LAST,PX_VOLUME\n"
        "2020-01-02,1.5,9,2020-01-02,2.5,9\n2020-01-03,1.6,9,2020-01-06,2.6,9\n,,,2020-01-07,2.7,9\n",
    ],
)
def test_blocks_are_joined_by_date(file, text):
    said = ["2 tables side by side", "decimal comma", "as Excel counts", "'PX_LAST' was taken"]
    fits = [True, ";" in text, "43832" in text, "VOLUME" in text]
    table = read(read_prices, file(text), *[word for word, needed in zip(said, fits, strict=True) if needed])
    assert days(table) == DAYS
    pd.testing.assert_frame_equal(table, pd.DataFrame(TABLE, table.index), check_names=False)


def test_day_and_month_are_judged_on_the_dates_of_all_blocks(file):
    text = "Date,AAA,Date,BBB\n02/01/2020,1,30/01/2020,2\n03/01/2020,3,31/01/2020,4\n"
    table = read(read_prices, file(text), "side by side", "day/month/year")
    assert days(table) == ["2020-01-02", "2020-01-03", "2020-01-30", "2020-01-31"]


def test_a_workbook_of_two_blocks(tmp_path):
    day = pd.Timestamp("2020-01-02").to_pydatetime()
    rows = [["AAA", None, None, "BBB", None], ["Date", "PX_LAST", None, "Date", "PX_LAST"], [day, 1.5, None, day, 2.5]]
    path = workbook(tmp_path / "two.xlsx", {"Data": [*rows, [None, None, None, day + pd.Timedelta("1D"), 2.6]]})
    table = read(read_prices, path, "2 tables side by side")
    assert table.iloc[0].to_dict() == {"AAA": 1.5, "BBB": 2.5}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Date,A,Date,B\n2020-01-02,1,2020-01-02,2\n2020-01-03,3,,4\n", "date beside each value, got '4'"),
        ("Date,A,Date,B\n2020-01-02,1,2020-01-02,2\n2020-01-02,3,2020-01-03,4\n", "each date of A once"),
        ("Date,A,Date\n2020-01-02,1,2020-01-02\n2020-01-03,3,2020-01-03\n", "side by side"),
        ("Date,A,Date,\n2020-01-02,1,2020-01-02,2\n2020-01-03,3,2020-01-03,4\n", "a name over each of its tables"),
        ("Date,A,Date,A\n2020-01-02,1,2020-01-02,2\n2020-01-03,3,2020-01-03,4\n", "each name once"),
    ],
)
def test_blocks_that_cannot_be_joined_are_refused(file, text, reason):
    with pytest.raises(InputError, match=reason):
        read(read_prices, file(text), "side by side", "were left out")
