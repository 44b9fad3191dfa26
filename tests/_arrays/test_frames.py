"""Tables become arrays of dates side by side, on one thread or several."""

import numpy as np
import pytest

from statefolio._arrays import frames


@pytest.mark.parametrize("small", [0, 10**9])
@pytest.mark.parametrize("shape", [(5, 600), (1, 600), (5, 3), (5, 0)])
def test_copies_are_equal_and_padded_on_one_thread_and_on_several(monkeypatch, small, shape):
    monkeypatch.setattr(frames, "_SMALL", small)
    values = np.asfortranarray(np.random.default_rng(0).standard_normal(shape))
    found = frames._copied(values, 64)
    assert found.flags.c_contiguous
    assert found.shape == (shape[0], -(-shape[1] // 64) * 64)
    np.testing.assert_array_equal(found[:, : shape[1]], values)
    assert np.isnan(found[:, shape[1] :]).all()
