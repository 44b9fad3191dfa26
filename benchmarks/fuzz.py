"""Feeds mutated files to all readers: only errors of the library may come back, soon and in little memory.

    python benchmarks/fuzz.py [--inputs 1000000] [--targets prices study ...] [--seed 0] [--seconds 3600]
                              [--record fuzz-findings/record.json]

Inputs begin as small valid files. Each is changed in a few places: bits, bytes, runs, lines, tokens of its format,
pieces of itself; a packed file also within what is packed, a model file with its checksum made right again. Printed are
the inputs that ended in another exception, took more than two seconds of processor time, more than 500 MB of memory, or
gave a message longer than a screen. Each is written to `fuzz-findings/`. The same seed gives the same inputs.

With a record the targets take turns, and what was done is counted in that file: a run that was stopped is continued by
the same command. `fuzz_guided.py` looks for inputs that reach new lines.
"""

import argparse
import gzip
import json
import resource
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from fuzz_mutations import mutate, mutate_model, mutate_packed

import statefolio as sf
from statefolio.backtest.validation.holdout import Holdout
from statefolio.commands.studies.example import example_source
from statefolio.commands.studies.reading import open_study
from statefolio.commands.studies.records.checkpoint import read_checkpoint
from statefolio.commands.studies.records.trials_file import read_trials, write_trials
from statefolio.data import read_french, read_groups, read_prices, read_returns, read_weights

SECONDS, MEGABYTES, LETTERS, TURN = 2.0, 500.0, 10_000, 500
FINDINGS = Path("fuzz-findings")


@dataclass(frozen=True)
class Target:
    """The function that reads a file, valid files for it, and how they are changed."""

    read: Callable[[Path], object]
    seeds: tuple[bytes, ...]
    mutate: Callable[[bytes, np.random.Generator], bytes] = mutate


@cache
def targets() -> dict[str, Target]:
    demo = sf.load_demo()
    returns, factors = demo.returns.iloc[:60, :4], demo.factors.iloc[:60, :2]
    french = (
        b"Some words\n\n,Mkt-RF,SMB\n192607,2.96,-2.30\n192608,2.64,-1.40\n\n Annual\n,Mkt-RF,SMB\n1927,29.47,-2.0\n"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = sf.StaticLoadings().fit(returns, factors)
        model.save(folder / "model")
        sf.risk.FactorRisk(model).fit(returns, factors).save(folder / "risk")
        Holdout.seal(returns, record=folder / "holdout")
        record = {"study": "s", "content": "c", "name": "n", "parameters": "{}", "date": returns.index}
        write_trials(folder / "trials", pd.DataFrame({**record, "returns": returns.iloc[:, 0].to_numpy()}))
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        panels = _panels(returns, folder)
        prices = _panels(returns.add(1).cumprod() * 100, folder)
    return {
        "returns": Target(read_returns, panels, mutate_packed),
        "prices": Target(read_prices, (*prices, *_exports()), mutate_packed),
        "french": Target(read_french, (french,)),
        "weights": Target(read_weights, (b"asset,weight\nAAPL,0.5\nKO,0.5\n",)),
        "groups": Target(read_groups, (b"asset,group\nAAPL,tech\nKO,food\n",)),
        "study": Target(open_study, (example_source().encode(),)),
        "model": Target(sf.StaticLoadings.load, (files["model"],), mutate_model),
        "risk": Target(sf.risk.FactorRisk.load, (files["risk"],), mutate_model),
        "trials": Target(read_trials, (files["trials"],)),
        "holdout": Target(lambda path: Holdout.seal(returns, record=path), (files["holdout"],)),
        "checkpoint": Target(lambda path: read_checkpoint(path, "run"), (b"statefolio checkpoint 1\n" + b"x" * 99,)),
    }


def _panels(table: pd.DataFrame, folder: Path) -> tuple[bytes, ...]:
    """Return a table as text, wide, long and with decimal commas, as Parquet, in a zip, a gzip and a workbook."""
    wide, few = table.to_csv().encode(), table.iloc[:8, :2]
    table.to_parquet(folder / "parquet")
    few.to_excel(folder / "book.xlsx", engine="openpyxl")
    with zipfile.ZipFile(folder / "zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.csv", few.to_csv())
    return (
        wide,
        few.stack().rename("close").to_csv().encode(),
        table.to_csv(sep=";", decimal=",").encode(),
        gzip.compress(few.to_csv(date_format="%d/%m/%Y").encode()),
        *((folder / name).read_bytes() for name in ("parquet", "zip", "book.xlsx")),
    )


def _exports() -> tuple[bytes, ...]:
    """Return small files as vendors write them."""
    return (
        b"Price,Close,Close,Volume,Volume\nTicker,AAA,BBB,AAA,BBB\nDate,,,,\n2023-01-03,1.5,2.5,10,20\n2023-01-04,1.6,2,1,2\n",
        b'"Date","Price","Open","High","Low","Vol.","Change %"\n"Nov 28, 2025","1,234.56","1,230.00","1,240.00",'
        b'"1,229.10","1.2M","0.53%"\n"Nov 27, 2025","1,228.05","1,230.00","1,240.00","1,229.10","9K","-0.2%"\n',
        b"Dates,AAA US,Dates,BBB US\n02.01.2023,1,03.01.2023,2\n03.01.2023,1.5,04.01.2023,#N/A N/A\n",
        "Pr\u00e9face d'un vendeur\r\n\r\nDate;A;B\r\n02.01.2023;1.234,5;5\r\n03.01.2023;;6\r\n\r\nPied\r\n".encode(
            "cp1252"
        ),
        b"PERMNO,date,TICKER,PRC,RET\n10001,20200102,AAA,-10.5,C\n10001,20200103,AAA,11,0.04\n",
    )


def judge(target: Target, content: bytes, path: Path) -> str:
    """Read a file; return what is wrong with the way it was read, or nothing."""
    path.write_bytes(content)
    memory, began, wrong = _start_of_memory(), time.process_time(), ""
    try:
        target.read(path)
    except sf.StatefolioError as error:
        wrong = "" if len(str(error)) < LETTERS else f"a message of {len(str(error)):,} letters"
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        wrong = f"{type(error).__name__}: {str(error)[:200]}"
    seconds, grown = time.process_time() - began, _peak_of_memory() - memory
    if seconds > SECONDS:
        wrong = f"{wrong} {seconds:.1f} s"
    return f"{wrong} {grown:,.0f} MB" if grown > MEGABYTES else wrong


def _start_of_memory() -> float:
    """Return the megabytes in use; where the system can, the peak starts again from there."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return _peak_of_memory()
    return _peak_of_memory()


def _peak_of_memory() -> float:
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0]) / 2**10
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def fuzz(name: str, inputs: int, seed: int = 0, first: int = 0) -> dict[str, bytes]:
    """Return the first input of each kind of fault among inputs `first` to `first + inputs`."""
    target, found = targets()[name], {}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for k in range(first, first + inputs):
            rng = np.random.default_rng([seed, k])
            content = target.mutate(target.seeds[k % len(target.seeds)], rng)
            wrong = judge(target, content, Path(folder) / "input")
            if wrong:
                found.setdefault(wrong[:80], content)
    return found


def keep(name: str, found: dict[str, bytes]) -> list[str]:
    """Write the inputs with faults into the folder of findings; return one line for each."""
    lines = []
    for fault, content in found.items():
        FINDINGS.mkdir(exist_ok=True)
        path = FINDINGS / f"{name}-{len(list(FINDINGS.glob(f'{name}-*')))}"
        path.write_bytes(content)
        lines.append(f"{fault}: {path}")
        print(f"  {name}: {lines[-1]}", flush=True)
    return lines


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--inputs", type=int, default=1_000_000)
    options.add_argument("--targets", nargs="+", default=list(targets()))
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--seconds", type=float, default=np.inf)
    options.add_argument("--record", type=Path)
    given = options.parse_args()
    record: dict[str, dict] = {}
    if given.record and given.record.exists():
        record = json.loads(given.record.read_text())
    end = time.monotonic() + given.seconds
    done = {name: record.setdefault(f"{name}, seed {given.seed}", _nothing()) for name in given.targets}
    while time.monotonic() < end and (left := [name for name in done if done[name]["inputs"] < given.inputs]):
        for name in left:
            counted, began = done[name], time.process_time()
            turn = min(TURN, given.inputs - counted["inputs"])
            counted["faults"] += keep(name, fuzz(name, turn, given.seed, counted["inputs"]))
            counted["inputs"] += turn
            counted["seconds"] = round(counted["seconds"] + time.process_time() - began, 1)
            if given.record:
                _write(given.record, record)
    for name, counted in done.items():
        faults = len(counted["faults"])
        print(f"{name:10} {counted['inputs']:,} inputs, {counted['seconds']:.0f} s of CPU, {faults} faults", flush=True)
    sys.exit(any(counted["faults"] for counted in done.values()))


def _nothing() -> dict:
    return {"inputs": 0, "seconds": 0.0, "faults": []}


def _write(path: Path, record: dict) -> None:
    path.parent.mkdir(exist_ok=True)
    path.with_suffix(".part").write_text(json.dumps(record, indent=1))
    path.with_suffix(".part").replace(path)


if __name__ == "__main__":
    main()
