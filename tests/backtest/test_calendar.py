import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.calendar import Drift, decision_dates
from statefolio.exceptions import InputError

DATES = pd.bdate_range("2019-12-30", "2020-03-10").delete([3, 24])


@pytest.mark.parametrize("kind", ["weekly", "monthly", "daily", 7, np.int64(1)])
def test_later_dates_do_not_matter(kind):
    calls = decision_dates(kind, DATES)
    assert calls[0]
    for count in range(1, len(DATES)):
        assert (decision_dates(kind, DATES[:count]) == calls[:count]).all()


def test_first_dates_of_weeks_and_months():
    monthly = DATES[decision_dates("monthly", DATES)]
    assert [f"{date:%m-%d}" for date in monthly] == ["12-30", "01-01", "02-03", "03-02"]
    weekly = DATES[decision_dates("weekly", DATES)]
    periods = DATES.to_period("W")
    assert list(weekly) == list(DATES[~periods.duplicated()])
    assert decision_dates(7, DATES).nonzero()[0].tolist() == list(range(0, len(DATES), 7))


def test_a_week_begins_on_monday():
    days = pd.date_range("2024-01-03", periods=60)
    decided = days[decision_dates("weekly", days)]
    assert decided[0] == days[0]
    assert set(decided[1:].day_name()) == {"Monday"}
    assert len(decided) == 9


@pytest.mark.parametrize("kind", ["yearly", 0, 2.5, True, None])
def test_other_calendars_are_rejected(kind):
    with pytest.raises(InputError, match="rebalance="):
        decision_dates(kind, DATES)


def test_drift_measures_gaps():
    held, wanted = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.4, 0.2])
    assert Drift(0.09).calls(held, wanted)
    assert not Drift(0.11).calls(held, wanted)
    assert not Drift(0.25).calls(np.array([0.75, 0.25]), np.array([0.5, 0.5]))  # a gap above the threshold decides
    assert not Drift(0.5, "sum").calls(np.array([0.75, 0.25]), np.array([0.5, 0.5]))
    assert Drift(0.19, "sum").calls(held, wanted)
    assert not Drift(0.21, "sum").calls(held, wanted)
    with pytest.raises(InputError, match="threshold"):
        Drift(-1.0)
    with pytest.raises(InputError, match="measure"):
        Drift(0.1, "mean")
