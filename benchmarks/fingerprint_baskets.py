"""Defines the cases of `fingerprint.py` for baskets and for tests of back-tests."""

import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from fingerprint_loadings import CASES, case, held, panel

import statefolio as sf


# Baskets ----------------------------------------------------------------------------------------------------------
@cache
def prices() -> pd.DataFrame:
    return sf.load_demo_prices().iloc[-700:]


@cache
def basket() -> pd.DataFrame:
    three = prices()[["CVX", "XOM", "RRC"]].copy()
    three.iloc[300:303, 1] = np.nan
    return three


HEDGES: dict[str, Callable[[], Any]] = {
    "mle": sf.KalmanHedge,
    "mle_identity": lambda: sf.KalmanHedge("identity", logs=True),
    "adaptive": lambda: sf.KalmanHedge(tuning="adaptive", passes=100),
    "adaptive_path": lambda: sf.KalmanHedge(
        tuning="adaptive",
        passes=30,
        adaptive_start="path",
        center="sample",
        on_collapse="continue",
        center_spread=False,
    ),
    "fixed": lambda: sf.KalmanHedge("identity", "fixed"),
    "fixed_stationary": lambda: sf.KalmanHedge(
        tuning="fixed", persistence=0.9, state_variance=[0.5, 1e-4, 1e-4], spread_mean=1.0, start=([1.0] * 3, [2.0] * 3)
    ),
    "static": sf.StaticHedge,
    "johansen": lambda: sf.StaticHedge("johansen", logs=True),
    "rolling": sf.RollingHedge,
}


def hedge_results(make: Callable[[], Any]) -> dict[str, Any]:
    hedge = make().fit(basket().iloc[:-20], tune_until="2021-12-31")
    names = ["hedge_ratios", "level", "innovations", "spread", "held_value", "next"]
    own = ["parameters", "log_likelihood", "converged", "degenerate"] if isinstance(hedge, sf.KalmanHedge) else []
    found = held(hedge, *names, *own, *(name for name in ("trace", "collapse") if hasattr(hedge, f"{name}_")))
    z, bands = sf.z_score(hedge), sf.Bands(entry=1.2, exit=0.2, stop=4.0, longest=30)
    signals: dict[str, Any] = {
        "z": [z, sf.z_score(hedge, of="spread", lookback=60)],
        "weights": sf.basket_weights(hedge, basket().iloc[:-20], bands, gross=1.5),
        "today": [
            sf.position_today(hedge, basket().iloc[:-20], bands, capital=1e5),
            sf.position_today(hedge, basket().iloc[:-20], sf.Linear(2.0), of="spread", lookback=60),
        ],
        "units": [rule.units(z.to_numpy()) for rule in (bands, sf.Linear())]
        + [bands.levels(), sf.Linear(3.0).levels()],
    }
    later = hedge.partial_fit(basket().iloc[-20:])
    return found | signals | {"later": [later.next_, later.hedge_ratios_, later.held_value_]}


for _name, _make in HEDGES.items():
    CASES[f"hedge.{_name}"] = partial(hedge_results, _make)


@case
def baskets_judged() -> dict[str, Any]:
    two, cheap = prices()[["CVX", "XOM"]], {"draws": 19, "passes": 30, "seed": 1}
    tests = sf.cointegration_tests(basket(), gaps="drop", lags=2)
    adaptive = sf.judge_basket(sf.KalmanHedge(tuning="adaptive"), two, **cheap)
    return {
        "tests": tests,
        "tests_logs": sf.cointegration_tests(prices(), ["KO", "PEP"], logs=True, horizons=(2, 30)).to_frame(),
        "tests_told": [str(tests), tests.johansen.rank, tests.engle_granger.p_value],
        "static": sf.judge_basket(sf.StaticHedge(), two, tune_until="2021-12-31", **cheap),
        "mle": sf.judge_basket(sf.KalmanHedge(), two.iloc[-300:], block=5, **cheap),
        "adaptive": adaptive,
        "adaptive_told": str(adaptive),
    }


@case
def baskets_screened() -> dict[str, Any]:
    eight = prices().iloc[:, :8].copy()
    eight.iloc[100:110, 4] = np.nan
    found = sf.screen_pairs(eight, until="2021-12-31", correction="bh", cost=0.001, half_life=(1.0, 200.0))
    three = [tuple(eight.columns[:3]), tuple(eight.columns[3:6])]
    options: dict[str, Any] = {"hedged": "first", "lags": 1, "logs": True, "likelihood_ratio": "all"}
    return {
        "pairs": found,
        "selected": [found.selected, found.confirmed, str(found)],
        "triples": sf.screen_pairs(eight, pairs=[("AAPL", "BAC")], triples=three, **options),
        "hedge_pairs": sf.hedge_pairs(eight),
        "hedge_logs": sf.hedge_pairs(eight, [("CVX", "AAPL"), ("BAC", "AMD")], logs=True),
    }


@case
def baskets_walked() -> dict[str, Any]:
    two, costs = prices()[["CVX", "XOM"]], sf.TradingCosts(proportional=0.0005, borrow=0.01)
    walk = sf.walk_baskets(two, start="2022-01-03", costs=costs, retune=60)
    some = {"fixed": sf.KalmanHedge("identity", "fixed", logs=True), "rolling": sf.RollingHedge(40)}
    other = sf.walk_baskets(two, some, sf.Linear(2.0), start="2022-01-03", retune=None, of="spread", lookback=40)
    return {"usual": [walk.table, walk.results, walk.parameters, walk.start], "hedges": walk.hedges, "other": other}


# Luck -------------------------------------------------------------------------------------------------------------
@case
def luck_selection() -> dict[str, Any]:
    frame, dates = sf.load_demo().returns.iloc[-800:, :8], panel()[0].index

    def halved(part: Any) -> pd.DataFrame:
        return frame.loc[: part.test[-1]] * 0.5

    rolling = sf.Windows("rolling", 3, purge=2, embargo=10)
    return {
        "windows": [[part.train, part.test] for part in rolling.split(dates)],
        "combinations": sf.combinatorial_windows(dates, 5, 2, purge=1, embargo=5),
        "nested": sf.nested_selection(frame),
        "nested_made": sf.nested_selection(
            lambda part: frame.loc[: part.test[-1]] * 0.5, "calmar", rolling.split(dates)
        ),
        "compared": sf.compare_choices(frame, windows=rolling),
        "combinatorial": sf.combinatorial_selection(frame, "sortino", folds=6, embargo=5),
    }


@case
def luck_tests() -> dict[str, Any]:
    frame = sf.load_demo().returns.iloc[-800:, :8]
    trials = sf.Trials()
    counted = [trials.add(name, frame[name], {"window": k}) for k, name in enumerate(frame)]
    counted.append(trials.add("again", frame["AAPL"], {"window": 0}))
    holdout = sf.Holdout.seal(frame, record="seal.json", share=0.3)
    opened = holdout.open(lambda data, start: data.loc[start:, "AAPL"].mean(), "the mean")
    report = sf.validate_trials(trials, ["AAPL", "HD"], replications=100, blocks=8)
    kept = {
        key: value
        for key, value in json.loads(Path("seal.json").read_text()).items()
        if key not in ("sealed", "openings")
    }
    one = frame["AAPL"]
    return {
        "trials": [counted, trials.names, trials.returns, trials.parameters, trials.sharpe, trials.sharpe_variance],
        "effective.draws": trials.effective_number,
        "best.draws": [sf.best_of_n(trials), sf.best_of_n(frame, 3.0)],
        "report.draws": report,
        "report_summary.draws": report.summary(),
        "overfitting": [sf.overfitting_probability(frame, blocks=8), sf.overfitting_probability(frame, "calmar", 4)],
        "reality_check": sf.reality_check(frame, replications=100),
        "reality_check_market": sf.reality_check(trials, panel()[1]["market"], replications=100, block_length=5),
        "stepwise": sf.stepwise(frame, size=0.4, replications=100),
        "sharpe": [sf.probabilistic_sharpe(one), sf.deflated_sharpe(one, 8, trials.sharpe_variance)],
        "minimum_length": [sf.minimum_length(45), sf.minimum_length(10, 0.5)],
        "holdout": [kept, holdout.development, holdout.start, holdout.end, holdout.times_opened, holdout.describe()],
        "opened": [opened, holdout.openings["result"]],
    }
