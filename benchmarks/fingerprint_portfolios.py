"""Defines the cases of `fingerprint.py` for portfolios and back-tests."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from fingerprint_loadings import CASES, case, held, panel, risk, sectors, weights, whole
from skfolio.optimization import MeanRisk

import statefolio as sf


# Portfolios: one problem ------------------------------------------------------------------------------------------
@cache
def forecast() -> Any:
    return sf.FactorPremia(alpha="both").fit(*panel(), risk=risk()).forecast(risk())


CONSTRAINTS: dict[str, Callable[[], dict[str, Any]]] = {
    "usual": dict,
    "boxes": lambda: {"upper": pd.Series({"AAPL": 0.05, "HD": 0.1}), "lower": 0.01, "net": (0.5, 1.0)},
    "long_short": lambda: {"lower": -0.3, "upper": 0.3, "net": (0.0, 0.5), "gross": 1.5},
    "groups": lambda: {"groups": sectors(), "group_limits": {"tech": (0.2, 0.4), "bank": (None, 0.3)}},
    "factors": lambda: {"factor_limits": {"market": (0.5, 0.9), "size": (-0.1, 0.1)}, "net": (0.0, 1.0)},
    "confident": lambda: {"factor_limits": {"market": (None, 0.9)}, "exposure_confidence": 0.95, "net": (0.0, 1.0)},
    "turnover": lambda: {"turnover": 0.3, "no_trade_band": 0.01},
    "daily_turnover": lambda: {"daily_turnover": 0.02},
    "few": lambda: {"max_holdings": 4, "upper": 0.4},
    "volume": lambda: {"volume_share": 0.1},
    "impossible": lambda: {"upper": 0.05},
}
OBJECTIVES: dict[str, Callable[[], Any]] = {
    "minimum_variance": sf.MinimumVariance,
    "utility": lambda: sf.Utility(3.0),
    "maximum_sharpe": sf.MaximumSharpe,
    "maximum_sharpe_free": lambda: sf.MaximumSharpe(costs=False),
    "kelly": lambda: sf.FractionalKelly(0.5),
    "risk_budget": sf.RiskBudget,
    "risk_budget_given": lambda: sf.RiskBudget({"AAPL": 0.4, "HD": 0.6}, absent="spread"),
    "factor_budget": lambda: sf.FactorRiskBudget(
        {"market": 0.6, "momentum": 0.05, "quality": 0.0, "size": 0.05, "idiosyncratic": 0.3}
    ),
}


def problem(constraints: dict[str, Any]) -> sf.Problem:
    model = risk()
    mean, covariance = forecast().aligned(model.assets_)
    count = len(model.assets_)
    variance = model.model_.next_["covariance"].sel(asset=model.assets_).to_numpy()
    return sf.Problem(
        assets=model.assets_,
        covariance=model.covariance_,
        factors=model.factors_,
        previous=np.arange(1.0, count + 1.0) / np.arange(1.0, count + 1.0).sum(),
        constraints=sf.Constraints(**constraints),
        trade_cost=np.linspace(2e-4, 1e-3, count),
        mean=mean,
        mean_covariance=covariance,
        loading_variance=np.diagonal(variance, axis1=1, axis2=2)[:, 1:],
        holding_period=21.0,
        dates_since=21,
        most_held=np.full(count, 0.2) if "volume_share" in constraints else None,
    )


def solutions(make: Callable[[], Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, constraints in CONSTRAINTS.items():
        try:
            found[name] = make().solve(problem(constraints()))
        except sf.InputError as error:  # a budget may contradict a limit, and says so
            found[name] = ["refused", str(error)]
    return found


for _name, _make in OBJECTIVES.items():
    CASES[f"solve.{_name}"] = partial(solutions, _make)


@case
def views_all() -> dict[str, Any]:
    returns, factors = panel()
    found: dict[str, Any] = {"premia": forecast()}
    for name, options in {
        "pooled": {},
        "own": {"tuning": "mle", "mean": "own"},
        "shrunk": {"tuning": "shrunk"},
        "learned": {"phi": None},
        "given": {"spread": 0.4**2 / 252, "mean": 0.0},
        "dense": {"state_covariance": whole()[0].cov() * 1e-3, "observation_covariance": whole()[0].cov()},
        "matrix": {"state_covariance": 1e-7, "observation_covariance": 2e-4, "start": (0.0, 1e-6)},
    }.items():
        seen = whole()[0] if name == "dense" else returns
        view = sf.KalmanMean(**options).fit(seen.iloc[:700], tune_until="2021-12-31")
        view.partial_fit(seen.iloc[700:])
        found[name] = held(view, "mu", "predicted", "predicted_variance", "parameters", "covariance")
        found[f"{name}_forecast"] = view.forecast(risk())
    long = sf.FactorPremia(premia=sf.KalmanMean(mean=0.0), alpha="long", alpha_prior="cross_section")
    long.fit(returns.iloc[:700], factors.iloc[:700]).partial_fit(returns.iloc[700:], factors.iloc[700:])
    found["long"] = held(long, "mu", "premia", "premia_covariance", "alpha", "alpha_prior", "covariance")
    joined = sf.KalmanMean().fit(returns.iloc[:700, :9]).partial_fit(returns.iloc[700:])
    found["joined"] = held(joined, "mu", "covariance", "parameters")
    found["growth"] = sf.expected_growth(weights().to_numpy()[:8], whole()[0].to_numpy())
    return found


@case
def views_tracker() -> dict[str, Any]:
    returns, _ = panel()
    found: dict[str, Any] = {}
    shares = weights().reindex(returns.columns).fillna(0.0)
    for name, options in {"usual": {}, "groups": {"groups": sectors(), "phi": 0.9, "window": 15}}.items():
        tracker = sf.RiskContributionTracker(**options).fit(
            returns.iloc[:600], weights().reindex(returns.columns).fillna(0)
        )
        found[name] = held(tracker, "tracking", "signal_to_noise", "log_likelihood")
        tracker.partial_fit(returns.iloc[600:], shares)
        found[f"{name}_later"] = held(tracker, "tracking", "last_date")
    return found


# Back-tests -------------------------------------------------------------------------------------------------------
@cache
def market() -> sf.Market:
    """The panel with cash, volumes, a stock that leaves and another table."""
    returns, factors = panel()
    days = np.arange(len(returns))[:, None]
    volumes = pd.DataFrame(2e7 * (1.0 + 0.3 * np.sin(days + np.arange(12))), returns.index, returns.columns)
    return sf.Market(
        returns,
        factors,
        cash_rate=pd.Series(2e-5 * (1.0 + (days[:, 0] > 400)), index=returns.index),
        dollar_volumes=volumes,
        delistings={returns.columns[7]: returns.index[699]},
        delisting_return=-0.3,
        others={"signal": factors.iloc[::5, :1]},
    )


class Walking:
    """A policy that walks a risk model and uses all that history and holdings tell."""

    def decide(self, history: Any, holdings: Any) -> Any:
        walk = sf.ModelWalk(sf.FactorRisk(uncertainty=False), retune_every=250)
        if walk.not_yet(history):
            return None
        model = walk.at(history)
        inverse = pd.Series(1.0 / model.covariance_.asset_variance, index=model.assets_)
        inverse = inverse[inverse.index.isin(history.active)] * (1.0 + history.others["signal"].iloc[-1, 0])
        told = {"cash": pd.Series({"cash": holdings.cash, "rate": history.cash_rate.iloc[-1]})}
        return sf.Decision(0.9 * inverse / inverse.sum(), details=told)


class Ahead:
    """A policy that knows what it should not."""

    def __init__(self) -> None:
        self.returns = panel()[0].fillna(0.0)

    def decide(self, history: Any, holdings: Any) -> Any:  # noqa: ARG002
        coming = self.returns[history.active].loc[history.date :].iloc[1:6].sum() + 1.0
        return coming / coming.sum()


COSTS = {"proportional": 0.0005, "half_spread": 0.0002, "impact": 0.5, "borrow": 0.01, "financing": 0.02}


def policies() -> dict[str, Any]:
    costs, loose = sf.TradingCosts(proportional=0.0005), sf.Constraints(upper=0.2, net=(0.0, 1.0), turnover=0.6)
    names = panel()[0].columns
    given = pd.DataFrame(0.1, index=panel()[0].index[::40], columns=names[:4])
    model = partial(sf.ModelPolicy, costs=costs)
    tilted = sf.Constraints(lower=-0.2, upper=0.3, net=(0.0, 1.0), gross=1.5, volume_share=0.5)
    return {
        "equal": sf.EqualWeight(),
        "inverse": sf.InverseVolatility(60),
        "hold": sf.BuyAndHold(pd.Series({"AAPL": 0.7, "GE": 0.6})),
        "given": sf.GivenWeights(given),
        "budget": model(sf.RiskBudget()),
        "kelly": model(sf.FractionalKelly(), view=sf.FactorPremia(), constraints=loose),
        "utility": model(sf.Utility(), view=sf.KalmanMean(), constraints=tilted, retune_every=100),
        "least": model(sf.MinimumVariance(), risk=sf.FactorRisk(residual_structure=None), fallback="cash"),
        "impossible": model(sf.MinimumVariance(), constraints=sf.Constraints(upper=0.05)),
        "skfolio": sf.SkfolioPolicy(MeanRisk(), lookback=200, costs=costs),
        "prior": sf.SkfolioPolicy(MeanRisk(prior_estimator=sf.KalmanFactorPrior()), fallback="cash"),
        "walking": Walking(),
    }


@cache
def tests() -> dict[str, sf.BacktestResult]:
    options: dict[str, Any] = {"start": panel()[0].index[300], "costs": sf.TradingCosts(**COSTS), "capital": 1e6}
    return sf.run_backtests(policies(), market(), rebalance="monthly", cuts=2, **options)


@case
def backtest_policies() -> dict[str, Any]:
    benchmark = tests()["equal"].returns
    summaries = {f"{name}_summary": one.summary(benchmark=benchmark) for name, one in tests().items()}
    one = tests()["utility"]
    series = [one.returns, one.gross_returns, one.turnover, one.drawdown, one.value]
    return {**tests(), **summaries, "series": series}


@case
def backtest_ways() -> dict[str, Any]:
    place, costs, names = market(), sf.TradingCosts(**COSTS), panel()[0].columns
    start, end = place.dates[300], place.dates[500]
    some = {name: policies()[name] for name in ("inverse", "kelly")}
    first = sf.Walk(some, place, start=start, end=end)
    for _ in range(4):
        first.step()
    again = sf.Walk(some, place, start=start, end=end, resume=first.state)
    while not again.done:
        again.step()
    given = pd.DataFrame(0.25, index=place.dates[[300, 350, 400]], columns=names[[0, 5, 7, 8]])
    given.iloc[1:, :2] = [[0.5, 0.4], [-0.3, 0.9]]
    drift = partial(sf.run_backtest, sf.EqualWeight(), place, start=start, costs=costs)
    check = partial(sf.check_causal, start=start, end=end, cuts=2)
    earned = panel()[0]["AAPL"]
    return {
        "resumed": again.results(),
        "progress": again.progress,
        "drift": drift(rebalance=sf.Drift(0.01)),
        "drift_sum": drift(rebalance=sf.Drift(0.05, "sum"), lag=2),
        "weekly": drift(rebalance="weekly", name="weekly", end=end),
        "simulate": sf.simulate(given, place, costs=costs, end=end),
        "measures": sf.measures(earned, benchmark=panel()[1]["market"], cash_rate=1e-5),
        "built.draws": check(lambda known: sf.GivenWeights(known.returns.rolling(60).mean().dropna() * 10.0), place),
        "causal.draws": check(sf.InverseVolatility(), place),
        "ahead.draws": check(Ahead(), place),
        "market": [place.returns, place.excess_returns, place.factors, place.dollar_volumes, place.cash_rate],
        "left": [place.delistings, place.delisting_return, place.delisted_after, place.others, place.assets],
        "until": place.until(end).returns,
        "perturbed.draws": place.perturbed_after(end, seed=2).returns,
        "costs": [costs.trade_rates(names), costs.borrow_rates(names)],
    }
