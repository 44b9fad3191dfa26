"""Tests of the windows of a round."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statefolio.challenge.rules.settings import WindowsTable
from statefolio.challenge.rules.windows import FEWEST_PUBLIC, FEWEST_SCORED, RoundWindows, make_windows
from statefolio.exceptions import InputError

DATES = pd.bdate_range("2015-01-01", periods=1_200)


@given(st.integers(600, 3_000), st.floats(0.05, 0.4), st.floats(0.05, 0.4), st.integers(0, 60))
def test_windows_are_in_order_with_the_whole_embargo_between(count, validation, final, embargo):
    dates = pd.bdate_range("2010-01-01", periods=count)
    table = WindowsTable(validation=validation, final=final, embargo=embargo)
    final_row = count - round(final * count)
    validation_row = final_row - embargo - round(validation * count)
    if min(count - final_row, final_row - embargo - validation_row) < 63 or validation_row - embargo < 315:
        with pytest.raises(InputError, match="at least"):
            make_windows(dates, table)
        return
    found = make_windows(dates, table)
    row = dates.get_loc
    public, first, last = found.public, found.validation, found.final
    assert row(public.last) + embargo + 1 == row(first.first)
    assert row(first.last) + embargo + 1 == row(last.first)
    assert last.last == dates[-1]
    assert row(public.tune_until) < row(public.first)
    assert first.tune_until == last.tune_until == public.last
    assert row(public.last) + 1 >= FEWEST_PUBLIC
    for window in (public, first, last):
        assert window.dates == row(window.last) - row(window.first) + 1 >= FEWEST_SCORED
    assert first.dates == round(validation * count)
    assert last.dates == round(final * count)


def test_windows_may_begin_on_dates():
    found = make_windows(DATES, WindowsTable(validation=dt.date(2018, 1, 1), final=dt.date(2019, 1, 5), embargo=5))
    assert found.validation.first == pd.Timestamp("2018-01-01")
    assert found.final.first == pd.Timestamp("2019-01-07")  # the first date of the data from then on
    assert len(DATES[(found.validation.last < DATES) & (found.final.first > DATES)]) == 5


@pytest.mark.parametrize(
    ("table", "part"),
    [
        ({"final": 0.01}, "windows.final must leave at least 63"),
        ({"validation": 0.01}, "windows.validation must leave at least 63"),
        ({"validation": 0.6}, "at least 315 public dates"),
        ({"final": dt.date(2030, 1, 1)}, "windows.final must be a date after 2015-01-01"),
        ({"final": dt.date(2015, 1, 1)}, "windows.final must be a date after 2015-01-01"),
        ({"validation": dt.date(2019, 1, 1), "final": dt.date(2018, 1, 1)}, "windows.validation must leave"),
        ({"embargo": 5_000}, "must leave"),
    ],
)
def test_windows_that_are_too_short_are_refused(table, part):
    with pytest.raises(InputError, match=part):
        make_windows(DATES, WindowsTable(**table))


def test_json_and_what_is_published():
    found = make_windows(DATES, WindowsTable())
    assert RoundWindows.of_json(found.to_json()) == found
    public = found.published()
    assert list(public.to_json()) == ["public"]
    with pytest.raises(InputError, match="Only the public ones"):
        public.of("validation")
    assert np.all([found.of(name).dates > 0 for name in ("public", "validation", "final")])
