"""Kills `loadings`, `run`, `update`, `update --store` and `compact` at random instants, and checks what they leave.

    python benchmarks/kills.py [--instants 200] [--jobs loadings run update night] [--seed 0]

After each kill (SIGKILL, which no program can handle) the results must be the former ones or the new ones, every byte
of them; of a store ("night": `update --store` and then `compact`), every number and the state. After the next run that
ends, there must be nothing but results. Each run is a fork of a process that imported
everything, so that kills fall into the work and the writing rather than into imports; a third of them fall into the
last twentieth of the run, where files move. Linux and macOS.
"""

import argparse
import hashlib
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import statefolio.backtest
import statefolio.commands.loadings.job
import statefolio.commands.loadings.update
import statefolio.commands.studies.run
import statefolio.commands.terminal
import statefolio.portfolio
from statefolio.commands.command_line import app

STUDY = """
[study]
name = "kills"
[data]
source = "demo"
from = 2018-01-02
to = 2019-12-31
[loadings]
tuning = "fixed"
state_variance = {variance}
[portfolio.even]
objective = "equal_weight"
[portfolio.volatility]
objective = "inverse_volatility"
[backtest]
start = 2019-01-02
rebalance = "monthly"
benchmark = "even"
[validation]
look_ahead_cuts = 2
[validation.windows]
count = 2
embargo = 5
"""


def write_inputs(folder: Path) -> None:
    rng = np.random.default_rng(7)
    dates = pd.bdate_range("2018-01-01", periods=400, name="date")
    factors = pd.DataFrame(rng.normal(0, 0.01, (400, 2)), dates, ["market", "value"])
    loadings = np.stack([np.linspace(0.5, 1.5, 4), np.linspace(-1, 1, 4)])
    noise = rng.normal(0, 0.01, (400, 4))
    returns = pd.DataFrame(factors.to_numpy() @ loadings + noise, dates, [f"s{i}" for i in range(4)])
    for name, rows in (("short", 300), ("long", 400)):
        returns[:rows].to_csv(folder / f"returns-{name}.csv")
    factors.to_csv(folder / "factors.csv")
    for name, variance in (("short", "1e-3"), ("long", "2e-3")):
        (folder / f"study-{name}.toml").write_text(STUDY.format(variance=variance))


def command(job: str, which: str, folder: Path) -> list[str]:
    """The words of a job that reads the short or the long inputs."""
    files = ["--returns", f"{folder}/returns-{which}.csv", "--factors", f"{folder}/factors.csv"]
    return {
        "loadings": ["loadings", *files, "--tuning", "discount", "--out", f"{folder}/place/out", "--overwrite"],
        "run": ["run", f"{folder}/study-{which}.toml", "--out", f"{folder}/place/out", "--overwrite"],
        "update": ["update", "--model", f"{folder}/place/model.statefolio", *files],
    }[job]


def start(words: list[str]) -> int:
    """Run a command in a fork, and return the process."""
    process = os.fork()
    if process:
        return process
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        if not os.environ.get("LOUD"):
            os.dup2(null, 2)
        os._exit(app(words, standalone_mode=False) or 0)
    except BaseException:  # noqa: BLE001 - a fork must end here, whatever happens
        os._exit(1)


def finish(words: list[str]) -> float:
    """Run a command to its end, and return its seconds."""
    began = time.monotonic()
    _, status = os.waitpid(start(words), 0)
    if status:
        raise SystemExit(f"{' '.join(words)} failed with status {status}; set LOUD=1 to see why")
    return time.monotonic() - began


def results(place: Path) -> dict[str, str]:
    """The hash of every file that is a result; records of trials may be new where the results are old."""
    files = [path for path in sorted(place.rglob("*")) if path.is_file() and not is_temporary(path, place)]
    kept = [path for path in files if not path.name.endswith(".trials.parquet")]
    return {str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


def is_temporary(path: Path, place: Path) -> bool:
    return path.relative_to(place).parts[0].startswith(".")


def kill_often(job: str, instants: int, folder: Path, rng: np.random.Generator) -> int:
    """Return the number of kills after which something was wrong."""
    place = folder / "place"
    place.mkdir()
    if job == "update":
        finish(command("loadings", "short", folder))
        former = (place / "out" / "model.statefolio").read_bytes()
        (place / "model.statefolio").write_bytes(former)
        states = [results(place)]
        seconds = finish(command(job, "long", folder))
    else:
        finish(command(job, "long", folder))
        states = [results(place)]
        seconds = finish(command(job, "short", folder))
    states.append(results(place))
    wrong, seen, parts = 0, [0, 0], 0
    for k in range(instants):
        which = "long" if job == "update" or k % 2 else "short"
        if job == "update":
            (place / "model.statefolio").write_bytes(former)
        share = rng.uniform(0.93, 1.0) if k % 3 == 0 else rng.uniform(0.0, 1.05)
        process = start(command(job, which, folder))
        time.sleep(share * seconds)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        found = results(place)
        if found in states:
            seen[states.index(found)] += 1
        else:
            wrong += 1
            print(f"  {job}: half-written after {share * seconds:.3f} s: {sorted(found)}")
        parts += any(is_temporary(path, place) for path in place.iterdir())
    finish(command(job, "long", folder))
    left = sorted(path.name for path in place.iterdir() if is_temporary(path, place))
    wrong += bool(left) + (results(place) not in states)
    print(
        f"{job:9} {instants} kills within {seconds:.2f} s: {seen[0]} and {seen[1]} times one of the two results, "
        f"{wrong} wrong; {parts} left temporary files, {left or 'none'} after the next run",
        flush=True,
    )
    return wrong


def kill_nights(job: str, instants: int, folder: Path, rng: np.random.Generator) -> int:
    """Kill the night of a store, or its compaction; return the number of kills after which something was wrong."""
    make_store(folder)
    former, place = folder / "former.zarr", folder / "place" / "s.zarr"
    files = ["--returns", f"{folder}/returns-long.csv", "--factors", f"{folder}/factors.csv"]
    words = {"night": ["update", "--store", str(place), *files], "compact": ["compact", str(place)]}
    place.parent.mkdir()
    shutil.copytree(former, place)
    found, seconds = [contents(place)], []
    for command_words in words.values():
        seconds.append(finish(command_words))
        found.append(contents(place))
    wrong, seen, parts = int(found[1] != found[2] or found[0] == found[1]), [0, 0], 0
    for k in range(instants):
        shutil.rmtree(place)
        shutil.copytree(former, place)
        which = k % 2
        if which:
            finish(words["night"])
        process = start(list(words.values())[which])
        time.sleep(seconds[which] * (rng.uniform(0.8, 1.0) if k % 3 == 0 else rng.uniform(0.0, 1.05)))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        now = contents(place)
        states = found[1:2] if which else found[:2]
        wrong += now not in states
        seen[found.index(now) if now in found else 0] += 1
        parts += any(path.name.endswith(".part") for path in place.rglob("*"))
        for command_words in words.values():
            finish(command_words)
        left = [path.name for path in place.rglob("*") if path.name.endswith((".part", ".rows", "lock"))]
        wrong += bool(left) + (contents(place) != found[1])
    print(
        f"{job:9} {instants} kills within {seconds[0]:.2f} s of a night or {seconds[1]:.2f} s of a compaction: "
        f"{seen[0]} and {seen[1]} times the former and the new dates, {wrong} wrong; {parts} left temporary files, "
        "none after the next run",
        flush=True,
    )
    return wrong


def make_store(folder: Path) -> None:
    """Make a store of all but the last dates."""
    returns = pd.read_csv(folder / "returns-short.csv", index_col=0, parse_dates=True)
    factors = pd.read_csv(folder / "factors.csv", index_col=0, parse_dates=True)[: len(returns)]
    model = statefolio.KalmanLoadings(tuning="discount").fit(returns, factors)
    identity = {"model": "KalmanLoadings", "options": model.get_params(), "data": "", "tune_until": model.tuned_until_}
    labels = {"dates": model.dates_, "assets": model.assets_, "factors": model.factors_}
    path = folder / "former.zarr"
    store = statefolio.loadings.LoadingsStore.create(path, **labels, block_assets=64, identity=identity)
    store.write_block(0, model)
    store.finish()


def contents(place: Path) -> str:
    """A hash of the dates, the numbers and the state of a store."""
    store = statefolio.loadings.LoadingsStore.open(place)
    found = hashlib.sha256(store.dates.asi8.tobytes())
    for values in (*store.loadings().values(), *store.innovations().values(), *store.model().next_.values()):
        found.update(values.to_numpy().tobytes())
    return found.hexdigest()


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--instants", type=int, default=200)
    options.add_argument("--jobs", nargs="+", default=["loadings", "run", "update", "night"])
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    rng, wrong = np.random.default_rng(given.seed), 0
    for job in given.jobs:
        with tempfile.TemporaryDirectory() as name:
            write_inputs(Path(name))
            kill = kill_nights if job == "night" else kill_often
            wrong += kill(job, given.instants, Path(name), rng)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
