"""The common volatility is the documented recursions."""

import numpy as np
import pytest
import textbook

from statefolio.kalman import volatility
from statefolio.kalman.blocks import pad_last
from statefolio.kalman.panel import new_filter
from statefolio.kalman.specification import CONSTANT, Specification
from statefolio.kalman.volatility import Common, common_levels, move_sizes, no_moments

GAUSSIAN = Specification(CONSTANT, scales=False, reverts=False, tails=np.inf, memory=1.0, discount=1.0)


@pytest.mark.parametrize("speeds", [1, 3])
def test_levels_are_the_recursions_of_capped_surprises(made, speeds):
    panel = made(2)
    Y = panel.Y.copy()
    Y[30] = np.nan
    Y[31] *= 20.0
    pilot = new_filter(GAUSSIAN, panel.state_variance, panel.level)
    found = common_levels(pilot, panel.X, pad_last(Y, np.nan), np.ones(speeds))
    squares = np.full(Y.shape, np.nan)
    for i in range(Y.shape[1]):
        path = textbook.run(textbook.Model(panel.state_variance[:, i], panel.level[i]), panel.X, Y[:, i])
        squares[:, i] = np.minimum(path.innovation**2 / path.innovation_variance, 9.0)
    for j, memory in enumerate((0.9, 0.5, 0.98)[:speeds]):
        level, expected = 1.0, [1.0]
        for row in squares:
            if np.isfinite(row).any():
                level = memory * level + (1.0 - memory) * np.nanmean(row)
            expected.append(level)
        np.testing.assert_allclose(found[:, j], expected, rtol=1e-10)


def test_levels_continue_to_the_last_bit(made):
    panel = made(2)
    Y = pad_last(panel.Y, np.nan)
    whole = common_levels(new_filter(GAUSSIAN, panel.state_variance, panel.level), panel.X, Y, np.ones(3))
    pilot = new_filter(GAUSSIAN, panel.state_variance, panel.level)
    first = common_levels(pilot, panel.X[:4], Y[:4], np.ones(3))
    second = common_levels(pilot, panel.X[4:], Y[4:], first[-1])
    np.testing.assert_array_equal(np.concatenate([first, second[1:]]), whole)


def slow_sizes(X, memory):
    """Mahalanobis sizes by a weighted sum over all dates before, with the ridge on the correlations."""
    sizes = np.ones(len(X))
    for t in range(60, len(X)):
        weights = memory ** np.arange(t - 1, -1, -1)
        C = (X[:t] * weights[:, None]).T @ X[:t] / weights.sum()
        scale = np.sqrt(np.diagonal(C))
        correlation = C / np.outer(scale, scale) + 1e-6 * np.eye(len(C))
        unit = X[t] / scale
        sizes[t] = min(unit @ np.linalg.inv(correlation) @ unit / len(C), 25.0)
    return sizes


def test_sizes_of_moves_are_distances_in_units_of_the_past(made):
    X = made(4).X.copy()
    X[100, 2] = 40.0
    found, _ = move_sizes(X, no_moments(4))
    np.testing.assert_allclose(found, slow_sizes(X, 0.5 ** (1 / 60)), rtol=1e-8)
    assert found[100] == 25.0
    assert (found[:60] == 1.0).all()


def test_sizes_average_one_and_do_not_depend_on_units():
    X = np.random.default_rng(3).standard_normal((6000, 5))
    found, _ = move_sizes(X, no_moments(5))
    assert found.mean() == pytest.approx(1.03, abs=0.03)
    np.testing.assert_allclose(move_sizes(X * [1e-4, 1.0, 1e3, 1.0, 2.0], no_moments(5))[0], found, rtol=1e-9)


def test_sizes_continue_to_the_last_bit(monkeypatch):
    X = np.random.default_rng(4).standard_normal((300, 3))
    whole, after = move_sizes(X, no_moments(3))
    monkeypatch.setattr(volatility, "_PIECE", 37)
    first, between = move_sizes(X[:111], no_moments(3))
    second, last = move_sizes(X[111:], between)
    np.testing.assert_array_equal(np.concatenate([first, second]), whole)
    np.testing.assert_array_equal(last.total, after.total)
    assert last[1:] == after[1:]


@pytest.mark.parametrize("trouble", ["collinear", "a factor that stands still", "a factor that begins to move"])
def test_sizes_of_awkward_regressors_are_finite_and_positive(trouble):
    X = np.random.default_rng(5).standard_normal((400, 3))
    if trouble == "collinear":
        X[:, 2] = X[:, 0] - X[:, 1]
    else:
        X[: 400 if "still" in trouble else 200, 2] = 0.0
    found, _ = move_sizes(X, no_moments(3))
    assert np.isfinite(found).all()
    assert ((found >= 0.0) & (found <= 25.0)).all()


def test_each_asset_with_its_own_regressors_has_no_size():
    assert (move_sizes(np.ones((80, 2, 64)), no_moments(2))[0] == 1.0).all()


def test_factor_of_a_usual_move_is_that_of_the_levels():
    common = Common(np.log([[2.0, 3.0], [1.0, 1.0]]), np.array([1.0, 3.0]))
    np.testing.assert_allclose(common.factor(np.array([1.0, 0.5]), 0.5), [2.0 * np.sqrt(3.0), 2.5 / 1.5], rtol=1e-14)
