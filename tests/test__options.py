import numpy as np
import pytest

from statefolio._options import is_number, is_whole


@pytest.mark.parametrize("value", [0, -3, np.int64(7), np.uint8(1)])
def test_whole_numbers_are_whole_and_numbers(value):
    assert is_whole(value)
    assert is_number(value)


@pytest.mark.parametrize("value", [0.5, np.float32(1.0), np.nan, np.inf])
def test_reals_are_numbers_and_not_whole(value):
    assert is_number(value)
    assert not is_whole(value)


@pytest.mark.parametrize("value", [True, np.True_, None, "1", [1], np.array(1.0), 1j])
def test_what_only_looks_like_a_number_is_none(value):
    assert not is_whole(value)
    assert not is_number(value)
