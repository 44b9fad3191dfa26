"""Given daily weights through an account: statefolio, qis, vectorbt, cvxportfolio and bt, in turns, in one run.

    python benchmarks/backtest_engine.py [--assets 500] [--dates 2520] [--repeats 7] [--slow-dates 252]

Weights of every date, 0.1 % of what is traded, 1 % of the prices missing. Every library gets its own kind of input made
before; only the run is timed. cvxportfolio and bt loop over dates in Python: they run on the first --slow-dates dates
and their time is scaled to all of them. Then our own cost against assets, dates and rebalances. Prints tables and
writes them to benchmarks/results/backtest_engine.md.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.simulate import simulate

TABLE = Path(__file__).resolve().parents[1] / "benchmarks" / "results" / "backtest_engine.md"
RATE, CAPITAL = 0.001, 1e6
SLOW = ("cvxportfolio", "bt")
Frames = tuple[pd.DataFrame, pd.DataFrame]


def make_work(dates: int, assets: int, every: int = 1, gaps: float = 0.01) -> Frames:
    """Returns with gaps, and long-only weights on every so many dates."""
    draw = np.random.default_rng(0)
    returns = draw.normal(0.0003, 0.02, (dates, assets))
    returns[draw.random(returns.shape) < gaps] = np.nan
    returns[0] = 0.0
    index, names = pd.bdate_range("2010-01-01", periods=dates), [f"A{i}" for i in range(assets)]
    frame = pd.DataFrame(returns, index=index, columns=names)
    weights = pd.DataFrame(draw.dirichlet(np.ones(assets), dates), index=index, columns=names)
    return frame, weights.iloc[::every]


def prices_of(returns: pd.DataFrame) -> pd.DataFrame:
    prices = 100.0 * (1.0 + returns.fillna(0.0)).cumprod()
    return prices.where(returns.notna())


def statefolio_run(returns: pd.DataFrame, weights: pd.DataFrame) -> Callable[[], float]:
    market, costs = Market(returns), TradingCosts(RATE)
    return lambda: float(simulate(weights, market, costs=costs, capital=CAPITAL).value.iloc[-1])


def qis_run(returns: pd.DataFrame, weights: pd.DataFrame) -> Callable[[], float]:
    qis, prices = importlib.import_module("qis"), prices_of(returns)

    def run() -> float:
        done = qis.backtest_model_portfolio(prices, weights, initial_nav=CAPITAL, rebalancing_costs=RATE)
        return float(done.nav.iloc[-1])

    return run


def vectorbt_run(returns: pd.DataFrame, weights: pd.DataFrame) -> Callable[[], float]:
    vectorbt, prices = importlib.import_module("vectorbt"), prices_of(returns)
    wanted = weights.reindex(prices.index)

    def run() -> float:
        done = vectorbt.Portfolio.from_orders(
            prices,
            wanted,
            size_type="targetpercent",
            fees=RATE,
            init_cash=CAPITAL,
            group_by=True,
            cash_sharing=True,
            call_seq="auto",
            freq="1D",
        )
        return float(done.value().iloc[-1])

    return run


def cvxportfolio_run(returns: pd.DataFrame, weights: pd.DataFrame) -> Callable[[], float]:
    cvx = importlib.import_module("cvxportfolio")
    full = returns.assign(cash=0.0)
    simulator = cvx.MarketSimulator(
        returns=full,
        cash_key="cash",
        costs=[cvx.TransactionCost(a=RATE, b=None)],
        min_history=pd.Timedelta(0),
    )
    policy = cvx.FixedWeights(weights.assign(cash=0.0))
    first, last = full.index[0], full.index[-1]
    start = pd.Series(0.0, index=full.columns)
    start["cash"] = CAPITAL

    def run() -> float:
        return float(simulator.backtest(policy, start_time=first, end_time=last, h=start).v.iloc[-1])

    return run


def bt_run(returns: pd.DataFrame, weights: pd.DataFrame) -> Callable[[], float]:
    bt, prices = importlib.import_module("bt"), prices_of(returns).ffill()

    def run() -> float:
        steps = [bt.algos.SelectAll(), bt.algos.WeighTarget(weights), bt.algos.Rebalance()]
        test = bt.Backtest(
            bt.Strategy("given", steps),
            prices,
            initial_capital=CAPITAL,
            integer_positions=False,
            commissions=lambda quantity, price: RATE * abs(quantity) * price,
            progress_bar=False,
        )
        bt.run(test)
        return float(test.strategy.values.iloc[-1])

    return run


ENTRIES = {
    "statefolio": statefolio_run,
    "qis": qis_run,
    "vectorbt": vectorbt_run,
    "cvxportfolio": cvxportfolio_run,
    "bt": bt_run,
}


def seconds_of(run: Callable[[], Any]) -> float:
    gc.collect()
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def compare(dates: int, assets: int, repeats: int, slow_dates: int) -> list[str]:
    """Median seconds of each library, in turns; the slow ones once, on fewer dates."""
    returns, weights = make_work(dates, assets)
    runs: dict[str, Callable[[], float]] = {}
    notes: dict[str, str] = {}
    for name, prepare in ENTRIES.items():
        count = min(slow_dates, dates) if name in SLOW else dates
        try:
            runs[name] = prepare(returns.iloc[:count], weights.iloc[:count])
            notes[name] = f"ends at {runs[name]():.6g}"
        except Exception as error:  # noqa: BLE001 - a library that breaks must not end the others' run
            runs.pop(name, None)
            notes[name] = f"not measured: {type(error).__name__}: {error}"[:120]
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(repeats):
        for name, run in runs.items():
            if name not in SLOW or turn == 0:
                taken[name].append(seconds_of(run))
    scale = {name: dates / min(slow_dates, dates) if name in SLOW else 1.0 for name in runs}
    medians = {name: statistics.median(taken[name]) * scale[name] for name in runs}
    lines = ["| library | seconds | times ours | note |", "| --- | --- | --- | --- |"]
    for name in ENTRIES:
        if name in medians:
            scaled = f"; {slow_dates} dates, scaled" if scale[name] != 1.0 else ""
            ratio = medians[name] / medians["statefolio"]
            lines.append(f"| {name} | {medians[name]:.4f} | {ratio:.1f} | {notes[name]}{scaled} |")
        else:
            lines.append(f"| {name} | | | {notes[name]} |")
    return lines


def scaling(repeats: int) -> list[str]:
    """Our own time against assets, dates and rebalances."""
    lines = [
        "| assets | dates | decided every | milliseconds | ns an asset and date |",
        "| --- | --- | --- | --- | --- |",
    ]
    cases = [(100, 2520, 1), (500, 2520, 1), (2000, 2520, 1), (500, 630, 1), (500, 10080, 1), (500, 2520, 5)]
    for assets, dates, every in [*cases, (500, 2520, 21)]:
        run = statefolio_run(*make_work(dates, assets, every))
        run()
        taken = statistics.median(seconds_of(run) for _ in range(repeats))
        lines.append(f"| {assets} | {dates} | {every} | {taken * 1e3:.1f} | {taken / assets / dates * 1e9:.1f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=int, default=500)
    parser.add_argument("--dates", type=int, default=2520)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--slow-dates", type=int, default=252)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    title = f"{given.assets} assets, {given.dates} dates, weights of every date, costs and gaps"
    table = compare(given.dates, given.assets, given.repeats, given.slow_dates)
    text = "\n".join([f"## {title}", "", *table, "", "## Ours alone", "", *scaling(given.repeats), ""])
    print(text)
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
