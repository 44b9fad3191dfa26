import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
from statefolio.factors.releases import read_releases

DATES = pd.date_range("2020-01-31", periods=4, freq="ME")
FRAME = pd.DataFrame({"cpi": [1.0, np.nan, 3.0, 4.0], "gdp": [5.0, 6.0, 7.0, np.nan]}, DATES)


def test_a_frame_becomes_releases_by_publication():
    explicit = pd.Series(pd.to_datetime(["2020-03-01", "2020-03-02", "2020-06-01"]), DATES[:3])
    table = read_releases(FRAME, {"cpi": pd.offsets.BDay(10), "gdp": explicit})
    assert table["published"].is_monotonic_increasing
    cpi = table[table["series"] == "cpi"]
    assert list(cpi["reference_date"]) == list(DATES[[0, 2, 3]])
    assert list(cpi["published"]) == list(pd.to_datetime(["2020-02-14", "2020-04-14", "2020-05-14"]))
    assert list(table[table["series"] == "gdp"]["published"]) == list(explicit)
    assert list(table["value"]) == [1.0, 5.0, 6.0, 3.0, 4.0, 7.0]


@pytest.mark.parametrize(
    ("lag", "error", "message"),
    [
        (-1, InputError, "lag of 'cpi' must be 0 or more, got .* publishes before the reference date"),
        ("a month", DataTypeError, "lag of 'cpi' must be days, .* got 'a month'"),
        ({"cpi": 1}, UnknownNameError, "lag must name .* got 'cpi'"),
        ({"cpi": 1, "gdp": 1, "oil": 1}, UnknownNameError, "lag must name .* got 'cpi', 'gdp', 'oil'"),
        (
            pd.Series(DATES[:1], DATES[:1]),
            InputError,
            "'cpi' must have .* got 2 reference dates without a release date",
        ),
    ],
)
def test_lags_that_cannot_be_are_refused(lag, error, message):
    with pytest.raises(error, match=message):
        read_releases(FRAME, lag)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"value": [1.0, np.nan]}, InputError, "2 rows, 1 of them with missing"),
        ({"value": [1.0, np.inf]}, InputError, "2 rows, 1 of them with missing"),
        ({"value": ["1", "2"]}, DataTypeError, "'value' must be"),
        ({"published": [DATES[1], pd.NaT]}, InputError, "1 of them with missing"),
        ({"published": ["never", "soon"]}, DataTypeError, "'published' must be"),
        (
            {"reference_date": DATES[[0, 0]], "published": DATES[[1, 1]]},
            InputError,
            "1 repeated releases .first: 'cpi'",
        ),
        ({"published": DATES[:2].tz_localize("UTC")}, InputError, "time zone"),
    ],
)
def test_vintages_that_cannot_be_are_refused(change, error, message):
    good = {"series": "cpi", "reference_date": DATES[:2], "published": DATES[1:3], "value": [1.0, 2.0]}
    assert len(read_releases(pd.DataFrame(good))) == 2
    with pytest.raises(error, match=message):
        read_releases(pd.DataFrame(good | change))


def test_a_lag_with_vintages_and_a_series_without_values_are_refused():
    good = {"series": "cpi", "reference_date": DATES[:2], "published": DATES[1:3], "value": [1.0, 2.0]}
    with pytest.raises(InputError, match="must be 0 for a table of vintages"):
        read_releases(pd.DataFrame(good), lag=3)
    with pytest.raises(InputError, match="'cpi' must have values, got none"):
        read_releases(FRAME.assign(cpi=np.nan))


@pytest.mark.parametrize(
    "dates",
    [
        lambda months: pd.Series(30, months),
        lambda months: pd.Series("soon", months),
        lambda months: pd.Series(months.tz_localize("UTC"), months),
        lambda months: pd.Series([*months, *months], months.append(months)),
    ],
)
def test_a_series_of_lags_must_hold_release_dates_each_once(dates):
    months = pd.date_range("2000-01-31", periods=12, freq="ME")
    with pytest.raises(DataTypeError, match="release dates"):
        read_releases(pd.DataFrame({"cpi": 1.0}, months), dates(months))


@pytest.mark.parametrize("lag", [pd.NaT, 10**9])
def test_a_lag_that_gives_no_date_is_refused(lag):
    months = pd.date_range("2000-01-31", periods=12, freq="ME")
    with pytest.raises(DataTypeError, match="lag of 'cpi'"):
        read_releases(pd.DataFrame({"cpi": 1.0}, months), lag)
