import numpy as np
import pandas as pd
import pytest

from statefolio.adapters.frames import dated_frames, observations_of
from statefolio.exceptions import DataTypeError, InputError


def test_frames_with_dates_stay_as_they_are(returns, factors):
    X, F = dated_frames(returns, factors)
    assert X is returns
    assert F is factors


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_days_of_a_time_zone_are_the_local_ones(returns, factors, zone):
    X, F = dated_frames(returns.tz_localize(zone), factors)
    pd.testing.assert_frame_equal(X, returns, check_freq=False)
    assert F is factors
    X, F = dated_frames(returns.to_numpy(), factors.tz_localize(zone))
    assert X.index.equals(factors.index)
    assert F.index.equals(factors.index)


def test_arrays_get_names_and_days_that_go_on(returns, factors):
    first, rows = dated_frames(returns.to_numpy()[:100], factors.to_numpy()[:100])
    second, _ = dated_frames(returns.to_numpy()[100:], factors.to_numpy()[100:], seen=100)
    assert list(first.columns[:2]) == ["x0", "x1"]
    assert list(rows.columns) == ["x0", "x1"]
    whole, _ = dated_frames(returns.to_numpy(), factors.to_numpy())
    pd.testing.assert_frame_equal(pd.concat([first, second]), whole, check_freq=False)
    assert (whole.index[1:] > whole.index[:-1]).all()


@pytest.mark.parametrize("without", ["X", "factors"])
def test_rows_without_dates_take_those_of_the_other(returns, factors, without):
    X = returns.to_numpy() if without == "X" else returns
    F = factors.reset_index(drop=True) if without == "factors" else factors
    X, F = dated_frames(X, F)
    assert X.index.equals(returns.index)
    assert F.index.equals(factors.index)


def test_names_that_are_no_text_are_replaced(returns, factors):
    X, _ = dated_frames(returns.set_axis(range(returns.shape[1]), axis=1), factors)
    assert list(X.columns) == [f"x{i}" for i in range(returns.shape[1])]


def test_other_numbers_of_rows_are_refused(returns, factors):
    with pytest.raises(InputError, match="259 rows and X has 260"):
        dated_frames(returns, factors.to_numpy()[1:])


def test_a_vector_is_refused(factors):
    with pytest.raises(InputError, match="got 1 dimensions"):
        dated_frames(np.zeros(len(factors)), factors)


def test_text_is_refused(factors):
    with pytest.raises(DataTypeError, match="must hold numbers"):
        dated_frames(np.full((len(factors), 2), "one"), factors)


def test_observations_are_the_frames_own(returns, factors):
    assert (observations_of(returns.to_numpy(), factors) == factors.index).all()
    assert observations_of(returns.to_numpy(), factors.to_numpy(), seen=3)[0] == 3
