from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statefolio.backtest.validation.windows import Windows, combinatorial_windows
from statefolio.exceptions import InputError

DATES = pd.bdate_range("2010-01-04", periods=605)


def test_five_expanding_windows_and_21_days_by_default():
    found = Windows().split(DATES)
    assert [len(w.test) for w in found] == [100] * 5
    assert [len(w.train) for w in found] == [84, 184, 284, 384, 484]
    assert found[0].test[0] == DATES[105]
    assert found[-1].test[-1] == DATES[-1]
    assert all(w.train[0] == DATES[0] for w in found)


def test_rolling_windows_are_equally_long():
    found = Windows("rolling", purge=4, embargo=10).split(DATES)
    assert {len(w.train) for w in found} == {105 - 14}
    assert found[2].train[0] == found[2].test[0] - pd.offsets.BDay(105)


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(["expanding", "rolling"]), st.integers(1, 9), st.integers(0, 9), st.integers(0, 9), st.integers()
)
def test_no_test_is_near_its_training(kind, count, purge, embargo, more):
    dates = DATES[: (count + 1) * (purge + embargo + 20) + more % 97]
    found = Windows(kind, count, purge, embargo).split(dates)
    tested = np.concatenate([dates.get_indexer(w.test) for w in found])
    assert (np.diff(tested) == 1).all()
    assert tested[-1] == len(dates) - 1
    for w in found:
        assert dates.get_loc(w.test[0]) - dates.get_loc(w.train[-1]) == purge + embargo + 1


def test_combinations_purged_by_hand():
    dates, purge, embargo = DATES[:103], 2, 3
    folds = [list(range(k * 20, (k + 1) * 20)) for k in range(5)]
    folds[-1] += [100, 101, 102]
    found = combinatorial_windows(dates, 5, 2, purge, embargo)
    assert len(found) == 10
    for window, chosen in zip(found, combinations(range(5), 2), strict=True):
        tested = {t for k in chosen for t in folds[k]}
        assert [list(dates.get_indexer(test)) for test in window.tests] == [folds[k] for k in chosen]
        train = [
            t
            for t in range(103)
            if t not in tested
            and not any(t + d in tested for d in range(1, purge + 1))
            and not any(t - d in tested for d in range(1, purge + embargo + 1))
        ]
        assert list(dates.get_indexer(window.train)) == train


def test_every_path_has_every_date_once():
    found = combinatorial_windows(DATES, 6, 2)
    paths = {}
    for window in found:
        for path, test in zip(window.paths, window.tests, strict=True):
            paths.setdefault(path, []).extend(test)
    assert sorted(paths) == [0, 1, 2, 3, 4]
    assert all(sorted(path) == list(DATES) for path in paths.values())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Windows("sliding").split(DATES), "kind must be 'expanding' or 'rolling', got 'sliding'"),
        (lambda: Windows(count=0).split(DATES), "count must be a whole number of at least 1, got 0"),
        (lambda: Windows().split(DATES[:50]), "at least 198 for 5 windows with 21 dates of purge and embargo, got 50"),
        (lambda: Windows().split(DATES[::-1]), "increasing DatetimeIndex"),
        (lambda: combinatorial_windows(DATES, 5, 5), "must be below folds=5, got 5"),
        (lambda: combinatorial_windows(DATES[:100], 10, 2), "must be shorter than a fold"),
    ],
)
def test_bad_input_is_rejected(make, words):
    with pytest.raises(InputError, match=words):
        make()


@pytest.mark.parametrize(
    ("count", "embargo", "numbers"),
    [
        (500, 0, "got 1000: the first window would be trained on 500 dates and tested on 1,"),
        (36, 21, "got 1000: the first window would be trained on 7 dates and tested on 27,"),
    ],
)
def test_windows_with_few_dates_are_refused_with_the_numbers(count, embargo, numbers):
    with pytest.raises(InputError, match=numbers):
        Windows(count=count, embargo=embargo).split(pd.bdate_range("2015-01-01", periods=1000))
