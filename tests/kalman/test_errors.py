"""Errors of filters with held gains: against plain NumPy, by simulation, causal, continued bit for bit."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import t as student
from test_sweep import LEARNING, PLAIN, close

from statefolio.kalman.ahead import forecast_average
from statefolio.kalman.blocks import pad_last
from statefolio.kalman.errors import MEMORY, of_errors, robustness
from statefolio.kalman.panel import new_filter
from statefolio.kalman.paths import before_run, entry_of, predicted_covariance
from statefolio.kalman.specification import DISCOUNT
from statefolio.kalman.triangles import unpack

NEVER, CHOSEN = 3, [0, 7, 9, 45, 69]
SPECS = {
    "plain": PLAIN,
    "forgetting": PLAIN._replace(discount=0.97),
    "learning, reverting": LEARNING._replace(reverts=True, fast_memory=0.6, fast_weight=0.2, surprise_scale=1.1),
    "discounted": PLAIN._replace(noise=DISCOUNT, memory=0.98),
}


def build(spec, made, error_variance=None):
    own = {"phi": made.phi, "mean": made.mean} if spec.reverts else {}
    return new_filter(spec, made.state_variance, made.level, error_variance=error_variance, **own)


def covariances(filter_, made):
    """Filtered and predicted covariances (T, N, K, K), and all outputs."""
    before_spec, _, shown = of_errors(filter_.spec, filter_.assets, filter_.state)
    before = before_run(before_spec, filter_.start, shown)
    paths = filter_.run(made.X, pad_last(made.Y, np.nan), made.common, store="covariances")
    spec, assets, _ = of_errors(filter_.spec, filter_.assets, filter_.state)
    entry = entry_of(spec, assets, filter_.start, filter_.state, before, len(made.Y))
    predicted = predicted_covariance(spec, paths.covariance, paths.level, assets, entry, filter_.count)
    filtered = np.stack([unpack(part) for part in paths.covariance])
    return filtered, np.stack([unpack(np.ascontiguousarray(part.T)) for part in predicted]), paths


def plain_errors(spec, made, i, filtered, predicted, paths, variance):
    """Filtered covariances of the errors of asset i in plain NumPy; given are those of the filter itself."""
    X, level, nu, states = made.X, paths.level[:, i], spec.tails, made.X.shape[1]
    pull, noise, _ = robustness(nu)
    phi = made.phi[:, i] if spec.reverts else np.ones(states)
    first = int(np.argmax(np.isfinite(filtered[:, i]).all(axis=(1, 2))))
    E, sums, weights, found = filtered[first, i], np.zeros(states), np.zeros(states), [filtered[first, i]]
    for t in range(first + 1, len(X)):
        E = np.outer(phi, phi) * E + np.diag(variance[:, i] * (level[t] if spec.scales else 1.0))
        v, x, R, drift = paths.innovation[t, i], X[t], level[t] * made.common[t], np.zeros(states)
        if np.isfinite(v):
            M = predicted[t, i] @ x
            S = x @ M + R
            G = S + R * (v**2 / S - 1.0) / (nu + 1.0) if np.isfinite(nu) else S
            kept = np.eye(states) - pull * np.outer(M / G, x)
            E = kept @ E @ kept.T + noise * R * np.outer(M, M) / G**2
            sums, weights = MEMORY * sums + x * v / G, MEMORY * weights + x * x / S
        if weights.all():
            e, chance = np.diag(E), 1.0 / weights
            drift = 2.0 * e / (e + chance) * np.maximum((sums / weights) ** 2 - chance, 0.0)
        found.append(E + np.diag(drift))
    return first, np.array(found)


@pytest.mark.parametrize("name", ["plain", "learning, reverting", "forgetting"])
def test_errors_agree_with_plain_numpy(made, name):
    spec, panel = SPECS[name], made(2, seed=4)
    variance = 3.0 * panel.state_variance + 1e-4
    own, predicted, before = covariances(build(spec, panel), panel)
    filter_ = build(spec, panel, variance)
    filtered, ahead, paths = covariances(filter_, panel)
    for part in ("mean", "innovation", "innovation_variance", "level", "log_likelihood"):
        assert np.array_equal(getattr(before, part), getattr(paths, part), equal_nan=True)
    wider = False
    for i in CHOSEN:
        first, expected = plain_errors(spec, panel, i, own, predicted, paths, variance)
        close(filtered[first:, i], expected)
        wider |= bool(np.any(filtered[first:, i] > 1.2 * own[first:, i]))
        unit = paths.level[first + 1 :, i] if spec.scales else np.ones(len(expected) - 1)
        phi = panel.phi[:, i] if spec.reverts else np.ones(2)
        close(ahead[first + 1 :, i], np.outer(phi, phi) * expected[:-1] + unit[:, None, None] * np.diag(variance[:, i]))
    assert wider
    mean, covariance, _ = filter_.forecast(1.0)
    assert np.isfinite(mean[0]).all()
    close(covariance[[0]], forecast_average(filter_, np.ones(0), np.ones(0), 0.0, 1)[1][[0]])
    assert np.isnan(covariance[NEVER]).all()


@pytest.mark.parametrize("spec", [PLAIN._replace(reverts=True), SPECS["discounted"]], ids=["reverting", "discounted"])
def test_errors_of_a_filter_whose_model_is_true(made, spec):
    """They have its own covariance, in its units."""
    panel = made(2, seed=8)
    filter_ = build(spec, panel, panel.state_variance)
    own = build(spec, panel).run(panel.X, pad_last(panel.Y, np.nan), panel.common)
    paths = filter_.run(panel.X, pad_last(panel.Y, np.nan), panel.common)
    close(filter_.state.error[:3, CHOSEN], filter_.state.covariance[:, CHOSEN], 1e-8)
    later = np.isfinite(own.variance[:, :, CHOSEN])
    assert (paths.variance[:, :, CHOSEN][later] >= (1.0 - 1e-8) * own.variance[:, :, CHOSEN][later]).all()


def test_averages_of_a_robust_gain():
    nu = 5.0
    scale = np.sqrt((nu - 2.0) / nu)

    def average(of):
        return quad(lambda z: of((nu + 1.0) / (nu + z * z), z * z) * student.pdf(z, nu, scale=scale), -80.0, 80.0)[0]

    A, B = average(lambda w, u: w * w * u), average(lambda w, u: w * (nu - u) / (nu + u))
    w, squared = average(lambda w, _: w), average(lambda w, _: w * w)
    assert robustness(nu) == pytest.approx((B / w, A / squared, A / w), rel=1e-4)
    assert robustness(np.inf) == (1.0, 1.0, 1.0)
    assert robustness(1e4) == pytest.approx((1.0, 1.0, 1.0), abs=1e-3)


def test_covariance_is_the_error_of_loadings_that_move_otherwise():
    """Many assets on the same regressors: the mean square error under their variances, not the filter's."""
    rng = np.random.default_rng(6)
    dates, count = 60, 4096
    X, true = rng.standard_normal((dates, 1)), 0.05
    beta = rng.standard_normal(count) + np.cumsum(rng.normal(0.0, np.sqrt(true), (dates, count)), axis=0)
    Y = X * beta + rng.standard_normal((dates, count))
    filter_ = new_filter(PLAIN, np.full((1, count), 0.005), np.ones(count), error_variance=np.full((1, count), true))
    paths = filter_.run(X, Y, store="paths")
    error = np.mean((paths.mean[-1, 0] - beta[-1]) ** 2)
    covariance = filter_.state.error[0].mean()
    assert error == pytest.approx(covariance, rel=0.1)
    assert covariance > 2.0 * filter_.state.covariance.mean()  # the filter is too sure of itself
    assert paths.variance[-1].mean() >= covariance  # what has drifted comes on top


@pytest.mark.parametrize("name", SPECS)
def test_continuing_changes_nothing(made, name):
    """Bit for bit, the state saved and read between; the past does not depend on what comes after."""
    spec, panel = SPECS[name], made(2, seed=5)
    variance, Y, cut = 2.0 * panel.state_variance, pad_last(panel.Y, np.nan), 97
    whole = build(spec, panel, variance)
    path = whole.run(panel.X, Y, panel.common)
    first = build(spec, panel, variance)
    parts = [first.run(panel.X[:cut], Y[:cut], panel.common[:cut])]
    second = build(spec, panel, variance)
    second.take(first.arrays(), panel.Y.shape[1])
    parts.append(second.run(panel.X[cut:], Y[cut:], panel.common[cut:]))
    for part in ("mean", "variance", "innovation_variance"):
        joined = np.concatenate([getattr(each, part) for each in parts])
        assert np.array_equal(joined, getattr(path, part), equal_nan=True)
    count = panel.Y.shape[1]
    assert np.array_equal(whole.forecast(1.0)[1][:count], second.forecast(1.0)[1][:count], equal_nan=True)
    assert "error" not in build(spec, panel).arrays()
