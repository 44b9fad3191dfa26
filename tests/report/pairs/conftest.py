"""A small basket, its hedges and a screen, fitted once."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.costs import TradingCosts
from statefolio.pairs.cointegration.basket_tests import cointegration_tests
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.screening.screen import screen_pairs
from statefolio.pairs.trading.rules import Bands
from statefolio.pairs.trading.signals import z_score
from statefolio.pairs.trading.targets import basket_targets
from statefolio.pairs.trading.today import position_today
from statefolio.pairs.trading.walk_forward import walk_baskets
from statefolio.report.pairs.basket_results import BasketResults


@dataclass(frozen=True)
class MadeUp:
    """A verdict made of numbers."""

    outcome: str
    p_value: float
    sentence: str
    table: pd.DataFrame
    draws: pd.DataFrame
    level: float = 0.05


def basket(dates=300, seed=4):
    draw = np.random.default_rng(seed)
    others = 30.0 + np.cumsum(draw.normal(scale=0.3, size=(dates, 2)), axis=0)
    spread = np.zeros(dates)
    for t in range(1, dates):
        spread[t] = 0.85 * spread[t - 1] + draw.normal(scale=0.3)
    first = 5.0 + spread + others @ [0.8, 0.4]
    index = pd.bdate_range("2018-01-01", periods=dates)
    return pd.DataFrame(np.column_stack([first, others]), index, ["<ONE>", "TWO", "SIX"])


def judged():
    draws = pd.DataFrame({"adf_held": np.linspace(-3.0, 1.0, 39), "adf_predicted": np.linspace(-6.0, 0.0, 39)})
    rows = {
        "adf_held": (-4.0, 0.001, 1 / 40, 0.05, "decides"),
        "half_life_held": (7.0, np.nan, 0.1, np.nan, "in dates"),
        "adf_predicted": (-7.0, 1e-9, 0.025, 0.6, "not earned"),
        "adf_filtered": (-9.0, 1e-12, 0.2, 0.7, "not tradable"),
    }
    columns = ["value", "nominal_p", "calibrated_p", "false_alarms", "meaning"]
    table = pd.DataFrame(rows.values(), pd.Index(rows, name="measure"), columns)
    return MadeUp("reverts", 1 / 40, "<ONE> reverts: calibrated p = 0.025.", table, draws)


@pytest.fixture(scope="session")
def prices():
    return basket()


@pytest.fixture(scope="session")
def results(prices):
    hedge = KalmanHedge("stationary", "adaptive", passes=60, on_collapse="continue").fit(prices)
    hedges = {"static": StaticHedge("ols"), "rolling": RollingHedge(40), "Kalman": KalmanHedge("identity", "fixed")}
    costs = TradingCosts(proportional=0.0005)
    return BasketResults(
        hedge=hedge,
        static=StaticHedge("ols").fit(prices),
        rule=Bands(),
        z_score=z_score(hedge),
        today=position_today(hedge, prices, Bands()),
        targets=basket_targets(hedge, prices, Bands()),
        tests=cointegration_tests(prices),
        verdict=judged(),
        walk=walk_baskets(prices, hedges, Bands(), start=prices.index[200], retune="monthly", costs=costs),
        trace=hedge.trace_,
        retuned="Hedges learn anew on the first date of a month",
        costs="Costs: proportional 5 bp",
    )


@pytest.fixture(scope="session")
def screen():
    parts = [basket(seed=seed).set_axis([f"{name}{seed}" for name in "ABC"], axis=1) for seed in range(3)]
    panel = pd.concat(parts, axis=1)
    panel["STILL"] = 1.0
    return screen_pairs(panel, triples=[("A0", "B0", "C0")], until=panel.index[219], fdr=0.5, correction="bh", lags=1)
