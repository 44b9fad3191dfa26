"""Runs the compiled functions of each part of the package on a small made-up panel."""

from typing import Any

import numpy as np
import pandas as pd

_DATES = 90


def warm_loadings() -> None:
    """Run the Kalman filters with every tuning, and the regressions."""
    import statefolio as sf

    returns, factors = made_up_panel()
    first, last = slice(0, _DATES - 5), slice(_DATES - 5, None)
    late = returns.copy()
    late.iloc[:40, 1] = np.nan
    models: list[Any] = [
        sf.KalmanLoadings(),
        sf.KalmanLoadings(tuning="shrunk", common_volatility=False),
        sf.KalmanLoadings(tuning="discount", noise="discount"),
        sf.KalmanLoadings(dynamics="mean_reverting", tuning="mle", noise="constant", tails="gaussian"),
        sf.KalmanLoadings(tuning="fixed", state_variance=1e-3, start=(0.0, 1.0), before_prediction=True),
        *(sf.RollingLoadings(window=20), sf.ExponentialLoadings(), sf.StaticLoadings()),
    ]
    for model in models:
        model.fit(late.iloc[first], factors)
        model.partial_fit(returns.assign(new=returns["a"].to_numpy()[::-1]).iloc[last], factors)
        _ = model.next_, model.loadings_["filtered"].to_numpy()
    whole = models[0].fit(late, factors)
    whole.smooth(late, factors)
    whole.covariances(late, factors)


def warm_filter() -> None:
    """Run what a job runs after its first score: one step of the optimiser, the regressions, and the filter.

    The filter is last, because it shares functions with the score that the job compiles meanwhile.
    """
    import statefolio as sf
    from statefolio.kalman.quasi_newton import above_zero, advance, new_quasi_newton

    advance(above_zero(np.zeros(2, dtype=bool)), 1e-6, new_quasi_newton(np.ones(2)), -1.0, np.ones(2))
    returns, factors = made_up_panel()
    sf.RollingLoadings(window=20).fit(returns, factors)
    sf.KalmanLoadings(tuning="fixed", state_variance=1e-3).fit(returns, factors)


def warm_start() -> None:
    """Run what a first fit needs before its filter, and filters that begin although factors are collinear."""
    import statefolio as sf

    returns, factors = made_up_panel()
    twice = factors.assign(again=2.0 * factors["m"])
    sf.KalmanLoadings(tuning="mle", noise="constant", tails="gaussian").fit(returns, twice)
    returns, factors = made_up_panel(count=300)
    sf.diagnostics.diagnose_change(sf.RollingLoadings(20), returns, factors, draws=200, panels=200)


def warm_pairs() -> None:
    """Run hedges, cointegration tests and the screen."""
    import statefolio as sf

    prices = _prices()
    two = prices[["a", "b"]]
    for options in (("identity", "mle"), ("stationary", "mle"), ("stationary", "adaptive"), ("identity", "fixed")):
        sf.KalmanHedge(*options).fit(two)
    sf.pairs.cointegration_tests(prices)
    sf.pairs.cointegration_tests(two)
    sf.pairs.screen_pairs(prices, until=prices.index[len(prices) // 2])
    sf.pairs.hedge_pairs(prices)


def warm_simulated_pairs() -> None:
    """Run the verdict and the walk forward of baskets."""
    import statefolio as sf

    two = _prices()[["a", "b"]]
    for hedge in (sf.pairs.StaticHedge(), sf.KalmanHedge(), sf.KalmanHedge("stationary", "adaptive")):
        sf.judge_basket(hedge, two, draws=19)
    sf.pairs.walk_baskets(two, {"fixed": sf.pairs.StaticHedge()}, start=two.index[len(two) // 2], retune="monthly")


def warm_risk() -> None:
    """Run covariances of factors and residuals, draws from them, and their validation."""
    import statefolio as sf
    from statefolio.kalman.low_rank_draws import draw

    returns, factors = made_up_panel(assets=8)
    risk = sf.risk.FactorRisk(sf.RollingLoadings(40))
    draw(np.ones((1, 8)), np.ones(8), np.ones(9), np.random.SeedSequence(0))
    sf.validation.validate_risk(risk, returns, factors, returns.index[60], 10, random_portfolios=3)


def warm_backtests() -> None:
    """Run the settlement of orders, with and without lots and fees, and the orders of an update."""
    import statefolio as sf
    from statefolio.backtest.order_plan import plan_orders
    from statefolio.backtest.run_settings import make_settings

    returns, _ = made_up_panel()
    weights = pd.DataFrame(0.3, returns.index[::10], returns.columns)
    market = sf.Market(returns)
    sf.backtest.simulate(weights, market, costs=sf.TradingCosts(0.001))
    sf.run_backtest(sf.EqualWeight(), market)
    priced = sf.Market.from_prices(100.0 * (1.0 + returns).cumprod())
    costs = sf.TradingCosts(0.001, lot_size=1, management_fee=0.01)
    sf.backtest.simulate(weights.iloc[1:], priced, costs=costs)
    sf.backtest.simulate(weights.iloc[1:], priced, costs=sf.TradingCosts(0.001, lot_size=1))
    settings = make_settings(priced, None, None, costs, 1e6, 1, 252)
    plan_orders(np.zeros(3), 1e6, np.full(3, 0.3), settings, np.full(3, 100.0), shares=True)


def made_up_panel(assets: int = 3, count: int = _DATES) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return returns and factors of some dates."""
    rng, dates = np.random.default_rng(0), pd.bdate_range("2000-01-03", periods=count)
    factors = pd.DataFrame({"m": 0.01 * rng.standard_normal(count)}, dates)
    names = list("abcdefgh")[:assets]
    noise = 0.01 * rng.standard_normal((count, assets))
    return pd.DataFrame(factors.to_numpy() + noise, dates, names), factors


def _prices() -> pd.DataFrame:
    rng, dates = np.random.default_rng(0), pd.bdate_range("2000-01-03", periods=2 * _DATES)
    steps = 0.01 * rng.standard_normal((len(dates), 4))
    common = steps[:, :1].cumsum(axis=0)
    return pd.DataFrame(np.exp(4.0 + common + steps), dates, list("abcd"))
