"""The number of dates per year follows from the spacing of the dates."""

import pandas as pd
import pytest

import statefolio as sf
from statefolio._arrays.frequency import count_per_year, infer_periods_per_year
from statefolio.exceptions import StatefolioWarning

REGULAR = {
    "business days": ("B", 600, 252.0),
    "two business days": ("B", 2, 252.0),
    "calendar days": ("D", 600, 365.0),
    "one week of calendar days": ("D", 7, 365.0),
    "Fridays": ("W-FRI", 100, 52.0),
    "three Fridays": ("W-FRI", 3, 52.0),
    "month ends": ("ME", 120, 12.0),
    "business month ends": ("BME", 120, 12.0),
    "first of the month": ("MS", 24, 12.0),
    "two months": ("ME", 2, 12.0),
    "quarters": ("QE", 40, 4.0),
    "years": ("YE", 30, 1.0),
}


@pytest.mark.parametrize("kind", REGULAR)
def test_regular_dates(kind):
    rule, count, expected = REGULAR[kind]
    assert infer_periods_per_year(pd.date_range("2010-01-29", periods=count, freq=rule)) == expected


def test_dates_of_an_exchange():
    dates = sf.load_demo().returns.index
    assert infer_periods_per_year(dates) == 252.0
    assert all(
        infer_periods_per_year(dates[i : i + n]) == 252.0 for i in range(0, 2000, 13) for n in (1, 2, 3, 5, 6, 40)
    )


def test_a_market_that_opens_on_sundays_has_business_days():
    dates = pd.date_range("2020-01-01", periods=700)
    assert infer_periods_per_year(dates[~dates.day_of_week.isin([4, 5])]) == 252.0
    assert infer_periods_per_year(dates[dates.day_of_week != 5]) == 252.0
    assert infer_periods_per_year(dates[dates.day_of_week != 6]) == 252.0


@pytest.mark.parametrize(
    ("dates", "taken"),
    [
        (pd.bdate_range("2020-01-01", periods=300)[::2], 130.9),
        (pd.date_range("2020-01-01", periods=100, freq="2h"), 4383.0),
        (pd.date_range("2020-01-01", periods=20, freq="6ME"), 2.0),
    ],
)
def test_other_spacings_warn_and_are_counted(dates, taken):
    with pytest.warns(StatefolioWarning, match="periods_per_year must be given for irregular dates"):
        assert infer_periods_per_year(dates) == pytest.approx(taken, rel=0.01)


def test_daily_dates_with_a_long_hole_warn():
    dates = pd.bdate_range("2010-01-01", periods=2000)
    with pytest.warns(StatefolioWarning, match="252 per year is used"):
        assert infer_periods_per_year(dates[:500].append(dates[-100:])) == 252.0


@pytest.mark.parametrize("days", [2, 3, 4, 10, 15, 20, 40, 60, 80, 100, 180, 340, 380, 700])
def test_a_spacing_between_the_usual_ones_is_counted(days):
    dates = pd.date_range("1900-01-01", periods=60, freq=f"{days}D")
    with pytest.warns(StatefolioWarning, match=f"with a median of {days} days between them"):
        assert infer_periods_per_year(dates) == pytest.approx(365.25 / days)
    assert count_per_year(dates) == pytest.approx(365.25 / days)


@pytest.mark.parametrize(
    "given", [["2024-01-01 09:00", "2024-01-01 10:00"], ["2024-01-01", "2024-01-02", "2024-02-05"]]
)
def test_few_dates_are_days_only_where_they_are_days_apart(given):
    with pytest.warns(StatefolioWarning, match="irregular dates"):
        assert infer_periods_per_year(pd.DatetimeIndex(given)) != 252.0


@pytest.mark.parametrize(("count", "hole", "warns"), [(30, 22, True), (30, 10, False), (31, 22, True), (29, 22, False)])
def test_days_missing_from_thirty_dates_on_are_counted(count, hole, warns):
    dates = pd.bdate_range("2024-01-01", periods=count + hole)
    kept = dates[: count // 2].append(dates[count // 2 + hole :])
    if warns:
        with pytest.warns(StatefolioWarning, match="252 per year is used"):
            infer_periods_per_year(kept)
    assert count_per_year(kept) == 252.0
    if not warns:
        assert infer_periods_per_year(kept) == 252.0
