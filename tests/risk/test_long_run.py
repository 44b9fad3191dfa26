import numpy as np

from statefolio.risk.factor_covariance import ExponentialCovariance
from statefolio.risk.long_run import LONG_RUN_HALF_LIFE, LongRunVariance


def test_means_of_squares_by_hand_with_gaps_and_in_two_steps():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(300, 4))
    values[rng.random(values.shape) < 0.2] = np.nan
    values[:, 3] = np.nan
    found = LongRunVariance.empty(3).updated(values[:120, :3]).with_new_assets(1).updated(values[120:])
    for i in range(3):
        known = values[:, i][~np.isnan(values[:, i])]
        weights = 0.5 ** (np.arange(len(known))[::-1] / LONG_RUN_HALF_LIFE)
        np.testing.assert_allclose(found.mean(np.full(4, 7.0))[i], weights @ known**2 / weights.sum(), rtol=1e-12)
    assert found.mean(np.full(4, 7.0))[3] == 7.0


def test_long_run_variance_raises_calm_variances_most_and_keeps_correlations():
    rng = np.random.default_rng(1)
    u = rng.normal(size=(800, 2)) @ np.array([[1.0, 0.5], [0.0, 1.0]])
    u[-200:, 0] *= 0.1
    plain, raised = (ExponentialCovariance.empty(2, (20.0, 45.0), 0.05, b).updated(u).covariance() for b in (0.0, 0.08))
    long_run = LongRunVariance.empty(2).updated(u).mean(np.zeros(2))
    np.testing.assert_allclose(np.diag(raised), np.diag(plain) + 0.08 * long_run, rtol=1e-12)
    ratio = np.diag(raised) / np.diag(plain)
    assert ratio[0] > 2.0 > 1.2 > ratio[1]
    scale = np.sqrt(np.outer(np.diag(plain), np.diag(plain)) / np.outer(np.diag(raised), np.diag(raised)))
    np.testing.assert_allclose(raised * scale, plain, rtol=1e-12)
