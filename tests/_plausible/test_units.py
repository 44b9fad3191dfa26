"""Columns in percent and prices are told from returns in decimals by most of their values."""

import numpy as np
import pytest

from statefolio._plausible.units import count_units, judge_units


def column(count, large, size=0.21, negative=True):
    """`large` values of a size, the others 0.01; one is negative."""
    values = np.full(count, 0.01)
    values[:large] = size
    values[-1] *= -1.0 if negative else 1.0
    return values[:, None]


def kinds(values):
    priced, percent = judge_units(count_units(values, np.fmin.reduce(values, axis=0)))
    return ["price" if p else "percent" if q else "return" for p, q in zip(priced, percent, strict=True)]


@pytest.mark.parametrize("count", [10, 20, 101])
def test_more_than_half_of_the_values_decide(count):
    half = count // 2
    assert kinds(column(count, half)) == ["return"]
    assert kinds(column(count, half + 1)) == ["percent"]
    assert kinds(-column(count, half + 1)) == ["percent"]
    assert kinds(column(count, half + 1, size=0.19)) == ["return"]
    assert kinds(column(count, half + 1, size=0.51, negative=False)) == ["price"]
    assert kinds(column(count, half + 1, size=0.49, negative=False)) == ["percent"]
    assert kinds(column(count, half + 1, size=0.51)) == ["percent"]  # prices are never negative


def test_missing_values_do_not_count():
    values = column(30, 6, size=3.0)
    values[0], values[11:] = -3.0, np.nan
    assert kinds(values) == ["percent"]
    values[9] = np.nan
    assert kinds(values) == ["percent"]
    values[8] = np.nan
    assert kinds(values) == ["return"]  # nine known values are too few


def test_each_column_is_judged_alone():
    values = np.hstack([column(30, 20), column(30, 0), column(30, 20, size=5.0, negative=False)])
    assert kinds(values) == ["percent", "return", "price"]
    assert kinds(values[:, 1:2]) == ["return"]


def test_few_dates_are_judged_together():
    values = np.hstack([column(4, 3), column(4, 3), column(4, 1)])
    assert kinds(values) == ["percent"] * 3  # 7 of 12 values
    assert kinds(values[:, :2]) == ["return"] * 2  # of only 8
    assert kinds(np.hstack([column(5, 3), column(5, 3)])) == ["percent"] * 2  # of 10
    assert kinds(np.hstack([values[:, :2], column(4, 0)])) == ["return"] * 3  # 6 of 12
    nine = np.hstack([column(9, 9, negative=False), column(9, 0)])
    assert kinds(nine) == ["return"] * 2
    assert kinds(np.hstack([column(10, 10), column(10, 0)])) == ["percent", "return"]


def test_a_sample_of_long_tables_decides_but_one_negative_value_anywhere_is_no_price():
    values = column(1_000, 1_000, size=50.0, negative=False)
    assert kinds(values) == ["price"]
    values[776] = 0.0
    assert kinds(values) == ["price"]
    values[777] = -1.0
    assert kinds(values) == ["percent"]
    assert kinds(column(1_000, 400)) == ["return"]
    assert kinds(column(1_000, 600)) == ["percent"]
