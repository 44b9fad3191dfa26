"""Times low-rank risk computations against dense N x N algebra in NumPy.

python benchmarks/risk.py [--threads 1] [--assets 3000] [--factors 20] [--days 10000] [--repeats 7]

Both use the same number of threads and are timed in turns. With one thread, times are processor times of this process,
which other work on the machine affects less; with several, wall-clock times.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from statefolio.kalman import blocks
from statefolio.risk.low_rank import LowRankCovariance

SIMULATED_REPEATS = 3
LONG_ENOUGH = 0.05  # a job is repeated for this many seconds


def main() -> None:
    options = _options()
    blocks.THREADS = options.threads
    with threadpool_limits(options.threads):
        _compare(options)


def _compare(options: argparse.Namespace) -> None:
    clock = time.process_time if options.threads == 1 else time.perf_counter
    rng = np.random.default_rng(0)
    assets, factors = options.assets, options.factors
    B = rng.normal(0.3, 0.5, (assets, factors))
    root = rng.normal(0.0, 0.003, (factors, factors))
    omega, d = root @ root.T, rng.uniform(1e-4, 4e-4, assets)
    w = rng.dirichlet(np.ones(assets))
    ours = LowRankCovariance(B, omega, d)
    dense = _form(B, omega, d)
    _check(ours, dense, w)
    x = rng.normal(0.0, 0.01, assets)
    jobs: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "Sigma for one date": (lambda: LowRankCovariance(B, omega, d), lambda: _form(B, omega, d)),
        "portfolio variance": (lambda: ours.variance(w), lambda: w @ dense @ w),
        "marginal risk": (lambda: ours.marginal_risk(w), lambda: _marginal(dense, w)),
        "form, solve and log-determinant": (lambda: _density(B, omega, d, x), lambda: _dense_density(B, omega, d, x)),
        f"{options.days:,} simulated days": (
            lambda: ours.simulate(options.days, 1),
            lambda: _dense_simulation(dense, options.days),
        ),
    }
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    kind = "processor" if options.threads == 1 else "clock"
    print(f"{assets:,} assets, {factors} factors, {options.threads} threads; {load}; {kind} time, medians of turns\n")
    print(f"{'job':34} {'low rank, s':>13} {'dense, s':>13} {'ratio':>9}")
    for name, pair in jobs.items():
        repeats = SIMULATED_REPEATS if "simulated" in name or "solve" in name else options.repeats
        fast, slow = _in_turns(pair, repeats, clock)
        print(f"{name:34} {fast:13.3g} {slow:13.3g} {slow / fast:8,.0f}x", flush=True)


def _in_turns(
    pair: tuple[Callable[[], object], Callable[[], object]], repeats: int, clock: Callable[[], float]
) -> tuple[float, float]:
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats + 1):
        for job, taken in zip(pair, seconds, strict=True):
            gc.collect()
            calls, started = 0, clock()
            while not calls or clock() - started < LONG_ENOUGH:
                job()
                calls += 1
            taken.append((clock() - started) / calls)
    return statistics.median(seconds[0][1:]), statistics.median(seconds[1][1:])


def _form(B: np.ndarray, omega: np.ndarray, d: np.ndarray) -> np.ndarray:
    sigma = B @ omega @ B.T
    sigma[np.diag_indices(len(d))] += d
    return sigma


def _marginal(sigma: np.ndarray, w: np.ndarray) -> np.ndarray:
    product = sigma @ w
    return product / np.sqrt(w @ product)


def _density(B: np.ndarray, omega: np.ndarray, d: np.ndarray, x: np.ndarray) -> float:
    covariance = LowRankCovariance(B, omega, d)
    return float(x @ covariance.solve(x)) + covariance.log_determinant


def _dense_density(B: np.ndarray, omega: np.ndarray, d: np.ndarray, x: np.ndarray) -> float:
    chol = np.linalg.cholesky(_form(B, omega, d))
    white = np.linalg.solve(chol, x)
    return float(white @ white) + 2.0 * float(np.log(np.diag(chol)).sum())


def _dense_simulation(sigma: np.ndarray, days: int) -> np.ndarray:
    generator = np.random.Generator(np.random.SFC64(1))
    return generator.standard_normal((days, len(sigma))) @ np.linalg.cholesky(sigma).T


def _check(ours: LowRankCovariance, dense: np.ndarray, w: np.ndarray) -> None:
    """Check that both give the same results."""
    np.testing.assert_allclose(ours.variance(w), w @ dense @ w, rtol=1e-10)
    np.testing.assert_allclose(ours.marginal_risk(w), _marginal(dense, w), rtol=1e-10)
    np.testing.assert_allclose(dense @ ours.solve(w), w, rtol=1e-8)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--assets", type=int, default=3000)
    parser.add_argument("--factors", type=int, default=20)
    parser.add_argument("--days", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=7)
    return parser.parse_args()


if __name__ == "__main__":
    main()
