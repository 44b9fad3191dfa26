"""Only real numbers become floats."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from statefolio._arrays.numbers import to_floats

ODD = [
    *(True, np.bool_(False), "1", b"1", 1j, [1], 10**400),
    *(pd.Timestamp("2020-01-01"), dt.date(2020, 1, 1), np.datetime64("2020-01-01"), pd.Timedelta("1D")),
    *(np.timedelta64(3, "D"), pd.NaT),
]


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_what_is_no_real_number_is_refused(value):
    for given in (pd.Series([1.0, value], dtype=object), pd.Series([value] * 2)):
        with pytest.raises(TypeError, match="got"):
            to_floats(given)


def test_numbers_of_every_kind():
    for given in ([1, 2], np.array([1, 2], np.uint8), pd.Series([1, 2.0], dtype=object), pd.array([1, 2])):
        np.testing.assert_array_equal(to_floats(pd.Series(given)), [1.0, 2.0])
    found = to_floats(pd.Series([1, None, pd.NA, np.nan, -np.inf, np.float32(2)], dtype=object))
    np.testing.assert_array_equal(found, [1.0, np.nan, np.nan, np.nan, -np.inf, 2.0])
    assert to_floats(3).shape == ()
