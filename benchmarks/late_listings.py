"""Scores the first weeks of assets that are listed after the tuning, on three real panels, by how their loadings start.

    python benchmarks/late_listings.py [--panels industries size_value stocks]

A third of the assets of each panel lose their returns up to a random date of the test years. Hyper-parameters are
learned before these. Requires the data in ../shared/data and stops without them. Writes
benchmarks/results/late_listings.md.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from evidence import CASES, DATA, PERCENT, Case, load

import statefolio as sf

TABLE = Path(__file__).resolve().parent / "results" / "late_listings.md"
STARTS = {"diffuse": "diffuse", "new assets from the panel (default)": None, "all from the panel": "panel"}
DAYS = ((0, 7), (7, 15), (15, 30), (30, 60), (60, 250))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panels", nargs="+", choices=CASES, default=list(CASES), metavar="PANEL")
    options = parser.parse_args()
    if not DATA.is_dir():
        print("SKIPPED: the folder shared/data is not beside the project, and the panels are there.")
        return
    warnings.simplefilter("ignore", sf.StatefolioWarning)
    heads = [f"days {first + 1} to {last}" for first, last in DAYS]
    lines = [
        "Squared error in percent squared; log score of a return in percent: by days since listing, and of test dates.",
        "",
        f"| panel | start | {' | '.join(heads)} | all assets | tuned assets |",
        "| --- | --- |" + " --- |" * len(DAYS) + " ---: | ---: |",
    ]
    for name in options.panels:
        lines += rows(CASES[name])
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def rows(case: Case) -> list[str]:
    returns, factors, test = load(case)
    late, listed = list_late(returns, len(test))
    before = returns.index[len(returns) - len(test) - 1]
    found = []
    for name, start in STARTS.items():
        innovations = sf.KalmanLoadings(start=start).fit(returns, factors, tune_until=before).innovations_
        error = PERCENT * innovations["innovation"].to_numpy()
        score = innovations["log_density"].to_numpy() - np.log(PERCENT)
        cells = []
        for first, last in DAYS:
            of_days = [(slice(row + first, row + last), column) for column, row in zip(late, listed, strict=True)]
            squared, scores = (np.concatenate([part[at] for at in of_days]) for part in (error**2, score))
            some = np.isfinite(scores).any()
            cells.append(f"{np.nanmean(squared):.3f}; {np.nanmean(scores):.3f}" if some else "-")
        tested = score[-len(test) :]
        overall = f"{np.nanmean(tested):.4f} | {np.nanmean(np.delete(tested, late, axis=1)):.4f}"
        found.append(f"| {case.title} | {name} | {' | '.join(cells)} | {overall} |")
        print(found[-1], flush=True)
    return found


def list_late(returns: pd.DataFrame, tested: int) -> tuple[np.ndarray, np.ndarray]:
    """Remove the first returns of a third of the assets, in place; return their positions and first rows."""
    rng = np.random.default_rng(7)
    late = rng.permutation(returns.shape[1])[: returns.shape[1] // 3]
    listed = len(returns) - tested + rng.integers(20, tested - 500, len(late))
    for column, row in zip(late, listed, strict=True):
        returns.iloc[:row, column] = np.nan
    return late, listed


if __name__ == "__main__":
    main()
