"""Measures whether adding the covariance of expected returns to the risk of an optimiser improves portfolios.

    python benchmarks/views.py [--panels industries stocks] [--views Premia]

Every 21 days each view forecasts means from past data, and one optimiser computes weights from them and the risk
model's covariance in three ways: with the plug-in mean; with the covariance of the mean added once, for one date; and
added 21 times, for the dates until the next decision, because the error of a mean persists. Weights are free (w = S^-1
mean / risk aversion) or long only and fully invested; they drift between decisions. Weights decided at a close earn the
returns after it; trades cost 10 basis points of turnover. Hyper-parameters are learned from the years before the test.
Differences of Sharpe ratios from the plug-in have 95 % bands from a stationary bootstrap of paired days (blocks of 21
days on average). Prints the tables and writes them to benchmarks/results/views.md. Requires the data in ../shared/data
and stops without them.
"""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from arch.bootstrap import StationaryBootstrap

import statefolio as sf
from statefolio.portfolio.views.factor_premia import FactorPremia
from statefolio.portfolio.views.kalman_mean import KalmanMean
from statefolio.risk.factor_risk import FactorRisk

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
TABLE = ROOT / "benchmarks" / "results" / "views.md"
FACTORS = ["Mkt-RF", "SMB", "HML", "RMW", "CMA", "MOM"]
STEP, YEAR = 21, 252.0
AVERSION = 5.0
COST = 0.001
DRAWS = 2000
ADDED = {"plugged in": 0.0, "added once": 1.0, "added for 21 days": float(STEP)}
COLUMNS = ["view", "covariance of the mean", "net Sharpe", "gross Sharpe", "volatility", "turnover a year"]
COLUMNS += ["turnover a unit of volatility", "net Sharpe less plugged in", "95 % band"]


class Case(NamedTuple):
    title: str
    file: str
    first: str
    test_from: str


CASES = {
    "industries": Case("49 industries", "industry49_daily.parquet", "1990-01-01", "2005-01-01"),
    "stocks": Case("74 large stocks", "sp100_anon_adjclose_2000_2023.parquet", "2000-01-01", "2011-01-01"),
}


def views() -> dict[str, Any]:
    usual = 0.4**2 / YEAR
    return {
        "sample mean (constant, flat prior)": KalmanMean(tuning="shrunk", spread=1.0, mean=0.0),
        "KalmanMean, pooled maximum likelihood": KalmanMean(),
        "KalmanMean, phi learned too": KalmanMean(phi=None),
        "KalmanMean, spread of Sharpe .4": KalmanMean(spread=usual),
        "KalmanMean, same, phi .999": KalmanMean(phi=0.999, spread=usual),
        "FactorPremia, constant, prior Sharpe .4": FactorPremia(),
        "FactorPremia, James-Stein": FactorPremia(premia=KalmanMean(tuning="shrunk", mean=0.0)),
        "FactorPremia, moving, phi .99": FactorPremia(premia=KalmanMean(spread=usual, mean=0.0)),
        "FactorPremia, constant, with alpha": FactorPremia(alpha="both"),
        "FactorPremia, constant, alpha of longs": FactorPremia(alpha="long"),
    }


class Decision(NamedTuple):
    """The forecasts at a close: covariance S of returns, and mean and its covariance P by view."""

    row: int
    S: Any
    views: dict[str, tuple[Any, Any]]


def decisions(returns: pd.DataFrame, factors: pd.DataFrame, first: int, named: str) -> Iterator[Decision]:
    risk, known = FactorRisk(), {name: view for name, view in views().items() if re.search(named, name)}
    for row in range(first, len(returns), STEP):
        new = returns.iloc[0 if row == first else row - STEP : row]
        if row == first:
            risk.fit(new, factors)
        else:
            risk.partial_fit(new, factors.loc[new.index])
        found = {}
        for name, view in known.items():
            if row == first:
                view.fit(new, factors.loc[: new.index[-1]], risk=risk)
            else:
                view.partial_fit(new, factors.loc[new.index], risk=risk)
            mean, covariance = view.forecast(risk).aligned(returns.columns)
            found[name] = (mean, covariance.dense())
        yield Decision(row, risk.covariance_.select(risk.assets_.get_indexer(returns.columns)).dense(), found)


def free(mean: Any, S: Any) -> Any:
    return np.linalg.solve(S, mean) / AVERSION


def long_only(mean: Any, S: Any) -> Any:
    """Maximise w'mean - aversion / 2 w'S w over w >= 0 with sum 1, by accelerated projected gradients."""
    w = previous = np.full(len(mean), 1.0 / len(mean))
    step = 1.0 / (AVERSION * np.linalg.eigvalsh(S)[-1])
    for k in range(2000):
        ahead = w + k / (k + 3.0) * (w - previous)
        previous, w = w, on_simplex(ahead + step * (mean - AVERSION * S @ ahead))
    return w


def on_simplex(v: Any) -> Any:
    u = np.sort(v)[::-1]
    excess = (np.cumsum(u) - 1.0) / np.arange(1, len(v) + 1)
    return np.maximum(v - excess[np.count_nonzero(u > excess) - 1], 0.0)


class Walk(NamedTuple):
    net: Any
    gross: Any
    turnover: float


def walk(targets: dict[int, Any], returns: Any) -> Walk:
    """Trade to the target, pay costs, earn and drift; the remainder is cash, and returns are excess returns."""
    first = min(targets)
    w, net, gross, traded = np.zeros(returns.shape[1]), [], [], 0.0
    for t in range(first, len(returns)):
        trade = 0.0
        if t in targets:
            trade, w = float(np.abs(targets[t] - w).sum()), targets[t]
        earned = float(w @ returns[t])
        gross.append(earned)
        net.append(earned - COST * trade)
        traded += trade if t > first else 0.0
        w = w * (1.0 + returns[t]) / (1.0 + earned)
    return Walk(np.array(net), np.array(gross), traded / len(net) * YEAR)


def sharpe(x: Any) -> float:
    return float(x.mean() / x.std() * np.sqrt(YEAR)) if x.std() > 0.0 else 0.0


def band(one: Any, other: Any) -> tuple[float, float]:
    draws = StationaryBootstrap(STEP, one, other, seed=1)
    low, high = draws.conf_int(lambda a, b: sharpe(a) - sharpe(b), reps=DRAWS, method="percentile", size=0.95).ravel()
    return float(low), float(high)


def table(known: list[Decision], returns: Any, weigh: Any) -> pd.DataFrame:
    rows = []
    for name in known[0].views:
        walks = {}
        for added, times in ADDED.items():
            targets = {d.row: weigh(d.views[name][0], d.S + times * d.views[name][1]) for d in known}
            walks[added] = walk(targets, returns)
        plugged = walks["plugged in"]
        for added, found in walks.items():
            volatility = float(found.net.std() * np.sqrt(YEAR))
            row = [name, added, sharpe(found.net), sharpe(found.gross), volatility, found.turnover]
            row += [found.turnover / volatility, sharpe(found.net) - sharpe(plugged.net)]
            rows.append([*row, "" if found is plugged else "{:+.3f} to {:+.3f}".format(*band(found.net, plugged.net))])
    return pd.DataFrame(rows, columns=COLUMNS)


def yardstick(returns: Any, first: int) -> str:
    equal = {row: np.full(returns.shape[1], 1.0 / returns.shape[1]) for row in range(first, len(returns), STEP)}
    return f"Equal weight, same costs: net Sharpe {sharpe(walk(equal, returns).net):.3f}."


def markdown(frame: pd.DataFrame) -> str:
    lines = ["| " + " | ".join(frame.columns) + " |", "|" + " --- |" * frame.shape[1]]
    cells = ([f"{x:.3f}" if isinstance(x, float) else str(x) for x in row] for row in frame.itertuples(index=False))
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in cells)])


def section(case: Case, named: str) -> str:
    french = pd.read_parquet(DATA / "ff5_mom_daily.parquet")
    read = pd.read_parquet(DATA / case.file)
    if "adjclose" in case.file:
        prices = read.drop(columns="DFF")
        excess = sf.to_returns(prices.loc[prices.index.isin(french.index)], risk_free=french["RF"])
    else:
        excess = read.sub(french["RF"], axis=0)
    excess = excess.loc[case.first :].dropna(how="all")
    returns = excess.loc[excess.index.isin(french.index)]
    first = int(returns.index.searchsorted(pd.Timestamp(case.test_from)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = list(decisions(returns, french[FACTORS], first, named))
    earned = returns.fillna(0.0).to_numpy()
    dates = f"{returns.index[first]:%Y-%m-%d} to {returns.index[-1]:%Y-%m-%d}"
    parts = [f"## {case.title}, {dates}, {len(known)} decisions", yardstick(earned, first)]
    for title, weigh in (("Free weights", free), ("Long only, fully invested", long_only)):
        parts += [f"### {title}", markdown(table(known, earned, weigh))]
        print("\n\n".join(parts[-2:]), flush=True)
    print(parts[0], parts[1], flush=True)
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panels", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--views", default="", help="a regular expression that names of views match; default: all")
    chosen = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"The folder {DATA} does not exist. This benchmark needs its panels; add them there.")
    found = "\n\n".join(section(CASES[name], chosen.views) for name in chosen.panels)
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(f"# Effect of the covariance of expected returns\n\n{found}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
