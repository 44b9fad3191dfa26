"""The prior alone: which assets count, partial_fit, invalid options and data."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.utils import estimator_checks

from statefolio.adapters.loading_matrix import KalmanLoadingMatrix
from statefolio.adapters.prior import KalmanFactorPrior
from statefolio.exceptions import DataTypeError, InputError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import StaticLoadings
from statefolio.risk.factor_risk import FactorRisk

LATE, LEFT, NEVER, SHORT = "A1", "A2", "A3", "A4"  # see the panel in the folder above
HELD = KalmanLoadings(
    tuning="fixed", state_variance=0.001, observation_variance=1e-4, common_volatility=False, tails="gaussian"
)


@pytest.fixture
def risk() -> FactorRisk:
    return FactorRisk(HELD)


def test_assets_that_cannot_be_held_are_unknown_and_named(returns, factors, risk):
    prior = KalmanFactorPrior(risk).fit(returns, factors=factors)
    found = prior.return_distribution_
    out = returns.columns.get_indexer([LEFT, NEVER, SHORT])
    assert list(prior.excluded_.index) == [LEFT, NEVER, SHORT]
    assert prior.excluded_.loc[LEFT, "reason"] == "no return on the last 140 dates"
    mask = np.ones(len(returns.columns), dtype=bool)
    mask[out] = False
    np.testing.assert_array_equal(found.investable_mask, mask)
    subset = found.investable_subset()
    for values in (subset.mu, subset.covariance, subset.returns, subset.factor_model.idio_covariance):
        assert np.isfinite(values).all()
    for values in (found.mu[out], found.covariance[out], found.covariance[:, out], found.returns[:, out]):
        assert np.isnan(values).all()
    alone = prior.risk_.covariance_.select(prior.risk_.assets_.get_indexer(returns.columns[mask]))
    np.testing.assert_array_equal(subset.covariance, alone.dense())


def test_a_late_listing_counts_and_is_less_certain(returns, factors, risk):
    prior = KalmanFactorPrior(risk).fit(returns, factors=factors)
    assert LATE not in prior.excluded_.index
    place = returns.columns.get_loc(LATE)
    scenarios = prior.return_distribution_.returns[:, place]
    variance = prior.return_distribution_.covariance[place, place]
    assert np.isfinite(scenarios).all()
    assert 0.5 < scenarios.var() / variance < 2.0


def test_the_mask_defines_which_assets_are_listed(returns, factors, risk):
    mask = pd.DataFrame(True, index=returns.index, columns=returns.columns)
    mask.iloc[200:, 0] = False
    prior = KalmanFactorPrior(risk).fit(returns, factors=factors, active_mask=mask)
    assert "active_mask" in prior.excluded_.loc["A0", "reason"]
    assert LEFT not in prior.excluded_.index
    without = returns.copy()
    without.iloc[200:, 0] = np.nan
    other = KalmanFactorPrior(risk).fit(without, factors=factors)
    np.testing.assert_array_equal(prior.return_distribution_.mu[5:], other.return_distribution_.mu[5:])


def test_how_long_an_asset_may_be_absent(returns, factors, risk):
    for limit, gone in ((140, True), (141, False), (None, False)):
        prior = KalmanFactorPrior(risk, absent_after=limit).fit(returns, factors=factors)
        assert (LEFT in prior.excluded_.index) is gone


@pytest.mark.parametrize("step", [1, 17, 60])
def test_partial_fit_equals_fit_with_the_same_hyper_parameters(returns, factors, two_blocks, step):
    first, until = 180, returns.index[179]
    risk = FactorRisk(KalmanLoadings(common_volatility=False), residual_structure=two_blocks)
    online = KalmanFactorPrior(risk).partial_fit(returns[:first], factors=factors[:first])
    stop = first + 3 * step if step == 1 else len(returns)
    for start in range(first, stop, step):
        rows = slice(start, min(start + step, stop))
        online.partial_fit(returns[rows], factors=factors[rows])
    batch = KalmanFactorPrior(risk, tune_until=until).fit(returns[:stop], factors=factors[:stop])
    assert_same(online.return_distribution_, batch.return_distribution_)
    pd.testing.assert_frame_equal(online.excluded_, batch.excluded_)


def assert_same(found, expected, rtol=1e-10):
    for name in ("mu", "covariance", "returns"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=rtol, atol=1e-18)
    for name in ("loading_matrix", "idio_covariance", "factor_returns", "idio_returns", "idio_variances"):
        ours, theirs = getattr(found.factor_model, name), getattr(expected.factor_model, name)
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=1e-18)
    assert (found.factor_model.observations == expected.factor_model.observations).all()


def test_a_delisting_is_seen_across_calls(returns, factors, risk):
    prior = KalmanFactorPrior(risk).fit(returns[:125], factors=factors[:125])
    assert LEFT not in prior.excluded_.index
    prior.partial_fit(returns[125:135], factors=factors[125:135])
    assert LEFT not in prior.excluded_.index
    prior.partial_fit(returns[135:141], factors=factors[135:141])
    assert prior.excluded_.loc[LEFT, "reason"] == "no return on the last 21 dates"


def test_history_can_be_bounded(full, factors, risk):
    prior = KalmanFactorPrior(risk, max_history=50).fit(full[:200], factors=factors[:200])
    prior.partial_fit(full[200:230], factors=factors[200:230])
    found = prior.return_distribution_
    whole = KalmanFactorPrior(risk).fit(full[:230], factors=factors[:230]).return_distribution_
    assert found.returns.shape == (50, 8)
    np.testing.assert_allclose(found.returns, whole.returns[-50:], rtol=1e-9)
    np.testing.assert_array_equal(found.factor_model.observations, full.index[180:230])


def test_arrays_go_on_like_frames(full, factors, risk):
    framed, plain = (KalmanFactorPrior(risk) for _ in range(2))
    for rows in (slice(0, 200), slice(200, 260)):
        framed.partial_fit(full[rows], factors=factors[rows])
        plain.partial_fit(full.to_numpy()[rows], factors=factors.to_numpy()[rows])
    np.testing.assert_array_equal(framed.return_distribution_.covariance, plain.return_distribution_.covariance)
    assert list(plain.return_distribution_.factor_model.observations[[0, -1]]) == [0, 259]
    assert list(plain.return_distribution_.factor_model.asset_names[:2]) == ["x0", "x1"]


def test_new_dates_that_cannot_be_used_leave_the_prior_as_it_was(full, factors, risk):
    prior = KalmanFactorPrior(risk).fit(full[:200], factors=factors[:200])
    before = prior.return_distribution_
    with pytest.raises(InputError):
        prior.partial_fit(full[150:210], factors=factors[150:210])
    with pytest.raises(InputError, match="can be held"):
        prior.partial_fit(full[200:210], factors=factors[200:210], active_mask=np.zeros((10, 8), dtype=bool))
    assert prior.return_distribution_ is before
    prior.partial_fit(full[200:], factors=factors[200:])
    whole = KalmanFactorPrior(risk, tune_until=full.index[199]).fit(full, factors=factors)
    assert_same(prior.return_distribution_, whole.return_distribution_)


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(8)), st.floats(0.1, 10.0))
def test_order_and_scale_of_assets(order, scale):
    rng = np.random.default_rng(3)
    dates = pd.bdate_range("2020-01-01", periods=80)
    factors = pd.DataFrame(rng.normal(0, 0.01, (80, 2)), index=dates, columns=["a", "b"])
    values = factors.to_numpy() @ rng.normal(1, 0.3, (2, 8)) + rng.normal(0, 0.01, (80, 8))
    values[:40, 2] = np.nan
    returns = pd.DataFrame(values, index=dates, columns=list("ABCDEFGH"))
    risk = FactorRisk(StaticLoadings())
    one = KalmanFactorPrior(risk).fit(returns, factors=factors).return_distribution_
    other = KalmanFactorPrior(risk).fit(returns.iloc[:, order] * scale, factors=factors).return_distribution_
    ix = np.ix_(order, order)
    np.testing.assert_allclose(other.mu, scale * one.mu[order], rtol=1e-9, atol=1e-16)
    np.testing.assert_allclose(other.covariance, scale**2 * one.covariance[ix], rtol=1e-9)
    np.testing.assert_allclose(other.returns, scale * one.returns[:, order], rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"risk": LinearRegression()}, DataTypeError, "LinearRegression"),
        ({"risk": FactorRisk(StaticLoadings(), prefit=True)}, InputError, "prefit"),
        ({"scenarios": "all"}, InputError, "scenarios must be .* got 'all'"),
        ({"absent_after": 0}, InputError, "absent_after must be .* got 0"),
        ({"max_history": 2.5}, InputError, "max_history must be .* got 2.5"),
        ({"factor_families": ["one"]}, InputError, "2 factors"),
        ({"tune_until": "1990-01-01"}, InputError, "before the first date"),
    ],
)
def test_options_that_cannot_be_used(full, factors, options, error, message):
    prior = KalmanFactorPrior(**{"risk": FactorRisk(StaticLoadings()), **options})
    with pytest.raises(error, match=message):
        prior.fit(full, factors=factors)
    assert not hasattr(prior, "return_distribution_")


def test_data_that_cannot_be_used(full, factors, risk):
    prior = KalmanFactorPrior(risk)
    with pytest.raises(InputError, match="no date in common"):
        prior.fit(full, factors=factors.shift(1000, freq="D"))
    with pytest.raises(InputError, match="infinite"):
        prior.fit(full.replace(full.iloc[3, 3], np.inf), factors=factors)
    with pytest.raises(InputError, match=r"can be held|with a covariance"):
        prior.fit(full * np.nan, factors=factors)
    with pytest.raises(TypeError, match="factors"):
        prior.fit(full)
    prior.fit(full[:200], factors=factors[:200])
    with pytest.raises(ValueError, match="feature names"):
        prior.partial_fit(full[200:].iloc[:, ::-1], factors=factors[200:])


def test_one_asset_is_enough(full, factors, risk):
    found = KalmanFactorPrior(risk).fit(full[["B0"]], factors=factors).return_distribution_
    assert found.covariance.shape == (1, 1)


def test_a_pickle_goes_on_where_it_was(full, factors, risk):
    prior = KalmanFactorPrior(risk).fit(full[:200], factors=factors[:200])
    copied = pickle.loads(pickle.dumps(prior))
    for each in (prior, copied):
        each.partial_fit(full[200:], factors=factors[200:])
    assert_same(copied.return_distribution_, prior.return_distribution_, rtol=0)


@pytest.mark.parametrize(
    "estimator", [KalmanFactorPrior(), KalmanFactorPrior(FactorRisk(HELD)), KalmanLoadingMatrix(HELD)]
)
@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_set_params,
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_valid_tag_types,
    ],
)
def test_scikit_learns_conventions(check, estimator):
    check(type(estimator).__name__, estimator)


def test_options_of_all_depths_are_set_and_cloned():
    prior = KalmanFactorPrior(FactorRisk(KalmanLoadings())).set_params(risk__loadings__noise="constant", alpha=False)
    copied = clone(prior)
    assert copied.risk is not prior.risk
    assert copied.get_params()["risk__loadings__noise"] == "constant"
    assert copied.alpha is False
