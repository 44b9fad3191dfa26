"""Moves that look like splits, and returns that cannot be: the rules at their limits."""

import warnings

import numpy as np
import pandas as pd
import pytest

from statefolio._arrays.plausible import split_moves, warn_of_implausible_returns

USUAL = 0.01
"""Size of every usual move, so that 1.4826 times it is the usual move."""


def moves(count=60, **changed):
    """Log moves of one size, up and down, with others at rows named like at30."""
    values = USUAL * np.where(np.arange(count) % 2, -1.0, 1.0)
    for name, value in changed.items():
        values[int(name.removeprefix("at"))] = value
    return values[:, None]


def found(values):
    return np.flatnonzero(split_moves(values)[:, 0]).tolist()


@pytest.mark.parametrize("ratio", [1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50, 100])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_splits_within_three_percent(ratio, sign):
    for off, is_split in ((0.0, True), (0.028, True), (-0.028, True), (0.032, False), (-0.032, False)):
        assert found(moves(at30=sign * (np.log(ratio) + off))) == [30] * is_split
    assert not split_moves(np.zeros((0, 3))).any()


@pytest.mark.parametrize(("usual", "is_split"), [(0.055, True), (0.062, False)])
def test_a_split_exceeds_eight_times_the_usual_move(usual, is_split):
    values = moves() * usual / USUAL
    values[30] = np.log(2.0)  # 8 * 1.4826 * 0.0584
    assert found(values) == [30] * is_split


@pytest.mark.parametrize(("near", "is_split"), [(2.5, True), (2.7, False)])
def test_the_moves_around_a_split_are_as_usual(near, is_split):
    """At most 1.75 * 1.4826 = 2.59 times the usual size: five before and five after, and not those further away."""
    values = moves(at30=-np.log(2.0))
    values[25:30] *= near
    values[31:36] *= near
    assert found(values) == [30] * is_split
    assert found(moves(at0=0.3, at3=-np.log(2.0))) == []
    far = moves(at30=-np.log(2.0), at24=0.2, at36=-0.2)
    assert found(far) == [30]
    for row in (25, 29, 31, 35):
        assert found(moves(at30=-np.log(2.0), **{f"at{row}": 0.2})) == []


def test_a_move_that_is_undone_or_next_to_a_gap_is_no_split():
    up = np.log(2.0)
    assert found(moves(at30=up, at31=-up)) == []
    for row in (29, 31):
        assert found(moves(at30=up, **{f"at{row}": np.nan})) == []
    assert found(moves(at30=up, at28=np.nan, at32=np.nan)) == [30]
    assert found(moves(at1=np.nan, at2=up)) == []
    assert found(moves(at0=np.nan, at1=up)) == [1]  # no return is known of the first date


@pytest.mark.parametrize(("missing", "is_split"), [(6, True), (7, False)])
def test_four_moves_around_a_split_are_known(missing, is_split):
    values = moves(at30=np.log(3.0))
    values[[25, 26, 27, 28, 32, 33, 34][:missing]] = np.nan
    assert found(values) == [30] * is_split


@pytest.mark.parametrize("row", [0, 1, 2, 57, 58, 59])
def test_splits_at_the_ends_have_fewer_moves_around(row):
    assert found(moves(**{f"at{row}": np.log(4.0)})) == [row]
    assert found(moves(**{f"at{row}": np.log(4.0), f"at{row + 1 if row < 30 else row - 1}": 0.3})) == []


def test_a_price_that_never_moves_otherwise_has_no_usual_move():
    values = np.zeros((40, 1))
    values[20] = np.log(2.0)
    assert found(values) == []


def test_each_asset_has_its_own_splits():
    values = np.hstack([moves(), moves(at30=np.log(2.0)), moves(at20=-np.log(5.0), at40=np.log(2.0))])
    assert np.argwhere(split_moves(values)).tolist() == [[20, 2], [30, 1], [40, 2]]


def judge(values):
    dates = pd.bdate_range("2024-01-01", periods=len(values))
    columns = pd.Index(list("ABCDEF")[: values.shape[1]])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_implausible_returns("table", values, dates, columns)
    return [str(one.message) for one in caught]


def test_total_losses_and_codes_are_named():
    values = np.hstack([moves(), moves(at40=-1.0), moves(at3=-99.99, at5=-0.99, at6=-9999.0), moves(at3=-0.98)])
    (text,) = judge(values)
    assert text.startswith("table should be above -100 %, got 4 values")
    assert "(first: 'C' on 2024-01-04, -99.99; columns: 'B', 'C')" in text
    assert text.endswith("Set them to NaN, or correct them.")


@pytest.mark.parametrize("value", [-0.98, -0.995, 3.0, 500.0])
def test_large_moves_that_can_be_are_not_named(value):
    assert judge(moves(at7=value)) == []


@pytest.mark.parametrize(
    "code",
    [-0.99, -0.999, -0.9999, -9.99, -9.999, -99.0, -99.9, -99.99, -999.0, -999.99, -9999.0, 99.99, 999.0, 9999.0],
)
def test_every_code_is_named_alone(code):
    (text,) = judge(np.hstack([moves(), moves(at7=code)]))
    assert "got 1 values that are not, or are a vendor's code for a missing value" in text
    assert f"(first: 'B' on 2024-01-10, {code:g}" in text


def test_percent_is_said_once():
    values = 100.0 * moves(at3=-3.0)
    (text,) = judge(values)
    assert "percent, it seems" in text
    both = judge(np.hstack([values, moves(at4=-2.0)]))
    assert len(both) == 2
    assert "got 1 values that are not" in both[1]
    assert "'B' on 2024-01-05, -2; columns: 'B')" in both[1]
