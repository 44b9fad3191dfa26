"""Defines the cases of `fingerprint.py` for diagnostics, factors and adapters."""

from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from fingerprint_loadings import TEST, case, fitted, held, panel, sectors, whole

import statefolio as sf


# Diagnostics ------------------------------------------------------------------------------------------------------
@case
def diagnostics_four() -> dict[str, Any]:
    (returns, factors), model, short = panel(), fitted(), sf.KalmanLoadings(tuning="mle", noise="constant")
    short = short.fit(returns.iloc[:500], factors.iloc[:500])
    specified = partial(sf.diagnose_specification, sectors=sectors(), replications=19)
    change = partial(sf.diagnose_change, draws=200, panels=200)
    found = {
        "specification.draws": specified(model, returns, factors),
        "specification_none.draws": specified(None, returns, factors),
        "estimation.draws": sf.diagnose_estimation(model, returns, factors, replications=19),
        "estimation_none.draws": sf.diagnose_estimation(None, returns, factors, replications=19),
        "change.draws": change(model, returns, factors),
        "change_mle.draws": change(short, returns.iloc[:500], factors.iloc[:500]),
        "collinearity": sf.diagnose_collinearity(model, returns, factors),
        "collinearity_none": sf.diagnose_collinearity(None, returns, factors, window=100),
    }
    tables = {name.replace(".draws", "_summary.draws"): one.summary() for name, one in found.items()}
    return {**tables, **found, "parameter_count": sf.parameter_count(1000, 10)}


# Factor construction ----------------------------------------------------------------------------------------------
@cache
def releases() -> pd.DataFrame:
    """Two monthly series made of the market, in levels."""
    months = sf.load_demo().factors[["market", "value"]].resample("ME").mean()
    return 100.0 + 100.0 * months.cumsum()


@case
def factors_construction() -> dict[str, Any]:
    returns, factors = panel()
    news = sf.find_surprises(releases(), 20, minimum=40)
    surprises = sf.surprise_factors(news, returns.index, volatility=0.01)
    revised = sf.read_releases(releases(), 20)
    again = revised.iloc[::7].assign(published=revised["published"].iloc[::7] + pd.Timedelta(days=31))
    revised = pd.concat([revised, again.assign(value=again["value"] + 0.1)])
    spread = sf.spread_factors(whole()[0], {"first": {"AAPL": 1.0, "BAC": -1.0}, "second": {"HD": 0.5, "KO": 0.5}})
    return {
        "count": sf.count_factors(returns, 4),
        "count_raw": sf.count_factors(sf.load_demo().returns.iloc[-500:], 6, standardise=False),
        "traded": sf.traded_factors(factors),
        "spread": spread,
        "releases": sf.read_releases(releases(), {"market": 5, "value": pd.offsets.BDay(3)}),
        "surprises": news,
        "surprises_revised": sf.find_surprises(revised, minimum=40, every=3),
        "surprises_var": sf.find_surprises(releases(), 20, transform="level", model="var", minimum=40, window=60),
        "surprise_factors": surprises,
        "surprise_factors_raw": sf.surprise_factors(news, returns.index, quiet=np.nan),
        "mimicking": sf.mimicking_portfolios(factors[["momentum", "size"]], returns, minimum=150),
        "mimicking_news": sf.mimicking_portfolios(surprises, returns, window=300, ridge=0.1, unit_exposure=False),
        "rank": sf.rank_factors(returns, factors),
        "rank_holdout": sf.rank_factors(returns, factors, TEST, lags=None),
        "joined": sf.traded_factors(factors[["momentum", "size"]]).join(surprises).complete(),
        "made": sf.FactorReturns(factors, "observed", notes=("made here",)),
    }


@case
def factors_statistical() -> dict[str, Any]:
    returns, _ = panel()
    found: dict[str, Any] = {}
    for name, options in {
        "usual": {},
        "weighted": {"half_life": 120.0, "standardise": False, "alignment": "assignment"},
        "unaligned": {"window": None, "alignment": "none", "refit_every": 50},
    }.items():
        model = sf.StatisticalFactors(2, **options).fit(returns.iloc[:700])
        ahead = model.transform(returns.iloc[700:])
        model.partial_fit(returns.iloc[700:])
        found[f"{name}_complete"] = sf.StatisticalFactors(2, **options).fit_transform(returns).complete()
        found[name] = held(model, "factor_returns", "loadings", "refits", "excluded") | {"ahead": ahead}
    return found


@case
def factors_characteristic() -> dict[str, Any]:
    prices = sf.load_demo_prices().iloc[-700:]
    groups = pd.Series(["one", "two"] * 10, index=prices.columns)
    volume = prices * 1e6 * (1.0 + 0.1 * np.sin(np.arange(len(prices))))[:, None]
    exposures = sf.price_exposures(prices, volume, groups)
    found = partial(sf.characteristic_factors, sf.to_returns(prices), minimum_assets=12)
    return {
        "price_exposures": exposures,
        "usual": found(exposures[["momentum", "volatility", "sector"]]),
        "capitalised": found(exposures[["beta", "size"]], market_cap=volume, lag=2, intercept=None),
        "raw": found({"momentum": exposures["momentum"].to_pandas()}, standardise=False),
    }


# Adapters ---------------------------------------------------------------------------------------------------------
@case
def adapters_skfolio() -> dict[str, Any]:
    returns, factors = panel()
    prior = sf.KalmanFactorPrior(tune_until=returns.index[600]).fit(returns.iloc[:700], factors=factors.iloc[:700])
    first = prior.return_distribution_
    prior.partial_fit(returns.iloc[700:], factors=factors.iloc[700:])
    mask = returns.notna().iloc[:, :6]
    other = sf.KalmanFactorPrior(sf.FactorRisk(uncertainty=False), alpha=False, scenarios="factors", max_history=100)
    other.fit(returns.iloc[:, :6], factors=factors, active_mask=mask)
    matrix = sf.KalmanLoadingMatrix().fit(*whole())
    return {
        "prior": first,
        "prior_later": held(prior, "return_distribution", "excluded"),
        "prior_factors": held(other, "return_distribution", "excluded"),
        "matrix": held(matrix, "loading_matrix", "intercepts"),
    }
