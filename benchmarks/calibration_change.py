"""Measures size, power and running time of the tests of constant loadings.

    python benchmarks/calibration_change.py [--panels 4] [--only sizes power scaling]

Regressors are French's five factors, momentum and a constant on 2,500 real days from 2005 on. Each panel has 500
assets, so that four panels give 2,000 replications of each test. Requires the data in ../shared/data and stops without
them. Writes the table to benchmarks/results/calibration_change.md.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import statefolio as sf
from statefolio.diagnostics import Diagnosis, diagnose_change

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
TABLE = ROOT / "benchmarks" / "results" / "calibration_change.md"
FACTORS = ["Mkt-RF", "SMB", "HML", "RMW", "CMA", "MOM"]
DAYS, ASSETS, LEVEL = 2500, 500, 0.05
NOISE = 0.013
TESTS = ("moving loadings", "unstable loadings", "unstable assets", "breaks", "cusum", "cusum of squares")


@dataclass(frozen=True)
class Case:
    """The design of a simulated panel and of its test."""

    title: str
    tails: bool = False
    volatility: bool = False
    gaps: bool = False
    moving: tuple[str, ...] = ()
    yearly: float = 0.0  # standard deviation of a loading's change in a year
    broken: float = 0.0  # change of the market loading on a date that differs by asset
    standardise: str = "local"


NULLS = (
    Case("Gaussian noise"),
    Case("Student-t(6) noise", tails=True),
    Case("t(6), moving volatility", tails=True, volatility=True),
    Case("the same, gaps and late listings", tails=True, volatility=True, gaps=True),
    Case("the same, market and HML move .25 a year", True, True, True, ("Mkt-RF", "HML"), 0.25),
    Case("t(6), moving volatility, not standardised", tails=True, volatility=True, standardise="constant"),
)
PLANTED = (
    Case("market moves .05 a year", True, True, False, ("Mkt-RF",), 0.05),
    Case("market moves .10 a year", True, True, False, ("Mkt-RF",), 0.10),
    Case("market moves .20 a year", True, True, False, ("Mkt-RF",), 0.20),
    Case("HML moves .20 a year", True, True, False, ("HML",), 0.20),
    Case("HML moves .40 a year", True, True, False, ("HML",), 0.40),
    Case("market breaks by .2", True, True, broken=0.2),
)


def factors() -> pd.DataFrame:
    return pd.read_parquet(DATA / "ff5_mom_daily.parquet")[FACTORS].loc["2005":].iloc[:DAYS]


def panel(case: Case, given: pd.DataFrame, seed: int, assets: int = ASSETS) -> pd.DataFrame:
    """Simulate the returns of a case."""
    rng = np.random.default_rng(seed)
    f, days = given.to_numpy(), len(given)
    loadings = np.array([1.0, 0.2, 0.2, 0.0, 0.0, 0.0]) + 0.4 * rng.standard_normal((assets, f.shape[1]))
    noise = rng.standard_t(6, (days, assets)) * np.sqrt(4 / 6) if case.tails else rng.standard_normal((days, assets))
    if case.volatility:
        noise *= _volatility(f[:, 0], rng, assets)
    returns = f @ loadings.T + NOISE * noise
    for name in case.moving:
        walk = np.cumsum(rng.standard_normal((days, assets)), axis=0) * case.yearly / np.sqrt(252)
        returns += f[:, [given.columns.get_loc(name)]] * walk
    if case.broken:
        after = np.arange(days)[:, None] >= rng.integers(int(0.2 * days), int(0.8 * days), assets)
        returns += case.broken * f[:, [0]] * after
    if case.gaps:
        returns[rng.random(returns.shape) < 0.03] = np.nan
        late = rng.integers(0, days // 2, assets // 3)
        for i, first in enumerate(late):
            returns[:first, i] = np.nan
    return pd.DataFrame(returns, index=given.index, columns=[f"A{i}" for i in range(assets)])


def _volatility(market: np.ndarray, rng: np.random.Generator, assets: int) -> np.ndarray:
    """Simulate slowly mean-reverting log volatilities per asset, times a level that follows the market's volatility."""
    own = np.zeros((len(market), assets))
    for t in range(1, len(own)):
        own[t] = 0.985 * own[t - 1] + 0.05 * rng.standard_normal(assets)
    level = pd.Series(np.abs(market)).ewm(halflife=40).mean().to_numpy()
    return np.exp(own) * (level / level.mean())[:, None] ** 0.7


def diagnose(case: Case, given: pd.DataFrame, seed: int) -> Diagnosis:
    returns = panel(case, given, seed)
    noise = {"noise": "ewma", "memory": 0.97} if case.volatility else {"noise": "constant"}
    model = sf.KalmanLoadings(tuning="fixed", state_variance=0.0, tails="gaussian", common_volatility=False, **noise)
    model.fit(returns, given)
    return diagnose_change(model, returns, given, LEVEL, volatility=case.standardise, seed=seed)


def rejections(found: Diagnosis, name: str, without: tuple[str, ...] = ()) -> pd.Series:
    """Return the share of p-values below the level, by factor if the test has one."""
    table = found[name].table
    below = (table["p_value"] < LEVEL).astype(float)
    if "factor" not in table:
        return pd.Series({"all": below.mean()})
    return below[~table["factor"].isin(without)].groupby(table["factor"]).mean()


def sizes(case: Case, given: pd.DataFrame, panels: int, first: int) -> str:
    found = [diagnose(case, given, first + p) for p in range(panels)]
    cells = []
    for name in TESTS:
        shares = pd.concat([rejections(one, name, case.moving) for one in found], axis=1).mean(axis=1)
        spread = f" ({100 * shares.min():.1f} to {100 * shares.max():.1f})" if len(shares) > 1 else ""
        blank = bool(case.moving) and name not in TESTS[:1]
        cells.append("" if blank else f"{100 * shares.mean():.1f}{spread}")
    nyblom = pd.concat([one["unstable loadings"].table for one in found])
    cells.append("" if case.moving else f"{100 * (nyblom['nyblom'] > 0.470).mean():.1f}")
    return f"| {case.title} | {' | '.join(cells)} |"


def power(case: Case, given: pd.DataFrame, panels: int, first: int) -> str:
    found = [diagnose(case, given, first + p) for p in range(panels)]
    planted = case.moving[0] if case.moving else "Mkt-RF"
    cells = []
    for name in ("moving loadings", "unstable loadings"):
        table = pd.concat([one[name].table for one in found])
        mine = table[table["factor"] == planted]
        false = table["moves"] & (table["factor"] != planted)
        cells += [f"{(mine['p_value'] < LEVEL).mean():.0%}", f"{mine['moves'].mean():.0%}",
                  f"{false.sum() / max(table['moves'].sum(), 1):.1%}"]  # fmt: skip
    cells.append(f"{pd.concat([one['breaks'].table for one in found])['moves'].mean():.0%}")
    return f"| {case.title} | {' | '.join(cells)} |"


def scaling(given: pd.DataFrame) -> list[str]:
    """Time each test by the number of assets."""
    lines = ["| assets | seconds | an asset, ms |", "| ---: | ---: | ---: |"]
    for assets in (125, 250, 500, 1000, 2000):
        returns = panel(NULLS[2], given, 0, assets)
        model = sf.ExponentialLoadings(250).fit(returns, given)
        started = time.perf_counter()
        diagnose_change(model, returns, given)
        seconds = time.perf_counter() - started
        lines.append(f"| {assets:,} | {seconds:.1f} | {1000 * seconds / assets:.1f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panels", type=int, default=4)
    parser.add_argument(
        "--only", choices=("sizes", "power", "scaling"), nargs="+", default=["sizes", "power", "scaling"]
    )
    options = parser.parse_args()
    if not DATA.is_dir():
        print("SKIPPED: the folder shared/data is not beside the project, and the calibration needs its factors.")
        return
    given, lines = factors(), []
    if "sizes" in options.only:
        title = f"Rejections at 5 %, percent, loadings constant; {options.panels * ASSETS:,} assets a row"
        lines += [f"**{title}** (least and most over seven loadings).", ""]
        lines += [f"| noise | {' | '.join(TESTS)} | Nyblom > .470 |", "| --- |" + " ---: |" * (len(TESTS) + 1)]
        for number, case in enumerate(NULLS):
            lines.append(sizes(case, given, options.panels, 1000 * number))
            print(lines[-1], flush=True)
    if "power" in options.only:
        lines += [
            "",
            "**Planted changes**, t(6) noise of moving volatility: share of planted loadings with p < 5 %, found at",
        ]
        lines += [
            "a false discovery rate of 5 %, and share of discoveries that are false; assets with a break found.",
            "",
        ]
        lines += [
            "| planted | LR p | LR found | LR false | Nyblom p | found | false | break found |",
            "| --- |" + " ---: |" * 7,
        ]
        for number, case in enumerate(PLANTED):
            lines.append(power(case, given, 1, 90_000 + number))
            print(lines[-1], flush=True)
    if "scaling" in options.only:
        lines += ["", "**Time**, 2,500 days, seven loadings.", "", *scaling(given)]
    text = "\n".join(lines) + "\n"
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(text, encoding="utf-8")
    print(f"\n{text}\nWritten to benchmarks/results/{TABLE.name}.")


if __name__ == "__main__":
    main()
