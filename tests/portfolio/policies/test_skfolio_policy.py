from contextlib import nullcontext
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from past_gate import Gate, nothing_held, walk_through
from scipy.optimize import minimize
from skfolio.moments import EWCovariance, EWMu
from skfolio.optimization import (
    EqualWeighted,
    HierarchicalRiskParity,
    InverseVolatility,
    MeanRisk,
    ObjectiveFunction,
    RiskBudgeting,
)
from skfolio.pre_selection import SelectKExtremes
from skfolio.prior import EmpiricalPrior, LoadingMatrixRegression, TimeSeriesFactorModel
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline

from statefolio.adapters.prior import KalmanFactorPrior
from statefolio.exceptions import DataTypeError, InputError
from statefolio.portfolio.policies.skfolio_policy import SkfolioPolicy
from statefolio.portfolio.policy import Holdings

ROW = 240


def listing_aware():
    """A prior that takes gaps, and an active mask."""
    return EmpiricalPrior(mu_estimator=EWMu(), covariance_estimator=EWCovariance())


def utility(**options):
    return MeanRisk(objective_function=ObjectiveFunction.MAXIMIZE_UTILITY, risk_aversion=5.0, **options)


@pytest.fixture
def history(gate):
    return gate.at(gate.returns.index[ROW])


@pytest.fixture
def complete(demo):
    returns = demo.returns.iloc[-300:, :6]
    return Gate(returns, demo.factors.iloc[-300:, :2])


def best_utility(returns, cost, previous):
    """The policy's weights by SLSQP: the cost is paid once, the mean earned on each date of the period."""
    mu, sigma = returns.mean().to_numpy(), returns.cov().to_numpy()
    count = len(mu)

    def loss(x):
        w, bought, sold = x[:count], x[count : 2 * count], x[2 * count :]
        return -1e3 * (w @ mu - 5.0 * w @ sigma @ w - cost @ (bought + sold))

    constraints = (
        {"type": "eq", "fun": lambda x: x[:count].sum() - 1.0},
        {"type": "eq", "fun": lambda x: x[:count] - previous - x[count : 2 * count] + x[2 * count :]},
    )
    start = np.concatenate([previous, np.zeros(2 * count)])
    bounds = [(0.0, 1.0)] * (3 * count)
    options = {"maxiter": 1000, "ftol": 1e-13}
    found = minimize(loss, start, bounds=bounds, constraints=constraints, method="SLSQP", options=options)
    assert found.success
    return found.x[:count]


@pytest.mark.parametrize(("given", "since", "period"), [(None, 0, 21), (None, 5, 5), (63.0, 5, 63)])
def test_a_cost_is_paid_once_in_a_holding_period(complete, given, since, period):
    history = complete.at(complete.returns.index[-1])
    previous = pd.Series([0.5, 0.1, 0.1, 0.1, 0.1, 0.1], index=history.active)
    costs = SimpleNamespace(proportional=0.01, half_spread=pd.Series(np.linspace(0.0, 0.01, 6), history.active))
    policy = SkfolioPolicy(utility(), costs=costs, holding_period=given)
    found = policy.decide(history, Holdings(history.date, previous, 1e6, since))
    cost = (0.01 + np.linspace(0.0, 0.01, 6)) / period
    expected = best_utility(history.excess_returns, cost, previous.to_numpy())
    np.testing.assert_allclose(found.weights, expected, atol=2e-4)
    each_date = best_utility(history.excess_returns, cost * period, previous.to_numpy())
    assert np.abs(expected - each_date).max() > 0.02


def test_costs_keep_weights_near_the_previous_ones(complete):
    history = complete.at(complete.returns.index[-1])
    held = pd.Series([0.4, 0.2, 0.1, 0.1, 0.1, 0.1], index=history.active)
    holdings = Holdings(history.date, held, 1e6, 5)
    dear = SkfolioPolicy(utility(), costs=1.0).decide(history, holdings)
    np.testing.assert_allclose(dear.weights, held, atol=1e-5)


def test_max_turnover_of_skfolio_is_that_of_each_asset(complete):
    history = complete.at(complete.returns.index[-1])
    held = pd.Series(1 / 6, index=history.active)
    found = SkfolioPolicy(utility(max_turnover=0.02)).decide(history, Holdings(history.date, held, 1e6, 5))
    change = (found.weights - held).abs()
    assert change.max() <= 0.02 + 1e-6
    assert change.sum() > 0.05


OPTIMISERS = [
    EqualWeighted(),
    InverseVolatility(prior_estimator=listing_aware()),
    MeanRisk(prior_estimator=listing_aware()),
    RiskBudgeting(prior_estimator=listing_aware()),
    InverseVolatility(),
    HierarchicalRiskParity(),
    MeanRisk(),
]


@pytest.mark.filterwarnings("ignore:More than 5% of the return scenarios")
@pytest.mark.parametrize("optimiser", OPTIMISERS, ids=repr)
def test_delisted_assets_are_not_held_with_any_optimiser(history, optimiser):
    delisted = history.returns.columns[2]
    held = pd.Series(1 / 9, index=history.returns.columns)
    found = SkfolioPolicy(optimiser).decide(history, Holdings(history.date, held, 1e6, 21))
    assert found.converged
    assert delisted not in found.weights.index
    assert set(found.weights.index) == set(history.active)
    assert found.weights.sum() == pytest.approx(1.0)


@pytest.mark.filterwarnings("ignore:More than 5% of the return scenarios")
def test_some_optimisers_alone_would_keep_a_delisted_asset(history):
    ever = history.excess_returns.dropna(how="all", axis=1)
    kept = InverseVolatility(prior_estimator=listing_aware()).fit(ever).weights_
    assert kept[list(ever.columns).index(history.returns.columns[2])] > 0.05


@pytest.mark.filterwarnings("ignore:More than 5% of the return scenarios")
def test_the_active_mask_says_since_when_an_asset_is_listed(gate):
    class Recording(EWCovariance):
        __metadata_request__fit: ClassVar = {"active_mask": True}
        masks: ClassVar = []

        def fit(self, X, y=None, *, active_mask=None):
            self.masks.append(active_mask)
            return super().fit(X, y, active_mask=active_mask)

    history = gate.at(gate.returns.index[300])
    prior = EmpiricalPrior(mu_estimator=EWMu(), covariance_estimator=Recording())
    found = SkfolioPolicy(MeanRisk(prior_estimator=prior), lookback=100).decide(history, nothing_held(history))
    (mask,) = Recording.masks
    late = gate.returns.columns[1]
    assert late in found.weights.index
    column = list(found.weights.index).index(late)
    np.testing.assert_array_equal(mask[:, column], np.arange(201, 301) >= 250)
    assert np.delete(mask, column, axis=1).all()


def test_without_a_mask_late_listings_wait_for_a_whole_window(gate):
    late = gate.returns.columns[1]
    held = [
        late in SkfolioPolicy(MeanRisk(), lookback=80).decide(h, nothing_held(h)).weights.index
        for h in (gate.at(gate.returns.index[row]) for row in (328, 329))
    ]
    assert held == [False, True]


def test_gaps_are_prices_unchanged(complete):
    gaps = complete.returns.copy()
    gaps.iloc[50:200:7, 3] = np.nan
    found, expected = (
        SkfolioPolicy(MeanRisk()).decide(h, nothing_held(h)).weights
        for h in (Gate(frame).at(frame.index[-1]) for frame in (gaps, gaps.fillna(0.0)))
    )
    pd.testing.assert_series_equal(found, expected)


def test_factors_reach_a_factor_model(complete):
    history = complete.at(complete.returns.index[-1])
    loadings = LoadingMatrixRegression(linear_regressor=LinearRegression())
    estimator = MeanRisk(prior_estimator=TimeSeriesFactorModel(loading_matrix_estimator=loadings))
    found = SkfolioPolicy(estimator, lookback=200).decide(history, nothing_held(history))
    expected = estimator.fit(complete.returns.iloc[-200:], factors=complete.factors.iloc[-200:]).weights_
    np.testing.assert_allclose(found.weights, expected, atol=1e-9)


def test_factors_reach_a_prior_that_asks_for_them(gate):
    history = gate.at(gate.returns.index[300])
    policy = SkfolioPolicy(MeanRisk(prior_estimator=KalmanFactorPrior()))
    found = policy.decide(history, nothing_held(history))
    assert gate.returns.columns[1] in found.weights.index
    assert gate.returns.columns[2] not in found.weights.index
    assert found.details["risk_contribution"].sum() == pytest.approx(1.0)


def test_a_pipeline_holds_what_it_selected(complete):
    history = complete.at(complete.returns.index[-1])
    steps = [("select", SelectKExtremes(k=3)), ("weigh", utility())]
    pipeline = Pipeline(steps).set_output(transform="pandas")
    held = pd.Series(1 / 6, index=history.active)
    found = SkfolioPolicy(pipeline, costs=0.05).decide(history, Holdings(history.date, held, 1e6, 21))
    best = history.excess_returns.mean() / history.excess_returns.std()
    assert set(found.weights.index) == set(best.nlargest(3).index)
    arrays = Pipeline([("select", SelectKExtremes(k=3)), ("weigh", utility())])
    with pytest.raises(InputError, match="set_output"):
        SkfolioPolicy(arrays).decide(history, nothing_held(history))


def test_no_solution_falls_back_with_the_message_of_skfolio(history):
    for estimator in (MeanRisk(min_weights=0.5), MeanRisk(min_weights=0.5, raise_on_failure=False)):
        policy = SkfolioPolicy(estimator)
        with pytest.warns() if not estimator.raise_on_failure else nullcontext():
            found = policy.decide(history, nothing_held(history))
        assert (found.converged, found.fallback, found.weights) == (False, "keep", None)
        assert found.reason.startswith("MeanRisk: ")
    sold = SkfolioPolicy(MeanRisk(min_weights=0.5), fallback="cash").decide(history, nothing_held(history))
    assert sold.fallback == "cash"
    assert not sold.weights.any()


def test_the_fallback_of_an_estimator_is_no_success(history):
    policy = SkfolioPolicy(MeanRisk(min_weights=0.5, fallback=EqualWeighted()))
    found = policy.decide(history, nothing_held(history))
    assert (found.converged, found.fallback) == (False, "skfolio's EqualWeighted")
    np.testing.assert_allclose(found.weights, 1 / len(history.active))


def test_too_little_history_and_an_empty_universe_fall_back(gate):
    early = gate.at(gate.returns.index[40])
    assert "63 dates are needed" in SkfolioPolicy(MeanRisk()).decide(early, nothing_held(early)).reason
    empty = Gate(gate.returns * np.nan).at(gate.returns.index[100])
    assert "0 assets" in SkfolioPolicy(MeanRisk()).decide(empty, nothing_held(empty)).reason


def test_the_future_is_absent(gate):
    dates = gate.returns.index[[150, 171, 192]]
    late = pd.Series(gate.returns.index > dates[-1], index=gate.returns.index)
    spoiled = Gate(gate.returns.mask(late, 0.3), gate.factors)
    runs = [
        walk_through({"it": SkfolioPolicy(utility(), lookback=100, costs=0.01)}, g, dates)["it"]
        for g in (gate, spoiled)
    ]
    for one, other in zip(*runs, strict=True):
        pd.testing.assert_series_equal(one.weights, other.weights, check_exact=True)


def test_names_need_not_be_texts(complete):
    numbered = complete.returns.set_axis(range(6), axis=1)
    history = Gate(numbered).at(numbered.index[-1])
    policy = SkfolioPolicy(utility(), costs=0.01)
    found = policy.decide(history, Holdings(history.date, pd.Series(1 / 6, index=range(6)), 1e6, 21))
    named = complete.at(numbered.index[-1])
    expected = policy.decide(named, Holdings(named.date, pd.Series(1 / 6, index=named.active), 1e6, 21))
    assert list(found.weights.index) == list(range(6))
    np.testing.assert_allclose(found.weights, expected.weights, atol=1e-12)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"estimator": MeanRisk}, DataTypeError, "the class MeanRisk"),
        ({"estimator": EWCovariance()}, DataTypeError, "a EWCovariance"),
        ({"estimator": MeanRisk(transaction_costs=0.001)}, InputError, "charges on every observation"),
        ({"estimator": MeanRisk(transaction_costs={"a": 0.001})}, InputError, "charges on every observation"),
        ({"estimator": EqualWeighted(), "costs": 0.001}, InputError, "costs must be None for EqualWeighted"),
        ({"lookback": 30}, InputError, "lookback must be at least min_dates, 63, got 30"),
        ({"lookback": 0}, InputError, "lookback must be .* got 0"),
        ({"fallback": "none"}, InputError, "fallback must be 'keep' or 'cash', got 'none'"),
        ({"estimator": MeanRisk(efficient_frontier_size=3)}, InputError, "must return one portfolio, got 3"),
    ],
)
def test_invalid_options_are_named(history, options, error, message):
    policy = SkfolioPolicy(**{"estimator": MeanRisk(), **options})
    with pytest.raises(error, match=message):
        policy.decide(history, nothing_held(history))


def test_factors_that_are_missing_are_named(gate):
    history = Gate(gate.returns).at(gate.returns.index[ROW])
    with pytest.raises(InputError, match="the estimator requests factors, got None"):
        SkfolioPolicy(MeanRisk(prior_estimator=TimeSeriesFactorModel())).decide(history, nothing_held(history))


def test_a_lookback_longer_than_the_data_is_a_fallback(complete):
    history = complete.at(complete.returns.index[120])
    found = SkfolioPolicy(utility(), lookback=200).decide(history, nothing_held(history))
    whole = SkfolioPolicy(utility()).decide(history, nothing_held(history))
    assert (found.converged, found.fallback) == (False, "shorter window")
    assert found.reason == "lookback of 200 dates, 121 known"
    pd.testing.assert_series_equal(found.weights, whole.weights, check_exact=True)
    assert (whole.converged, whole.reason) == (True, "")


def test_positions_sold_without_returns_are_named(gate):
    history = gate.at(gate.returns.index[260])
    held = Holdings(history.date, pd.Series(0.1, index=gate.returns.columns), 1e6, 21)
    found = SkfolioPolicy(MeanRisk(), lookback=100).decide(history, held)
    late = gate.returns.columns[1]
    assert late not in found.weights
    assert (found.converged, found.reason) == (True, f"sold without returns on the whole window: {late!r}")
