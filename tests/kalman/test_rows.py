"""A view of rows of lanes reads and writes what NumPy would."""

from typing import NamedTuple

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.rows import columns, copy, fill, prefetch, rows, stream

compiled = njit(error_model="numpy")  # kept nowhere: the functions of the library go into it


class _Record(NamedTuple):
    level: np.ndarray  # (W,)
    P: np.ndarray  # (2, 3, W)
    flag: np.ndarray
    number: float


@compiled
def _read_and_write(record):
    view = rows(record)
    view.level[:] += view.P[1, 2]
    view.level[:] *= record.number
    for i in range(len(view.P)):
        view.P[i, 0] = view.P[i, 1] - view.P[i, 2]
        view.P[i, 1] -= 1.0
    view.P[1, 2, 5] = view.P[0, 2, 6] if view.flag[0] else 0.0


def test_views_of_a_record_read_and_write_its_arrays():
    rng = np.random.default_rng(0)
    record = _Record(rng.normal(size=WIDTH), rng.normal(size=(2, 3, WIDTH)), np.array([True]), 3.0)
    level, P = record.level.copy(), record.P.copy()
    _read_and_write(record)
    np.testing.assert_array_equal(record.level, (level + P[1, 2]) * 3.0)
    P[:, 0], P[:, 1] = P[:, 1] - P[:, 2], P[:, 1] - 1.0
    P[1, 2, 5] = P[0, 2, 6]
    np.testing.assert_array_equal(record.P, P)


@compiled
def _move_columns(source, first, target, total):
    there = columns(source, first)
    prefetch(there, len(there) + 5)
    copy(there, rows(target))
    for t in range(len(there)):
        total += there[t, 3]
        there[t] = 0.0
    stream(rows(target), 1, rows(target)[0])
    return total


def test_columns_are_a_block_of_a_wider_array():
    source = np.random.default_rng(1).normal(size=(4, 3 * WIDTH))
    before = source.copy()
    memory = np.empty(4 * WIDTH + 8)
    first = -memory.ctypes.data % 64 // 8
    target = memory[first : first + 4 * WIDTH].reshape(4, WIDTH)  # streamed to, so it begins on a cache line
    total = _move_columns(source, WIDTH, target, 0.0)
    assert total == pytest.approx(before[:, WIDTH + 3].sum())
    np.testing.assert_array_equal(target[[0, 2, 3]], before[[0, 2, 3], WIDTH : 2 * WIDTH])
    np.testing.assert_array_equal(target[1], target[0])
    np.testing.assert_array_equal(source[:, WIDTH : 2 * WIDTH], 0.0)
    np.testing.assert_array_equal(source[:, :WIDTH], before[:, :WIDTH])
    np.testing.assert_array_equal(source[:, 2 * WIDTH :], before[:, 2 * WIDTH :])


@compiled
def _filled(array):
    fill(rows(array), 2)


def test_only_contiguous_floats_are_viewed():
    array = np.zeros((3, WIDTH))
    _filled(array)
    np.testing.assert_array_equal(array, 2.0)
    for wrong in (np.zeros((3, WIDTH), dtype=int), np.zeros((3, 2 * WIDTH))[:, ::2]):
        with pytest.raises(TypingError, match="C-contiguous float64"):
            _filled(wrong)
