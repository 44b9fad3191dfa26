"""Defines the cases of `fingerprint.py` for loadings and risk. A case is a function that returns results by name."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd

import statefolio as sf

CASES: dict[str, Callable[[], dict[str, Any]]] = {}
TUNED, TEST = "2021-06-30", "2022-01-03"


def case(job: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """Register a function under its name, with the first underscore a dot."""
    CASES[job.__name__.replace("_", ".", 1)] = job
    return job


def held(model: Any, *names: str) -> dict[str, Any]:
    """Fitted attributes, by name without the last underscore."""
    return {name: getattr(model, f"{name}_") for name in names}


# What is shared ---------------------------------------------------------------------------------------------------
@cache
def panel() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Twelve stocks and four factors on 800 dates, one stock listed late, one that leaves, and gaps."""
    demo = sf.load_demo()
    returns, factors = demo.returns.iloc[-800:, :12].copy(), demo.factors.iloc[-800:, :4].copy()
    returns.iloc[:200, 3] = returns.iloc[300:330, 5] = returns.iloc[700:, 7] = returns.iloc[::37, 1] = np.nan
    return returns, factors


@cache
def whole() -> tuple[pd.DataFrame, pd.DataFrame]:
    returns, factors = panel()
    return returns.drop(columns=returns.columns[[1, 3, 5, 7]]), factors


@cache
def fitted() -> sf.KalmanLoadings:
    return sf.KalmanLoadings().fit(*panel(), tune_until=TUNED)


@cache
def risk() -> sf.FactorRisk:
    return sf.FactorRisk().fit(*panel(), tune_until=TUNED)


@cache
def sectors() -> pd.Series:
    names = panel()[0].columns
    return pd.Series(["tech", "bank", "oil"] * 4, index=names)


@cache
def weights() -> pd.Series:
    names = risk().assets_
    drawn = np.linspace(-0.5, 2.0, len(names))
    return pd.Series(drawn / drawn.sum(), index=names)


# Loadings ---------------------------------------------------------------------------------------------------------
RATIOS = {"alpha": 0.0, "market": 2e-3, "momentum": 1e-3, "quality": 1e-3, "size": 5e-4}
KALMAN: dict[str, dict[str, Any]] = {
    "pooled": {},
    "mle": {"tuning": "mle"},
    "mle_constant": {"tuning": "mle", "noise": "constant", "tails": "gaussian"},
    "shrunk": {"tuning": "shrunk"},
    "shrunk_constant": {"tuning": "shrunk", "noise": "constant", "tails": "gaussian"},
    "discount": {"tuning": "discount"},
    "discount_given": {"tuning": "discount", "discount_factor": 0.99, "memory": 0.96},
    "fixed": {"tuning": "fixed", "state_variance": RATIOS},
    "fixed_all": {"tuning": "fixed", "state_variance": 1e-3, "degrees_of_freedom": 5.0, "memory": 0.96}
    | {"volatility_exponent": 0.9, "observation_variance": 3e-4, "state_variance_scales": True},
    "fixed_discount": {"tuning": "fixed", "noise": "discount", "state_variance": RATIOS, "tails": "gaussian"},
    "constant": {"noise": "constant"},
    "learned": {"noise": "discount"},
    "gaussian": {"tails": "gaussian"},
    "reverting": {"dynamics": "mean_reverting"},
    "reverting_mle": {"dynamics": "mean_reverting", "tuning": "mle", "noise": "constant", "tails": "gaussian"},
    "reverting_given": {"dynamics": "mean_reverting", "phi": 0.98, "mean": 0.5},
    "own_volatility": {"common_volatility": False},
    "no_intercept": {"intercept": False},
    "started": {"start": (np.zeros(5), 0.5), "before_prediction": True},
}
SMALLER = {
    "rolling": lambda: sf.RollingLoadings(120),
    "rolling_least": lambda: sf.RollingLoadings(60, min_observations=30, intercept=False),
    "exponential": lambda: sf.ExponentialLoadings(90.0),
    "static": lambda: sf.StaticLoadings(),
}


def loadings(make: Callable[[], Any], likelihood: bool) -> dict[str, Any]:
    returns, factors = panel()
    model = make().fit(returns.iloc[:-50], factors.iloc[:-50], tune_until=TUNED)
    names = ("loadings", "innovations", "parameters", "fit_quality", *(("log_likelihood",) if likelihood else ()))
    found = held(model, *names)
    model.partial_fit(returns.iloc[-50:], factors.iloc[-50:])
    return found | {f"later_{key}": value for key, value in held(model, "loadings", "next").items()}


for _name, _options in KALMAN.items():
    CASES[f"loadings.{_name}"] = partial(loadings, partial(sf.KalmanLoadings, **_options), True)
for _name, _make in SMALLER.items():
    CASES[f"loadings.{_name}"] = partial(loadings, _make, False)


@case
def loadings_methods() -> dict[str, Any]:
    (returns, factors), model = panel(), fitted()
    calm = dict.fromkeys(factors, 0.0)
    model.save("model.statefolio")
    read = sf.KalmanLoadings.load("model.statefolio")
    early = sf.KalmanLoadings().fit(returns.iloc[:150], factors.iloc[:150])  # the fourth stock joins afterwards
    some = sf.KalmanLoadings().fit(returns.iloc[:600, :10], factors.iloc[:600])
    first, later = (sf.KalmanLoadings().fit(returns.iloc[:600], factors.iloc[:600]) for _ in range(2))
    later.partial_fit(returns.iloc[600:], factors.iloc[600:])
    return {
        "smooth": model.smooth(returns, factors),
        "covariances": model.covariances(returns.iloc[:100], factors.iloc[:100]),
        "predict": model.predict(calm),
        "scenarios": model.predict(pd.DataFrame([calm, dict.fromkeys(factors, -0.02)], index=["calm", "fall"])),
        "contributions": model.contributions(returns, factors),
        "contributions_filtered": model.contributions(returns, factors, which="filtered"),
        "read": [read.next_, read.parameters_, read.predict(calm)],
        "early": early.partial_fit(returns.iloc[150:], factors.iloc[150:]).loadings_,
        "joined": some.partial_fit(returns.iloc[600:], factors.iloc[600:]).next_,
        "concat": sf.concat_results([first.loadings_, later.loadings_]),
    }


@case
def loadings_scores() -> dict[str, Any]:
    models = {"Kalman": sf.KalmanLoadings(), "rolling": sf.RollingLoadings(250), "static": sf.StaticLoadings()}
    scores = sf.score_loadings(models, *panel(), test_from=TEST, burn_in=5)
    found = sf.validate(models, *panel(), test_from=TEST, replications=100)
    error = found.losses["squared_error"].mean("asset").to_pandas()
    return {
        "scores": scores,
        "summary": sf.summarise_scores(scores),
        "validate": found,
        "validate_summary": found.summary(),
        "diebold_mariano": sf.diebold_mariano(error.loc["Kalman"] - error.loc["rolling"]),
        "diebold_mariano_lags": sf.diebold_mariano(error.loc["Kalman"] - error.loc["static"], lags="newey-west"),
        "clark_west": sf.clark_west(error.loc["static"] - error.loc["Kalman"]),
        "confidence_set": sf.model_confidence_set(error.T, replications=200),
    }


# Risk -------------------------------------------------------------------------------------------------------------
RISKS: dict[str, Callable[[], dict[str, Any]]] = {
    "default": dict,
    "regime": lambda: {"factor_covariance": "regime", "factor_mean": "zero"},
    "plain": lambda: {"residual_structure": None, "idiosyncratic": "model", "uncertainty": False},
    "two_factors": lambda: {"residual_structure": sf.ResidualFactors(count=2), "groups": sectors()},
    "sectors": lambda: {"residual_structure": sf.SectorBlocks(sectors()), "long_run_weight": 0.0},
    "given": lambda: {"factor_covariance": panel()[1].cov(), "factor_mean": panel()[1].mean()},
    "least_squares": lambda: {"loadings": sf.RollingLoadings(120), "min_observations": 100},
    "prefit": lambda: {"loadings": fitted(), "prefit": True},
}


def factor_risk(options: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    model = sf.FactorRisk(**options()).fit(*panel(), tune_until=TUNED)
    names = ("covariance", "exposures", "residual_loadings", "factor_covariance", "factor_mean", "excluded")
    names += ("idiosyncratic_variance", "loading_uncertainty")
    held_weights = weights().reindex(model.assets_).fillna(0.0)
    frame, volatility = model.covariance_frame(), model.portfolio_volatility(held_weights)
    return held(model, *names) | {"frame": frame, "volatility": volatility}


for _name, _given in RISKS.items():
    CASES[f"risk.{_name}"] = partial(factor_risk, _given)


@case
def risk_methods() -> dict[str, Any]:
    (returns, factors), model, w = panel(), risk(), weights()
    gone_on = sf.FactorRisk().fit(returns.iloc[:700, :11], factors.iloc[:700])
    gone_on.partial_fit(returns.iloc[700:], factors.iloc[700:])
    seen = model.model_.innovations_
    left = (seen["innovation"] / np.sqrt(seen["innovation_variance"])).to_pandas()
    found = sf.ResidualFactors().fit(left.iloc[:700]).partial_fit(left.iloc[700:])
    moving = pd.DataFrame(w.to_numpy() * np.linspace(0.5, 1.5, len(returns))[:, None], returns.index, w.index)
    moving = moving.where(returns[w.index].notna(), 0.0)
    sure = w.drop(w.index[returns[w.index].isna().any()])
    return {
        "aligned": model.align_weights(w.iloc[::-1]),
        "variance": model.portfolio_variance(w.to_dict(), expected_sum=1.0),
        "gone_on": gone_on.covariance_,
        "residual_factors": held(found, "loadings", "count", "held_out"),
        "sector_blocks": sf.SectorBlocks(sectors()).fit(left).loadings_,
        "attribute_risk": sf.attribute_risk(model, w),
        "attribute_return": sf.attribute_return(model.model_, sure, returns, factors),
        "attribute_moving": sf.attribute_return(model.model_, moving, returns, factors),
    }


@case
def covariance_algebra() -> dict[str, Any]:
    sigma, rows = risk().covariance_, whole()[0].to_numpy()[:30]
    sigma = sigma.select(risk().assets_.get_indexer(whole()[0].columns))
    return {
        "dense": sigma.dense(),
        "variance": [sigma.variance(rows), sigma.volatility(rows[3]), sigma.asset_variance, sigma.log_determinant],
        "multiply": sigma.multiply(rows),
        "solve": sigma.solve(rows),
        "whiten": sigma.whiten(rows),
        "marginal_risk": sigma.marginal_risk(rows),
        "shrink": sigma.shrink(0.3),
        "select": sigma.select([0, 3, 5]),
        "root": sigma.factor_root,
        "made": sf.LowRankCovariance(np.ones((3, 1)), np.array([[0.5]]), np.array([1.0, 2.0, 3.0])).solve(np.ones(3)),
        "simulate.draws": sigma.simulate(50, seed=3),
        "simulate_student.draws": sigma.simulate(50, seed=3, degrees_of_freedom=5.0),
    }


@case
def risk_scores() -> dict[str, Any]:
    returns, factors = panel()
    parts = [sf.FactorRisk().fit(returns.iloc[:row], factors.iloc[:row]) for row in (600, 700)]
    forecasts = {returns.index[row]: part.covariance_frame() for row, part in zip((600, 700), parts, strict=True)}
    own = {"mine": weights().drop(weights().index[-2:])}
    given = sf.score_covariances(forecasts, returns, own, random_portfolios=5, degrees_of_freedom=6.0)
    walked = sf.validate_risk(sf.FactorRisk(), returns, factors, test_from=TEST, random_portfolios=5)
    return {"given.draws": given, "walk.draws": walked, "walk_summary.draws": walked.summary()}
