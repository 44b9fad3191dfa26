"""CPU and wall time of whole commands, warm, here and at another commit: one interleaved run.

    OPENBLAS_NUM_THREADS=1 python benchmarks/latency.py --against COMMIT [--cases help mistyped risk] [--repeats 7]

Each command runs in a new process. The other commit is checked out into a temporary folder; the first run of each case,
which compiles, is not counted.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

import statefolio as sf

HERE = Path(__file__).resolve().parents[1]
PANEL = ["--returns", "returns.csv", "--factors", "factors.csv", "--overwrite"]
STOCKS = ["--returns", "stocks.parquet", "--factors", "stock-factors.parquet", "--overwrite"]
CASES: dict[str, list[str]] = {
    "help": ["--help"],
    "mistyped": ["pairs", "--prices", "pirces.csv", "--assets", "KO,PEP", "--out", "mistyped"],
    "risk": ["risk", *PANEL, "--weights", "weights.csv", "--quick", "--out", "risk"],
    "loadings": ["loadings", *PANEL, "--out", "loadings"],
    "stocks": ["loadings", *STOCKS, "--out", "stocks"],
    "stocks-risk": ["risk", *STOCKS, "--weights", "stock-weights.csv", "--out", "stocks-risk"],
    "pairs": ["pairs", "--prices", "prices.csv", "--assets", "KO,PEP", "--overwrite", "--out", "pairs"],
    "demo": ["demo", "--overwrite", "--out", "demo"],
}
"""The commands: bundled data, 20 stocks on 2,263 dates, a pair on the last 1,500; `stocks` are 505 simulated stocks on
1,259 dates."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", help="commit to compare with")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=["help", "mistyped", "risk"])
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with trees(options.against, folder) as each:
            for name in each:
                write_inputs(folder / f"of {name}")
            show(measure(each, options.cases, options.repeats, folder), options.repeats)


@contextmanager
def trees(commit: str | None, folder: Path) -> Iterator[dict[str, Path]]:
    """Yield the sources to measure by name: those here, and those of another commit in a worktree of their own."""
    if commit is None:
        yield {"here": HERE}
        return
    other, git = folder / "other", ["git", "-C", str(HERE), "worktree"]
    subprocess.run([*git, "add", "--detach", "--quiet", str(other), commit], check=True)
    try:
        yield {"here": HERE, commit: other}
    finally:
        subprocess.run([*git, "remove", "--force", str(other)], check=True)


def measure(
    sources: dict[str, Path], cases: list[str], repeats: int, folder: Path
) -> dict[tuple[str, str], list[tuple[float, float]]]:
    """Return CPU and wall seconds of each run, by case and sources; the sources take turns."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for case in cases:
        for round_ in range(repeats + 1):
            for name, source in sources.items():
                seconds = run(CASES[case], source, folder / f"of {name}")
                if round_:
                    found.setdefault((case, name), []).append(seconds)
    return found


def run(command: list[str], source: Path, folder: Path) -> tuple[float, float]:
    """Run a command to its end; return its CPU and wall seconds, its children's included."""
    variables = {**os.environ, "PYTHONPATH": str(source / "src")}
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "statefolio", *command], env=variables, cwd=folder, capture_output=True, text=True
    )
    wall = time.perf_counter() - started
    if "Traceback" in done.stderr or (done.returncode and "pirces.csv" not in command):
        raise SystemExit(f"{command} failed: {done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def show(found: dict[tuple[str, str], list[tuple[float, float]]], repeats: int) -> None:
    """Print medians, and the median ratio of neighbouring runs to those of the other commit."""
    rows = []
    names = list(dict.fromkeys(name for _, name in found))
    for (case, name), runs in found.items():
        cpu, wall = np.array(runs).T
        row = {"command": case, "commit": name, "CPU s": statistics.median(cpu), "wall s": statistics.median(wall)}
        if name == names[0] and len(names) > 1:
            other_cpu, other_wall = np.array(found[case, names[1]]).T
            row |= {"CPU ratio": np.median(cpu / other_cpu), "wall ratio": np.median(wall / other_wall)}
        rows.append(row)
    print(pd.DataFrame(rows).to_string(index=False, float_format="{:.2f}".format, na_rep=""))
    print(f"medians of {repeats} runs, load {os.getloadavg()[0]:.1f}")


def write_inputs(folder: Path) -> None:
    """Write the files that the commands read."""
    folder.mkdir()
    demo = sf.load_demo()
    demo.returns.to_csv(folder / "returns.csv")
    demo.factors.to_csv(folder / "factors.csv")
    sf.load_demo_prices().iloc[-1500:].to_csv(folder / "prices.csv")
    pd.DataFrame({"asset": demo.returns.columns, "weight": 0.05}).to_csv(folder / "weights.csv", index=False)
    rng = np.random.default_rng(0)
    dates = pd.bdate_range("2020-01-01", periods=1259, name="date")
    factors = pd.DataFrame(0.01 * rng.standard_normal((len(dates), 6)), dates).add_prefix("f")
    beta = rng.normal(0.5, 0.5, (6, 505))
    noise = 0.02 * rng.standard_t(5, (len(dates), 505))
    stocks = pd.DataFrame(factors.to_numpy() @ beta + noise, dates).add_prefix("s")
    factors.to_parquet(folder / "stock-factors.parquet")
    stocks.to_parquet(folder / "stocks.parquet")
    equal = pd.DataFrame({"asset": stocks.columns, "weight": 1.0 / stocks.shape[1]})
    equal.to_csv(folder / "stock-weights.csv", index=False)


if __name__ == "__main__":
    main()
