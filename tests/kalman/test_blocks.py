"""Counting of observations, which reads no further than it must."""

import numpy as np

from statefolio.kalman.blocks import count_observed


def test_observations_are_counted_until_there_are_enough():
    rng = np.random.default_rng(0)
    Y = np.where(rng.random((100, 9)) < 0.5, np.nan, 1.0)
    Y[:, 0], Y[:, 1], Y[:97, 2] = np.nan, 1.0, np.nan
    every = np.count_nonzero(~np.isnan(Y), axis=0)
    np.testing.assert_array_equal(count_observed(Y, every + 1), every)
    enough = np.arange(9)
    found = count_observed(Y, enough)
    np.testing.assert_array_equal(found[every < enough], every[every < enough])
    assert (found >= np.minimum(every, enough)).all()
    assert found[0] == 0
    assert found[1] < 100


def test_columns_that_are_not_asked_for_count_nothing():
    Y = np.ones((40, 3))
    np.testing.assert_array_equal(count_observed(Y, np.array([True, False, True])) > 0, [True, False, True])
