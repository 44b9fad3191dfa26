import numpy as np
import pytest
from scipy import stats

from statefolio.exceptions import DataTypeError, InputError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import RollingLoadings, StaticLoadings
from statefolio.validation.predictions import name_models, predict_all
from statefolio.validation.probability import predictive_degrees_of_freedom

DISTRIBUTIONS = {
    "student": {},
    "gaussian": {"tails": "gaussian", "common_volatility": False},
    "constant": {"noise": "constant", "common_volatility": False},
    "discount": {"noise": "discount", "tails": "gaussian", "common_volatility": False},
}


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_degrees_of_freedom_reproduce_the_models_density(distribution, stocks):
    returns, factors = (table.iloc[:400] for table in stocks)
    model = KalmanLoadings(**DISTRIBUTIONS[distribution]).fit(returns.iloc[:, :6], factors)
    found = model.innovations_
    v, S = found["innovation"].to_numpy(), found["innovation_variance"].to_numpy()
    nu = predictive_degrees_of_freedom(model, v)
    assert np.isinf(nu).all() == (distribution == "gaussian")
    if np.ndim(nu) == 0:
        nu = np.full(v.shape, nu)
    known = np.isfinite(found["log_density"].to_numpy())
    assert known.sum() > 1000
    nu = np.minimum(nu, 1e9)
    t = stats.t(nu[known], scale=np.sqrt(S * (nu - 2.0) / nu)[known])
    np.testing.assert_allclose(found["log_density"].to_numpy()[known], t.logpdf(v[known]), rtol=1e-6, atol=1e-6)


def test_transforms_are_the_distribution_function(stocks):
    returns, factors = (table.iloc[:500] for table in stocks)
    named = {"static": StaticLoadings(), "kalman": KalmanLoadings()}
    found = predict_all(named, returns, factors, returns.index[400], burn_in=10)
    model = KalmanLoadings().fit(returns, factors, tune_until=returns.index[399])
    nu = model.parameters_["degrees_of_freedom"].iloc[0]
    late = model.innovations_.isel(date=slice(400, None))
    z = late["innovation"].to_numpy() / np.sqrt(late["innovation_variance"].to_numpy())
    np.testing.assert_allclose(found.by_model["kalman"].probability, stats.t.cdf(z * np.sqrt(nu / (nu - 2)), nu))
    least_squares = found.by_model["static"]
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(
            least_squares.probability, stats.norm.cdf(least_squares.errors[400:] / np.sqrt(least_squares.variance))
        )
    assert not found.scored[:10].any()
    assert list(found.tested) == list(returns.index[400:])
    assert (found.scored[10:] <= found.known[410:]).all()


def test_models_are_not_changed(stocks):
    model = RollingLoadings(30)
    predict_all({"a": model}, *(table.iloc[:100] for table in stocks), stocks[0].index[80], 0)
    assert not hasattr(model, "last_date_")


def test_names():
    assert list(name_models([StaticLoadings(), RollingLoadings(), RollingLoadings()])) == [
        "StaticLoadings",
        "RollingLoadings 1",
        "RollingLoadings 2",
    ]
    assert list(name_models({3: StaticLoadings()})) == ["3"]
    alike = {1: StaticLoadings(), "1": StaticLoadings()}
    wrongs = ((StaticLoadings(), DataTypeError), ("abc", DataTypeError), ({}, InputError), (alike, InputError))
    for wrong, kind in wrongs:
        with pytest.raises(kind):
            name_models(wrong)
