"""Scores the models out of sample on three real panels, against rolling least squares.

    python benchmarks/evidence.py [--panels industries size_value stocks] [--parts models rivals]

Hyper-parameters are learned from the years before the test. Part "models" compares variants of the library's model,
part "rivals" the default with `rivals.py`. Prints tables and writes them to benchmarks/results/evidence.md
(evidence_PART.md for one part). Requires the data in ../shared/data and stops without them.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from rivals import rivals

import statefolio as sf

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
TABLES = ROOT / "benchmarks" / "results"
FACTORS = ["Mkt-RF", "SMB", "HML", "RMW", "CMA", "MOM"]
WINDOWS = (60, 120, 250, 500)
PERCENT = 100.0
LAGS = 21

WALK: dict[str, Any] = {"dynamics": "random_walk"}
LEARNED = {**WALK, "noise": "ewma", "tails": "gaussian", "common_volatility": False, "state_variance_scales": False}
VARIANTS: dict[str, dict[str, Any]] = {
    "constant variance, Gaussian": {**WALK, "noise": "constant", "tails": "gaussian"},
    "+ learned variance": LEARNED,
    "+ Student-t": {**LEARNED, "tails": "student"},
    "+ state variance scales": {**LEARNED, "tails": "student", "state_variance_scales": True},
    "+ common volatility": {**WALK, "noise": "ewma"},
    "+ several speeds, factor moves": WALK,
    "+ reversion to the panel (defaults)": {},
    'tuning="mle"': {"tuning": "mle"},
    'tuning="shrunk"': {"tuning": "shrunk"},
}


class Case(NamedTuple):
    """A panel, its years, and reference results by variant: log score, error ratio, share better."""

    title: str
    read: Callable[[pd.Series], pd.DataFrame]
    first: str
    last: str
    test_from: str
    design: list[str]


def excess(name: str) -> Callable[[pd.Series], pd.DataFrame]:
    def read(risk_free: pd.Series) -> pd.DataFrame:
        returns = pd.read_parquet(DATA / f"{name}.parquet")
        return returns.sub(risk_free, axis=0).reindex(returns.index.intersection(risk_free.index))

    return read


def stocks(risk_free: pd.Series) -> pd.DataFrame:
    """Remove holidays, on which the file repeats the last price."""
    prices = pd.read_parquet(DATA / "sp100_anon_adjclose_2000_2023.parquet").drop(columns="DFF")
    return sf.to_returns(prices.loc[prices.index.isin(risk_free.index)], risk_free=risk_free)


CASES = {
    "industries": Case(
        "49 industries", excess("industry49_daily"), "2000", "2019", "2010",
        ["-1.181", "-0.967", "-0.913", "-0.912", "-0.907"],
    ),
    "size_value": Case(
        "25 size/value portfolios", excess("size_bm25_daily"), "1990", "2019", "2005",
        ["-0.219; .965; 100 %", "-0.076; .967", "-0.066; .962", "-0.066; .962; 100 %", "-0.056"],
    ),
    "stocks": Case(
        "74 large stocks", stocks, "2000", "2023", "2011",
        ["-1.717; .978; 95 %", "-1.489; .988", "-1.364; .971", "-1.362; .968; 99 %", "-1.352"],
    ),
}  # fmt: skip


class Fit(NamedTuple):
    innovation: pd.DataFrame  # test dates, percent
    density: float  # mean log density of a test return in percent
    seconds: float
    densities: np.ndarray | None = None  # test dates x asset


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panels", nargs="+", choices=CASES, default=list(CASES), metavar="PANEL")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    options = parser.parse_args()
    if not DATA.is_dir():
        print("SKIPPED: the folder shared/data is not beside the project, and the evidence needs its panels.")
        return
    lines = [
        "One step ahead; hyper-parameters from the years before the test. Excess returns over French's RF; a constant,",
        "FF5 and momentum. Log score: mean log density of a test return in percent. Error variance in percent squared,",
        "mean over assets. Ratio: error variance over that of the best rolling OLS window (60, 120, 250, 500 days;",
        "chosen per asset, with hindsight), mean over assets; better: share of assets with a ratio below 1.",
        "Design: the log score; ratio; share that this library set out to reproduce. Seconds: `fit`, compiled code.",
        "",
    ]
    for name in options.panels:
        for part in options.parts:
            lines += PARTS[part](CASES[name])
    text = "\n".join(lines).rstrip() + "\n"
    TABLES.mkdir(exist_ok=True)
    table = TABLES / ("evidence.md" if len(options.parts) > 1 else f"evidence_{options.parts[0]}.md")
    table.write_text(text, encoding="utf-8")
    print(f"\n{text}\nWritten to benchmarks/results/{table.name}.")


def models_section(case: Case) -> list[str]:
    returns, factors, test = load(case)
    title = f"{case.title}, {returns.index[0].year}-{case.last}, test from {test[0]:%Y-%m-%d}, {len(test):,} dates"
    print(f"\n{title}", flush=True)
    best = best_rolling(returns, factors, test)
    lines = [
        f"**{title}.** Best rolling window: error variance {best.mean():.4f}.",
        "",
        "| variant | log score | error variance | ratio | better | seconds | design |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    figures = [*case.design, *["-"] * len(VARIANTS)]
    for (variant, choice), design in zip(VARIANTS.items(), figures, strict=False):
        warm_up(choice, returns, factors)
        found = fit(sf.KalmanLoadings(**choice), returns, factors, test)
        error = error_variance(found.innovation)
        ratio = error / best
        lines.append(
            f"| {variant} | {found.density:.4f} | {error.mean():.4f} | {ratio.mean():.4f} "
            f"| {(ratio < 1.0).mean():.0%} | {found.seconds:.1f} | {design} |"
        )
        print(lines[-1], flush=True)
    return [*lines, ""]


def rivals_section(case: Case) -> list[str]:
    returns, factors, test = load(case)
    best, rows = best_rolling(returns, factors, test), returns.index.get_loc(test[0])
    warm_up({}, returns, factors)
    default = fit(sf.KalmanLoadings(), returns, factors, test)
    lines = [
        f"**{case.title}, against other forecasts, test from {test[0]:%Y-%m-%d}.** Gain: log score of the default "
        f"above the forecast's; t: of the dates' means, Newey and West's with {LAGS} lags.",
        "",
        "| forecast | log score | gain | t | error variance | ratio | better | seconds |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    started = time.perf_counter()
    found = {"the default model": default}
    for name, scored in rivals(returns, factors, rows):
        innovation = pd.DataFrame(scored.innovation, returns.index, returns.columns).loc[test]
        density = scored.density[rows:]
        found[name] = Fit(innovation, float(np.nanmean(density)), time.perf_counter() - started, density)
        started = time.perf_counter()
    for name, each in found.items():
        gain = np.nanmean(default.densities - each.densities, axis=1)
        error = error_variance(each.innovation)
        lines.append(
            f"| {name} | {each.density:.4f} | {gain.mean():.4f} | {t_of_mean(gain):.1f} | {error.mean():.4f} "
            f"| {(error / best).mean():.4f} | {(error < best).mean():.0%} | {each.seconds:.1f} |"
        )
    return [*lines, ""]


def t_of_mean(x: np.ndarray) -> float:
    """Newey and West's t of the mean of a series; 0 where it is zero."""
    centred, count = x - x.mean(), len(x)
    variance = centred @ centred / count
    for lag in range(1, LAGS + 1):
        variance += 2.0 * (1.0 - lag / (LAGS + 1.0)) * (centred[lag:] @ centred[:-lag]) / count
    return float(x.mean() / np.sqrt(variance / count)) if variance > 0.0 else 0.0


PARTS = {"models": models_section, "rivals": rivals_section}


def load(case: Case) -> tuple[pd.DataFrame, pd.DataFrame, pd.DatetimeIndex]:
    table = pd.read_parquet(DATA / "ff5_mom_daily.parquet")
    returns = case.read(table["RF"]).loc[case.first : case.last]
    returns, factors, alignment = sf.data.align(returns, table[FACTORS].loc[case.first : case.last])
    print(alignment)
    return returns, factors, returns.loc[case.test_from :].index


def fit(model: Any, returns: pd.DataFrame, factors: pd.DataFrame, test: pd.DatetimeIndex) -> Fit:
    before = returns.index[returns.index.get_loc(test[0]) - 1]
    started = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(returns, factors, tune_until=before)
    seconds = time.perf_counter() - started
    for warning in caught:
        print(f"{type(model).__name__}: {warning.message}")
    found = model.innovations_.sel(date=test)
    innovation = PERCENT * found["innovation"].to_pandas()
    if "log_density" not in found:
        return Fit(innovation, np.nan, seconds)
    densities = found["log_density"].to_numpy() - np.log(PERCENT)
    return Fit(innovation, float(np.nanmean(densities)), seconds, densities)


def warm_up(choice: dict[str, Any], returns: pd.DataFrame, factors: pd.DataFrame) -> None:
    """Compile the variant's functions, so that no timing includes compilation."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sf.StatefolioWarning)
        sf.KalmanLoadings(**choice).fit(returns.iloc[-400:, :4], factors.iloc[-400:])


def best_rolling(returns: pd.DataFrame, factors: pd.DataFrame, test: pd.DatetimeIndex) -> pd.Series:
    """Return each asset's lowest error variance over the windows."""
    fits = [fit(sf.RollingLoadings(window), returns, factors, test) for window in WINDOWS]
    return pd.concat([error_variance(found.innovation) for found in fits], axis=1).min(axis=1)


def error_variance(innovation: pd.DataFrame) -> pd.Series:
    return (innovation**2).mean()


if __name__ == "__main__":
    main()
