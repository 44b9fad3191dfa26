"""Series with one set of regressors each, as baskets have: the engine against itself and the textbook."""

from dataclasses import replace

import numpy as np
import pytest
import textbook

from statefolio.exceptions import InputError
from statefolio.kalman import pooled
from statefolio.kalman.blocks import own_regressors, pad_last
from statefolio.kalman.observations import Observed
from statefolio.kalman.ordinary_least_squares import ordinary_least_squares
from statefolio.kalman.panel import new_filter
from statefolio.kalman.records import Prior
from statefolio.kalman.smoother import smooth_panel
from statefolio.kalman.specification import CONSTANT, EWMA, Specification
from statefolio.kalman.start import DIFFUSE
from statefolio.kalman.tuning import tune
from statefolio.kalman.tuning_problem import Free, Pool, TuningProblem
from statefolio.kalman.tuning_spec import TuningSpec
from statefolio.kalman.volatility import Common

PLAIN = Specification(CONSTANT, scales=False, reverts=False, tails=np.inf, memory=1.0, discount=1.0)
LEARNING = Specification(EWMA, scales=True, reverts=False, tails=6.0, memory=0.97, discount=1.0)
MLE = TuningSpec(tuning="mle", noise=CONSTANT, gaussian=True, scales=False, reverts=False, common=False)
POOLED = TuningSpec(tuning="pooled", noise=EWMA, gaussian=False, scales=True, reverts=False, common=True)
CHOSEN = [0, 3, 5, 7, 9, 45, 69]


@pytest.fixture(scope="module")
def own(made):
    """A panel of 70 series on three regressors of their own, some regressors missing too; and the plain one."""
    panel = made(3)
    rng = np.random.default_rng(8)
    X = rng.standard_normal((len(panel.X), 3, panel.Y.shape[1]))
    X[:, 0] = 1.0
    X[50, 1, 5:30] = np.nan
    return replace(panel, X=X)


def run(spec, panel, X, **options):
    X, Y = own_regressors(X, panel.Y) if X.ndim == 3 else (X, panel.Y)
    X = pad_last(X, 0.0) if X.ndim == 3 else X
    filter_ = new_filter(spec, panel.state_variance, panel.level, **options)
    return filter_.run(X, pad_last(Y, np.nan), panel.common, store="covariances")


@pytest.mark.parametrize("spec", [PLAIN, LEARNING], ids=["plain", "learning"])
def test_the_same_regressors_for_each_are_shared_ones(made, spec):
    panel = made(4)
    shared = run(spec, panel, panel.X)
    repeated = run(spec, panel, np.repeat(panel.X[:, :, None], panel.Y.shape[1], axis=2))
    for name, one, other in zip(shared._fields, shared, repeated, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-11, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("spec", [PLAIN, LEARNING], ids=["plain", "learning"])
def test_every_series_is_the_textbook_one(own, spec):
    paths = run(spec, own, own.X)
    X, Y = own_regressors(own.X, own.Y)
    rows, columns = np.tril_indices(3)
    for i in CHOSEN:
        noise = textbook.EWMA if spec.noise == EWMA else textbook.CONSTANT
        model = textbook.Model(own.state_variance[:, i], own.level[i], noise, spec.scales, spec.tails, spec.memory)
        expected = textbook.run(model, X[:, :, i], Y[:, i], own.common)
        np.testing.assert_allclose(paths.mean[:, :, i], expected.mean, rtol=1e-10, atol=1e-10)
        covariance = expected.covariance[:, rows, columns]
        np.testing.assert_allclose(paths.covariance[:, :, i], covariance, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(paths.innovation[:, i], expected.innovation, rtol=1e-10, atol=1e-10)


def test_arrays_that_are_not_padded_are_refused(own):
    X, Y = own_regressors(own.X, own.Y)
    filter_ = new_filter(PLAIN, own.state_variance, own.level)
    with pytest.raises(InputError, match="X must be contiguous float64 with 128 columns"):
        filter_.run(X, pad_last(Y, np.nan))
    with pytest.raises(InputError, match="Y must be contiguous float64 with 128 columns"):
        smooth_panel(filter_, pad_last(X, 0.0), Y, own.common)


def test_a_missing_regressor_costs_the_date():
    X, Y = np.ones((4, 2, 3)), np.ones((4, 3))
    X[1, 1, 2] = np.nan
    X_known, Y_known = own_regressors(X, Y)
    assert np.isnan(Y_known[1, 2])
    assert np.isfinite(X_known).all()
    assert np.isnan(Y_known).sum() == 1


def test_least_squares_of_each_series_on_its_own(own):
    X, Y = own_regressors(own.X, own.Y)
    X = X * 10.0 ** np.linspace(-6, 6, X.shape[2])  # prices differ by that much
    found = ordinary_least_squares(X, Y)
    for i in [0, 9, 45, 69]:
        seen = np.isfinite(Y[:, i])
        expected, squares, *_ = np.linalg.lstsq(X[seen, :, i], Y[seen, i], rcond=None)
        np.testing.assert_allclose(found.mean[:, i], expected, rtol=1e-10)
        assert found.residual_variance[i] == pytest.approx(squares[0] / (seen.sum() - 3), rel=1e-10)


def test_smoothing_one_series_among_others_is_smoothing_it_alone(own):
    X, Y = own_regressors(own.X, own.Y)
    options = own.state_variance, own.level
    together = smooth_panel(new_filter(PLAIN, *options), pad_last(X, 0.0), pad_last(Y, np.nan), own.common)
    for i in CHOSEN:
        alone = new_filter(PLAIN, own.state_variance[:, [i]], own.level[[i]])
        shared = np.ascontiguousarray(X[:, :, i])
        expected = smooth_panel(alone, shared, pad_last(Y[:, [i]], np.nan), own.common)
        for one, other in zip(together, expected, strict=True):
            np.testing.assert_allclose(one[:, :, i], other[:, :, 0], rtol=1e-9, atol=1e-11)


def test_a_subset_keeps_its_own_regressors(own):
    X, Y = own_regressors(own.X, own.Y)
    count, states = Y.shape[1], X.shape[1]
    prior = Prior(np.full(states, DIFFUSE), False, np.zeros((128, states)), np.zeros((128, states, states)))
    levels, mean = pad_last(own.level, 1.0), np.zeros((states, 128))
    data = pad_last(X, 0.0), Observed.of(Y), Common(np.log(own.common)[:, None], np.zeros(0))
    whole = TuningProblem(PLAIN, *data, levels, mean, prior, np.ones(states), Free(), np.zeros(states, dtype=bool))
    pool = Pool(np.full(states, 1e-3), np.ones(states), np.inf, 1.0, np.ones(1))
    chosen = np.array([1, 9, 45, count - 1])
    found, part = whole.score(pool), whole.subset(chosen).score(pool)
    np.testing.assert_allclose(part.log_likelihood[:4], found.log_likelihood[chosen], rtol=1e-12)
    np.testing.assert_allclose(part.state_variance[:, :4], found.state_variance[:, chosen], rtol=1e-9)


def test_maximum_likelihood_of_each_series_is_the_one_it_has_alone(own):
    X, Y = own_regressors(own.X, own.Y)
    together = tune(MLE, X, Y)
    assert not together.converged[3]
    for i in [0, 45, 69]:
        alone = tune(MLE, np.ascontiguousarray(X[:, :, i]), Y[:, [i]])
        np.testing.assert_allclose(together.level[i], alone.level[0], rtol=1e-4)
        best = [_log_likelihood(found, where, X[:, :, i], Y[:, i]) for found, where in ((together, i), (alone, 0))]
        assert best[0] == pytest.approx(best[1], abs=1e-6)


def _log_likelihood(learned, column, X, y):
    filter_ = new_filter(PLAIN, learned.state_variance[:, [column]], learned.level[[column]])
    return filter_.run(np.ascontiguousarray(X), pad_last(y[:, None], np.nan), store="likelihood").log_likelihood[0]


@pytest.mark.parametrize("sample", [256, 20], ids=["all at once", "a sample first"])
def test_pooled_tuning_takes_regressors_repeated_for_each_as_shared(made, monkeypatch, sample):
    monkeypatch.setattr(pooled, "SAMPLE", sample)
    panel = made(2, assets=70)
    shared = tune(POOLED, panel.X, panel.Y)
    repeated = tune(POOLED, np.repeat(panel.X[:, :, None], 70, axis=2), panel.Y)
    np.testing.assert_allclose(repeated.state_variance, shared.state_variance, rtol=1e-5)
    np.testing.assert_allclose(repeated.level, shared.level, rtol=1e-8)
    assert repeated.spec.tails == pytest.approx(shared.spec.tails, rel=1e-4)
