"""Fisher scoring of simulated baskets against differences, and against the quasi-Newton searches of one basket."""

import numpy as np
import pytest

from statefolio.kalman.lanes import WIDTH
from statefolio.pairs.design import design
from statefolio.pairs.hedges.engine import filter_of, run, run_many
from statefolio.pairs.hedges.information import new_lanes, score
from statefolio.pairs.hedges.maximum_likelihood import maximise_all
from statefolio.pairs.hedges.scoring import approximate_maxima
from statefolio.pairs.model import HedgeModel


def _walks(assets: int, baskets: int = 5, dates: int = 150) -> tuple[np.ndarray, np.ndarray]:
    """Return regressors and observations of baskets of random walks, on dates with gaps."""
    rng = np.random.default_rng(3)
    prices = 100.0 + rng.standard_normal((baskets, dates, assets)).cumsum(axis=1)
    prices[:, [0, 1, 40, 41]] = np.nan
    designs = [design(each) for each in prices]
    return np.ascontiguousarray(np.stack([x for x, _ in designs], axis=2)), np.column_stack([y for _, y in designs])


@pytest.mark.parametrize(("assets", "reverts"), [(2, True), (2, False), (3, True)])
def test_gradient_and_information_are_those_of_differences(assets: int, reverts: bool) -> None:
    rng, size, dates = np.random.default_rng(0), 1 + assets + 2 * reverts, 40
    lanes = new_lanes(dates, assets, reverts)
    lanes.x[:] = 1.0 + 0.3 * rng.standard_normal((dates, assets - 1, 1))
    lanes.y[:, : 2 * size + 1] = rng.standard_normal((dates, 1))
    lanes.y[7] = np.nan
    point = np.array([0.5, 0.2, *[0.1] * (assets - 1), *[0.8, 0.4] * reverts])
    steps = 1e-5 * np.vstack([np.zeros(size), np.eye(size), -np.eye(size)])
    lanes.own[:, : 2 * size + 1] = (point + steps).T
    score(reverts, lanes)
    by_difference = (lanes.value[0, 1 : 1 + size] - lanes.value[0, 1 + size : 1 + 2 * size]) / 2e-5
    np.testing.assert_allclose(lanes.slope[:, 0], by_difference, rtol=2e-5, atol=1e-6)
    information = np.zeros((size, size))
    information[np.tril_indices(size)] = lanes.information[:, 0]
    assert np.linalg.eigvalsh(information)[0] > -1e-9
    if reverts:
        assert lanes.information[-1, 0] > 0.0


def test_information_is_the_variance_of_the_gradient() -> None:
    """Over many simulated series with a known level, at their true parameters."""
    rng, dates, gradients = np.random.default_rng(1), 60, []
    own = np.array([0.5, 0.3, 0.0, 0.7, 0.0])
    for _ in range(40):
        lanes = new_lanes(dates, 2, True)
        lanes.x[0] = 1.0  # the ratio is known after the first date, and does not move
        noise = rng.standard_normal((2, dates, WIDTH))
        level = np.sqrt(own[1] / (1.0 - own[3] ** 2)) * noise[0]
        for t in range(1, dates):
            level[t] = own[3] * level[t - 1] + np.sqrt(own[1]) * noise[0, t]
        lanes.y[:] = level + np.sqrt(own[0]) * noise[1]
        lanes.own[:] = own[:, None]
        score(True, lanes)
        gradients.append(lanes.slope.copy())
    found = np.hstack(gradients)[[0, 1, 3, 4]]
    information = np.zeros((5, 5))
    information[np.tril_indices(5)] = lanes.information.mean(axis=1)
    expected = np.diag(information)[[0, 1, 3, 4]]
    np.testing.assert_allclose(found.var(axis=1), expected, rtol=0.15)  # of 2,560: about five standard errors


@pytest.mark.parametrize(("assets", "reverts"), [(2, True), (2, False), (3, True)])
def test_maxima_are_as_high_as_those_of_single_searches(assets: int, reverts: bool) -> None:
    X, Y = _walks(assets)
    found = approximate_maxima(X, Y, reverts)
    for i, expected in enumerate(maximise_all(X, Y, reverts)):
        a, m, level, *variance = found[i]
        filter_ = filter_of(HedgeModel(a, m, level, np.array(variance)))
        _, _, value = run(filter_, X[:, :, i], Y[:, i], smooth=False)
        assert value > expected.log_likelihood - 1e-4  # higher where it ends at another maximum


@pytest.mark.parametrize("reverts", [True, False])
def test_states_of_many_baskets_are_those_of_each_to_the_bit(reverts: bool) -> None:
    X, Y = _walks(2)
    parameters = np.tile([0.9 if reverts else 1.0, 0.5 * reverts, 0.2, 0.1, 1e-4], (Y.shape[1], 1))
    predicted, filtered = run_many(parameters, reverts, X, Y)
    for i, (a, m, level, *variance) in enumerate(parameters):
        alone, _, _ = run(filter_of(HedgeModel(a, m, level, np.array(variance))), X[:, :, i], Y[:, i], smooth=False)
        np.testing.assert_array_equal(predicted[:, i], alone.predicted)
        np.testing.assert_array_equal(filtered[:, i], alone.filtered)
