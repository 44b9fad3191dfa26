"""Builds the chapter that ranks the factors by the variance they explain."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._display.numbers import MISSING, p_value
from statefolio.exceptions import InputError
from statefolio.factors.ranking import FactorRanking, rank_factors
from statefolio.report.chapters import Chapter, Exhibit, figure_exhibit
from statefolio.report.ranking_figures import chosen_pairs, explained_heat_map, relation_figure

TITLE = "Ranking of the factors"
MOST_ASSETS = 300
MOST_DATES = 500
"""Caps on the work: the assets with the most returns, and the last dates before the test."""
COLUMNS = {
    "alone": "Variance explained alone",
    "alone_holdout": "Alone, out of sample",
    "partial": "Lost without the factor",
    "shapley": "Shapley share of R²",
    "share_bent": "Assets with a nonlinear relation",
}


def ranking_chapter(returns: pd.DataFrame, factors: pd.DataFrame, test_from: Any) -> Chapter:
    """Rank the factors by the variance of returns that they explain, in sample and on the test dates.

    Parameters
    ----------
    returns, factors : DataFrame
        In decimals, by date.
    test_from : date
        The first date out of sample. At most `MOST_DATES` earlier dates and `MOST_ASSETS` assets are used.

    Returns
    -------
    Chapter
        A table, a heat map and three relations; only the reason if the data are too few for a ranking.
    """
    dates = returns.index.to_series()
    used = pd.concat([dates[dates < test_from].iloc[-MOST_DATES:], dates[dates >= test_from]]).index
    counts = returns.loc[used].notna().sum()
    kept = counts.sort_values(ascending=False, kind="stable").index[:MOST_ASSETS]
    chosen = returns.loc[used, [asset in set(kept) for asset in returns.columns]]
    try:
        ranking = rank_factors(chosen, factors.loc[used], test_from)
    except InputError as error:
        return Chapter(TITLE, f"Not computed: {error}")
    return Chapter(TITLE, _lead(ranking, len(returns.columns)), _exhibits(ranking))


def _lead(ranking: FactorRanking, assets: int) -> str:
    summary = ranking.summary
    best, worst = summary.index[0], summary.index[-1]
    first, last = ranking.returns.index[0], ranking.returns.index[-1]
    sentence = (
        f"The factor that explains most is {best}: alone {summary['alone'][best]:.0%} of an asset's variance on "
        f"average, and {_percent(summary['alone_holdout'][best])} out of sample."
    )
    if best != worst:
        sentence += f" The last one is {worst}, with {_percent(summary['alone_holdout'][worst])} out of sample."
    nonlinear = int(ranking.bends["bent"].sum())
    return (
        f"{sentence} {nonlinear:,} of {ranking.bends['bent'].size:,} relations are nonlinear at a false discovery "
        f"rate of {ranking.level:.0%}. Uses {len(ranking.assets):,} of {assets:,} assets (at most the {MOST_ASSETS} "
        f"with the most returns) and, in sample, {first:%Y-%m-%d} to {last:%Y-%m-%d} (at most the last {MOST_DATES} "
        f"dates before the test); out of sample from {ranking.holdout_from:%Y-%m-%d}."
    )


def _exhibits(ranking: FactorRanking) -> tuple[Exhibit, ...]:
    table = ranking.summary[[name for name in COLUMNS if name in ranking.summary]].rename(columns=COLUMNS)
    exhibits = [
        Exhibit(
            "Variance explained by factor",
            "Means over assets, sorted by the share that a factor explains alone out of sample. Lost: the loss in R² "
            "when the factor is dropped from all factors. The Shapley shares sum to the R² of all factors. A "
            "negative share means predictions worse than the mean.",
            table=table.rename_axis("Factor").reset_index(),
            formats=dict.fromkeys(table.columns, ".1%"),
            wide=True,
            why_missing=f"{MISSING}: not computed for more than eight factors, or no returns out of sample.",
        ),
        figure_exhibit(
            "Variance explained by asset and factor",
            "By each factor alone, in sample. Assets are sorted by the R² of all factors.",
            lambda: explained_heat_map(ranking),
        ),
    ]
    exhibits += [_relation(ranking, kind, *pair) for kind, pair in chosen_pairs(ranking).items()]
    return tuple(exhibits)


def _relation(ranking: FactorRanking, kind: str, asset: Any, factor: Any) -> Exhibit:
    where = {"asset": asset, "factor": factor}
    if kind == "most nonlinear":
        q = float(ranking.bends["q_value"].sel(where))
        result = f"A nonlinear relation is {'' if q <= ranking.level else 'not '}significant (q-value {p_value(q)})."
    else:
        result = f"The factor alone explains {float(ranking.shares['alone'].sel(where)):.1%} of the variance."
    note = f"{result} Line: linear relation; points: means of equally many dates with 95 % band."
    return figure_exhibit(
        f"{kind.capitalize()} relation: {asset} on {factor}", note, lambda: relation_figure(ranking, asset, factor)
    )


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("-", "\u2212") if np.isfinite(share) else "an unknown share"
