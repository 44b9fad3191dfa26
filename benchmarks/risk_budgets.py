"""Times risk budgets over assets in statefolio, skfolio and cyclical coordinate descent.

python benchmarks/risk_budgets.py [--sizes 50 200 500] [--large 3000] [--factors 20] [--repeats 5]

One thread, one run, medians of timings in turns. skfolio's time is that of the whole `fit` on returns. The descent is
compiled, uses the low rank of the covariance (one coordinate costs O(K)) and stops at an error of contributions of
1e-8. The table also shows the largest gap between contributions and budget.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable

import numba
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from statefolio.portfolio.budgets.risk_budget import RiskBudget
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.problem import Problem
from statefolio.risk.low_rank import LowRankCovariance

DAYS = 1500
ENOUGH = 1e-8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=[50, 200, 500])
    parser.add_argument("--large", type=int, nargs="*", default=[3000])
    parser.add_argument("--factors", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(f"{'assets':>7} {'':22} {'seconds':>10} {'ratio':>9} {'largest gap':>12}")
    with threadpool_limits(1):
        for size in [*options.sizes, *options.large]:
            compare(size, options, with_skfolio=size in options.sizes)


def compare(assets: int, options: argparse.Namespace, with_skfolio: bool) -> None:
    covariance, returns = simulate(assets, options.factors)
    jobs: dict[str, tuple[Callable[[], np.ndarray], np.ndarray | None]] = {}
    problem = Problem(
        pd.RangeIndex(assets).map(str), covariance, pd.Index([]), np.zeros(assets), Constraints(), np.zeros(assets)
    )
    jobs["statefolio"] = (lambda: RiskBudget().solve(problem).weights, None)
    common = covariance.loadings @ covariance.factor_root
    jobs["cyclical descent"] = (lambda: descend(common, covariance.diagonal, 1.0 / assets, ENOUGH), None)
    if with_skfolio:
        from skfolio.optimization import RiskBudgeting

        model = RiskBudgeting()
        jobs["skfolio RiskBudgeting"] = (lambda: model.fit(returns).weights_, np.cov(returns.T))
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    weights = {}
    for turn in range(options.repeats + 1):
        for name, (job, _) in jobs.items():
            gc.collect()
            started = time.perf_counter()
            weights[name] = job()
            if turn:
                seconds[name].append(time.perf_counter() - started)
    ours = statistics.median(seconds["statefolio"])
    for name, (_, sigma) in jobs.items():
        middle = statistics.median(seconds[name])
        w = weights[name]
        pull = covariance.multiply(w) if sigma is None else sigma @ w
        gap = float(np.abs(w * pull / (w @ pull) - 1.0 / assets).max())
        print(f"{assets:7,} {name:22} {middle:10.4g} {middle / ours:8.1f}x {gap:12.2g}", flush=True)


def simulate(assets: int, factors: int) -> tuple[LowRankCovariance, np.ndarray]:
    rng = np.random.default_rng(0)
    B = rng.normal(0.2, 0.5, (assets, factors))
    B[:, 0] += 1.0
    root = rng.normal(0.0, 0.003, (factors, factors))
    omega = root @ root.T
    omega[0, 0] += 1e-4
    covariance = LowRankCovariance(B, omega, rng.uniform(5e-5, 4e-4, assets))
    return covariance, covariance.simulate(DAYS if assets <= DAYS else 1, 1)


@numba.njit
def descend(F: np.ndarray, d: np.ndarray, share: float, enough: float) -> np.ndarray:
    """Solve the quadratic equation of one coordinate after another (Griveau-Billion, Richard and Roncalli 2013)."""
    count, rank = F.shape
    variance = d + (F**2).sum(axis=1)
    x = 1.0 / np.sqrt(variance)
    x /= x.sum()
    z = F.T @ x
    x, z = x / np.sqrt((z**2).sum() + (d * x * x).sum()), z / np.sqrt((z**2).sum() + (d * x * x).sum())
    for _ in range(100_000):
        for i in range(count):
            other = 0.0
            for k in range(rank):
                other += F[i, k] * z[k]
            other -= (variance[i] - d[i]) * x[i]
            new = (-other + np.sqrt(other * other + 4.0 * variance[i] * share)) / (2.0 * variance[i])
            for k in range(rank):
                z[k] += F[i, k] * (new - x[i])
            x[i] = new
        if np.abs(x * (F @ z + d * x) - share).max() < enough * share:
            break
    return x / x.sum()


if __name__ == "__main__":
    main()
