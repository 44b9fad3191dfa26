"""Validation of dates in files, and of DataFrames."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from statefolio.data.checks import checked_dates, checked_table
from statefolio.exceptions import InputError, StatefolioError

DATES = pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-05"])


def test_good_dates_come_back_named():
    assert checked_dates(DATES, "file.csv").equals(DATES)
    assert checked_dates(DATES, "file.csv").name == "date"


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (
            DATES.tz_localize("America/New_York"),
            "file.csv must have dates without a time zone, got .* America/New_York",
        ),
        (DATES[[0, 1, 1, 2]], "1 duplicate dates .first: 2020-01-02"),
        (DATES[[0, 2, 1]], "2020-01-02 comes after 2020-01-05"),
        (pd.DatetimeIndex(np.array(["0202-01-01", "2020-01-02"], "M8[s]")), "years 1600 to 2500, got 0202-01-01"),
        (pd.DatetimeIndex(np.array(["2020-01-01", "12020-01-02"], "M8[s]")), "got 12020-01-02"),
        (DATES[:2].append(pd.DatetimeIndex([None])), "1 rows without a date"),
    ],
)
def test_bad_dates(dates, message):
    with pytest.raises(InputError, match=message):
        checked_dates(dates, "file.csv")


@pytest.mark.parametrize("kind", [pl.Date, pl.Datetime])
def test_polars_frames_come_back_as_pandas(kind):
    frame = pl.DataFrame({"A": [1, None, 3], "date": list(DATES)}).with_columns(pl.col("date").cast(kind))
    table = checked_table(frame, "returns")
    expected = pd.DataFrame({"A": [1.0, np.nan, 3.0]}, index=DATES.rename("date"))
    pd.testing.assert_frame_equal(table, expected, check_index_type=False, check_freq=False)


@pytest.mark.parametrize(
    "table",
    [
        np.ones((3, 2)),
        pd.DataFrame(np.ones((3, 2))),
        pd.DataFrame(index=DATES),
        pd.DataFrame({"A": []}, index=DATES[:0]),
        pd.DataFrame(np.ones((3, 2)), DATES, ["A", "A"]),
        pd.DataFrame({"A": [1, "x", 2]}, DATES, dtype=object),
        pd.DataFrame({"A": [1, np.inf, 2]}, DATES),
        pd.DataFrame({"A": [1.0, 2.0, 3.0]}, DATES[::-1]),
    ],
)
def test_bad_tables_are_named_in_the_error(table):
    with pytest.raises(StatefolioError, match=r"^returns "):
        checked_table(table, "returns")
