"""Times the diagnoses of the four failures of a factor model by the number of assets.

    python benchmarks/diagnostics.py [--assets 250 500 1000] [--dates 2500] [--factors 6] [--threads 1]

The panel is simulated with moving loadings, clusters of high volatility, 2 % of returns missing and a fifth of the
assets listed late. The model is fitted before the timing starts. With one thread, times are processor times of this
process; with several, wall-clock times.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import statefolio as sf
from statefolio.diagnostics import (
    diagnose_change,
    diagnose_collinearity,
    diagnose_estimation,
    diagnose_specification,
)
from statefolio.kalman import blocks

FAILURES = {
    "specification": diagnose_specification,
    "estimation": diagnose_estimation,
    "non-stationarity": diagnose_change,
    "multicollinearity": diagnose_collinearity,
}


def main() -> None:
    options = _options()
    blocks.THREADS = options.threads
    clock = time.process_time if options.threads == 1 else time.perf_counter
    print(f"{options.dates:,} dates, {options.factors} factors, {options.threads} threads, {os.cpu_count()} cores")
    print(f"{'assets':>8} {'load':>6} {'fit':>8}" + "".join(f"{name:>20}" for name in FAILURES) + f"{'all four':>10}")
    with threadpool_limits(options.threads):
        _diagnose(30, 400, options.factors, clock)  # excludes compilation and imports
        for assets in options.assets:
            load = os.getloadavg()[0]
            fit, *spent = _diagnose(assets, options.dates, options.factors, clock)
            cells = "".join(f"{seconds:20.2f}" for seconds in spent)
            print(f"{assets:8,} {load:6.1f} {fit:8.2f}{cells}{sum(spent):10.2f}", flush=True)


def _diagnose(assets: int, dates: int, factors: int, clock: Callable[[], float]) -> list[float]:
    returns, f = panel(assets, dates, factors)
    started = clock()
    model = sf.KalmanLoadings().fit(returns, f)
    seconds = [clock() - started]
    for diagnose in FAILURES.values():
        started = clock()
        diagnose(model, returns, f)
        seconds.append(clock() - started)
    return seconds


def panel(assets: int, dates: int, factors: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2010-01-04", periods=dates, name="date")
    calm = np.exp(0.3 * np.sin(np.arange(dates) / 150.0))[:, None]
    f = 0.008 * calm * rng.standard_normal((dates, factors))
    loadings = rng.normal(0.3, 0.4, (assets, factors)) + np.cumsum(
        rng.normal(0.0, 0.01, (dates, assets, factors)) * (rng.random((assets, 1)) < 0.5), axis=0
    )
    returns = np.einsum("tnk,tk->tn", loadings, f)
    returns += calm * rng.standard_t(5, (dates, assets)) * rng.uniform(0.005, 0.02, assets)
    returns[rng.random(returns.shape) < 0.02] = np.nan
    for i in range(0, assets, 5):
        returns[: rng.integers(dates // 2), i] = np.nan
    names = [f"A{i}" for i in range(assets)]
    return pd.DataFrame(returns, days, names), pd.DataFrame(f, days, [f"F{k}" for k in range(factors)])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assets", type=int, nargs="+", default=[250, 500, 1000])
    parser.add_argument("--dates", type=int, default=2500)
    parser.add_argument("--factors", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
