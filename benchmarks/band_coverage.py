"""Measures how often 95 % bands of loadings, and prediction intervals of returns, hold the truth, on simulated panels.

    python benchmarks/band_coverage.py [--panels N]

Five processes of 24 assets, 1,000 dates and two factors: loadings that are random walks, or break once; noise that is
normal, GARCH(1, 1), Student-t with 4 degrees of freedom, or correlated within blocks of eight assets. Coverage counts
the second half of the dates, with hyper-parameters from the first half; "worst" is the asset covered least often. The
rivals of `rivals.py` run on the first two panels; least squares has its standard errors as bands, score-driven loadings
have none.
Writes benchmarks/results/band_coverage.md.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rivals import FIRST, PERCENT, Scored, garch, rolling_errors, score_driven
from scipy.stats import norm
from scipy.stats import t as student

import statefolio as sf

TABLE = Path(__file__).resolve().parent / "results" / "band_coverage.md"
DATES, ASSETS, FACTORS = 1000, 24, ["market", "value"]
RIVAL_PANELS = 2
PROCESSES = ("random walk", "breaks", "GARCH", "Student-t, 4", "block-correlated")
MODELS: dict[str, dict[str, Any]] = {
    "default": {},
    "default, taken for known": {"parameter_uncertainty": False},
    "random walk": {"dynamics": "random_walk"},
    "one speed, random walk": {"dynamics": "random_walk", "noise": "ewma"},
    'tuning="shrunk"': {"tuning": "shrunk"},
    'tuning="shrunk", taken for known': {"tuning": "shrunk", "parameter_uncertainty": False},
    'tuning="mle"': {"tuning": "mle"},
    'tuning="mle", taken for known': {"tuning": "mle", "parameter_uncertainty": False},
    'tuning="mle", constant Gaussian noise': {"tuning": "mle", "noise": "constant", "tails": "gaussian"},
    'tuning="discount"': {"tuning": "discount"},
    'tuning="discount", taken for known': {"tuning": "discount", "parameter_uncertainty": False},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panels", type=int, default=12, metavar="N", help="panels of each process (default 12)")
    count = parser.parse_args().panels
    warnings.simplefilter("ignore", sf.StatefolioWarning)
    lines = [
        f"Coverage of 95 % bands of the betas (predicted), of the asset covered least often, and of 95 % and 99 % "
        f"prediction intervals; {count} panels of {ASSETS} assets and {DATES} dates a process, rivals {RIVAL_PANELS}.",
        "",
        "| process | model | bands | worst | 95 % | 99 % |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for process in PROCESSES:
        panels = [simulate(process, seed) for seed in range(count)]
        for name, options in MODELS.items():
            found = np.mean([cover(options, *panel) for panel in panels], axis=0)
            lines.append(line(process, name, found))
        each = [cover_rivals(*panel) for panel in panels[:RIVAL_PANELS]]
        lines += [line(process, name, np.mean([one[name] for one in each], axis=0)) for name in each[0]]
        print("\n".join(lines[-len(MODELS) - len(each[0]) :]), flush=True)
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def line(process: str, name: str, found: np.ndarray) -> str:
    return f"| {process} | {name} | " + " | ".join("-" if np.isnan(x) else f"{100 * x:.1f}" for x in found) + " |"


def simulate(process: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Return returns, factors and the true betas (T, N, K)."""
    rng = np.random.default_rng([seed, PROCESSES.index(process)])
    dates = pd.bdate_range("2015-01-01", periods=DATES)
    factors = pd.DataFrame(rng.normal(0.0, [0.01, 0.006], (DATES, 2)), dates, FACTORS)
    beta = rng.normal([1.0, 0.2], [0.3, 0.4], (ASSETS, 2)) + np.zeros((DATES, 1, 1))
    if process == "breaks":
        for i, when in enumerate(rng.integers(200, DATES - 100, ASSETS)):
            beta[when:, i] += rng.normal(0.0, 0.4, 2)
    else:
        beta = beta + np.cumsum(rng.normal(0.0, 0.02, (DATES, ASSETS, 2)), axis=0)
    noise = _noise(process, rng) * rng.uniform(0.006, 0.016, ASSETS)
    returns = np.einsum("tk,tnk->tn", factors.to_numpy(), beta) + noise
    return pd.DataFrame(returns, dates, [f"A{i}" for i in range(ASSETS)]), factors, beta


def _noise(process: str, rng: np.random.Generator) -> np.ndarray:
    if process == "Student-t, 4":
        return rng.standard_t(4, (DATES, ASSETS)) / np.sqrt(2.0)
    z = rng.standard_normal((DATES, ASSETS))
    if process == "block-correlated":
        shared = np.repeat(rng.standard_normal((DATES, ASSETS // 8)), 8, axis=1)
        return np.sqrt(0.6) * z + np.sqrt(0.4) * shared
    if process != "GARCH":
        return z
    variance, found = np.ones(ASSETS), np.empty_like(z)
    for t in range(DATES):
        found[t] = np.sqrt(variance) * z[t]
        variance = 0.03 + 0.07 * found[t] ** 2 + 0.90 * variance
    return found


def cover(options: dict[str, Any], returns: pd.DataFrame, factors: pd.DataFrame, beta: np.ndarray) -> list[float]:
    """Return the share of betas in their bands, that of the worst asset, and those of the returns' intervals."""
    half = DATES // 2
    model = sf.KalmanLoadings(**options).fit(returns, factors, tune_until=returns.index[half - 1])
    loadings = model.loadings_.isel(date=slice(half, None)).sel(factor=FACTORS)
    error = np.abs(loadings["predicted"].to_numpy() - beta[half:])
    inside = error <= norm.ppf(0.975) * np.sqrt(loadings["predicted_variance"].to_numpy())
    innovations = model.innovations_.isel(date=slice(half, None))
    z = np.abs(innovations["innovation"].to_numpy()) / np.sqrt(innovations["innovation_variance"].to_numpy())
    nu = float(model.parameters_["degrees_of_freedom"].iloc[0])
    law = student(nu, scale=np.sqrt((nu - 2.0) / nu)) if np.isfinite(nu) else norm
    intervals = [np.mean(z <= law.ppf(0.5 + share / 2.0)) for share in (0.95, 0.99)]
    return [inside.mean(), inside.mean(axis=(0, 2)).min(), *intervals]


def cover_rivals(returns: pd.DataFrame, factors: pd.DataFrame, beta: np.ndarray) -> dict[str, list[float]]:
    y, half = PERCENT * returns.to_numpy(), DATES // 2
    X = np.column_stack([np.ones(DATES), PERCENT * factors.to_numpy()])
    each, own = score_driven(y, X, half)
    none = [np.nan, np.nan]
    return {
        f"OLS, {FIRST} dates, GARCH-t noise": cover_least_squares(y, X, beta)
        + intervals(garch(rolling_errors(y, X, FIRST), half)),
        "GAS-t, each asset's own parameters": none + intervals(each),
        "GAS-t, pooled": none + intervals(score_driven(y, X, half, own)[0]),
    }


def cover_least_squares(y: np.ndarray, X: np.ndarray, beta: np.ndarray) -> list[float]:
    """Return the share of betas within OLS bands of the dates before, and that of the worst asset."""
    inside = []
    for t in range(DATES // 2, DATES):
        x, before = X[t - FIRST : t], y[t - FIRST : t]
        inverse = np.linalg.inv(x.T @ x)
        found = inverse @ x.T @ before
        variance = ((before - x @ found) ** 2).sum(axis=0) / (FIRST - X.shape[1])
        error = np.sqrt(variance[:, None] * inverse.diagonal()[1:])
        inside.append(np.abs(found[1:].T - beta[t]) <= norm.ppf(0.975) * error)
    return [np.mean(inside), np.mean(inside, axis=(0, 2)).min()]


def intervals(scored: Scored) -> list[float]:
    """Return the shares of returns within 95 % and 99 % intervals."""
    z = np.abs(scored.innovation[DATES // 2 :]) / scored.scale[DATES // 2 :]
    return [float(np.mean(z <= student.ppf(0.5 + share / 2.0, scored.degrees_of_freedom))) for share in (0.95, 0.99)]


if __name__ == "__main__":
    main()
