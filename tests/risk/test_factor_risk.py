import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone

from statefolio.exceptions import DataTypeError, InputError, NotFittedError, StatefolioWarning, UnknownNameError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import RollingLoadings, StaticLoadings
from statefolio.risk.attribution import attribute_return, attribute_risk
from statefolio.risk.factor_risk import FactorRisk

FIXED = {"tuning": "fixed", "state_variance": 1e-4}
"""Options that are fast and do not depend on the number of dates."""


class Pairs(BaseEstimator):
    """Two groups of assets with correlated residuals; counts the dates."""

    def __init__(self, size=0.5):
        self.size = size

    def fit(self, residuals, tune_until=None):
        half = len(residuals.columns) // 2
        G = np.zeros((len(residuals.columns), 2))
        G[:half, 0], G[half:, 1] = self.size, -self.size
        self.loadings_ = pd.DataFrame(G, residuals.columns, ["first", "second"])
        self.seen_ = len(residuals)
        self.tune_until_ = tune_until
        return self

    def partial_fit(self, residuals):
        self.seen_ += len(residuals)
        return self


def slow_sigma(risk, model, omega, mu, D):
    """Sigma, entry by entry."""
    ahead = model.next_
    n, K = len(risk.assets_), len(risk.factors_)
    sigma = np.zeros((n, n))
    for a, i in enumerate(risk.assets_):
        for b, j in enumerate(risk.assets_):
            for p in risk.factors_:
                for q in risk.factors_:
                    both = ahead["mean"].sel(asset=i, factor=p) * ahead["mean"].sel(asset=j, factor=q)
                    sigma[a, b] += float(both) * omega.loc[p, q]
        M = np.zeros((K + 1, K + 1))
        M[0, 0], M[0, 1:], M[1:, 0] = 1.0, mu, mu
        M[1:, 1:] = omega.to_numpy() + np.outer(mu, mu)
        sigma[a, a] += D[i] + np.trace(ahead["covariance"].sel(asset=i).to_numpy() @ M)
    return sigma


def test_sigma_entry_by_entry(returns, factors):
    omega = pd.DataFrame([[2e-4, 3e-5], [3e-5, 1e-4]], factors.columns, factors.columns)
    mu = pd.Series({"size": 0.02, "market": -0.01})
    few = returns.iloc[:, :9]
    risk = FactorRisk(KalmanLoadings(**FIXED), omega.loc[::-1, ::-1], "model", mu).fit(few, factors)
    D = risk.model_.next_["observation_variance"].to_series()
    expected = slow_sigma(risk, risk.model_, omega, mu[["market", "size"]].to_numpy(), D)
    np.testing.assert_allclose(risk.covariance_frame(), expected, rtol=1e-10, atol=1e-16)
    assert list(risk.covariance_frame().index) == list(risk.assets_)
    w = pd.Series(np.linspace(-1, 2, len(risk.assets_)), risk.assets_)
    assert risk.portfolio_variance(w) == pytest.approx(w @ expected @ w, rel=1e-10)
    assert risk.portfolio_volatility(w) == pytest.approx(np.sqrt(w @ expected @ w), rel=1e-10)


def test_without_intercept_and_without_uncertainty(returns, factors):
    risk = FactorRisk(KalmanLoadings(**FIXED, intercept=False), idiosyncratic="model").fit(returns, factors)
    P = risk.model_.next_["covariance"].sel(asset=risk.assets_).to_numpy()
    M = risk.factor_covariance_.to_numpy() + np.outer(risk.factor_mean_, risk.factor_mean_)
    np.testing.assert_allclose(risk.loading_uncertainty_, np.einsum("njk,kj->n", P, M), rtol=1e-12)
    without = FactorRisk(risk.model_, idiosyncratic="model", uncertainty=False, prefit=True).fit(returns, factors)
    difference = risk.covariance_.dense() - without.covariance_.dense()
    np.testing.assert_allclose(difference, np.diag(risk.loading_uncertainty_), atol=1e-15)
    np.testing.assert_allclose(without.loading_uncertainty_, risk.loading_uncertainty_)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"factor_covariance": "regime"},
        {"factor_mean": "zero", "idiosyncratic": "model"},
        {"residual_structure": Pairs()},
    ],
)
def test_partial_fit_equals_fit(returns, factors, options):
    model = KalmanLoadings()
    until = factors.index[149]
    whole = FactorRisk(model, **options).fit(returns, factors, tune_until=until)
    parts = FactorRisk(model, **options).fit(returns[:160], factors[:160], tune_until=until)
    parts.partial_fit(returns[160:161], factors[160:161]).partial_fit(returns[161:], factors[161:])
    np.testing.assert_array_equal(parts.covariance_.dense(), whole.covariance_.dense())
    pd.testing.assert_series_equal(parts.factor_mean_, whole.factor_mean_)
    pd.testing.assert_frame_equal(parts.excluded_, whole.excluded_)
    assert parts.last_date_ == whole.last_date_ == factors.index[-1]


def test_dates_of_the_factors_count_once(returns, factors):
    first = FactorRisk(StaticLoadings()).fit(returns[:200], factors)
    again = copy.deepcopy(first).partial_fit(returns[200:], factors)
    first.partial_fit(returns[200:], factors[200:])
    np.testing.assert_array_equal(again.factor_covariance_, first.factor_covariance_)
    np.testing.assert_array_equal(again.factor_mean_, first.factor_mean_)


def test_assets_join_and_factors_come_in_any_order(returns, factors):
    early = returns.drop(columns="A1")
    until = factors.index[139]
    whole = FactorRisk(KalmanLoadings(**FIXED, common_volatility=False), idiosyncratic="model")
    whole.fit(early.join(returns["A1"]), factors, tune_until=until)
    parts = FactorRisk(KalmanLoadings(**FIXED, common_volatility=False), idiosyncratic="model")
    parts.fit(early[:140], factors[:140]).partial_fit(returns[140:], factors.iloc[140:, ::-1])
    assert list(parts.assets_) == list(whole.assets_)
    np.testing.assert_allclose(parts.covariance_.dense(), whole.covariance_.dense(), rtol=1e-12)


def test_future_data_change_nothing(returns, factors):
    risk = FactorRisk(KalmanLoadings(**FIXED)).fit(returns[:200], factors)
    cut = FactorRisk(KalmanLoadings(**FIXED)).fit(returns[:200], factors[:200])
    np.testing.assert_array_equal(risk.covariance_.dense(), cut.covariance_.dense())


def test_earlier_dates_of_the_factors_count(returns, factors):
    late = returns[100:]
    long = FactorRisk(KalmanLoadings(**FIXED)).fit(late, factors)
    short = FactorRisk(KalmanLoadings(**FIXED)).fit(late, factors[100:])
    np.testing.assert_allclose(long.factor_mean_, factors.mean(), rtol=1e-12)
    np.testing.assert_allclose(short.factor_mean_, factors[100:].mean(), rtol=1e-12)


def test_permuting_permutes_and_scaling_scales(returns, factors):
    risk = FactorRisk(RollingLoadings(120), idiosyncratic="model").fit(returns, factors)
    order = returns.columns[np.random.default_rng(0).permutation(40)]
    permuted = FactorRisk(RollingLoadings(120), idiosyncratic="model").fit(returns[order], factors.iloc[:, ::-1])
    sigma = risk.covariance_frame()
    pd.testing.assert_frame_equal(permuted.covariance_frame().loc[sigma.index, sigma.columns], sigma, rtol=1e-9)
    scaled = FactorRisk(RollingLoadings(120)).fit(returns / 4, factors / 4)
    unscaled = FactorRisk(RollingLoadings(120)).fit(returns, factors)
    pd.testing.assert_frame_equal(16 * scaled.covariance_frame(), unscaled.covariance_frame(), rtol=1e-9)


def test_excluded_assets_are_named_with_a_reason(returns, factors):
    returns = returns.iloc[:, :8].assign(still=0.0, exact=factors["market"])
    with pytest.warns(StatefolioWarning, match="'still' that stands still on 260 of 260 dates"):
        risk = FactorRisk(StaticLoadings()).fit(returns, factors)
    reasons = risk.excluded_["reason"]
    assert reasons["A3"] == "0 returns were observed, 6 are needed"
    assert reasons["A4"] == "2 returns were observed, 6 are needed"
    assert "constant" in reasons["still"]
    assert "exact" in risk.assets_
    assert not risk.assets_.isin(reasons.index).any()
    assert len(risk.assets_) + len(reasons) == 10
    assert np.isfinite(risk.covariance_.dense()).all()
    with pytest.raises(UnknownNameError, match=r"'A3'.*0 returns"):
        risk.portfolio_volatility({"A3": 0.5, "A0": 0.5})
    with pytest.warns(StatefolioWarning, match="'still' that stands still"):
        more = FactorRisk(StaticLoadings(), min_observations=120).fit(returns, factors)
    assert set(more.excluded_.index) - set(reasons.index) == {"A1", "A2"}


def test_one_asset(returns, factors):
    risk = FactorRisk(KalmanLoadings(**FIXED)).fit(returns[["A0"]], factors)
    assert risk.covariance_.dense().shape == (1, 1)
    assert risk.portfolio_volatility({"A0": 1.0}, 1.0) > 0.0


def test_more_factors_than_dates():
    rng = np.random.default_rng(0)
    dates = pd.bdate_range("2020-01-01", periods=10)
    factors = pd.DataFrame(rng.normal(0, 0.01, (10, 20)), dates).add_prefix("f")
    returns = pd.DataFrame(rng.normal(0, 0.01, (10, 3)), dates, list("ABC"))
    with pytest.raises(InputError, match=r"at least one asset with a covariance, got 3 without .'10 returns"):
        FactorRisk(KalmanLoadings(**FIXED)).fit(returns, factors)


def test_factors_that_explain_nothing(factors):
    rng = np.random.default_rng(5)
    noise = pd.DataFrame(rng.normal(0, 0.01, (260, 6)), factors.index, list("ABCDEF"))
    risk = FactorRisk(StaticLoadings()).fit(noise, factors)
    np.testing.assert_allclose(np.sqrt(np.diag(risk.covariance_frame())), 0.01, rtol=0.15)
    correlation = np.corrcoef(risk.covariance_.whiten(noise[list(risk.assets_)].to_numpy()).T)
    assert np.abs(correlation - np.eye(6)).max() < 0.25


def test_singular_omega_is_a_covariance(returns, factors):
    omega = pd.DataFrame(1e-4, factors.columns, factors.columns)
    risk = FactorRisk(KalmanLoadings(**FIXED), omega).fit(returns, factors)
    assert np.linalg.eigvalsh(risk.covariance_.dense())[0] > 0.0
    assert risk.covariance_.factor_root.shape == (2, 1)


def test_shrunk_variances_lie_between_theirs_and_their_groups(returns, factors):
    groups = pd.Series({f"A{i}": "left" if i < 20 else "right" for i in range(40)})
    model = KalmanLoadings(**FIXED).fit(returns, factors)
    own = FactorRisk(model, idiosyncratic="model", prefit=True).fit(returns, factors).idiosyncratic_variance_
    shrunk = FactorRisk(model, groups=groups, prefit=True).fit(returns, factors).idiosyncratic_variance_
    assert np.log(shrunk).groupby(groups).std().max() < np.log(own).groupby(groups).std().min()


def test_residual_structure_keeps_the_diagonal(returns, factors):
    model = KalmanLoadings(**FIXED).fit(returns, factors)
    plain = FactorRisk(model, prefit=True).fit(returns, factors)
    risk = FactorRisk(model, residual_structure=Pairs(), prefit=True).fit(returns, factors, tune_until="2010-10-01")
    sigma, before = risk.covariance_frame(), plain.covariance_frame()
    np.testing.assert_allclose(np.diag(sigma), np.diag(before), rtol=1e-12)
    D = plain.idiosyncratic_variance_
    assert sigma.loc["A5", "A6"] - before.loc["A5", "A6"] == pytest.approx(0.25 * np.sqrt(D["A5"] * D["A6"]), rel=1e-9)
    assert sigma.loc["A5", "A39"] == pytest.approx(before.loc["A5", "A39"], rel=1e-12)
    np.testing.assert_allclose(risk.idiosyncratic_variance_, 0.75 * D, rtol=1e-12)
    assert list(risk.residual_loadings_.columns) == ["first", "second"]
    assert risk._structure.tune_until_ == "2010-10-01"
    whole = FactorRisk(model, residual_structure=Pairs(1.5), prefit=True).fit(returns, factors)
    np.testing.assert_allclose(whole.idiosyncratic_variance_, 0.05 * D, rtol=1e-9)
    np.testing.assert_allclose(np.diag(whole.covariance_frame()), np.diag(before), rtol=1e-12)


def test_a_fitted_model_is_not_changed(returns, factors):
    model = KalmanLoadings(**FIXED).fit(returns[:200], factors[:200])
    before = copy.deepcopy(model.next_)
    risk = FactorRisk(model, prefit=True).fit(returns[:200], factors[:200])
    risk.partial_fit(returns[200:], factors[200:])
    assert model.last_date_ == factors.index[199]
    assert model.next_.identical(before)
    with pytest.raises(InputError, match=r"must end on .* the last date of the fitted model"):
        FactorRisk(model, prefit=True).fit(returns, factors)
    with pytest.raises(InputError, match=r"must have the assets of the fitted model, .*'A0'"):
        FactorRisk(model, prefit=True).fit(returns[:200].drop(columns="A0"), factors)
    with pytest.raises(NotFittedError, match="prefit=True"):
        FactorRisk(KalmanLoadings(), prefit=True).fit(returns, factors)


def test_a_failed_partial_fit_changes_nothing(returns, factors):
    risk = FactorRisk(KalmanLoadings(**FIXED), residual_structure=Pairs()).fit(returns[:200], factors[:200])
    before = risk.covariance_.dense()
    with pytest.raises(InputError):
        risk.partial_fit(returns[100:150], factors[100:150])
    with pytest.raises(InputError):
        risk.partial_fit(returns[200:], factors[200:].rename(columns={"size": "other"}))
    with pytest.raises(InputError, match=r"idiosyncratic must be 'shrunk' or .* got 'diagonal'"):
        risk.set_params(idiosyncratic="diagonal").partial_fit(returns[200:], factors[200:])
    np.testing.assert_array_equal(risk.covariance_.dense(), before)
    risk.set_params(idiosyncratic="shrunk").partial_fit(returns[200:], factors[200:])
    assert risk._structure.seen_ == 260


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"factor_covariance": "garch"}, InputError, "factor_covariance must be .* got 'garch'"),
        ({"idiosyncratic": 3.0}, InputError, r"idiosyncratic must be .* got 3\.0"),
        ({"factor_mean": "last"}, InputError, "factor_mean must be .* got 'last'"),
        ({"volatility_half_life": 0}, InputError, "volatility_half_life must be .* got 0"),
        ({"correlation_half_life": True}, InputError, "correlation_half_life must be .* got True"),
        ({"correlation_shrinkage": 2.0}, InputError, "correlation_shrinkage must be .* got 2"),
        ({"min_observations": 0}, InputError, "min_observations must be .* got 0"),
        ({"groups": ["a"]}, DataTypeError, "groups must be a Series by asset or None, got"),
        (
            {"groups": pd.Series(["x", "y"], ["A0", "A0"])},
            InputError,
            "groups must name each asset once, got 'A0' twice",
        ),
        ({"residual_structure": Pairs}, DataTypeError, "residual_structure must be .* got the class Pairs"),
        ({"residual_structure": 3}, DataTypeError, "residual_structure must be .* got 3"),
        ({"residual_structure": "blocks"}, InputError, "residual_structure must be .* got 'blocks'"),
        (
            {"factor_covariance": "regime", "volatility_half_life": np.inf},
            InputError,
            "volatility_half_life must be finite",
        ),
        (
            {"factor_covariance": pd.DataFrame(1e-4, ["market", "size"], ["market", "size", "size"])},
            InputError,
            "factor_covariance must have each factor once",
        ),
        (
            {"factor_covariance": pd.DataFrame(np.eye(2) * 1j, ["market", "size"], ["market", "size"])},
            DataTypeError,
            "factor_covariance must hold numbers",
        ),
        ({"loadings": "kalman"}, DataTypeError, "loadings must be a model of loadings or None, got"),
        ({"idiosyncratic": pd.Series({"A0": 1e-4})}, InputError, "got 39 without .first: 'A1'"),
        (
            {"idiosyncratic": pd.Series({f"A{i}": 1e-4 - 1e-4 * (i == 7) for i in range(40)})},
            InputError,
            "positive and finite, got other values for 'A7'",
        ),
        ({"factor_mean": pd.Series({"market": 0.0})}, InputError, "factor_mean must name .* got no 'size'"),
        ({"factor_mean": pd.Series({"market": 0.0, "size": np.nan})}, InputError, "factor_mean must be finite"),
        ({"factor_covariance": pd.DataFrame(np.eye(2))}, InputError, "got no 'market'"),
        (
            {"factor_covariance": pd.DataFrame([[1, 2], [2, 1]], ["market", "size"], ["market", "size"])},
            InputError,
            "eigen",
        ),
    ],
)
def test_options_that_cannot_be_used(returns, factors, options, error, message):
    with pytest.raises(error, match=message):
        FactorRisk(**{"loadings": KalmanLoadings(**FIXED), **options}).fit(returns, factors)


def test_residual_factors_need_distinct_names(returns, factors):
    called = factors.rename(columns={"size": "first"})
    with pytest.raises(InputError, match="must have different names, got 'first'"):
        FactorRisk(StaticLoadings(), residual_structure=Pairs()).fit(returns, called)


@pytest.mark.parametrize("name", ["factor", "factor_other", "date", "asset", "scenario"])
@pytest.mark.parametrize("intercept", [True, False])
def test_names_of_indexes_do_not_matter(returns, factors, name, intercept):
    model = StaticLoadings(intercept=intercept)
    expected = FactorRisk(model).fit(returns, factors)
    of_assets, of_factors = returns.rename_axis(columns=name), factors.rename_axis(columns=name)
    of_dates = returns.rename_axis(index=name), factors.rename_axis(index=name)
    for given in ((of_assets, factors), (returns, of_factors), of_dates):
        risk = FactorRisk(model).fit(given[0][:200], given[1][:200]).partial_fit(given[0][200:], given[1][200:])
        np.testing.assert_allclose(risk.covariance_.dense(), expected.covariance_.dense(), rtol=1e-10)
        earned = attribute_return(risk.model_, {"A0": 0.0}, given[0][200:], given[1][200:])
        assert attribute_risk(risk, {"A0": 1.0}).sizes["asset"] == len(risk.assets_)
        assert earned.sizes["date"] == 60
        assert risk.model_.predict({"market": 0.0, "size": 0.0}).sizes == {"asset": 40}


def test_a_pickle_continues_without_the_progress_callback(returns, factors):
    heard = []
    model = KalmanLoadings(progress=lambda *told: heard.append(told))
    risk = FactorRisk(model).fit(returns[:200], factors[:200], tune_until=returns.index[199])
    assert heard
    assert clone(risk).loadings.progress is model.progress
    again = pickle.loads(pickle.dumps(risk)).partial_fit(returns[200:], factors[200:])
    risk.partial_fit(returns[200:], factors[200:])
    np.testing.assert_array_equal(again.covariance_.dense(), risk.covariance_.dense())


def test_it_is_an_estimator(returns, factors):
    risk = FactorRisk(RollingLoadings(90), volatility_half_life=30)
    with pytest.raises(NotFittedError, match="Call fit first"):
        risk.portfolio_volatility({"A0": 1.0})
    with pytest.raises(NotFittedError):
        risk.partial_fit(returns, factors)
    copied = clone(risk).set_params(loadings__window=60)
    assert copied.volatility_half_life == 30
    assert risk.loadings.window == 90
    assert not hasattr(risk.loadings, "last_date_")
    assert copied.fit(returns, factors).model_.window == 60


def test_polars(returns, factors):
    pl = pytest.importorskip("polars")
    given = [pl.from_pandas(frame.reset_index()) for frame in (returns, factors)]
    found = FactorRisk(KalmanLoadings(**FIXED)).fit(*given)
    expected = FactorRisk(KalmanLoadings(**FIXED)).fit(returns, factors)
    np.testing.assert_array_equal(found.covariance_.dense(), expected.covariance_.dense())


def test_regime_is_skfolios(returns, factors):
    from skfolio.moments import RegimeAdjustedEWCovariance

    risk = FactorRisk(KalmanLoadings(**FIXED), "regime", factor_mean="zero").fit(returns, factors)
    options = {"half_life": 20.0, "corr_half_life": 45.0}
    theirs = RegimeAdjustedEWCovariance(**options, min_observations=1).fit(factors.to_numpy()).covariance_
    np.testing.assert_allclose(risk.factor_covariance_, theirs, rtol=1e-10)
    np.testing.assert_allclose(
        theirs, RegimeAdjustedEWCovariance(**options).fit(factors.to_numpy()).covariance_, rtol=1e-4
    )
