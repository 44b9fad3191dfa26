"""Searches within bounds: at the maximum inside them, exactly at a bound, and free to leave one again."""

import numpy as np
import pytest
from scipy.optimize import minimize

from statefolio.kalman.quasi_newton import CONVERGED, RUNNING, above_zero, advance, new_quasi_newton


def maximise(function, start, bounds, curvature=None):
    """Return the end point, the reason and all points tried."""
    search = new_quasi_newton(np.array(start, dtype=float), curvature)
    reason, tried = RUNNING, []
    while reason == RUNNING:
        tried.append(search.trial.copy())
        reason = advance(bounds, 1e-12, search, *function(search.trial))
    return search.theta, reason, np.array(tried)


def quadratic(centre, H):
    return lambda x: (float(-0.5 * (x - centre) @ H @ (x - centre)), -H @ (x - centre))


@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_a_bound_reached_on_the_way_is_left_again(mirror):
    bounds = np.sort(mirror * np.array([[-3.0], [1.5]]), axis=0)
    found, reason, tried = maximise(quadratic(np.array([mirror]), np.eye(1)), [0.0], bounds, curvature=0.4 * np.eye(1))
    assert tried[1] == 1.5 * mirror  # better than the start, and beyond the maximum
    assert reason == CONVERGED
    assert found == pytest.approx(mirror, abs=1e-5)


@pytest.mark.parametrize("seed", range(8))
def test_maximum_within_a_box_is_the_one_that_scipy_finds(seed):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((4, 4))
    function = quadratic(2.0 * rng.standard_normal(4), A @ A.T + 0.5 * np.eye(4))
    bounds = np.array([[-1.0, 0.0, -np.inf, -0.5], [1.0, np.inf, 0.3, 0.5]])
    found, reason, tried = maximise(function, np.zeros(4), bounds)
    assert reason == CONVERGED
    assert (tried >= bounds[0]).all()
    assert (tried <= bounds[1]).all()
    peer = minimize(lambda x: tuple(-part for part in function(x)), np.zeros(4), jac=True, bounds=bounds.T)
    np.testing.assert_allclose(found, peer.x, atol=1e-4)
    at_bound = np.isclose(peer.x, bounds[0]) | np.isclose(peer.x, bounds[1])
    assert at_bound.any()
    np.testing.assert_array_equal(found[at_bound], peer.x[at_bound])  # reached exactly


def test_only_marked_coordinates_are_kept_above_zero():
    function = quadratic(np.array([-1.0, -2.0]), np.eye(2))
    found, _, _ = maximise(function, [1.0, 1.0], above_zero(np.array([True, False])))
    assert found[0] == 0.0
    assert found[1] == pytest.approx(-2.0, abs=1e-5)
