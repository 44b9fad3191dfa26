"""Measures fits by blocks: equal bits, memory, the coordinator's share, speed, and resumption after kills.

    python benchmarks/blocks.py [--jobs equal memory speed limit peers kills] [--assets 8192] [--dates 2520]

Prints one table. `equal` compares five tunings on three executors with one call, on a small panel with gaps and late
listings. `memory` and `speed` fit the panel of the given size in processes: peak memory of a worker against two blocks'
results and 300 MB, CPU time of the coordinator against that of its workers, and two processes against one. `limit`
fits 30,000 assets with given hyper-parameters within 4 GB of address space (RLIMIT_AS), in its own process, against
`fit` in memory on a part. `peers` is Dask's own way: `xarray.apply_ufunc` over RollingOLS of statsmodels, on a subset.
`kills` ends fits at random instants and resumes them.
"""

import argparse
import filecmp
import os
import resource
import signal
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import xarray as xr

import statefolio as sf
from statefolio.loadings import fit_blocks

TUNINGS = {
    "pooled": {},
    "mle": {"tuning": "mle"},
    "shrunk": {"tuning": "shrunk"},
    "discount": {"tuning": "discount"},
    "fixed": {"tuning": "fixed", "state_variance": 1e-3},
}
ROWS: list[tuple[str, str]] = []


def row(what: str, found: str) -> None:
    ROWS.append((what, found))
    print(f"| {what} | {found} |", flush=True)


def factors_of(dates: int, factors: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    index = pd.bdate_range("2000-01-03", periods=dates)
    return pd.DataFrame(0.01 * rng.standard_normal((dates, factors)), index, [f"f{k}" for k in range(factors)])


def part_of(factors: pd.DataFrame, first: int, count: int, gaps: bool = True) -> pd.DataFrame:
    """Returns of some assets; the same for an asset in whatever part it is."""
    columns = {}
    for i in range(first, first + count):
        rng = np.random.default_rng(i)
        beta = 1.0 + 0.3 * rng.standard_normal(factors.shape[1])
        values = factors.to_numpy() @ beta + 0.02 * rng.standard_normal(len(factors))
        if gaps:
            values[rng.random(len(values)) < 0.02] = np.nan
            values[: int(rng.integers(0, len(values) // 2)) if i % 7 == 0 else 0] = np.nan
        columns[f"A{i:05d}"] = values
    return pd.DataFrame(columns, factors.index)


def processes(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"))


def equal() -> None:
    from distributed import Client, LocalCluster

    factors = factors_of(120, 2)
    returns = part_of(factors, 0, 200)
    whole = {name: sf.KalmanLoadings(**options).fit(returns, factors) for name, options in TUNINGS.items()}
    count = 0

    def compare(executor: object) -> None:
        nonlocal count
        for name, options in TUNINGS.items():
            with tempfile.TemporaryDirectory() as folder:
                store = fit_blocks(
                    sf.KalmanLoadings(**options),
                    returns,
                    factors,
                    store=f"{folder}/x",
                    block_assets=64,
                    executor=executor,
                )
                found, expected = store.loadings().load(), whole[name].loadings_
                same = all(np.array_equal(found[each], expected[each], equal_nan=True) for each in expected)
                assert same, name
                assert store.model().next_.equals(whole[name].next_), name
                count += 1

    compare(None)
    for workers in (1, 2, 4):
        with ThreadPoolExecutor(workers) as threads:
            compare(threads)
        with processes(workers) as pool:
            compare(pool)
        with (
            LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as local,
            Client(local) as client,
        ):
            compare(client.get_executor())
    row("bit-equality with one call: 5 tunings, threads, processes and Dask, 1, 2 and 4 workers", f"all {count} equal")


def peak(_: int) -> float:
    time.sleep(0.2)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(
    returns: pd.DataFrame, factors: pd.DataFrame, workers: int, block: int, **options: object
) -> dict[str, float]:
    """Fit in processes: wall time, CPU time of the coordinator and of the workers, and a worker's peak memory in MB."""
    model = sf.KalmanLoadings(**options)
    with tempfile.TemporaryDirectory(dir=".") as folder:
        pool = processes(workers)
        before = list(pool.map(peak, range(workers)))  # imports
        for name in ("warm",):
            few = returns.iloc[:60, :64], factors.iloc[:60]
            fit_blocks(model, *few, store=f"{folder}/{name}", block_assets=64, executor=pool)
        children, own, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.process_time(), time.perf_counter()
        fit_blocks(model, returns, factors, store=f"{folder}/x", block_assets=block, executor=pool)
        wall, own = time.perf_counter() - wall, time.process_time() - own
        highest = max(pool.map(peak, range(2 * workers)))
        pool.shutdown()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        workers_cpu = after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
    return {"wall": wall, "own": own, "workers": workers_cpu, "peak": highest, "imports": max(before)}


def memory(assets: int, dates: int, factors: int) -> None:
    f = factors_of(dates, factors)
    returns = part_of(f, 0, assets)
    block = max(64, assets // 8 // 64 * 64)
    found = timed(returns, f, 2, block)
    results = block * dates * (4 * (factors + 1) + 3) * 8 / 2**20
    row(
        f"peak memory of a worker, {assets:,} x {dates:,} x {factors}, blocks of {block:,}",
        f"{found['peak']:,.0f} MB (imports {found['imports']:,.0f}); two blocks' results and 300 MB are "
        f"{2 * results + 300:,.0f} MB",
    )
    share = found["own"] / found["workers"]
    row("CPU of the coordinator / of its workers", f"{found['own']:.1f} s / {found['workers']:.1f} s = {share:.1%}")


def speed(assets: int, dates: int, factors: int) -> None:
    f = factors_of(dates, factors)
    returns = part_of(f, 0, assets)
    one, two = (timed(returns, f, workers, max(64, assets // 8 // 64 * 64)) for workers in (1, 2))
    load = os.getloadavg()[0]
    row(
        f"2 processes against 1, {assets:,} x {dates:,} x {factors}, default model",
        f"{one['wall'] / two['wall']:.2f} x in wall time at a load of {load:.0f}; workers' CPU {one['workers']:.0f} s "
        f"and {two['workers']:.0f} s",
    )


def limit(assets: int, dates: int, factors: int, gigabytes: float) -> None:
    f = factors_of(dates, factors)
    model = sf.KalmanLoadings(tuning="fixed", state_variance=1e-3)
    some = part_of(f, 0, min(assets, 2048), gaps=False)
    model.fit(some.iloc[:, :64], f)  # compiled
    begun = time.process_time()
    model.fit(some, f).loadings_.load()
    in_memory = (time.process_time() - begun) / some.size
    del some
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        most = int(gigabytes * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        made = 0.0

        def parts():
            nonlocal made
            for first in range(0, assets, 1024):
                before = time.process_time()
                part = part_of(f, first, min(1024, assets - first), gaps=False)
                made += time.process_time() - before
                yield part

        with tempfile.TemporaryDirectory(dir=".") as folder:
            begun = time.process_time()
            fit_blocks(model, parts(), f, store=f"{folder}/x", block_assets=1024)
            os.write(write, repr((time.process_time() - begun - made) / (assets * dates)).encode())
        os._exit(0)
    os.close(write)
    said = os.read(read, 100)
    _, status = os.waitpid(child, 0)
    if status or not said:
        row(f"{assets:,} x {dates:,} x {factors} within {gigabytes} GB", f"failed with status {status}")
        return
    row(
        f"{assets:,} x {dates:,} x {factors}, fixed tuning, to the store within {gigabytes} GB of address space",
        f"finished; throughput {in_memory / float(said):.0%} of `fit` in memory, in CPU time",
    )


def peers(dates: int, factors: int) -> None:
    from statsmodels.regression.rolling import RollingOLS

    f = factors_of(dates, factors)
    few = 8
    returns = part_of(f, 0, few, gaps=False)
    X = np.column_stack([np.ones(dates), f.to_numpy()])
    array = xr.DataArray(returns.to_numpy(), dims=("date", "asset")).chunk({"asset": 4})

    def rolling(y: np.ndarray) -> np.ndarray:
        return RollingOLS(y, X, window=250).fit().params

    begun = time.process_time()
    xr.apply_ufunc(
        rolling,
        array,
        input_core_dims=[["date"]],
        output_core_dims=[["date", "factor"]],
        vectorize=True,
        dask="parallelized",
        output_dtypes=[float],
        dask_gufunc_kwargs={"output_sizes": {"factor": factors + 1}, "allow_rechunk": True},
    ).compute(scheduler="synchronous")
    theirs = (time.process_time() - begun) / few
    with tempfile.TemporaryDirectory(dir=".") as folder:
        many = part_of(f, 0, 512, gaps=False)
        model = sf.KalmanLoadings(tuning="fixed", state_variance=1e-3)
        fit_blocks(model, many.iloc[:, :64], f, store=f"{folder}/warm", block_assets=64)
        begun = time.process_time()
        fit_blocks(model, many, f, store=f"{folder}/x", block_assets=512)
        ours = (time.process_time() - begun) / many.shape[1]
    row("`xarray.apply_ufunc` over RollingOLS, CPU per asset / ours with error bands", f"{theirs / ours:,.0f} x")


def files_of(folder: Path) -> dict[str, Path]:
    return {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}


def kills(instants: int) -> None:
    factors = factors_of(150, 2)
    returns = part_of(factors, 0, 320)
    model = sf.KalmanLoadings(tuning="discount")
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)

        def fit(name: str, workers: bool, resume: bool) -> None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                pool = ProcessPoolExecutor(2, mp_context=get_context("fork")) if workers else None
                store = folder / name
                fit_blocks(model, returns, factors, store=store, block_assets=64, executor=pool, resume=resume)

        begun = time.perf_counter()
        fit("whole", False, False)
        length = time.perf_counter() - begun
        expected, killed = files_of(folder / "whole"), 0
        for number in range(instants):
            how = (signal.SIGKILL, signal.SIGINT)[number % 2]
            child = os.fork()
            if child == 0:
                os.setpgrp()
                os.close(2)
                try:
                    fit(f"n{number}", number % 3 == 0, False)
                    os._exit(0)
                finally:  # an interrupted pool would be waited for
                    os._exit(1)
            time.sleep(float(rng.uniform(0.0, length)))
            with suppress(ProcessLookupError):
                (os.killpg if number % 3 == 0 else os.kill)(child, how)
            _, status = os.waitpid(child, 0)
            killed += status != 0
            fit(f"n{number}", False, True)
            found = files_of(folder / f"n{number}")
            assert found.keys() == expected.keys()
            assert all(filecmp.cmp(found[name], expected[name], shallow=False) for name in found)
    row(
        f"{instants} kills at random instants (SIGKILL and SIGINT, with and without workers)",
        f"{killed} hit; all resumed to the same bytes",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    jobs = ("equal", "memory", "speed", "limit", "peers", "kills")
    parser.add_argument("--jobs", nargs="+", choices=jobs, default=jobs)
    parser.add_argument("--assets", type=int, default=8192)
    parser.add_argument("--dates", type=int, default=2520)
    parser.add_argument("--factors", type=int, default=6)
    parser.add_argument("--most-assets", type=int, default=30_000, help="of the job `limit`")
    parser.add_argument("--gigabytes", type=float, default=4.0)
    parser.add_argument("--instants", type=int, default=50)
    given = parser.parse_args()
    size = given.assets, given.dates, given.factors
    print("| what | measured |\n| --- | --- |")
    for job in given.jobs:
        if job == "equal":
            equal()
        elif job == "kills":
            kills(given.instants)
        elif job == "peers":
            peers(given.dates, given.factors)
        elif job == "limit":
            limit(given.most_assets, given.dates, given.factors, given.gigabytes)
        else:
            {"memory": memory, "speed": speed}[job](*size)


if __name__ == "__main__":
    main()
