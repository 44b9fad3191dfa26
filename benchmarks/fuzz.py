"""Feeds mutated files to all readers: only errors of the library may come back, soon and in little memory.

    python benchmarks/fuzz.py [--inputs 1000000] [--targets prices study ...] [--seed 0] [--seconds 3600]
    python benchmarks/fuzz.py --atheris TARGET [options of libFuzzer]        # where atheris is installed

Inputs begin as small valid files. Each is changed in a few places: bits, bytes, runs, tokens of its format, pieces of
itself; a model file also within its zip, with the checksum made right again. Printed are the inputs that ended in
another exception, took more than two seconds of processor time, raised the peak of memory by over 500 MB, or gave a
message longer than a screen. Each is written to `fuzz-findings/`. The same seed gives the same inputs.
"""

import argparse
import io
import json
import resource
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

import statefolio as sf
from statefolio.backtest.validation.holdout import Holdout
from statefolio.commands.studies.example import example_source
from statefolio.commands.studies.reading import open_study
from statefolio.commands.studies.records.checkpoint import read_checkpoint
from statefolio.commands.studies.records.trials_file import read_trials, write_trials
from statefolio.data import read_french, read_groups, read_prices, read_returns, read_weights
from statefolio.loadings import storage

SECONDS, MEGABYTES, LETTERS = 2.0, 500.0, 10_000
TOKENS = [
    *(b"\r", b"\n", b"\r\n", b"\x00", b'"', b"'", b'"""', b",", b";", b"\t", b"[", b"]", b"{", b"}", b"=", b".", b"#"),
    *(
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"nan",
        b"inf",
        b"1e999",
        b"-",
        b"2020-02-30",
        b"NaT",
        b"null",
        b"true",
        b"PK\x03\x04",
    ),
    *(
        b"\x1f\x8b",
        b"PAR1",
        b"\x93NUMPY",
        b"0" * 400,
        b"9" * 5000,
        b"[" * 2000,
        b"a." * 2000,
        b"\x80",
        b"\xf0\x9f\x98\x80",
    ),
]


@dataclass(frozen=True)
class Target:
    """What reads a file, a valid file for it, and a change of its own in place of bytes, if it has one."""

    read: Callable[[Path], object]
    seeds: tuple[bytes, ...]
    mutate: Callable[[bytes, np.random.Generator], bytes] | None = None


@cache
def targets() -> dict[str, Target]:
    demo = sf.load_demo()
    returns, factors = demo.returns.iloc[:60, :4], demo.factors.iloc[:60, :2]
    wide, long = returns.to_csv().encode(), returns.stack().rename("return").to_csv().encode()
    semicolons = returns.to_csv(sep=";", decimal=",").encode()
    french = (
        b"Some words\n\n,Mkt-RF,SMB\n192607,2.96,-2.30\n192608,2.64,-1.40\n\n Annual\n,Mkt-RF,SMB\n1927,29.47,-2.0\n"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sf.StaticLoadings().fit(returns, factors).save(folder / "model")
        Holdout.seal(returns, record=folder / "holdout")
        record = {"study": "s", "content": "c", "name": "n", "parameters": "{}", "date": returns.index}
        write_trials(folder / "trials", pd.DataFrame({**record, "returns": returns.iloc[:, 0].to_numpy()}))
        returns.to_parquet(folder / "parquet")
        with zipfile.ZipFile(folder / "zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("returns.csv", wide)
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
    panels = (wide, long, semicolons, files["parquet"], files["zip"])
    return {
        "returns": Target(read_returns, panels),
        "prices": Target(read_prices, (returns.add(1).cumprod().to_csv().encode(), *panels[3:])),
        "french": Target(read_french, (french,)),
        "weights": Target(read_weights, (b"asset,weight\nAAPL,0.5\nKO,0.5\n",)),
        "groups": Target(read_groups, (b"asset,group\nAAPL,tech\nKO,food\n",)),
        "study": Target(open_study, (example_source().encode(),)),
        "model": Target(sf.StaticLoadings.load, (files["model"],), mutate_model),
        "trials": Target(read_trials, (files["trials"],)),
        "holdout": Target(lambda path: Holdout.seal(returns, record=path), (files["holdout"],)),
        "checkpoint": Target(lambda path: read_checkpoint(path, "run"), (b"statefolio checkpoint 1\n" + b"x" * 99,)),
    }


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """Change a file in one to six places."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 7))):
        place, kind = int(rng.integers(len(changed) + 1)), int(rng.integers(7))
        length = int(rng.geometric(0.05))
        if kind == 0 and place < len(changed):
            changed[place] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            changed[place : place + 1] = rng.bytes(1)
        elif kind == 2:
            del changed[place : place + length]
        elif kind == 3:
            changed[place:place] = TOKENS[int(rng.integers(len(TOKENS)))]
        elif kind == 4:
            other = int(rng.integers(len(changed) + 1))
            changed[place:place] = changed[other : other + length]
        elif kind == 5:
            changed[place:place] = bytes(changed[place : place + 1]) * int(rng.integers(1, 2000))
        elif rng.random() < 0.2:
            del changed[place:]
    return bytes(changed)


def mutate_model(content: bytes, rng: np.random.Generator) -> bytes:
    """Change a model file: its bytes, or those of a member or of the zip, with the right checksum."""
    kind = int(rng.integers(4))
    payload = content.partition(b"\n")[2]
    if kind == 0:
        return mutate(content, rng)
    if kind == 1:
        return _with_first_line(mutate(payload, rng))
    with zipfile.ZipFile(io.BytesIO(payload)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "model.json" if kind == 2 else list(members)[int(rng.integers(len(members)))]
    members[name] = mutate_json(members[name], rng) if name == "model.json" else mutate(members[name], rng)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, data in members.items():
            archive.writestr(each, data)
    return _with_first_line(buffer.getvalue())


def _with_first_line(payload: bytes) -> bytes:
    return storage.first_line(payload) + payload


def mutate_json(text: bytes, rng: np.random.Generator) -> bytes:
    """Replace a random value of a JSON text by another; or change its bytes."""
    if rng.random() < 0.3:
        return mutate(text, rng)
    whole = json.loads(text)
    places = list(_places(whole))
    owner, key = places[int(rng.integers(len(places)))]
    values = [None, True, -1, 10**30, 1.5, "", "x" * 1000, [], {}, {"tuple": [1]}, {"array": [[10**9], "float64", []]}]
    owner[key] = values[int(rng.integers(len(values)))]
    return json.dumps(whole).encode()


def _places(value: object) -> Iterator[tuple[dict | list, object]]:
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield value, key
        yield from _places(part)


def judge(target: Target, content: bytes, path: Path) -> str:
    """Read a file; return what is wrong with the way it was read, or nothing."""
    path.write_bytes(content)
    memory, began, wrong = _peak(), time.process_time(), ""
    try:
        target.read(path)
    except sf.StatefolioError as error:
        wrong = "" if len(str(error)) < LETTERS else f"a message of {len(str(error)):,} letters"
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        wrong = f"{type(error).__name__}: {str(error)[:200]}"
    seconds, grown = time.process_time() - began, _peak() - memory
    if seconds > SECONDS:
        wrong = f"{wrong} {seconds:.1f} s"
    return f"{wrong} {grown:,.0f} MB" if grown > MEGABYTES else wrong


def _peak() -> float:
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def fuzz(name: str, inputs: int, seed: int = 0, seconds: float = np.inf) -> dict[str, bytes]:
    """Return the first input of each kind of fault."""
    target, found, end = targets()[name], {}, time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for k in range(inputs):
            if time.monotonic() > end:
                print(f"  {name}: stopped after {k:,} inputs")
                break
            rng = np.random.default_rng([seed, k])
            content = (target.mutate or mutate)(target.seeds[k % len(target.seeds)], rng)
            wrong = judge(target, content, Path(folder) / "input")
            if wrong:
                found.setdefault(wrong[:80], content)
    return found


def main() -> None:
    if len(sys.argv) > 2 and sys.argv[1] == "--atheris":
        import atheris

        name, folder = sys.argv[2], tempfile.mkdtemp()
        sys.argv[1:3] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            atheris.Setup(sys.argv, lambda content: _raise(judge(targets()[name], content, Path(folder) / "input")))
            atheris.Fuzz()
    options = argparse.ArgumentParser()
    options.add_argument("--inputs", type=int, default=1_000_000)
    options.add_argument("--targets", nargs="+", default=list(targets()))
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--seconds", type=float, default=np.inf)
    given, wrong = options.parse_args(), 0
    for name in given.targets:
        began = time.monotonic()
        found = fuzz(name, given.inputs, given.seed, given.seconds)
        print(
            f"{name:10} {given.inputs:,} inputs, {time.monotonic() - began:.0f} s, {len(found)} kinds of fault",
            flush=True,
        )
        for number, (fault, content) in enumerate(found.items()):
            Path("fuzz-findings").mkdir(exist_ok=True)
            Path(f"fuzz-findings/{name}-{number}").write_bytes(content)
            print(f"  {fault}: fuzz-findings/{name}-{number}")
        wrong += len(found)
    sys.exit(bool(wrong))


def _raise(wrong: str) -> None:
    if wrong:
        raise AssertionError(wrong)


if __name__ == "__main__":
    main()
