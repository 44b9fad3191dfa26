"""Measures size and power of the diagnostic tests of a factor model.

    python benchmarks/calibration_diagnostics.py [--replications 2000] [--power 500] [--only NAME]

Each test runs at 5 % on simulated panels of 40 assets, 250 dates and 3 factors. "plain": independent normal errors with
equal variances. "hard": Student-t errors with 5 degrees of freedom, a common time-varying volatility, first-order
autocorrelation of 0.1, one return in ten missing, and every fifth asset listed late.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from statefolio.diagnostics.blocks import block_starts, p_value
from statefolio.diagnostics.estimation.split_half import split_halves
from statefolio.diagnostics.least_squares import least_squares
from statefolio.diagnostics.specification.alphas import gibbons_ross_shanken, mean_squared_t
from statefolio.diagnostics.specification.jackknife import jackknife_residuals
from statefolio.diagnostics.specification.residual_component import first_component, sector_test
from statefolio.diagnostics.specification.residual_correlation import correlation_null, project
from statefolio.loadings.least_squares import StaticLoadings

LEVEL = 0.05
BLOCK = 10
FLIPS = 59
MORE = 199
SECTORS = 5


@dataclass(frozen=True)
class World:
    """The design of simulated returns. Standard deviations are in units of a residual's standard deviation per date."""

    hard: bool = False
    gaps: bool = True
    assets: int = 40
    dates: int = 250
    factors: int = 3
    missing: float = 0.0  # standard deviation of loadings on an omitted factor
    sector: float = 0.0  # loading on an omitted factor of the sector
    alpha: float = 0.0  # standard deviation of alphas
    spread: float = 0.5  # standard deviation of loadings across assets, on factors as volatile as residuals

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Simulate returns (T, N) and regressors (T, K + 1) with the constant first."""
        T, N, K = self.dates, self.assets, self.factors
        level = np.exp(_wander(rng, T, 1, 0.98) * 0.4) if self.hard else np.ones((T, 1))
        x = rng.standard_normal((T, K)) * level
        e = rng.standard_t(5, (T, N)) * np.sqrt(0.6) * level if self.hard else rng.standard_normal((T, N))
        if self.hard:
            for t in range(1, T):
                e[t] += 0.1 * e[t - 1]
        e += rng.standard_normal((T, 1)) * level * rng.normal(0.0, self.missing, N)
        e += (rng.standard_normal((T, SECTORS)) * level * self.sector)[:, np.arange(N) % SECTORS]
        loadings = 1.0 + self.spread * rng.standard_normal((K, N))
        returns = x @ loadings + rng.normal(0.0, self.alpha, N) + e * np.exp(rng.normal(0.0, 0.3, N))
        if self.hard and self.gaps:
            returns[rng.random((T, N)) < 0.1] = np.nan
            returns[: T // 3, ::5] = np.nan
        return returns, np.column_stack([np.ones(T), x])


def _wander(rng: np.random.Generator, dates: int, count: int, phi: float) -> np.ndarray:
    """Simulate stationary first-order autoregressions of variance 1."""
    path = np.empty((dates, count))
    path[0] = rng.standard_normal(count)
    for t in range(1, dates):
        path[t] = phi * path[t - 1] + np.sqrt(1.0 - phi**2) * rng.standard_normal(count)
    return path


Test = Callable[[np.ndarray, np.ndarray, np.random.Generator], dict[str, float]]


def residual_tests(returns: np.ndarray, regressors: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    fit = least_squares(returns, regressors)
    before = jackknife_residuals(fit, regressors, block_starts(len(returns), BLOCK))
    return _correlated(project(fit.residuals, regressors, before), rng)


def innovation_tests(returns: np.ndarray, regressors: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    dates = pd.bdate_range("2000-01-03", periods=len(returns))
    frames = pd.DataFrame(0.01 * returns, dates), pd.DataFrame(0.01 * regressors[:, 1:], dates)
    found = StaticLoadings().fit(*frames).innovations_
    z = (found["innovation"] / np.sqrt(found["innovation_variance"])).to_numpy()
    z[np.cumsum(~np.isnan(z), axis=0) <= 60] = np.nan
    return _correlated(project(z, regressors[:, :0]), rng)


def _correlated(projection, rng: np.random.Generator) -> dict[str, float]:
    null = correlation_null(projection, BLOCK, FLIPS, rng)
    codes = np.arange(len(null.correlation)) % SECTORS
    return {
        "largest eigenvalue": p_value(null.largest, null.null_largest),
        "mean absolute correlation": p_value(null.mean_absolute, null.null_mean_absolute),
        "component by sector": sector_test(first_component(null.correlation).loadings, codes, MORE, rng)[1],
    }


def alpha_tests(returns: np.ndarray, regressors: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    fit = least_squares(returns, regressors)
    found = {"mean squared t of alphas": mean_squared_t(returns, regressors, fit, BLOCK, MORE, rng).p_value}
    exact = gibbons_ross_shanken(returns, regressors[:, 1:])
    return found if exact.reason else {"Gibbons-Ross-Shanken": exact.p_value, **found}


def half_tests(returns: np.ndarray, regressors: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    halves = split_halves(returns, regressors, least_squares(returns, regressors), BLOCK, MORE, rng)
    return {"split-half agreement": halves.agreement_p_value[1]}


PLAIN, HARD = World(), World(hard=True)
NULLS: list[tuple[str, Test, World]] = [
    ("plain, residuals", residual_tests, PLAIN),
    ("hard, residuals", residual_tests, HARD),
    ("hard, 120 assets, 500 dates, residuals", residual_tests, replace(HARD, assets=120, dates=500)),
    ("hard, innovations, 500 dates", innovation_tests, replace(HARD, dates=500)),
    ("plain, alphas", alpha_tests, PLAIN),
    ("hard without gaps, alphas", alpha_tests, replace(HARD, gaps=False)),
    ("hard, sectors correlated, 300 assets, alphas", alpha_tests, replace(HARD, assets=300, sector=0.7)),
    ("plain, halves", half_tests, replace(PLAIN, spread=0.0)),
    ("hard, sectors correlated, halves", half_tests, replace(HARD, sector=0.7, spread=0.0)),
]
FAULTS: list[tuple[str, Test, World]] = [
    ("a factor left out (3 % of residual variance)", residual_tests, replace(HARD, missing=0.18)),
    ("a factor left out (6 %)", residual_tests, replace(HARD, missing=0.25)),
    ("sector factors left out (6 %)", residual_tests, replace(HARD, sector=0.25)),
    ("a factor left out (6 %), innovations, 500 dates", innovation_tests, replace(HARD, missing=0.25, dates=500)),
    ("alphas of 0.05 residual deviations", alpha_tests, replace(PLAIN, alpha=0.05)),
    ("the same alphas, hard, 300 assets", alpha_tests, replace(HARD, alpha=0.05, assets=300, sector=0.7)),
    ("loadings differ by 0.1", half_tests, replace(HARD, spread=0.1)),
]


def rejections(test: Test, world: World, replications: int, seed: int) -> dict[str, float]:
    """Return the share of panels on which each test rejects at 5 %."""
    counts: dict[str, int] = {}
    for place in range(replications):
        rng = np.random.default_rng([seed, place])
        for name, p in test(*world.draw(rng), rng).items():
            counts[name] = counts.get(name, 0) + (p <= LEVEL)
    return {name: count / replications for name, count in counts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=2000)
    parser.add_argument("--power", type=int, default=500)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    for title, cases, count in (("size", NULLS, given.replications), ("power", FAULTS, given.power)):
        print(f"\n| {title}, {count} panels | test | rejected at 5 % |\n| --- | --- | --- |", flush=True)
        for seed, (name, test, world) in enumerate(cases):
            if given.only not in f"{title} {name}":
                continue
            start = time.perf_counter()
            for which, share in rejections(test, world, count, seed + 100 * (title == "power")).items():
                print(f"| {name} | {which} | {share:.1%} |", flush=True)
            print(f"<!-- {time.perf_counter() - start:.0f} s -->", flush=True)


if __name__ == "__main__":
    main()
