"""FactorPremia against its sums written out, draws from its own distribution, and its risk model."""

import numpy as np
import pandas as pd
import pytest
from skfolio.moments import EmpiricalMu, ShrunkMu
from skfolio.optimization import MeanRisk
from skfolio.prior import EmpiricalPrior
from sklearn import config_context

from statefolio.exceptions import DataTypeError, InputError, NotFittedError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.portfolio.views.alpha_posterior import alpha_posterior
from statefolio.portfolio.views.factor_premia import FactorPremia
from statefolio.portfolio.views.kalman_mean import KalmanMean
from statefolio.risk.factor_risk import FactorRisk


def written_out(model, premia, spread, i, alpha_variance=None):
    """Asset i's variance in addition to B L B', term by term."""
    P = model.next_["covariance"].to_numpy()[i]
    if alpha_variance is None:
        P = P[1:, 1:]
        return premia @ P @ premia + np.trace(P @ spread)
    e = P[:, 0]
    P = P - np.outer(e, e) / (P[0, 0] + alpha_variance)
    block = P[1:, 1:]
    return premia @ block @ premia + np.trace(block @ spread) + 2 * premia @ P[1:, 0] + P[0, 0]


@pytest.mark.parametrize("alpha", ["none", "both"])
def test_mean_and_covariance_are_their_sums(demo, demo_risk, alpha):
    view = FactorPremia(alpha=alpha).fit(demo.returns, demo.factors, risk=demo_risk)
    ahead, names = view.model_.next_, list(demo.factors.columns)
    B, a = ahead["mean"].to_numpy()[:, 1:], ahead["mean"].to_numpy()[:, 0]
    l, L = view.premia_[names].to_numpy(), view.premia_covariance_.loc[names, names].to_numpy()  # noqa: E741
    tau = view.alpha_prior_[1]
    v = ahead["covariance"].to_numpy()[:, 0, 0]
    expected = B @ l + (tau / (tau + v) * a if alpha == "both" else 0.0)
    np.testing.assert_allclose(view.mu_, expected, rtol=1e-10)
    diagonal = [written_out(view.model_, l, L, i, tau if alpha == "both" else None) for i in range(len(B))]
    np.testing.assert_allclose(view.covariance_.dense(), B @ L @ B.T + np.diag(diagonal), rtol=1e-8, atol=1e-16)


def test_the_covariance_is_that_of_draws(demo, demo_risk):
    """The variance of products of premia and loadings drawn from their distributions."""
    view = FactorPremia().fit(demo.returns, demo.factors, risk=demo_risk)
    rng = np.random.default_rng(0)
    ahead = view.model_.next_
    premia = rng.multivariate_normal(view.premia_, view.premia_covariance_, 200_000)
    P = ahead["covariance"].to_numpy()[:2, 1:, 1:]
    loadings = [rng.multivariate_normal(ahead["mean"].to_numpy()[i, 1:], P[i], 200_000) for i in range(2)]
    drawn = np.cov([(premia * b).sum(axis=1) for b in loadings])
    np.testing.assert_allclose(drawn, view.covariance_.dense()[:2, :2], rtol=0.02)


def test_premia_are_the_posterior_of_a_constant(demo, demo_risk):
    view = FactorPremia().fit(demo.returns, demo.factors, risk=demo_risk)
    n, s = len(demo.factors), 0.4**2 / 252
    np.testing.assert_allclose(view.premia_, demo.factors.mean()[view.premia_.index] * n / (n + 1 / s), rtol=1e-9)


def test_alpha_by_side(demo, demo_risk):
    taken = {
        side: FactorPremia(alpha=side).fit(demo.returns, demo.factors, risk=demo_risk)
        for side in ("none", "both", "long", "short")
    }
    both, none = taken["both"].alpha_, taken["none"].alpha_
    assert (none == 0.0).all()
    pd.testing.assert_series_equal(taken["long"].alpha_, both.clip(lower=0.0))
    pd.testing.assert_series_equal(taken["short"].alpha_, both.clip(upper=0.0))
    sure = FactorPremia(alpha="both", alpha_confidence=0.9).fit(demo.returns, demo.factors, risk=demo_risk).alpha_
    assert ((sure == 0.0) | (sure == both)).all()
    assert (sure != 0.0).sum() <= (both != 0.0).sum()


@pytest.mark.parametrize("centre", ["zero", "cross_section"])
def test_alpha_posterior_finds_the_spread_and_covers(centre):
    rng = np.random.default_rng(5)
    N, tau = 4000, 0.02
    m = 0.0 if centre == "zero" else 0.01
    alpha, v = rng.normal(m, tau, N), rng.uniform(0.5, 3.0, N) * tau**2
    found = alpha_posterior(alpha + rng.normal(0, np.sqrt(v)), v, centre)
    assert found.prior_variance == pytest.approx(tau**2, rel=0.12)
    assert found.prior_mean == pytest.approx(m, abs=0.002)
    assert (np.abs(alpha - found.mean) < 1.96 * np.sqrt(found.variance)).mean() == pytest.approx(0.95, abs=0.012)
    sure = found.on_side("long", 0.9)
    assert (alpha[sure] > 0).mean() > 0.9


def test_alphas_of_pure_error_are_shrunk_to_zero():
    """Estimates no further apart than their errors: the position on alpha is zero, not small."""
    v = np.full(50, 1e-6)
    found = alpha_posterior(np.tile([5e-4, -5e-4], 25), v, "zero")
    assert found.prior_variance == 0.0
    assert not found.mean.any()
    assert not found.on_side("both", 0.5).any()


def test_paule_and_mandels_equation_holds():
    rng = np.random.default_rng(6)
    a, v = rng.normal(0, 2, 30), rng.uniform(0.2, 2, 30)
    found = alpha_posterior(a, v, "cross_section")
    weight = 1 / (v + found.prior_variance)
    assert found.prior_mean == pytest.approx(weight @ a / weight.sum())
    assert (weight * (a - found.prior_mean) ** 2).sum() == pytest.approx(29)


@pytest.mark.parametrize("uncertainty", [True, False])
def test_uncertainty_in_the_risk_model_is_counted_once(demo, demo_risk, uncertainty):
    risk = FactorRisk(demo_risk.model_, prefit=True, uncertainty=uncertainty).fit(demo.returns, demo.factors)
    view = FactorPremia(alpha="both").fit(demo.returns, demo.factors, risk=risk)
    added = view.forecast(risk).covariance.diagonal
    if uncertainty:
        P, L = view.model_.next_["covariance"].to_numpy()[:, 1:, 1:], view.premia_covariance_.to_numpy()
        np.testing.assert_allclose(added, [np.trace(p @ L) for p in P])
    else:
        np.testing.assert_allclose(added, view.covariance_.diagonal)
    assert view.forecast().assets.equals(view.assets_)


@pytest.mark.parametrize("lent", [True, False])
def test_continuing_is_fitting_at_once(demo, lent):
    returns, factors = demo.returns.iloc[:700], demo.factors.iloc[:700]
    until, cut = returns.index[599], 650
    options = {"loadings": KalmanLoadings(noise="constant", tails="gaussian", common_volatility=False)}
    risk = FactorRisk(options["loadings"]) if lent else None

    def given(rows):
        if not lent:
            return {}
        frames = returns.iloc[rows], factors.iloc[rows]
        if hasattr(risk, "last_date_") and rows.start:
            return {"risk": risk.partial_fit(*frames)}
        return {"risk": risk.fit(*frames, tune_until=until)}

    whole = slice(0, 700)
    at_once = FactorPremia(**options, alpha="both").fit(returns, factors, tune_until=until, **given(whole))
    first, last = slice(0, cut), slice(cut, 700)
    stepped = FactorPremia(**options, alpha="both")
    stepped.fit(returns.iloc[first], factors.iloc[first], tune_until=until, **given(first))
    stepped.partial_fit(returns.iloc[last], factors.iloc[last], **given(last))
    assert np.array_equal(stepped.mu_, at_once.mu_)
    assert np.array_equal(stepped.covariance_.diagonal, at_once.covariance_.diagonal)
    assert np.array_equal(stepped.premia_covariance_, at_once.premia_covariance_)


def test_permuting_assets_permutes_means(demo, demo_risk):
    names = list(demo.returns.columns[::-1])
    model = KalmanLoadings().fit(demo.returns[names], demo.factors, tune_until="2017-12-31")
    one = FactorPremia(alpha="both").fit(demo.returns, demo.factors, risk=demo_risk)
    other = FactorPremia(alpha="both").fit(demo.returns[names], demo.factors, risk=model)
    np.testing.assert_allclose(other.mu_[::-1], one.mu_, rtol=1e-4, atol=1e-8)


def test_skfolio_takes_it(demo):
    X, y = demo.returns.dropna(axis=1).iloc[-400:], demo.factors.iloc[-400:]
    prior = EmpiricalPrior(mu_estimator=FactorPremia())
    alone = FactorPremia().fit(X, y)
    with config_context(enable_metadata_routing=False):
        fitted = prior.fit(X, y)
    np.testing.assert_allclose(fitted.return_distribution_.mu, alone.mu_)
    model = MeanRisk(prior_estimator=prior).fit(X, y)
    assert model.weights_.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("premia", [EmpiricalMu(), ShrunkMu(), KalmanMean(tuning="shrunk", mean=0.0)])
def test_other_premia(demo, demo_risk, premia):
    view = FactorPremia(premia=premia).fit(demo.returns, demo.factors, risk=demo_risk)
    known = not hasattr(view.premia_model_, "covariance_")
    assert (view.premia_covariance_.to_numpy() == 0.0).all() == known
    assert np.isfinite(view.mu_).all()


def test_an_asset_without_loadings_has_no_mean(demo):
    X = demo.returns.iloc[:300].copy()
    X.iloc[:, 2] = np.nan
    view = FactorPremia().fit(X, demo.factors.iloc[:300])
    assert np.isnan(view.mu_[2])
    assert X.columns[2] not in view.assets_
    assert len(view.covariance_) == X.shape[1] - 1


def test_invalid_options_and_data(demo, demo_risk):
    X, y = demo.returns, demo.factors
    with pytest.raises(InputError, match="y must be the factors' returns, got None"):
        FactorPremia().fit(X)
    with pytest.raises(DataTypeError, match=r"premia must be .* got 3"):
        FactorPremia(premia=3).fit(X, y)
    with pytest.raises(InputError, match=r"alpha must be .* got 'some'"):
        FactorPremia(alpha="some").fit(X, y)
    with pytest.raises(InputError, match="alpha_confidence"):
        FactorPremia(alpha_confidence=0.2).fit(X, y)
    with pytest.raises(DataTypeError, match="risk must be a fitted FactorRisk or LoadingsModel, got 'mine'"):
        FactorPremia().fit(X, y, risk="mine")
    with pytest.raises(NotFittedError):
        FactorPremia().forecast()
    until = X.index[-5]
    view = FactorPremia(premia=EmpiricalMu()).fit(X.loc[:until], y.loc[:until], risk=demo_risk)
    with pytest.raises(InputError, match="risk must be the model of fit, continued, got None"):
        view.partial_fit(X.iloc[-4:], y.iloc[-4:])
    with pytest.raises(DataTypeError, match="premia must have partial_fit to continue"):
        view.partial_fit(X.iloc[-4:], y.iloc[-4:], risk=demo_risk)
    flat = KalmanLoadings(intercept=False, noise="constant", tails="gaussian", common_volatility=False)
    with pytest.raises(InputError, match="without an intercept"):
        FactorPremia(flat, alpha="both").fit(X.iloc[:200], y.iloc[:200])
