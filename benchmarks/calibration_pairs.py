"""Measures false alarms and power of the verdict on a basket, and of nominal tests on the same baskets.

    python benchmarks/calibration_pairs.py [--baskets 400] [--dates 500] [--assets 3] [--passes 50]
                                           [--hedges adaptive mle ...] [--cases ...]

Baskets are simulated with and without cointegration; each basket and one bootstrap draw of it are hedged. The verdict
is "reverts" if the statistic is below the 5 % quantile of the draws of all baskets of the same kind (the warp-speed
bootstrap of Giacomini, Politis and White 2013, Econometric Theory 29). "verdict" shows its false-alarm rate without and
its power with cointegration; "nominal" shows lag-1 ADF tests at MacKinnon's 5 %.

Results are kept in benchmarks/results/calibration_pairs/ and reused. Writes the table to
benchmarks/results/calibration_pairs.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from statefolio.pairs.cointegration.mackinnon import p_values
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.prices import Basket
from statefolio.pairs.verdict.bootstrap import ChangeBootstrap, default_block
from statefolio.pairs.verdict.statistics import HedgeStatistics, statistics_of_baskets

RESULTS = Path(__file__).resolve().parent / "results"
LEVEL, CHUNK, STEP = 0.05, 100, 0.5
Draw = Callable[[np.random.Generator, int, int], np.ndarray]


def hedges(passes: int) -> dict[str, object]:
    recipe = {"tuning": "adaptive", "passes": passes}
    return {
        "adaptive": KalmanHedge(**recipe),
        "adaptive, never stopped": KalmanHedge(**recipe, on_collapse="continue"),
        "adaptive, to the letter": KalmanHedge(**recipe, center_spread=False, on_collapse="continue"),
        "least squares": StaticHedge(),
        "johansen": StaticHedge("johansen"),
        "rolling": RollingHedge(60),
        "identity, delta 1e-4": KalmanHedge("identity", "fixed", delta=1e-4, observation_variance=1e-3),
        "mle": KalmanHedge(),
        "identity, mle": KalmanHedge("identity"),
    }


def walks(rng: np.random.Generator, dates: int, assets: int) -> np.ndarray:
    return 50.0 + np.cumsum(rng.normal(scale=STEP, size=(dates, assets)), axis=0)


def together(rng: np.random.Generator, dates: int, assets: int) -> np.ndarray:
    """Simulate prices with correlation .8, drift, Student-t(5) changes and a common clustering of volatility."""
    variance, changes = 1.0, np.empty((dates, assets))
    for t in range(dates):
        shock = np.sqrt(variance) * np.sqrt(3.0 / 5.0) * rng.standard_t(5)
        changes[t] = 0.8 * shock + 0.6 * np.sqrt(variance) * rng.normal(size=assets)
        variance = 0.05 + 0.1 * shock**2 + 0.85 * variance
    return 50.0 + np.cumsum(0.02 + STEP * changes, axis=0)


def stale(rng: np.random.Generator, dates: int, assets: int) -> np.ndarray:
    """Simulate prices with correlation .8 and transitory noise of a fifth of a daily change in each price."""
    changes = 0.8 * rng.normal(size=(dates, 1)) + 0.6 * rng.normal(size=(dates, assets))
    return 50.0 + STEP * (np.cumsum(changes, axis=0) + 0.2 * rng.normal(size=(dates, assets)))


def tied(half_life: float, moving: float = 0.0) -> Draw:
    """Simulate x_1 = 5 + .8 x_2 + .4 x_3 + a mean-reverting spread; ratios change by `moving` per date."""

    def draw(rng: np.random.Generator, dates: int, assets: int) -> np.ndarray:
        a = 0.5 ** (1.0 / half_life)
        others = 50.0 + np.cumsum(rng.normal(scale=STEP, size=(dates, assets - 1)), axis=0)
        ratios = np.array([0.8, 0.4])[: assets - 1] + np.cumsum(moving * rng.normal(size=(dates, assets - 1)), axis=0)
        spread, shock = np.zeros(dates), rng.normal(scale=0.3, size=dates)
        for t in range(1, dates):
            spread[t] = a * spread[t - 1] + shock[t]
        first = 5.0 + (ratios * others).sum(axis=1) + spread + 0.1 * rng.normal(size=dates)
        return np.column_stack([first, others])

    return draw


CASES: dict[str, Draw] = {
    "random walks, independent": walks,
    "random walks, correlated, fat tails, clusters, drift": together,
    "random walks, correlated, noise in prices": stale,
    "reverts, half-life 5": tied(5.0),
    "reverts, half-life 10": tied(10.0),
    "reverts, half-life 20": tied(20.0),
    "reverts, half-life 10, ratios move .002 a date": tied(10.0, 0.002),
}


def measured(case: str, hedge: str, options: argparse.Namespace) -> pd.DataFrame:
    """Return measures of baskets in rows 2 i and of one draw of each in rows 2 i + 1; compute missing ones."""
    adaptive = f"_{options.passes}" if hedge.startswith("adaptive") else ""
    name = "_".join(word.strip(".,") for word in f"{hedge} {case} {options.assets} {options.dates}".split())
    path = RESULTS / "calibration_pairs" / f"{name}{adaptive}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    found = pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=list(HedgeStatistics._fields), dtype=float)
    dates = pd.bdate_range("2000-01-03", periods=options.dates)
    like = Basket(np.empty((options.dates, options.assets)), dates, pd.RangeIndex(options.assets))
    while len(found) < 2 * options.baskets:
        done = len(found) // 2

        def draw(number: int, done: int = done) -> np.ndarray:
            basket, drawn = divmod(number, 2)
            seed = done + basket
            prices = CASES[case](np.random.default_rng([list(CASES).index(case), seed]), options.dates, options.assets)
            return ChangeBootstrap(prices, default_block(options.dates - 1), seed).draw(0) if drawn else prices

        fresh = statistics_of_baskets(hedges(options.passes)[hedge], draw, 2 * CHUNK, like, options.dates)
        found = fresh if found.empty else pd.concat([found, fresh], ignore_index=True)
        found.to_csv(path, index=False)
    return found.iloc[: 2 * options.baskets]


def row(case: str, hedge: str, options: argparse.Namespace) -> str:
    found = measured(case, hedge, options)
    real, drawn = found.iloc[::2], found.iloc[1::2]
    verdict = (real["adf_held"] <= drawn["adf_held"].quantile(LEVEL)).mean()
    spread = (real["adf_predicted"] <= drawn["adf_predicted"].quantile(LEVEL)).mean()
    nominal = [
        (p_values(real[name].to_numpy()) <= LEVEL).mean() for name in ("adf_held", "adf_predicted", "adf_filtered")
    ]
    cells = [f"{100 * rate:.1f} %" for rate in (verdict, spread, *nominal, (real["collapsed_at"] > 0).mean())]
    return f"| {hedge} | {case} | " + " | ".join(cells) + f" | {real['half_life_held'].median():.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baskets", type=int, default=400, help="of each kind, in hundreds")
    parser.add_argument("--dates", type=int, default=500)
    parser.add_argument("--assets", type=int, default=3, choices=(2, 3))
    parser.add_argument("--passes", type=int, default=50, help="of the adaptive recipe at most")
    parser.add_argument(
        "--hedges", nargs="+", choices=list(hedges(1)), default=["adaptive", "least squares", "johansen"]
    )
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    options = parser.parse_args()
    lines = [
        f"{options.baskets} baskets of a kind, {options.assets} assets, {options.dates} dates, {options.passes} passes "
        f"at most. One standard error of 5 % is {100 * np.sqrt(0.05 * 0.95 / options.baskets):.1f} points, of the "
        "verdict's, whose quantile is estimated from as many draws, 1.4 times that.",
        "",
        "| hedge | baskets | verdict | spread, calibrated | nominal: held | spread, predicted | spread, filtered | "
        "collapsed | half-life |",
        "| --- | --- " + "| ---: " * 7 + "|",
    ]
    print("\n".join(lines))
    for hedge in options.hedges:
        for case in options.cases:
            lines.append(row(case, hedge, options))
            print(lines[-1], flush=True)
    (RESULTS / "calibration_pairs.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
