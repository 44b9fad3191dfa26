"""Smoothed loadings against the dense smoother."""

import numpy as np
import pytest
import textbook

from statefolio.kalman.blocks import pad_last
from statefolio.kalman.dense import dense_filter, dense_smooth
from statefolio.kalman.panel import new_filter
from statefolio.kalman.smoother import STRETCH, smooth_panel
from statefolio.kalman.specification import CONSTANT, DISCOUNT, EWMA, Specification

SPECS = {
    "gaussian": Specification(CONSTANT, False, False, np.inf, 1.0, 1.0),
    "reverting": Specification(CONSTANT, False, True, np.inf, 1.0, 1.0),
    "learning": Specification(EWMA, True, False, 6.0, 0.97, 1.0),
    "learning and reverting": Specification(EWMA, True, True, 6.0, 0.97, 1.0),
}
NOISE = {CONSTANT: textbook.CONSTANT, EWMA: textbook.EWMA, DISCOUNT: textbook.DISCOUNT}


def start_of(count):
    rng = np.random.default_rng(4)
    root = rng.normal(size=(count, 4, 4))
    return rng.normal(size=(count, 4)), root @ root.transpose(0, 2, 1)


def dense(spec, panel, i, mean, covariance):
    """The dense filter and smoother with the variances and weights that the textbook filter used."""
    own = {"phi": panel.phi[:, i], "centre": panel.mean[:, i]} if spec.reverts else {}
    q = panel.state_variance[:, i]
    model = textbook.Model(q, panel.level[i], noise=NOISE[spec.noise], scales=spec.scales, tails=spec.tails,
                           memory=spec.memory, start=(mean, covariance), **own)  # fmt: skip
    path = textbook.run(model, panel.X, panel.Y[:, i], panel.common)
    first = np.flatnonzero(np.isfinite(panel.Y[:, i]))[0]
    ahead = np.append(path.level[1:], path.level[-1]) if spec.scales else np.ones(len(path.level))
    T = np.diag(own["phi"]) if own else np.eye(4)
    result = dense_filter(
        panel.Y[first:, i : i + 1],
        panel.X[first:, None, :],
        np.nan_to_num(path.noise[first:], nan=1.0)[:, None, None],
        (np.diag(q) * ahead[:, None, None])[first:],
        mean,
        covariance,
        transition=T,
        offset=(np.eye(4) - T) @ own["centre"] if own else None,
    )
    return first, dense_smooth(result)


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_smoother_is_the_dense_one(made, spec):
    panel = made(4)
    assert len(panel.X) > 2 * STRETCH
    start = start_of(70)
    own = {"phi": panel.phi, "mean": panel.mean} if spec.reverts else {}
    filter_ = new_filter(spec, panel.state_variance, panel.level, start=start, **own)
    smoothed = smooth_panel(filter_, panel.X, pad_last(panel.Y, np.nan), panel.common)
    for i in (0, 5, 7, 9, 45, 69):
        first, expected = dense(spec, panel, i, start[0][i], start[1][i])
        assert np.isnan(smoothed.mean[:first, :, i]).all()
        np.testing.assert_allclose(smoothed.mean[first:, :, i], expected.mean, rtol=1e-8, atol=1e-8)
        variance = np.diagonal(expected.covariance, axis1=1, axis2=2)
        np.testing.assert_allclose(smoothed.variance[first:, :, i], variance, rtol=1e-8, atol=1e-8)
        lag_one = np.diagonal(expected.lag_one, axis1=1, axis2=2)
        np.testing.assert_allclose(smoothed.lag_one[first:, :, i], lag_one, rtol=1e-8, atol=1e-8)
    assert np.isnan(smoothed.mean[:, :, 3]).all()


@pytest.mark.parametrize(
    "spec", [*SPECS.values(), Specification(DISCOUNT, False, False, np.inf, 0.97, 1.0)], ids=[*SPECS, "conjugate"]
)
def test_on_the_last_date_smoothed_is_filtered(made, spec):
    panel = made(4)
    own = {"phi": panel.phi, "mean": panel.mean} if spec.reverts else {}
    Y = pad_last(panel.Y, np.nan)
    smoothed = smooth_panel(new_filter(spec, panel.state_variance, panel.level, **own), panel.X, Y, panel.common)
    paths = new_filter(spec, panel.state_variance, panel.level, **own).run(panel.X, Y, panel.common)
    np.testing.assert_allclose(smoothed.mean[-1], paths.mean[-1], rtol=1e-12)
    np.testing.assert_allclose(smoothed.variance[-1], paths.variance[-1], rtol=1e-9)
    np.testing.assert_array_equal(np.isfinite(smoothed.mean), np.isfinite(paths.mean))
    later = smoothed.variance[:, :, :70] <= paths.variance[:, :, :70] * (1.0 + 1e-9)
    if spec.noise != DISCOUNT:
        assert later[np.isfinite(paths.mean[:, :, :70])].all()


def test_static_loadings_are_smoothed_to_least_squares(made):
    panel = made(4)
    spec = SPECS["gaussian"]
    filter_ = new_filter(spec, 0.0 * panel.state_variance, panel.level)
    smoothed = smooth_panel(filter_, panel.X, pad_last(panel.Y, np.nan), np.ones(len(panel.X)))
    for i in (0, 7, 9):
        seen = np.isfinite(panel.Y[:, i])
        expected = np.linalg.lstsq(panel.X[seen], panel.Y[seen, i], rcond=None)[0]
        rows = np.isfinite(smoothed.mean[:, 0, i])
        np.testing.assert_allclose(smoothed.mean[rows, :, i], np.tile(expected, (rows.sum(), 1)), rtol=1e-9, atol=1e-10)
        pairs = smoothed.lag_one[rows, :, i][1:], smoothed.variance[rows, :, i][1:]
        np.testing.assert_allclose(*pairs, rtol=1e-8)
