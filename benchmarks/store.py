"""A store of loadings: its size, a night, point queries, an export, and compression.

    python benchmarks/store.py [--assets 30000] [--dates 120] [--history 10000] [--nights 3] [--folder /tmp]

Factors are 20 and a constant. A night is what `statefolio update --store` does once the new returns are read: open the
store, load the model, filter one date, save the model and append the date. One store has all assets and few dates, the
other 512 assets and all dates: a cross-section takes as long however many dates there are, and a history however many
assets. CPU seconds are of this process, after a first run; nights and queries are medians. Peak disk about 16 GB.
"""

import argparse
import pickle
import shutil
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

import statefolio as sf
from statefolio.loadings.results import array_of

FACTORS = 20
rows: list[tuple[str, str]] = []


def report(name: str, value: str) -> None:
    rows.append((name, value))
    print(f"  {name:<58} {value}", flush=True)


def cost(work: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds and seconds."""
    cpu, clock = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - clock


def said(costs: list[tuple[float, float]]) -> str:
    cpu, clock = (statistics.median(part) for part in zip(*costs, strict=True))
    return f"{cpu:.2f} CPU s, {clock:.2f} s"


def panel(assets: int, dates: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(4)
    days = pd.bdate_range("1985-01-01", periods=dates)
    factors = pd.DataFrame(rng.normal(0, 0.01, (dates, FACTORS)), days, [f"f{k}" for k in range(FACTORS)])
    returns = factors.to_numpy() @ rng.normal(0.3, 0.4, (FACTORS, assets))
    returns += rng.normal(0, 0.02, returns.shape)
    returns[rng.random(returns.shape) < 0.02] = np.nan
    return pd.DataFrame(returns, days, [f"a{i}" for i in range(assets)]), factors


def make(path: Path, model: sf.KalmanLoadings) -> sf.loadings.LoadingsStore:
    count = len(model.assets_)
    store = sf.loadings.LoadingsStore.create(
        path,
        dates=model.dates_,
        assets=model.assets_,
        factors=model.factors_,
        block_assets=-(-count // 512) * 512,
        identity={
            "model": "KalmanLoadings",
            "options": model.get_params(),
            "data": "simulated",
            "tune_until": model.tuned_until_,
        },
    )
    store.write_block(0, model)
    store.finish()
    return store


def size_of(folder: Path) -> float:
    """Megabytes on disk."""
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*")) / 1e6


def model_file(model: sf.KalmanLoadings, folder: Path) -> None:
    path = folder / "model"
    model.save(path)
    raw = sum(values.nbytes for values in model._saved()[1].values())
    report("model file, arrays before compression and file", f"{raw / 1e6:.0f} MB, {path.stat().st_size / 1e6:.0f} MB")
    report("save a model", said([cost(lambda: model.save(path)) for _ in range(3)]))
    report("load a model", said([cost(lambda: sf.KalmanLoadings.load(path)) for _ in range(3)]))
    run = model._run_results
    arrays = sum(array_of(getattr(run, name)).nbytes for name in ("filtered", "filtered_variance"))
    report("pickled model / its filtered means and variances", f"{len(pickle.dumps(model, protocol=5)) / arrays:.2f}")
    path.unlink()


def nights(store: sf.loadings.LoadingsStore, returns: pd.DataFrame, factors: pd.DataFrame) -> None:
    parts: list[tuple[str, float, float]] = []

    def night(day: int) -> None:
        def step(name: str, work: Callable[[], object]) -> None:
            parts.append((name, *cost(work)))

        opened: list[object] = []
        step("load", lambda: opened.append(sf.loadings.LoadingsStore.open(store.path).model()))
        step("day", lambda: opened[0].partial_fit(returns[day : day + 1], factors[day : day + 1]))
        step("save and append", lambda: store.append(opened[0]))

    costs = [cost(lambda day=day: night(day)) for day in range(len(returns))]
    for name in ("load", "day", "save and append"):
        report(f"  of a night: {name}", said([part[1:] for part in parts[3:] if part[0] == name]))
    report("a night: load, one day, save, append", said(costs[1:]))
    report("live rows of a date", f"{(store.path / 'statefolio/live/00000001.rows').stat().st_size / 1e6:.1f} MB")
    day = returns.index[-1]
    report("cross-section of a live date, all variables", said([cost(lambda: store.date(day)) for _ in range(5)]))
    report(f"compact {len(returns)} nights", said([cost(store.compact)]))


def queries(store: sf.loadings.LoadingsStore, history: sf.loadings.LoadingsStore) -> None:
    days, names = store.dates[[3, 50, -2]], history.assets[[0, 77, -1]]
    for each, label in ((days[0], names[0]), (days[1], names[1])):
        store.date(each), history.asset(label)
    report(
        "cross-section of a date, all variables",
        said([cost(lambda d=d: store.date(d)) for d in days for _ in range(3)]),
    )
    report(
        "history of an asset, all variables",
        said([cost(lambda n=n: history.asset(n)) for n in names for _ in range(3)]),
    )
    opened = xr.open_zarr(store.path, chunks=None)
    work = lambda: opened["predicted"].sel(date=days[1]).load()  # noqa: E731
    report("one variable of a date by xarray alone", said([cost(work) for _ in range(3)]))


def compression(model: sf.KalmanLoadings) -> None:
    from numcodecs import Blosc

    chunk = np.ascontiguousarray(model.loadings_["filtered"][-250:, :512].to_numpy())
    for name, codec in (("zstd", Blosc("zstd", 1, Blosc.BITSHUFFLE)), ("lz4", Blosc("lz4", 1, Blosc.BITSHUFFLE))):
        packed = codec.encode(chunk)
        cpu = cost(lambda codec=codec: codec.encode(chunk))[0]
        back = cost(lambda codec=codec, packed=packed: codec.decode(packed))[0]
        report(
            f"a chunk by bit-shuffle and {name}",
            f"{chunk.nbytes / len(packed):.2f} x smaller, {chunk.nbytes / cpu / 1e6:,.0f} MB/s, "
            f"back {chunk.nbytes / back / 1e6:,.0f} MB/s",
        )
    report("a chunk copied as it is", f"{chunk.nbytes / cost(chunk.tobytes)[0] / 1e6:,.0f} MB/s")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--assets", type=int, default=30_000)
    options.add_argument("--dates", type=int, default=120)
    options.add_argument("--history", type=int, default=10_000)
    options.add_argument("--nights", type=int, default=4)
    options.add_argument("--folder", default=None)
    given = options.parse_args()
    warnings.simplefilter("ignore")
    folder = Path(tempfile.mkdtemp(dir=given.folder))
    try:
        print(f"{given.assets:,} assets, {FACTORS} factors and a constant")
        returns, factors = panel(given.assets, given.dates + given.nights)
        model = sf.KalmanLoadings(tuning="fixed", state_variance=1e-3)
        model.fit(returns[: given.dates], factors[: given.dates])
        model_file(model, folder)
        store: list[sf.loadings.LoadingsStore] = []
        written = cost(lambda: store.append(make(folder / "wide.zarr", model)))
        size = size_of(folder / "wide.zarr")
        report(f"write a store of {given.dates} dates, {size / 1e3:.1f} GB", said([written]))
        numbers = 8 * given.assets * given.dates * (4 * (FACTORS + 1) + 3) / 1e6
        report("size of the store / its numbers", f"{size / numbers:.3f}")
        nights(store[0], returns[given.dates :], factors[given.dates :])
        returns, factors = panel(512, given.history)
        tall = sf.KalmanLoadings(tuning="fixed", state_variance=1e-3).fit(returns, factors)
        compression(tall)
        history = make(folder / "tall.zarr", tall)
        queries(store[0], history)
        tall_size = 8 * 512 * given.history * (FACTORS + 1) * 4
        exported = cost(lambda: history.export(folder / "tall.parquet", variables=["filtered"]))
        report(f"export {tall_size / 4e6:,.0f} MB to Parquet, long", said([exported]))
    finally:
        shutil.rmtree(folder)
    print()
    for name, value in rows:
        print(f"| {name.strip()} | {value} |")


if __name__ == "__main__":
    main()
