"""The chapters of a study's report, and the first of them: all strategies side by side."""

from collections.abc import Mapping

import pandas as pd

from statefolio.report.backtest.backtest_tables import (
    cost_table,
    event_counts,
    first_events,
    measures_table,
    right,
)
from statefolio.report.backtest.tested import Tested
from statefolio.report.backtest.value_figures import drawdown_figure, value_figure
from statefolio.report.chapters import Chapter, Exhibit, drawn
from statefolio.report.evidence_chapters import check_chapter, holdout_chapter, luck_chapter, trials_chapter
from statefolio.report.selection_chapter import selection_chapter
from statefolio.report.strategy_chapter import strategy_chapter
from statefolio.report.study_results import StudyResults

LOG_FROM = 3.0
"""Values whose highest is this many times their lowest are drawn on a log axis."""
SHORTEST_WINDOW = 20
CAUSAL = "causal"
"""The verdict that all is well."""


def study_chapters(study: StudyResults) -> list[Chapter]:
    """Put together what a report says of a study's back-tests.

    Returns
    -------
    list of Chapter
        The whole, each strategy, and what is known of luck, choice, looking ahead, trials and the holdout.
    """
    chapters = [overview_chapter(study), *(strategy_chapter(study, name) for name in study.strategies)]
    if study.evidence is not None:
        chapters.append(luck_chapter(study.evidence, study.benchmark))
    if study.selection is not None:
        chapters.append(selection_chapter(study.selection))
    if study.checks:
        chapters.append(check_chapter(study.checks))
    if study.trials is not None:
        chapters.append(trials_chapter(study.trials))
    if study.holdout is not None:
        chapters.append(holdout_chapter(study.holdout, study.benchmark, study.currency))
    return chapters


def study_tiles(study: StudyResults) -> dict[str, str]:
    """Return the few words that open the report of a study."""
    first = next(iter(study.results.values()))
    tiles = {"tested from": f"{first.value.index[0]:%Y-%m-%d}", "to": f"{first.value.index[-1]:%Y-%m-%d}"}
    if study.checks:
        bad = [f"{name} {check.verdict}" for name, check in study.checks.items() if check.verdict != CAUSAL]
        tiles["look-ahead check"] = "; ".join(bad) or CAUSAL
    tried = study.evidence.trials if study.evidence is not None else None
    tried = len(study.trials) if tried is None and study.trials is not None else tried
    if tried is not None:
        tiles["configurations tried"] = f"{tried:,}"
    if study.holdout is not None:
        tiles["holdout"] = study.holdout.state
    return tiles


def overview_chapter(study: StudyResults) -> Chapter:
    """All back-tests side by side."""
    results, benchmark = study.results, study.benchmark
    measures = study.measures
    if measures is None:
        measures = pd.DataFrame({name: result.summary() for name, result in results.items()})
    table, costs = measures_table(measures), cost_table(results)
    money = dict.fromkeys(costs.columns[1:], ",.0f")
    money.update({"cost, a year": ".2%", "turnover, a year": ",.1f"})
    exhibits = [
        drawn(
            "Value",
            "After costs and fees, and what the same weights came to before them.",
            lambda: value_figure(results, benchmark, log=_log(results), currency=study.currency),
            wide=True,
        ),
        drawn("Drawdown", "After costs and fees.", lambda: drawdown_figure(results, benchmark), wide=True),
        Exhibit("Measures", _conventions(study), table=table, formats=right(table), wide=True),
        Exhibit(
            "What trading cost",
            f"In {study.currency or 'units of the capital'}, summed; all of it a year as a share of the mean value; "
            "turnover is purchases and sales, as a multiple of the value.",
            table=costs,
            formats=money,
            wide=True,
        ),
        *_events(results),
    ]
    return Chapter("Back-test", _lead(study), tuple(exhibits), _stops(results))


def _events(results: Mapping[str, Tested]) -> list[Exhibit]:
    counts = event_counts(results)
    if len(counts.columns) == 1:
        return [Exhibit("Events", "None: every decision was made and every order was filled.", wide=True)]
    note = "How often a policy fell back, an order was not filled, an asset was delisted, a run went bankrupt."
    formats = dict.fromkeys(counts.columns[1:], ",.0f")
    every = sum(len(result.events) for result in results.values())
    listed = first_events(results)
    first = f"The first {len(listed)} of {every:,}, of each kind some." if every > len(listed) else "All of them."
    return [
        Exhibit("Events", note, table=counts, formats=formats),
        Exhibit("Which events", first, table=listed, wide=len(listed) > 5),
    ]


def _lead(study: StudyResults) -> str:
    first = next(iter(study.results.values()))
    start, end = first.value.index[0], first.value.index[-1]
    unit = f" {study.currency}" if study.currency else ""
    parts = [f"From {start:%Y-%m-%d} to {end:%Y-%m-%d}, beginning with {first.capital:,.0f}{unit}."]
    parts += [text.rstrip(".") + "." for text in (study.rebalance, study.costs) if text]
    parts.append("Decided at a close, traded on a later date, never on the return a decision was made with.")
    if study.benchmark is not None:
        parts.append(f"Grey: {study.benchmark}.")
    return " ".join(parts)


def _conventions(study: StudyResults) -> str:
    year = next(iter(study.results.values())).periods_per_year
    return (
        f"Of returns net of costs and fees. A year is {year:g} dates: annual returns are compounded, volatilities and "
        "ratios multiplied by its root. Sharpe and Sortino ratios are of returns less what cash earned; Calmar is the "
        "annual return over the deepest drawdown. CVaR is the mean of the worst 5 % of dates, the hit rate the share "
        "of dates above cash, a kurtosis of 3 that of a Gaussian. Lengths are in dates; losses are negative."
    )


def _stops(results: Mapping[str, Tested]) -> dict[str, str]:
    return {f"{name}, stopped": result.stopped for name, result in results.items() if result.stopped}


def _log(results: Mapping[str, Tested]) -> bool:
    lowest = min(float(result.value.min()) for result in results.values())
    highest = max(float(result.value.max()) for result in results.values())
    return lowest > 0.0 and highest > LOG_FROM * lowest
