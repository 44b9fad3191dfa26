"""The common volatility level is the documented recursion."""

import numpy as np
import textbook

from statefolio.kalman.blocks import pad_last
from statefolio.kalman.panel import new_filter
from statefolio.kalman.specification import CONSTANT, Specification
from statefolio.kalman.volatility import common_level

GAUSSIAN = Specification(CONSTANT, scales=False, reverts=False, tails=np.inf, memory=1.0, discount=1.0)


def test_level_is_the_recursion_of_capped_surprises(made):
    panel = made(2)
    Y = panel.Y.copy()
    Y[30] = np.nan
    Y[31] *= 20.0
    found, ahead = common_level(new_filter(GAUSSIAN, panel.state_variance, panel.level), panel.X, pad_last(Y, np.nan))
    squares = np.full(Y.shape, np.nan)
    for i in range(Y.shape[1]):
        path = textbook.run(textbook.Model(panel.state_variance[:, i], panel.level[i]), panel.X, Y[:, i])
        squares[:, i] = np.minimum(path.innovation**2 / path.innovation_variance, 9.0)
    level, expected = 1.0, []
    for row in squares:
        expected.append(level)
        if np.isfinite(row).any():
            level = 0.9 * level + 0.1 * np.nanmean(row)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert abs(ahead - level) < 1e-10 * level


def test_level_continues_to_the_last_bit(made):
    panel = made(2)
    Y = pad_last(panel.Y, np.nan)
    whole = common_level(new_filter(GAUSSIAN, panel.state_variance, panel.level), panel.X, Y)
    pilot = new_filter(GAUSSIAN, panel.state_variance, panel.level)
    first, ahead = common_level(pilot, panel.X[:4], Y[:4])
    second, last = common_level(pilot, panel.X[4:], Y[4:], ahead)
    np.testing.assert_array_equal(np.concatenate([first, second]), whole[0])
    assert last == whole[1]
