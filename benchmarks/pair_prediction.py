"""Tests whether anything known in a first period predicts which pairs revert in a second one. Registered beforehand.

    python benchmarks/pair_prediction.py [--draws 199] [--verdicts 20] [--permutations 999]

The tables, and what they say, are in README.md. The text from here on was committed before any outcome of a second half
was computed by this script. What was known before, from an earlier look at some of the same prices: of 39 pairs,
evidence in the first half had a rank correlation of -.23 with reversion in the second; of the 2,701 pairs of the 74
stocks, 20 % were nominally cointegrated in the first half, and of these 2.4 % reverted later, of the rest 2.6 %.

**Universes**, all pairs of assets with a positive price on all dates but at most 5 %, after filling gaps with the price
before (dates before the last listing are dropped). First half: the first half of the dates; second half: the rest.

1. ETFs 2006-12: closes of Chan's file without leveraged and inverse funds.
2. ETFs 2002-16: adjusted closes of Chan's other file, likewise.
3. Stocks by sector 2013-18: 15 stocks of each of 11 sectors, drawn with SEED from those with all prices.
4. 74 stocks 2000-23.

**Hypotheses** (one per universe, measure and outcome; each with the sign that a trader expects): a pair reverts more in
the second half if in the first half

* its calibrated p is low: p of the Engle-Granger statistic with one lag among bootstrap draws that are not
  cointegrated, which is the verdict on a constant hedge,
* the half-life of its residual is short,
* its ratio is stable: the ratios of the two halves of these dates differ little,
* its returns are correlated,
* its prices are close: the sum of squared differences of log prices from the first date on (Gatev, Goetzmann and
  Rouwenhorst 2006),
* the pairs that share an asset with it have strong evidence: the mean of their statistics,
* its assets are of the same sector (universe 3).

**Outcomes**, of the hedge of the first half held through the second: the Dickey-Fuller statistic with one lag; the
half-life; the profit after costs of a fixed rule (open at 2 deviations of the first half, close at its mean, 5 basis
points of the traded value), per year and unit of gross value.

**Statistics**: Spearman's rank correlation (positive: as hypothesised). Pairs share assets and are not independent, so
that p-values, two-sided, come from permutations of the assets in the matrix of the measure (Mantel 1967). Benjamini and
Hochberg's correction at 5 % over all hypotheses. For universe 1 to 4 also: shares called cointegrated at 5 % in the
first half, nominal and calibrated, and shares whose held value reverts in the second half at 5 % (Dickey-Fuller, which
needs no calibration because nothing is estimated on these dates), of the called ones and of the rest.

**The verdict of the command** `pairs` (Kalman hedge by maximum likelihood, held value, 99 draws) takes longer and is
computed for up to 20 disjoint pairs of each universe, drawn with SEED, within sectors in universe 3: one hypothesis,
one rank correlation of ranks within universes with the held value's Dickey-Fuller statistic of the second half,
permuted within universes; in the correction too.

Prints the tables and writes them to benchmarks/results/pair_prediction.md.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from pair_halves import Universe, first_half, kalman_verdicts, second_half

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
RESULTS = HERE / "results" / "pair_prediction.md"
SEED, LEVEL, LARGEST_GAP, PER_SECTOR = 2026, 0.05, 0.05, 15
VERDICT_DRAWS = 99
LEVERAGED = ["MVV", "SDS", "SSO"]  # later ones have too many gaps
OUTCOMES = ["Dickey-Fuller", "half-life", "profit"]
NO_MEASURES = ["level", "ratio", "deviation", "nominal p"]


def universes() -> list[Universe]:
    """Read the four universes."""
    stocks = pd.read_parquet(DATA / "sp500_close_2013_2018.parquet").astype(float)
    sectors = pd.read_csv(DATA / "sp500_sector_map.csv").set_index("symbol")["sector"]
    whole = [name for name in sorted(stocks) if name in sectors.index and stocks[name].notna().all()]
    rng = np.random.default_rng(SEED)
    chosen: list[str] = []
    for sector in sorted(sectors.unique()):
        members = [name for name in whole if sectors[name] == sector]
        chosen += sorted(rng.choice(members, PER_SECTOR, replace=False))
    chosen.sort()
    etfs = [pd.read_parquet(DATA / f"chan_etf_{name}.parquet") for name in ("close_2006_2012", "adjclose_2002_2016")]
    anonymous = pd.read_parquet(DATA / "sp100_anon_adjclose_2000_2023.parquet").drop(columns="DFF")
    return [
        Universe("ETFs 2006-12", without_gaps(etfs[0].drop(columns=LEVERAGED, errors="ignore"))),
        Universe("ETFs 2002-16", without_gaps(etfs[1].drop(columns=LEVERAGED, errors="ignore"))),
        Universe("stocks by sector 2013-18", stocks[chosen], sectors[chosen]),
        Universe("74 stocks 2000-23", without_gaps(anonymous)),
    ]


def without_gaps(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the assets with few gaps, by name, from the date on which all are listed, gaps filled with the past."""
    prices = prices.where(prices > 0.0)
    kept = prices.loc[:, prices.isna().mean() <= LARGEST_GAP].sort_index(axis=1)
    return kept.ffill().dropna()


def ranks(values: pd.Series) -> np.ndarray:
    """Return ranks with mean 0 and length 1."""
    ranked = values.rank().to_numpy()
    ranked = ranked - ranked.mean()
    return ranked / np.linalg.norm(ranked)


def mantel(measure: pd.Series, outcomes: pd.DataFrame, assets: int, permutations: int) -> pd.DataFrame:
    """Return the rank correlation of a measure with each outcome, and p-values of permutations of the assets."""
    rows, columns = np.triu_indices(assets, 1)
    matrix = np.zeros((assets, assets))
    matrix[rows, columns] = matrix[columns, rows] = ranks(measure)
    others = np.column_stack([ranks(outcomes[name]) for name in outcomes])
    found = matrix[rows, columns] @ others
    rng = np.random.default_rng(SEED)
    drawn = np.empty((permutations, len(found)))
    for n in range(permutations):
        order = rng.permutation(assets)
        drawn[n] = matrix[order[rows], order[columns]] @ others
    p = (1 + (np.abs(drawn) >= np.abs(found)).sum(axis=0)) / (1 + permutations)
    return pd.DataFrame({"outcome": list(outcomes), "correlation": found, "p": p})


def of_verdicts(verdicts: list[pd.DataFrame], permutations: int) -> pd.DataFrame:
    """Return the correlation of verdicts and outcomes by ranks within universes, and its p-value."""
    ranked = [each.rank(pct=True) - each.rank(pct=True).mean() for each in verdicts]
    first, second = (np.concatenate([each[name] for each in ranked]) for name in ("calibrated p", "Dickey-Fuller"))
    norm = np.linalg.norm(first) * np.linalg.norm(second)
    rng = np.random.default_rng(SEED)
    drawn = np.empty(permutations)
    for n in range(permutations):
        shuffled = np.concatenate([rng.permutation(each["calibrated p"]) for each in ranked])
        drawn[n] = shuffled @ second / norm
    found = float(first @ second / norm)
    p = (1 + (np.abs(drawn) >= abs(found)).sum()) / (1 + permutations)
    place = f"{len(first)} disjoint pairs of all"
    one = {"universe": place, "measure": "verdict of `pairs`", "outcome": "Dickey-Fuller", "correlation": found, "p": p}
    return pd.DataFrame([one])


def benjamini_hochberg(p: pd.Series) -> pd.Series:
    """Return adjusted p-values."""
    ordered = p.sort_values(ascending=False)
    rank = np.arange(len(p), 0, -1)
    return (ordered * len(p) / rank).cummin().clip(upper=1.0).reindex(p.index)


def shares(universe: Universe, first: pd.DataFrame, second: pd.DataFrame) -> dict[str, object]:
    """Return the shares of pairs that are called cointegrated, and of those that revert later."""
    later = second["later p"] <= LEVEL
    row: dict[str, object] = {"universe": universe.name, "pairs": f"{len(first):,}"}
    for name, p in (("nominal", first["nominal p"]), ("calibrated", -first["calibrated p"])):
        called = p <= LEVEL
        row[f"{name}: called"] = percent(called.mean())
        row["of these revert later" + " " * (name == "calibrated")] = percent(later[called].mean())
        row["of the rest" + " " * (name == "calibrated")] = percent(later[~called].mean())
        if name == "calibrated":
            profits = second["profit"]
            row["profit a year, called"] = f"{profits[called].mean():+.2%}"
            row["the rest"] = f"{profits[~called].mean():+.2%}"
    return row


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def as_markdown(table: pd.DataFrame) -> str:
    lines = [
        "| " + " | ".join(str(name).strip() for name in table) + " |",
        "| --- " + "| ---: " * (table.shape[1] - 1) + "|",
    ]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in table.itertuples(index=False)])


def correlation_table(found: pd.DataFrame) -> pd.DataFrame:
    """Return one row per measure and one column per universe: the three correlations; * if significant."""
    text = found["correlation"].map("{:+.2f}".format) + np.where(found["adjusted p"] <= LEVEL, "*", "")
    cells = text.groupby([found["measure"], found["universe"]], sort=False).agg(" / ".join).unstack().fillna("-")
    return (
        cells[list(found["universe"].unique())].reindex(found["measure"].unique()).rename_axis("measure").reset_index()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=199)
    parser.add_argument("--verdicts", type=int, default=20, help="disjoint pairs of a universe")
    parser.add_argument("--permutations", type=int, default=999)
    options = parser.parse_args()
    tests, counted, verdicts = [], [], []
    for universe in universes():
        first = first_half(universe, options.draws, SEED)
        second = second_half(universe, first)
        for name in first.columns.difference(NO_MEASURES, sort=False):
            one = mantel(first[name], second[OUTCOMES], universe.prices.shape[1], options.permutations)
            tests.append(one.assign(universe=universe.name, measure=name))
        counted.append(shares(universe, first, second))
        verdicts.append(kalman_verdicts(universe, options.verdicts, VERDICT_DRAWS, SEED))
        print(f"{universe.name}: {len(first):,} pairs, {time.process_time():.0f} CPU seconds", flush=True)
    found = pd.concat([*tests, of_verdicts(verdicts, options.permutations)], ignore_index=True)
    found["adjusted p"] = benjamini_hochberg(found["p"])
    called = sum(int((-each["calibrated p"] <= LEVEL).sum()) for each in verdicts)
    significant = found[found["adjusted p"] <= LEVEL].sort_values("p")[
        ["universe", "measure", "outcome", "correlation", "p", "adjusted p"]
    ]
    one = found.iloc[-1]
    text = "\n\n".join(
        [
            as_markdown(pd.DataFrame(counted)),
            "Rank correlations with the later Dickey-Fuller statistic / half-life / profit; * at 5 % of "
            f"{len(found)} hypotheses:",
            as_markdown(correlation_table(found.iloc[:-1])),
            f"The verdict of `pairs`: {one['universe']} universes, {called} called, rank correlation "
            f"{one['correlation']:+.2f} (p {one['p']:.3f}, adjusted {one['adjusted p']:.3f}).",
            f"Significant: {len(significant)} of {len(found)}.",
            as_markdown(significant.round(3)) if len(significant) else "",
        ]
    )
    print(text)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
