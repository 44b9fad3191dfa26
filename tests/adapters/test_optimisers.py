"""The prior inside skfolio: optimisers, cross-validation, online prediction, metadata routing, real panels."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from skfolio import RiskMeasure
from skfolio.model_selection import WalkForward, cross_val_predict, online_predict
from skfolio.optimization import (
    HierarchicalRiskParity,
    MaximumDiversification,
    MeanRisk,
    ObjectiveFunction,
    RiskBudgeting,
)
from skfolio.prior import BasePrior, ReturnDistribution
from sklearn.base import clone

from statefolio.adapters.prior import KalmanFactorPrior
from statefolio.data import load_stocks_and_index
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import StaticLoadings
from statefolio.risk.factor_risk import FactorRisk

LATE, LEFT, NEVER, SHORT = "A1", "A2", "A3", "A4"  # see the panel in the folder above
HELD = KalmanLoadings(tuning="fixed", state_variance=0.02, common_volatility=False)


class Dense(BasePrior):
    """A prior without a factor model: FactorRisk's own covariance, all N x N of it."""

    __metadata_request__fit = {"factors": True}  # noqa: RUF012

    def __init__(self, risk=None):
        self.risk = risk

    def fit(self, X, y=None, *, factors=None):
        fitted = clone(self.risk).fit(X, factors)
        alpha = fitted.model_.next_["mean"].to_numpy()[:, 0]
        mu = alpha + fitted.exposures_.to_numpy() @ fitted.factor_mean_.to_numpy()
        self.return_distribution_ = ReturnDistribution(mu, fitted.covariance_.dense(), X.to_numpy())
        return self


@pytest.fixture(scope="module")
def real():
    """20 stocks and the market, three years of them; one listed late and one gone before the end."""
    data = load_stocks_and_index()
    returns, factors = data.returns.loc["2019":"2021"].copy(), data.factors.loc["2019":"2021"]
    returns.loc[:"2020-12-31", "AMD"] = np.nan
    returns.loc["2021-06-01":, "GE"] = np.nan
    return returns, factors


@pytest.fixture(scope="module")
def prior() -> KalmanFactorPrior:
    return KalmanFactorPrior(FactorRisk(HELD))


def test_the_optimised_variance_is_that_of_factor_risk(full, factors, prior):
    model = MeanRisk(prior_estimator=prior).fit(full, factors=factors)
    expected = model.prior_estimator_.risk_.portfolio_variance(pd.Series(model.weights_, full.columns))
    np.testing.assert_allclose(model.problem_values_["risk"], expected, rtol=1e-6)


@pytest.mark.parametrize("objective", [ObjectiveFunction.MINIMIZE_RISK, ObjectiveFunction.MAXIMIZE_UTILITY])
@pytest.mark.parametrize("short", [0.0, -1.0])
def test_weights_are_those_of_the_dense_covariance_uncertainty_included(full, factors, prior, objective, short):
    options = {"objective_function": objective, "min_weights": short, "risk_aversion": 50.0, "scale_objective": 1e4}
    ours = MeanRisk(prior_estimator=prior, **options).fit(full, factors=factors).weights_
    dense = MeanRisk(prior_estimator=Dense(FactorRisk(HELD)), **options).fit(full, factors=factors).weights_
    certain = Dense(FactorRisk(HELD, uncertainty=False))
    without = MeanRisk(prior_estimator=certain, **options).fit(full, factors=factors).weights_
    np.testing.assert_allclose(ours, dense, atol=2e-5)
    assert np.abs(without - dense).max() > 1e-2


def test_weights_have_their_closed_form(full, factors, prior):
    """Free minimum variance: Sigma^-1 1 / (1' Sigma^-1 1)."""
    model = MeanRisk(prior_estimator=prior, min_weights=None, max_weights=None).fit(full, factors=factors)
    expected = model.prior_estimator_.risk_.covariance_.solve(np.ones(8))
    np.testing.assert_allclose(model.weights_, expected / expected.sum(), atol=1e-6)


def test_risk_budgets_are_kept(full, factors, prior):
    budget = np.array([4.0, 3, 2, 1, 1, 1, 1, 1])
    model = RiskBudgeting(prior_estimator=prior, risk_budget=budget).fit(full, factors=factors)
    sigma = model.prior_estimator_.risk_.covariance_
    parts = model.weights_ * sigma.marginal_risk(model.weights_) / sigma.volatility(model.weights_)
    np.testing.assert_allclose(parts, budget / budget.sum(), atol=1e-4)


@pytest.mark.parametrize(
    "optimiser",
    [
        RiskBudgeting(),
        MeanRisk(risk_measure=RiskMeasure.CVAR),
        MeanRisk(objective_function=ObjectiveFunction.MAXIMIZE_RATIO),
        MaximumDiversification(),
        HierarchicalRiskParity(),
    ],
)
def test_optimisers_give_no_weight_to_assets_that_cannot_be_held(returns, factors, prior, optimiser):
    model = clone(optimiser).set_params(prior_estimator=prior).fit(returns, factors=factors)
    out = returns.columns.get_indexer([LEFT, NEVER, SHORT])
    assert (model.weights_[out] == 0.0).all()
    assert np.isfinite(model.weights_).all()
    np.testing.assert_allclose(model.weights_.sum(), 1.0)


def test_constraints_on_factors(full, factors, prior):
    constraint = "market == 0.9"
    model = MeanRisk(prior_estimator=prior, linear_constraints=[constraint], min_weights=-1.0).fit(
        full, factors=factors
    )
    exposures = model.prior_estimator_.risk_.exposures_["market"].to_numpy()
    np.testing.assert_allclose(model.weights_ @ exposures, 0.9, atol=1e-6)


def test_residual_risk_is_in_the_tail(full, factors):
    """Scenarios without residuals take the optimiser's CVaR below what the factors leave."""
    tails = {}
    for kind in ("residuals", "factors"):
        prior = KalmanFactorPrior(FactorRisk(HELD), scenarios=kind)
        model = MeanRisk(risk_measure=RiskMeasure.CVAR, prior_estimator=prior).fit(full, factors=factors)
        tails[kind] = model.problem_values_["risk"]
    assert tails["factors"] < 0.9 * tails["residuals"]


def test_walking_forward_refits_on_each_window(real, prior):
    returns, factors = real
    cv = WalkForward(train_size=500, test_size=60)
    found = cross_val_predict(MeanRisk(prior_estimator=prior), returns, cv=cv, params={"factors": factors})
    for portfolio, (train, _) in zip(found.portfolios, cv.split(returns), strict=True):
        alone = MeanRisk(prior_estimator=prior).fit(returns.iloc[train], factors=factors.iloc[train])
        np.testing.assert_allclose(portfolio.weights, alone.weights_, atol=1e-9)
    assert np.isfinite(found.returns).all()


def test_online_prediction_is_refitting_with_held_hyper_parameters(real):
    returns, factors = real
    tuned = KalmanFactorPrior(FactorRisk(KalmanLoadings()))
    model = MeanRisk(prior_estimator=tuned, min_weights=0.01)
    online = online_predict(model, returns, warmup_size=500, test_size=40, params={"factors": factors})
    held = clone(model).set_params(prior_estimator__tune_until=returns.index[499])
    cv = WalkForward(train_size=500, test_size=40, expand_train=True)
    refitted = cross_val_predict(held, returns, cv=cv, params={"factors": factors})
    assert len(online.portfolios) == len(refitted.portfolios) > 4
    for one, other in zip(online.portfolios, refitted.portfolios, strict=True):
        np.testing.assert_allclose(one.weights, other.weights, atol=1e-7)
    gone, late = returns.columns.get_indexer(["GE", "AMD"])
    first, last = online.portfolios[0].weights, online.portfolios[-1].weights
    assert (first[gone] >= 0.0099, first[late]) == (True, 0.0)
    assert (last[gone], last[late] >= 0.0099) == (0.0, True)


def test_metadata_routing_needs_no_request(real, prior):
    returns, factors = real
    mask = returns.notna()
    model = MeanRisk(prior_estimator=prior)
    plain = clone(model).fit(returns, factors=factors, active_mask=mask).weights_
    cv, params = WalkForward(train_size=600, test_size=60), {"factors": factors, "active_mask": mask}
    expected = cross_val_predict(model, returns, cv=cv, params=params)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = clone(model).fit(returns, factors=factors, active_mask=mask).weights_
        walked = cross_val_predict(model, returns, cv=cv, params=params)
        online = online_predict(model, returns, warmup_size=600, test_size=60, params=params)
    np.testing.assert_array_equal(routed, plain)
    np.testing.assert_array_equal(walked.returns, expected.returns)
    np.testing.assert_allclose(online.portfolios[0].weights, walked.portfolios[0].weights, atol=1e-9)


@pytest.mark.filterwarnings("ignore:returns should be adjusted for splits, got 2 moves")  # DISCA, DISCK
@pytest.mark.filterwarnings("ignore:returns should not jump and return, got 1 large moves")  # LNT
def test_505_stocks_with_late_listings(stocks):
    returns, factors = stocks
    returns = returns.iloc[:900].copy()
    returns.iloc[870:, 100] = np.nan
    prior = KalmanFactorPrior(FactorRisk(KalmanLoadings(tuning="fixed", state_variance=0.002)))
    model = MeanRisk(prior_estimator=prior).fit(returns, factors=factors.iloc[:900])
    fitted = model.prior_estimator_
    late = returns.columns[returns.iloc[0].isna() & returns.iloc[-1].notna()]
    assert len(late.difference(fitted.excluded_.index)) > 10
    assert returns.columns[100] in fitted.excluded_.index
    held = ~returns.columns.isin(fitted.excluded_.index)
    np.testing.assert_array_equal(model.investable_mask_, held)
    assert np.isfinite(fitted.return_distribution_.returns[:, held]).all()
    weights = pd.Series(model.weights_, returns.columns)
    np.testing.assert_allclose(weights.sum(), 1.0)
    variance = fitted.risk_.portfolio_variance(weights[held])
    np.testing.assert_allclose(model.problem_values_["risk"], variance, rtol=1e-6)
    assert np.isfinite(model.predict(returns.iloc[-60:]).returns).all()


def test_constant_loadings_too(full, factors):
    model = MeanRisk(prior_estimator=KalmanFactorPrior(FactorRisk(StaticLoadings()))).fit(full, factors=factors)
    np.testing.assert_allclose(model.weights_.sum(), 1.0)
