"""Any labels, dtypes, orders and scales: the answer is that of the plain case, or an error of the library's own."""

import warnings
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import statefolio as sf
from statefolio import portfolio
from statefolio.exceptions import StatefolioError
from statefolio.loadings import RollingLoadings
from statefolio.risk import FactorRisk

DATES, ASSETS = 200, 5


@pytest.fixture(scope="module")
def plain():
    demo = sf.load_demo()
    returns, factors = demo.returns.iloc[-DATES:, :ASSETS], demo.factors.iloc[-DATES:, :2]
    return (
        returns.rename_axis(index=None, columns=None).set_axis([*"ABCDE"], axis=1),
        factors.rename_axis(index=None, columns=None),
    )


def relabelled(labels):
    return lambda frame: frame.set_axis(pd.Index(labels), axis=1)


def in_frame(name):
    return lambda frame: frame.rename_axis(index=name, columns=name)


REFUSED = ("levels", "mixed", "objects", "duplicated")
"""Changes that may raise an error of the library; all others give the answer of the plain case."""

# change of the returns, and new label by old one
LABELS = {
    "named": (in_frame("date"), str),
    "named alike": (in_frame("asset"), str),
    "named by number": (in_frame(3), str),
    "integers": (relabelled(range(ASSETS)), "ABCDE".index),
    "integers in another order": (relabelled([4, 2, 0, 1, 3]), lambda name: [4, 2, 0, 1, 3]["ABCDE".index(name)]),
    "texts of numbers": (
        relabelled(["10", "2", "1", "03", "4"]),
        lambda name: ["10", "2", "1", "03", "4"]["ABCDE".index(name)],
    ),
    "categories": (lambda frame: frame.set_axis(pd.CategoricalIndex([*"ABCDE"]), axis=1), str),
    "strings": (lambda frame: frame.set_axis(pd.Index([*"ABCDE"], dtype="string"), axis=1), str),
    "tuples": (
        lambda frame: frame.set_axis(pd.Index([(name, 1) for name in "ABCDE"], tupleize_cols=False), axis=1),
        lambda name: (name, 1),
    ),
    "levels": (
        lambda frame: frame.set_axis(pd.MultiIndex.from_product([[*"ABCDE"], ["x"]]), axis=1),
        lambda name: (name, "x"),
    ),
    "timestamps": (
        relabelled(pd.bdate_range("2000-01-03", periods=ASSETS)),
        lambda name: pd.bdate_range("2000-01-03", periods=ASSETS)["ABCDE".index(name)],
    ),
    "mixed": (relabelled(["A", 2, "C", 4, "E"]), lambda name: ["A", 2, "C", 4, "E"]["ABCDE".index(name)]),
    "shuffled": (lambda frame: frame[[*"DBACE"]], str),
    "objects": (lambda frame: frame.astype(object), str),
    "nullable": (lambda frame: frame.astype("Float64"), str),
    "single precision": (lambda frame: frame.astype(np.float32), str),
    "Fortran order": (lambda frame: pd.DataFrame(np.asfortranarray(frame), frame.index, frame.columns), str),
}

POLICIES = {
    "EqualWeight": portfolio.EqualWeight,
    "InverseVolatility": portfolio.InverseVolatility,
    "BuyAndHold": portfolio.BuyAndHold,
    "MinimumVariance": lambda: policy(portfolio.MinimumVariance()),
    "capped": lambda: policy(portfolio.MinimumVariance(), constraints=portfolio.Constraints(upper=0.3)),
    "few": lambda: policy(portfolio.MinimumVariance(), constraints=portfolio.Constraints(max_holdings=2)),
    "RiskBudget": lambda: policy(portfolio.RiskBudget()),
    "Utility": lambda: policy(portfolio.Utility(), view=portfolio.KalmanMean(spread=1e-3)),
    "MaximumSharpe": lambda: policy(portfolio.MaximumSharpe(), view=portfolio.FactorPremia(RollingLoadings(63))),
    "FractionalKelly": lambda: policy(portfolio.FractionalKelly(), view=portfolio.KalmanMean(spread=1e-3, mean=4e-4)),
}


def policy(objective, **options):
    return portfolio.ModelPolicy(objective, FactorRisk(RollingLoadings(63), residual_structure=None), **options)


def decided(policy, returns, factors):
    """Weights of one decision, by asset, 0 where none is named."""
    history = history_of(returns, factors)
    held = portfolio.Holdings(history.date, pd.Series(0.0, index=returns.columns), 1e6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = policy.decide(history, held)
    weights = found.weights if isinstance(found, portfolio.Decision) else found
    assert not isinstance(found, portfolio.Decision) or found.converged, found.reason
    return {name: float(weight) for name, weight in weights.items()}


def history_of(returns, factors):
    """What a market shows on its last date."""
    seen = []

    class Look:
        def decide(self, history, holdings):
            seen.append(history)

    market = sf.Market(returns, factors)
    sf.run_backtest(Look(), market, start=returns.index[-2], rebalance="daily")
    return replace(seen[-1], shared={})


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("change", LABELS)
def test_policies(plain, name, change):
    returns, factors = plain
    expected = decided(POLICIES[name](), returns, factors)
    changed, label = LABELS[change]
    try:
        found = decided(POLICIES[name](), changed(returns), factors)
    except StatefolioError:
        assert change in REFUSED
        return
    rtol = 1e-4 if change == "single precision" else 1e-7
    for old, weight in expected.items():
        np.testing.assert_allclose(found.get(label(old), 0.0), weight, rtol=rtol, atol=rtol * 0.1, err_msg=str(old))


@pytest.mark.parametrize("change", LABELS)
@pytest.mark.parametrize("view", [portfolio.KalmanMean(spread=1e-3), portfolio.FactorPremia(RollingLoadings(63))])
def test_views_with_and_without_risk(plain, view, change):
    returns, factors = plain
    risk = FactorRisk(RollingLoadings(63), residual_structure=None)
    changed, label = LABELS[change]
    rtol = 1e-4 if change == "single precision" else 1e-7
    for given in (None, risk):
        fitted = None if given is None else sf.FactorRisk(**given.get_params(deep=False)).fit(returns, factors)
        expected = pd.Series(clone(view).fit(returns, factors, risk=fitted).mu_, index=[*"ABCDE"])
        try:
            own = (
                None if given is None else sf.FactorRisk(**given.get_params(deep=False)).fit(changed(returns), factors)
            )
            fresh = clone(view).fit(changed(returns), factors, risk=own)
            found = pd.Series(fresh.mu_, index=fresh.assets_)
            forecast = None if own is None else fresh.forecast(own).mean
        except StatefolioError:
            assert change in REFUSED
            continue
        for old, mean in expected.items():
            np.testing.assert_allclose(found[label(old)], mean, rtol=rtol)
            if forecast is not None:
                np.testing.assert_allclose(forecast[label(old)], mean, rtol=rtol)


@pytest.mark.parametrize("labels", [[0, 1], [("m", 1), ("s", 2)], pd.CategoricalIndex(["m", "s"])])
def test_factors_of_any_label(plain, labels):
    returns, factors = plain
    view = portfolio.FactorPremia(RollingLoadings(63))
    expected = clone(view).fit(returns, factors).mu_
    found = clone(view).fit(returns, factors.set_axis(pd.Index(labels, tupleize_cols=False), axis=1)).mu_
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e-3, 1e6, 1e12])
@pytest.mark.parametrize("name", ["EqualWeight", "InverseVolatility", "BuyAndHold"])
def test_weights_do_not_depend_on_the_unit_of_returns(plain, name, scale):
    returns, factors = plain
    expected = decided(POLICIES[name](), returns, factors)
    history = SimpleNamespace(returns=returns * scale, active=returns.columns, date=returns.index[-1])
    held = portfolio.Holdings(history.date, returns.iloc[0] * 0.0, 1e6)
    found = POLICIES[name]().decide(history, held)
    for asset, weight in expected.items():
        np.testing.assert_allclose(found[asset], weight, rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-12, 1e-8, 1e-4, 1e4, 1e8])
@pytest.mark.parametrize(
    "objective",
    [
        portfolio.MinimumVariance(),
        portfolio.MaximumSharpe(),
        portfolio.RiskBudget(),
        portfolio.FactorRiskBudget({"f": 0.6, "idiosyncratic": 0.4}),
    ],
)
def test_weights_do_not_depend_on_the_unit_of_the_covariance(objective, scale):
    """Variances times s^2 and means times s: the same weights."""
    expected, found = (objective.solve(problem(unit)) for unit in (1.0, scale))
    assert expected.converged
    assert found.converged, found.reason
    np.testing.assert_allclose(found.weights, expected.weights, rtol=1e-5, atol=1e-7)


def problem(unit=1.0, count=4, again=False):
    rng = np.random.default_rng(3)
    loadings, diagonal, mean = (
        rng.normal(1, 0.3, (count, 1)),
        rng.uniform(1, 3, count) * 1e-4,
        rng.uniform(1, 4, count) * 1e-4,
    )
    if again:
        loadings[1], diagonal[1], mean[1] = loadings[0], diagonal[0], mean[0]
    covariance = sf.risk.LowRankCovariance(loadings, np.array([[1e-4 * unit**2]]), diagonal * unit**2)
    return portfolio.Problem(
        pd.Index([*"ABCDEFGH"][:count]),
        covariance,
        factors=pd.Index(["f"]),
        previous=np.zeros(count),
        constraints=portfolio.Constraints(),
        trade_cost=np.zeros(count),
        mean=mean * unit,
    )


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize(
    "objective",
    [
        portfolio.MinimumVariance(),
        portfolio.MaximumSharpe(),
        portfolio.Utility(),
        portfolio.FractionalKelly(),
        portfolio.RiskBudget(),
    ],
)
def test_one_asset_and_equal_assets(objective, count):
    given = problem(count=count, again=count > 1)
    found = objective.solve(given)
    assert found.converged, found.reason
    if count == 1:
        np.testing.assert_allclose(
            found.weights, 1.0 if not isinstance(objective, portfolio.FractionalKelly) else found.weights
        )
    else:
        np.testing.assert_allclose(found.weights[0], found.weights[1], rtol=1e-9)


GIVEN = {
    **{name: change for name, change in LABELS.items() if name not in ("objects", "nullable")},
    "duplicated": (lambda frame: frame.set_axis([*"AACDE"], axis=1), str),
}


@pytest.mark.parametrize("change", GIVEN)
@pytest.mark.parametrize("kind", ["GivenWeights", "BuyAndHold"])
def test_given_weights(plain, change, kind):
    returns, factors = plain
    changed, label = GIVEN[change]
    weights = pd.DataFrame([[0.1, 0.2, 0.3, 0.25, 0.15]], returns.index[-20:-19], [*"ABCDE"])
    expected = dict(zip("ABCDE", weights.to_numpy()[0], strict=True))
    try:
        given = changed(weights)
        market = returns if change == "duplicated" else changed(returns)
        made = portfolio.GivenWeights(given) if kind == "GivenWeights" else portfolio.BuyAndHold(given.iloc[0])
        result = sf.run_backtest(made, sf.Market(market, factors), start=returns.index[-3], rebalance="daily")
    except StatefolioError:
        assert change in REFUSED
        return
    for old, weight in expected.items():
        np.testing.assert_allclose(result.decisions.iloc[0][label(old)], weight, rtol=1e-6)


@pytest.mark.parametrize("change", LABELS)
@pytest.mark.parametrize("kind", [dict, pd.Series])
def test_constraints_and_budgets_by_asset(plain, change, kind):
    """Bounds, groups and risk budgets named as the assets are."""
    returns, factors = plain
    changed, label = LABELS[change]
    groups = {"A": "x", "B": "x", "C": "y", "D": "y", "E": "y"}

    def both(rename, frame):
        def named(numbers):
            index = pd.Index([rename(name) for name in numbers], tupleize_cols=False)
            series = pd.Series(list(numbers.values()), index=index)
            return dict(series.items()) if kind is dict else series

        limits = portfolio.Constraints(
            lower=named({"A": 0.05}),
            upper=named({"B": 0.1, "C": 0.35}),
            groups=pd.Series(named(groups)),
            group_limits={"y": (None, 0.75)},
        )
        budget = named({"A": 0.1, "B": 0.2, "C": 0.3, "D": 0.2, "E": 0.2})
        return [
            decided(policy(portfolio.MinimumVariance(), constraints=limits), frame, factors),
            decided(policy(portfolio.RiskBudget(budget)), frame, factors),
        ]

    expected = both(str, returns)
    try:
        found = both(label, changed(returns))
    except StatefolioError:
        assert change in REFUSED
        return
    rtol = 1e-4 if change == "single precision" else 1e-7
    for before, after in zip(expected, found, strict=True):
        for old, weight in before.items():
            np.testing.assert_allclose(after.get(label(old), 0.0), weight, rtol=rtol, atol=rtol * 0.1)
