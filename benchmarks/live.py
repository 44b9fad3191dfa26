"""One bar of many assets through `Live`: CPU and wall time of one core.

OPENBLAS_NUM_THREADS=1 STATEFOLIO_NUM_THREADS=1 python -m benchmarks.live [--assets 30000] [--factors 20] [--bars 9]
"""

import argparse
import statistics
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import statefolio as sf


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=int, default=30_000)
    parser.add_argument("--factors", type=int, default=20)
    parser.add_argument("--dates", type=int, default=60)
    parser.add_argument("--bars", type=int, default=9)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(0)
    count = options.dates + options.bars
    dates = pd.bdate_range("2024-01-01", periods=count)
    factors = pd.DataFrame(0.01 * rng.standard_normal((count, options.factors)), dates).add_prefix("f")
    beta = rng.normal(0.5, 0.5, (options.factors, options.assets))
    noise = 0.02 * rng.standard_normal((count, options.assets))
    returns = pd.DataFrame(factors.to_numpy() @ beta + noise, dates).add_prefix("a")
    model = sf.KalmanLoadings(tuning="fixed", state_variance=1e-4, progress=None)
    model.fit(returns.iloc[: options.dates], factors)
    cpu, wall = [], []
    with tempfile.TemporaryDirectory() as folder:
        live = sf.loadings.Live(model, store=Path(folder) / "live.zarr", checkpoint_every=10 * options.bars)
        del model
        for bar in range(options.bars):
            row = returns.iloc[[options.dates + bar]]
            before, start = time.process_time(), time.perf_counter()
            live.update(row, factors)
            cpu.append(time.process_time() - before)
            wall.append(time.perf_counter() - start)
        live.close()
    states = options.factors + 1
    print(f"one bar of {options.assets:,} x {states}, medians of {options.bars}, {sf.get_num_threads()} threads")
    print(f"CPU {statistics.median(cpu):.3f} s, wall {statistics.median(wall):.3f} s")


if __name__ == "__main__":
    main()
