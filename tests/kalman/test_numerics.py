"""Covariances stay covariances: at condition numbers of 1e12 and over fifty thousand steps."""

import numpy as np
import pytest

from statefolio.kalman.blocks import pad_last
from statefolio.kalman.panel import new_filter
from statefolio.kalman.specification import CONSTANT, EWMA, Specification
from statefolio.kalman.triangles import unpack

GAUSSIAN = Specification(CONSTANT, scales=False, reverts=False, tails=np.inf, memory=1.0, discount=1.0)
LEARNING = Specification(EWMA, scales=True, reverts=False, tails=5.0, memory=0.97, discount=1.0)


def least_eigenvalue(covariance):
    """The least eigenvalue of each correlation matrix; the variances must not be negative."""
    variance = np.diagonal(covariance, axis1=-2, axis2=-1)
    assert (variance >= 0.0).all()
    deviation = np.sqrt(np.where(variance > 0.0, variance, 1.0))
    return np.linalg.eigvalsh(covariance / deviation[..., :, None] / deviation[..., None, :])[..., 0]


@pytest.mark.parametrize("spec", [GAUSSIAN, LEARNING], ids=["gaussian", "learning"])
@pytest.mark.parametrize("still", [False, True])
def test_positive_semidefinite_at_condition_1e12(spec, still):
    rng = np.random.default_rng(3)
    states, count, dates = 6, 32, 400
    turn = np.linalg.qr(rng.normal(size=(count, states, states)))[0]
    spectrum = np.geomspace(1e-6, 1e6, states)
    covariance = turn @ (spectrum[:, None] * turn.transpose(0, 2, 1))
    covariance = (covariance + covariance.transpose(0, 2, 1)) / 2
    X = rng.normal(size=(dates, states)) * np.geomspace(1e-3, 1e3, states)
    Y = rng.normal(size=(dates, count))
    variance = np.zeros((states, count)) if still else np.full((states, count), 1e-10)
    filter_ = new_filter(spec, variance, np.ones(count), start=(np.zeros((count, states)), covariance))
    for t in range(dates):
        filter_.run(X[t : t + 1], pad_last(Y[t : t + 1], np.nan), store="state")
        full = unpack(filter_.state.covariance)
        assert least_eigenvalue(full).min() > -1e-9, t
    assert np.isfinite(filter_.state.mean).all()


@pytest.mark.parametrize("spec", [GAUSSIAN, LEARNING], ids=["gaussian", "learning"])
def test_positive_semidefinite_over_fifty_thousand_steps(spec):
    rng = np.random.default_rng(4)
    dates, states, count = 50_000, 5, 32
    X = rng.normal(size=(dates, states))
    X[:, 0] = 1.0
    X[:, 4] = X[:, 3] + 1e-3 * rng.normal(size=dates)
    Y = X @ rng.normal(size=(states, count)) + rng.standard_t(5, (dates, count))
    Y[rng.random(Y.shape) < 0.05] = np.nan
    variance = np.zeros((states, count))
    variance[1:3, ::2] = 1e-6
    filter_ = new_filter(spec, variance, np.ones(count))
    paths = filter_.run(X, pad_last(Y, np.nan))
    paths = paths._replace(mean=paths.mean[..., :count], variance=paths.variance[..., :count])
    begun = np.isfinite(paths.mean[:, 0, 0])
    assert begun[20:].all()
    assert (paths.variance[20:] >= 0.0).all()
    assert np.isfinite(paths.mean[20:]).all()
    assert least_eigenvalue(unpack(filter_.state.covariance[:, :count])).min() > -1e-9
    still = np.arange(1, count, 2)
    if spec.noise == CONSTANT:  # static loadings end at least squares
        seen = np.isfinite(Y[:, still[0]])
        expected = np.linalg.lstsq(X[seen], Y[seen, still[0]], rcond=None)[0]
        np.testing.assert_allclose(paths.mean[-1, :, still[0]], expected, rtol=1e-6, atol=1e-6)
