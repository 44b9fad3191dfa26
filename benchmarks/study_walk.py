"""Times a whole walk-forward test: 74 stocks, 23 years, a minimum-variance portfolio every week.

    python benchmarks/study_walk.py [--repeats 1] [--peer-weeks 100]

Long only, fully invested, factors FF5 and momentum. statefolio fits `FactorRisk` (loadings, moving volatilities,
residual factors) on the first two years, then runs one `partial_fit` per week, `MinimumVariance`, and an account with
costs. skfolio runs `cross_val_predict` of `MeanRisk` on a `WalkForward` of the last 504 dates, with its own regression
(a cross-validated lasso per asset) and with least squares; the latter also runs as a `SkfolioPolicy` in statefolio's
engine. A rolling window takes the same time every week, so that peers run over the first weeks and their time is scaled
to all. Each entry runs in a separate process, in turns, and is timed after imports and reading. Times are processor
seconds of all threads. Prints a table of times and peak memory and writes it to benchmarks/results/study_walk.md.
Requires the panel in ../shared/data and stops without it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import sklearn
from skfolio.model_selection import WalkForward, cross_val_predict
from skfolio.optimization import MeanRisk
from skfolio.prior import LoadingMatrixRegression, TimeSeriesFactorModel
from sklearn.linear_model import LinearRegression

import statefolio as sf
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.run import run_backtest
from statefolio.portfolio.optimisation.objectives import MinimumVariance
from statefolio.portfolio.policies.model_policy import ModelPolicy
from statefolio.portfolio.policies.skfolio_policy import SkfolioPolicy

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TABLE = Path(__file__).resolve().parent / "results" / "study_walk.md"
FACTORS = ["Mkt-RF", "SMB", "HML", "RMW", "CMA", "MOM"]
KNOWN, STEP = 504, 5
YEAR = 252
MEGABYTE = 1024.0  # ru_maxrss counts kilobytes


class Panel(NamedTuple):
    """Return excess returns and factors of the weeks to walk and of the two years before them."""

    returns: pd.DataFrame
    factors: pd.DataFrame


def read_panel(weeks: int) -> Panel:
    table = pd.read_parquet(DATA / "ff5_mom_daily.parquet")
    prices = pd.read_parquet(DATA / "sp100_anon_adjclose_2000_2023.parquet").drop(columns="DFF")
    excess = sf.to_returns(prices.loc[prices.index.isin(table.index)], risk_free=table["RF"])
    returns, factors, _ = sf.data.align(excess, table[FACTORS])
    stop = min(KNOWN + weeks * STEP, len(returns)) if weeks else len(returns)
    return Panel(returns.iloc[:stop], factors.iloc[:stop])


def walked(policy: Any, panel: Panel) -> Any:
    market = Market(panel.returns, panel.factors)
    start = panel.returns.index[KNOWN - 1]
    result = run_backtest(policy, market, start=start, rebalance=STEP, costs=TradingCosts(0.001))
    return result.gross_returns


def of_skfolio(least_squares: bool) -> MeanRisk:
    regression = LoadingMatrixRegression(LinearRegression()) if least_squares else None
    prior = TimeSeriesFactorModel(loading_matrix_estimator=regression)
    return MeanRisk(prior_estimator=prior)


def cross_validated(estimator: MeanRisk, panel: Panel) -> Any:
    with sklearn.config_context(enable_metadata_routing=True):
        windows = WalkForward(test_size=STEP, train_size=KNOWN, reduce_test=True)
        found = cross_val_predict(estimator, panel.returns, cv=windows, params={"factors": panel.factors})
    return np.asarray(found.returns)


ENTRIES: dict[str, Callable[[Panel], Any]] = {
    "statefolio": lambda panel: walked(ModelPolicy(MinimumVariance(), costs=None), panel),
    "skfolio, lasso": lambda panel: cross_validated(of_skfolio(False), panel),
    "skfolio, least squares": lambda panel: cross_validated(of_skfolio(True), panel),
    "skfolio, least squares, in our engine": lambda panel: walked(SkfolioPolicy(of_skfolio(True), KNOWN), panel),
}


def run_one(name: str, weeks: int) -> None:
    """Run the walk in a separate process, and print time and memory."""
    warnings.simplefilter("ignore")
    panel = read_panel(weeks)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE
    started = time.process_time()
    returns = ENTRIES[name](panel)
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE
    found = {
        "seconds": seconds,
        "peak": peak,
        "imported": before,
        "weeks": -(-(len(panel.returns) - KNOWN) // STEP),
        "volatility": 100.0 * float(np.std(returns)) * YEAR**0.5,
    }
    print(json.dumps(found))


def in_own_process(name: str, weeks: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--entry", name, "--weeks", str(weeks)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    if done.returncode:
        raise RuntimeError(f"{name} failed: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def table_of(runs: dict[str, list[dict[str, float]]]) -> list[str]:
    all_weeks = runs["statefolio"][0]["weeks"]
    scaled = {name: [run["seconds"] * all_weeks / run["weeks"] for run in found] for name, found in runs.items()}
    ours = statistics.median(scaled["statefolio"])
    lines = [
        "| walk | weeks run | seconds, all weeks | times ours | peak memory, MB (after imports) | volatility, % |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, found in runs.items():
        seconds, peak = statistics.median(scaled[name]), max(run["peak"] for run in found)
        weeks, volatility = found[0]["weeks"], found[0]["volatility"]
        part = f"{weeks:.0f}" if weeks == all_weeks else f"{weeks:.0f} of {all_weeks:.0f}, scaled"
        shown = f"{volatility:.2f}" if weeks == all_weeks else ""
        memory = f"{peak:.0f} ({found[0]['imported']:.0f})"
        lines.append(f"| {name} | {part} | {seconds:.1f} | {seconds / ours:.1f} | {memory} | {shown} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--peer-weeks", type=int, default=100, help="0 for all of them")
    parser.add_argument("--entry", choices=list(ENTRIES), help=argparse.SUPPRESS)
    parser.add_argument("--weeks", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not DATA.is_dir():
        print("SKIPPED: the folder shared/data is not beside the project, and the walk needs its panel.")
        return
    if options.entry:
        run_one(options.entry, options.weeks)
        return
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in ENTRIES}
    for _ in range(options.repeats):
        for name, found in runs.items():
            found.append(in_own_process(name, 0 if name == "statefolio" else options.peer_weeks))
            print(name, found[-1], flush=True)
    text = "\n".join(table_of(runs)) + "\n"
    print("\n" + text)
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
