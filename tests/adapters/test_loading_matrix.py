import numpy as np
import pytest
from skfolio.optimization import MeanRisk
from skfolio.prior import LoadingMatrixRegression, TimeSeriesFactorModel
from sklearn.base import clone
from sklearn.linear_model import LinearRegression

from statefolio.adapters.loading_matrix import KalmanLoadingMatrix
from statefolio.data import load_demo
from statefolio.exceptions import DataTypeError, InputError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import StaticLoadings

FIXED = KalmanLoadings(tuning="fixed", state_variance=0.001)


def test_constant_loadings_are_those_of_skfolio(full, factors):
    ours = KalmanLoadingMatrix(StaticLoadings()).fit(full, factors)
    theirs = LoadingMatrixRegression(LinearRegression()).fit(full, factors)
    np.testing.assert_allclose(ours.loading_matrix_, theirs.loading_matrix_, rtol=1e-9)
    np.testing.assert_allclose(ours.intercepts_, theirs.intercepts_, atol=1e-14)


def test_without_intercept_there_is_none(full, factors):
    ours = KalmanLoadingMatrix(StaticLoadings(intercept=False)).fit(full, factors)
    theirs = LoadingMatrixRegression(LinearRegression(fit_intercept=False)).fit(full, factors)
    np.testing.assert_allclose(ours.loading_matrix_, theirs.loading_matrix_, rtol=1e-9)
    assert (ours.intercepts_ == 0.0).all()


def test_moving_loadings_are_those_predicted_for_the_next_date(full, factors):
    """A plain filter of one asset with everything known must end where the matrix is."""
    start = (np.zeros(3), 0.5)
    model = KalmanLoadings(
        tuning="fixed", state_variance=1e-3, observation_variance=1e-4, noise="constant", tails="gaussian", start=start
    )
    ours = KalmanLoadingMatrix(model).fit(full, factors)
    mean, P = np.zeros(3), 0.5 * np.eye(3)
    for row, r in zip(factors.to_numpy(), full["B3"], strict=True):
        x = np.array([1.0, *row])
        gain = P @ x / (x @ P @ x + 1e-4)
        mean, P = mean + gain * (r - x @ mean), P - np.outer(gain, x @ P)
        P = P + 1e-3 * np.eye(3)
    np.testing.assert_allclose(ours.loading_matrix_[3], mean[1:], rtol=1e-10)
    np.testing.assert_allclose(ours.intercepts_[3], mean[0], rtol=1e-10)


def test_in_skfolios_factor_model_on_real_data():
    data = load_demo()
    prior = TimeSeriesFactorModel(loading_matrix_estimator=KalmanLoadingMatrix(FIXED))
    model = MeanRisk(prior_estimator=prior).fit(data.returns, factors=data.factors)
    fitted = model.prior_estimator_.loading_matrix_estimator_
    np.testing.assert_allclose(model.weights_.sum(), 1.0)
    expected = clone(FIXED).fit(data.returns, data.factors).next_["mean"].to_numpy()
    np.testing.assert_array_equal(fitted.loading_matrix_, expected[:, 1:])
    np.testing.assert_array_equal(
        model.prior_estimator_.return_distribution_.factor_model.loading_matrix, expected[:, 1:]
    )


def test_arrays_work_too(full, factors):
    framed = KalmanLoadingMatrix(FIXED).fit(full, factors).loading_matrix_
    plain = KalmanLoadingMatrix(FIXED).fit(full.to_numpy(), factors.to_numpy()).loading_matrix_
    np.testing.assert_array_equal(plain, framed)


def test_assets_without_loadings_are_named(returns, factors):
    with pytest.raises(InputError, match=r"'A3'.*KalmanFactorPrior"):
        KalmanLoadingMatrix(StaticLoadings()).fit(returns, factors)


def test_invalid_input_is_refused(full, factors):
    with pytest.raises(DataTypeError, match="LinearRegression"):
        KalmanLoadingMatrix(LinearRegression()).fit(full, factors)
    with pytest.raises(InputError, match="sample_weight"):
        KalmanLoadingMatrix().fit(full, factors, sample_weight=None)


def test_the_model_handed_in_stays_unfitted(full, factors):
    given = StaticLoadings()
    assert KalmanLoadingMatrix(given).fit(full, factors).model_ is not given
    assert not hasattr(given, "last_date_")
    assert clone(KalmanLoadingMatrix(given)).get_params()["loadings__intercept"] is True
