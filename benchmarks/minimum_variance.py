"""Compares covariance forecasts with rivals on real panels: minimum-variance portfolios, QLIKE and bias.

    python benchmarks/minimum_variance.py [--panels stocks industries funds sp500] [--only TEXT ...]

Every 21 days each method forecasts the covariance of the next 21 days from past data. Weights are constant within these
days. The hyper-parameters of statefolio are learned from the years before the test; skfolio's estimators run with
several windows and half-lives, each in its own row. QIS, DCC and DCC-NL are those of Ledoit and Wolf. `--only` runs the
rows whose names contain one of the texts. Prints the tables and writes them to benchmarks/results/minimum_variance.md.
Requires the data in ../shared/data and stops without them.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import nnls
from skfolio.moments import DenoiseCovariance, EWCovariance, LedoitWolf, RegimeAdjustedEWCovariance
from skfolio.prior import TimeSeriesFactorModel

import statefolio as sf
from statefolio.risk import (
    CovarianceCombination,
    DynamicCorrelation,
    FactorRisk,
    ShrunkCorrelation,
    quadratic_shrinkage,
)

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
TABLE = ROOT / "benchmarks" / "results" / "minimum_variance.md"
FACTORS = ["Mkt-RF", "SMB", "HML", "RMW", "CMA", "MOM"]
STEP = 21
PORTFOLIOS = 200
HISTORY = 504
YEAR = 252.0
PERCENT = 100.0
COLUMNS = ["volatility", "long-only volatility", "QLIKE", "bias", "long-only bias", "bias of random portfolios"]

Estimate = Callable[[pd.DataFrame, pd.DataFrame, pd.Index], Any]
"""Returns the covariance (N, N) of some assets from the returns and factors known so far, date by date in order."""


class Case(NamedTuple):
    """A panel and the first date of its test."""

    title: str
    read: Callable[[pd.Series], pd.DataFrame]
    test_from: str
    test_to: str | None = None


def stocks(risk_free: pd.Series) -> pd.DataFrame:
    prices = pd.read_parquet(DATA / "sp100_anon_adjclose_2000_2023.parquet").drop(columns="DFF")
    return sf.to_returns(prices.loc[prices.index.isin(risk_free.index)], risk_free=risk_free)


def sp500(risk_free: pd.Series) -> pd.DataFrame:
    prices = pd.read_parquet(DATA / "sp500_close_2013_2018.parquet").astype(float)
    return sf.to_returns(prices.loc[prices.index.isin(risk_free.index)], risk_free=risk_free)


def industries(risk_free: pd.Series) -> pd.DataFrame:
    returns = pd.read_parquet(DATA / "industry49_daily.parquet").loc["2000":]
    return returns.sub(risk_free.reindex(returns.index), axis=0)


def funds(risk_free: pd.Series) -> pd.DataFrame:
    returns = pd.read_parquet(DATA / "etf18_returns_2006_2022.parquet")
    return returns.sub(risk_free.reindex(returns.index), axis=0)


CASES = {
    "stocks": Case("74 large stocks", stocks, "2011-01-01"),
    "industries": Case("49 industries", industries, "2010-01-01", "2019-12-31"),
    "funds": Case("18 exchange-traded funds", funds, "2012-01-01", "2022-12-31"),
    "sp500": Case("505 members of the S&P 500 in 2018, with late listings and a bad print", sp500, "2016-01-01"),
}


def ours(risk: Any) -> Estimate:
    """A model fitted with its hyper-parameters on the data up to the first date, then updated."""

    def estimate(returns: pd.DataFrame, factors: pd.DataFrame, assets: pd.Index) -> Any:
        if not hasattr(risk, "last_date_"):
            risk.fit(returns, factors)
        else:
            new = returns.index > risk.last_date_
            risk.partial_fit(returns.loc[new], factors.loc[new])
        return risk.covariance_.select(risk.assets_.get_indexer(assets)).dense()

    return estimate


def windowed(make: Callable[[], Any], window: int) -> Estimate:
    """The covariance of the last dates; the few missing returns count as zero."""

    def estimate(returns: pd.DataFrame, _: pd.DataFrame, assets: pd.Index) -> Any:
        return make().fit(returns[assets].iloc[-window:].fillna(0.0).to_numpy()).covariance_

    return estimate


class Quadratic:
    """Non-linear shrinkage of the sample covariance."""

    def fit(self, returns: Any) -> Quadratic:
        self.covariance_ = quadratic_shrinkage(np.cov(returns.T), len(returns) - 1)
        return self


def weighted(make: Callable[[], Any], window: int = 2520) -> Estimate:
    """An exponentially weighted covariance that supports missing returns."""

    def estimate(returns: pd.DataFrame, _: pd.DataFrame, assets: pd.Index) -> Any:
        return make().fit(returns[assets].iloc[-window:].to_numpy()).covariance_

    return estimate


def time_series_model(window: int) -> Estimate:
    """skfolio's factor model with its default, the cross-validated lasso for each asset's loadings."""

    def estimate(returns: pd.DataFrame, factors: pd.DataFrame, assets: pd.Index) -> Any:
        known = returns[assets].iloc[-window:].fillna(0.0).to_numpy()
        model = TimeSeriesFactorModel().fit(known, factors=factors.iloc[-window:].to_numpy())
        return model.return_distribution_.covariance

    return estimate


def rolling_ols(window: int) -> Estimate:
    def estimate(returns: pd.DataFrame, factors: pd.DataFrame, assets: pd.Index) -> Any:
        y, f = returns[assets].iloc[-window:].fillna(0.0).to_numpy(), factors.iloc[-window:].to_numpy()
        x = np.column_stack([np.ones(len(f)), f])
        coefficients = np.linalg.lstsq(x, y, rcond=None)[0]
        error = y - x @ coefficients
        B = coefficients[1:].T
        return B @ np.cov(f.T) @ B.T + np.diag((error**2).sum(axis=0) / (len(x) - x.shape[1]))

    return estimate


def contestants() -> dict[str, Estimate]:
    found = {
        "CovarianceCombination": ours(CovarianceCombination()),
        "CovarianceCombination, calibrated": ours(CovarianceCombination(calibrate=True)),
        "CovarianceCombination, weights not learned": ours(CovarianceCombination(learn=False)),
        "FactorRisk": ours(FactorRisk()),
        "FactorRisk, shrunk residuals": ours(FactorRisk(residual_structure="shrunk")),
        "FactorRisk, dynamic residuals": ours(FactorRisk(residual_structure="dynamic")),
        "FactorRisk, no residual factors": ours(FactorRisk(residual_structure=None)),
        "FactorRisk, no residual factors, no long run": ours(FactorRisk(residual_structure=None, long_run_weight=0.0)),
        "DynamicCorrelation": ours(DynamicCorrelation()),
        "ShrunkCorrelation": ours(ShrunkCorrelation()),
        "DCC-NL, own GARCH": ours(DynamicCorrelation(pooling=0.0)),
        "DCC, own GARCH": ours(DynamicCorrelation(pooling=0.0, shrinkage=False)),
    }
    for window in (252, 504, 1008):
        found[f"QIS, {window} days"] = windowed(Quadratic, window)
        found[f"LedoitWolf, {window} days"] = windowed(LedoitWolf, window)
        found[f"DenoiseCovariance, {window} days"] = windowed(DenoiseCovariance, window)
        found[f"rolling OLS factor model, {window} days"] = rolling_ols(window)
    for half_life in (40, 63, 126, 252):
        found[f"EWCovariance, half-life {half_life}"] = weighted(partial(EWCovariance, half_life=half_life))
    for half_life, longer in ((40, None), (40, 126), (63, 252)):
        make = partial(RegimeAdjustedEWCovariance, half_life=half_life, corr_half_life=longer)
        name = f"RegimeAdjustedEWCovariance, half-life {half_life}"
        found[name + (f", correlations {longer}" if longer else "")] = weighted(make, 756)
    found["TimeSeriesFactorModel, 504 days"] = time_series_model(504)
    return found


class Scores(NamedTuple):
    """One step's portfolio returns and log scores, one value per day (one row per random portfolio)."""

    free: Any
    long_only: Any
    free_standardised: Any
    long_standardised: Any
    qlike: Any
    random: Any


def score(covariance: Any, returns: Any, portfolios: Any) -> Scores:
    """Score one covariance (N, N) on its days (T, N); missing returns count as zero."""
    root = cholesky(covariance, lower=True)
    inverse = cho_solve((root, True), np.ones(len(root)))
    free, long_only = inverse / inverse.sum(), least_variance_long_only(root)
    squares = (solve_triangular(root, returns.T, lower=True) ** 2).sum(axis=0)
    level = 2.0 * np.log(np.diag(root)).sum() + 2.0 * len(root) * np.log(PERCENT)
    deviation = np.linalg.norm(root.T @ portfolios.T, axis=0)
    return Scores(
        returns @ free,
        returns @ long_only,
        returns @ free * np.sqrt(inverse.sum()),
        returns @ long_only / np.linalg.norm(root.T @ long_only),
        (level + squares) / len(root),
        returns @ portfolios.T / deviation,
    )


def least_variance_long_only(root: Any) -> Any:
    """Return weights w >= 0 with sum 1: the scaled minimiser of |L'w|^2 - 2 * 1'w, by an exact active set."""
    scale = np.linalg.norm(root) / np.sqrt(len(root))
    right = solve_triangular(root / scale, np.ones(len(root)), lower=True)
    weights, _ = nnls(root.T / scale, right, maxiter=100 * len(root))
    return weights / weights.sum()


def run(estimate: Estimate, returns: pd.DataFrame, factors: pd.DataFrame, first: int) -> dict[str, float]:
    rng = np.random.default_rng(1)
    draws = rng.dirichlet(np.ones(returns.shape[1]), PORTFOLIOS)
    scores = []
    for row in range(first, len(returns), STEP):
        known = returns.iloc[:row]
        listed = (known.iloc[-HISTORY:].notna().sum() >= HISTORY - STEP).to_numpy()
        covariance = estimate(known, factors.iloc[:row], returns.columns[listed])
        portfolios = draws[:, listed] / draws[:, listed].sum(axis=1, keepdims=True)
        days = returns.iloc[row : row + STEP, listed].fillna(0.0).to_numpy()
        scores.append(score(covariance, days, portfolios))
    joined = Scores(*(np.concatenate(part) for part in zip(*scores, strict=True)))
    yearly = PERCENT * np.sqrt(YEAR)
    figures = [joined.free.std() * yearly, joined.long_only.std() * yearly, joined.qlike.mean()]
    figures += [joined.free_standardised.std(), joined.long_standardised.std(), joined.random.std(axis=0).mean()]
    return dict(zip(COLUMNS, figures, strict=True))


def section(case: Case, only: list[str]) -> list[str]:
    table = pd.read_parquet(DATA / "ff5_mom_daily.parquet")
    returns, factors, alignment = sf.data.align(case.read(table["RF"]).loc[: case.test_to], table[FACTORS])
    print(alignment)
    first = int(returns.index.searchsorted(pd.Timestamp(case.test_from)))
    title = f"{case.title}: test from {returns.index[first]:%Y-%m-%d} to {returns.index[-1]:%Y-%m-%d}"
    print(f"\n{title}", flush=True)
    rows = {}
    for name, estimate in contestants().items():
        if only and not any(text in name for text in only):
            continue
        started = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # skfolio moves covariances to the nearest positive definite ones
            try:
                rows[name] = run(estimate, returns, factors, first)
            except (ValueError, np.linalg.LinAlgError) as error:
                print(f"{name}: left out, {error}", flush=True)
                continue
        shown = "  ".join(f"{value:.4f}" for value in rows[name].values())
        print(f"{name:52s} {shown}  ({time.perf_counter() - started:.0f} s)", flush=True)
    return [f"**{title}.**", "", *markdown(pd.DataFrame(rows).T), ""]


def markdown(table: pd.DataFrame) -> list[str]:
    """Format the table with the best of each column in bold: the lowest value, or the bias nearest to 1."""
    bias = [name for name in table if "bias" in name]
    distance = table.copy()
    distance[bias] = (table[bias] - 1.0).abs()
    best = distance.idxmin()
    lines = ["| covariance | " + " | ".join(COLUMNS) + " |", "| --- |" + " ---: |" * len(COLUMNS)]
    for name, row in table.iterrows():
        cells = [f"{value:.2f}" if "volatility" in c else f"{value:.3f}" for c, value in row.items()]
        cells = [f"**{cell}**" if best[c] == name else cell for c, cell in zip(COLUMNS, cells, strict=True)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panels", nargs="+", choices=CASES, default=list(CASES), metavar="PANEL")
    parser.add_argument("--only", nargs="+", default=[], metavar="TEXT")
    options = parser.parse_args()
    if not DATA.is_dir():
        print("SKIPPED: the folder shared/data is not beside the project, and the table needs its panels.")
        return
    lines = [
        "Covariances refitted every 21 days on what was known then; weights fixed day by day until the next. Excess",
        "returns over French's RF; factors FF5 and momentum. Assets with at most 21 of the last 504 returns missing.",
        "Volatility: percent a year, of the global minimum-variance portfolio. QLIKE: (log det S + r'S^-1 r)/N in",
        f"percent. Bias: standard deviation of standardised returns; the last column is the mean over {PORTFOLIOS}",
        "random long-only portfolios. Bold: the least; of a bias, the nearest to 1.",
        "",
    ]
    for name in options.panels:
        lines += section(CASES[name], options.only)
    text = "\n".join(lines).rstrip() + "\n"
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(text, encoding="utf-8")
    print(f"\n{text}\nWritten to benchmarks/results/{TABLE.name}.")


if __name__ == "__main__":
    main()
