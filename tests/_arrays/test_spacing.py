"""Tables of different frequencies are told apart, and nothing else is."""

import numpy as np
import pandas as pd
import pytest

from statefolio._arrays.spacing import check_frequencies, frequency_of, shared_periods, usual_step
from statefolio.exceptions import InputError

DAYS = pd.date_range("2020-01-01", periods=400)


@pytest.mark.parametrize(
    ("days", "name"),
    [(1, "daily"), (2, "daily"), (3, "weekly"), (7, "weekly"), (14, "weekly"), (15, "monthly"), (31, "monthly"),
     (52, "monthly"), (53, "quarterly"), (92, "quarterly"), (182, "quarterly"), (183, "yearly"), (366, "yearly")],
)  # fmt: skip
def test_a_frequency_is_the_nearest_one(days, name):
    dates = pd.date_range("1950-01-01", periods=9, freq=f"{days}D")
    assert frequency_of(dates) == name
    assert usual_step(dates) == days


def test_a_single_date_has_no_step():
    assert np.isnan(usual_step(DAYS[:1]))
    assert usual_step(DAYS[:2]) == 1.0
    assert usual_step(pd.DatetimeIndex(["2020-01-01", "2020-01-01 12:00"])) == 0.5


@pytest.mark.parametrize("swap", [False, True])
def test_a_third_of_the_dates_is_another_frequency_and_half_of_them_is_not(swap):
    check_frequencies(*(DAYS, DAYS[::2])[:: -1 if swap else 1])
    check_frequencies(*(DAYS[::7], DAYS[1::7])[:: -1 if swap else 1])
    names = ("weekly returns (134 dates) and daily factors (400", "daily returns (400 dates) and weekly factors (134")
    advice = ("Use factors of the dates of the returns", "Use returns of the dates of the factors")
    with pytest.raises(InputError, match="same frequency") as caught:
        check_frequencies(*(DAYS[::3], DAYS)[:: -1 if swap else 1])
    assert names[swap] in str(caught.value)
    assert advice[swap] in str(caught.value)


@pytest.mark.parametrize("swap", [False, True])
def test_six_dates_of_each_over_the_same_time_are_needed(swap):
    few, enough = DAYS[:30:7], DAYS[:36:7]
    assert (len(few), len(enough)) == (5, 6)
    check_frequencies(*(few, DAYS)[:: -1 if swap else 1])
    with pytest.raises(InputError, match="same frequency"):
        check_frequencies(*(enough, DAYS)[:: -1 if swap else 1])


@pytest.mark.parametrize("swap", [False, True])
def test_only_the_time_of_both_is_judged(swap):
    """Monthly dates before or after the daily ones are a longer history, not another frequency."""
    before = pd.date_range("1990-01-31", "2019-12-31", freq="ME")
    after = pd.date_range("2022-01-31", periods=360, freq="ME")
    for table in (before.append(DAYS), DAYS.append(after), before):
        check_frequencies(*(table, DAYS)[:: -1 if swap else 1])
    with pytest.raises(InputError, match=r"\(13 dates"):
        check_frequencies(DAYS, pd.date_range("1990-01-31", periods=600, freq="ME"))
    check_frequencies(*(DAYS[:0], DAYS)[:: -1 if swap else 1])


def test_periods_are_shared_by_tables_of_one_frequency_with_one_date_in_each():
    fridays, mondays = (pd.date_range("2020-01-06", periods=10, freq=f"W-{day}") for day in ("FRI", "MON"))
    weeks, others = shared_periods(fridays, mondays)
    assert weeks.equals(others)  # a week ends on Sunday
    sundays = pd.date_range("2020-01-06", periods=10, freq="W-SUN")
    assert shared_periods(fridays, sundays)[1].equals(weeks)
    assert len(shared_periods(fridays[:2], mondays[:3])[0]) == 2
    for table in (fridays[:1], DAYS, pd.date_range("2020-01-31", periods=10, freq="ME")):
        assert shared_periods(fridays, table) is None
        assert shared_periods(table, fridays) is None
    assert shared_periods(DAYS, DAYS) is None
    twice = fridays[:9].append(fridays[8:9] + pd.Timedelta(days=1))
    assert shared_periods(fridays, twice) is None
    assert shared_periods(twice, fridays) is None


@pytest.mark.parametrize("rule", ["ME", "QE", "YE"])
def test_months_quarters_and_years_match_whatever_their_day(rule):
    ends = pd.date_range("2000-01-01", periods=8, freq=rule)
    ours, theirs = shared_periods(ends, ends - pd.Timedelta(days=20))
    assert ours.equals(theirs)
    assert ours.end_time.normalize().equals(ends)
