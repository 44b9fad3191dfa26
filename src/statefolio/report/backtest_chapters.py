"""Builds the chapters of a study's report, starting with the comparison of all strategies."""

from collections.abc import Mapping

import pandas as pd

from statefolio._display.numbers import MISSING
from statefolio.report.backtest.backtest_tables import (
    cost_table,
    event_counts,
    first_events,
    income_table,
    measures_table,
    right,
)
from statefolio.report.backtest.protocols import Backtest
from statefolio.report.backtest.sentences import fallback_sentences, note_sentences
from statefolio.report.backtest.value_figures import drawdown_figure, value_figure
from statefolio.report.chapters import Chapter, Exhibit, figure_exhibit
from statefolio.report.evidence_chapters import check_chapter, holdout_chapter, significance_chapter, trials_chapter
from statefolio.report.selection_chapter import selection_chapter
from statefolio.report.strategy_chapter import strategy_chapter
from statefolio.report.study_overview import best_tiles, extreme_exhibits, relative_exhibits
from statefolio.report.study_results import StudyResults

LOG_FROM = 3.0
"""Values are drawn on a log axis if the highest is more than this multiple of the lowest."""
UNDEFINED = f"{MISSING}: not defined for this strategy, e.g. no recovery yet, or no difference from the benchmark."


def study_chapters(study: StudyResults) -> list[Chapter]:
    """Return the chapters of a report on a study's back-tests.

    Returns
    -------
    list of Chapter
        All strategies, each strategy, significance, selection, look-ahead check, trials and holdout.
    """
    year = next(iter(study.results.values())).periods_per_year
    chapters = [overview_chapter(study), *(strategy_chapter(study, name) for name in study.strategies)]
    if study.evidence is not None:
        chapters.append(significance_chapter(study.evidence, study.benchmark))
    if study.selection is not None:
        chapters.append(selection_chapter(study.selection, benchmark_returns(study), year))
    if study.checks:
        chapters.append(check_chapter(study.checks))
    if study.trials is not None:
        chapters.append(trials_chapter(study.trials))
    if study.holdout is not None:
        chapters.append(holdout_chapter(study.holdout, study.benchmark, study.currency))
    return chapters


def benchmark_returns(study: StudyResults) -> "dict[str, pd.Series[float]]":
    """Return the returns of the benchmarks in excess of cash."""
    found = {}
    for name in study.benchmarks:
        returns, cash = study.results[name].returns, study.cash_rate
        found[name] = returns - (cash.reindex(returns.index) if isinstance(cash, pd.Series) else cash)
    return found


def study_tiles(study: StudyResults) -> dict[str, str]:
    """Return the tiles at the top of a study's report: those of the best strategy, then those of the test."""
    first = next(iter(study.results.values()))
    tiles = {
        **best_tiles(study),
        "Tested from": f"{first.value.index[0]:%Y-%m-%d}",
        "Tested to": f"{first.value.index[-1]:%Y-%m-%d}",
    }
    fell_back = {name: result.fallbacks["share"].sum() for name, result in study.results.items()}
    if any(fell_back.values()):
        tiles["Decisions that fell back"] = "; ".join(f"{name} {one:.0%}" for name, one in fell_back.items() if one)
    trials = study.evidence.trials if study.evidence is not None else None
    trials = len(study.trials) if trials is None and study.trials is not None else trials
    if trials is not None:
        tiles["Configurations tried"] = f"{trials:,}"
    if study.holdout is not None:
        tiles["Holdout"] = study.holdout.state
    return tiles


def overview_chapter(study: StudyResults) -> Chapter:
    """Return the chapter that compares all back-tests."""
    results, benchmark = study.results, study.benchmark
    measures = study.measures
    if measures is None:
        measures = pd.DataFrame({name: result.summary() for name, result in results.items()})
    table, costs = measures_table(measures), cost_table(results)
    formats = dict.fromkeys(costs.columns[1:], ",.0f")
    formats.update({"Cost per year": ".2%", "Turnover per year": ",.1f"})
    exhibits = [
        figure_exhibit(
            "Value",
            "Net of costs and fees; dotted: the same weights before costs and fees." + _without_flows(results),
            lambda: value_figure(results, benchmark, log=_log(results), currency=study.currency),
            wide=True,
        ),
        figure_exhibit("Drawdown", "Net of costs and fees.", lambda: drawdown_figure(results, benchmark), wide=True),
        Exhibit(
            "Measures",
            _conventions(study),
            table=table,
            formats=right(table),
            wide=True,
            why_missing=UNDEFINED,
        ),
        Exhibit(
            "Costs",
            f"Totals in {study.currency or 'units of the capital'}. Cost per year is the annual total as a share of "
            "the mean value; turnover counts purchases and sales as a multiple of the value.",
            table=costs,
            formats=formats,
            wide=True,
        ),
        *_income(results),
        *relative_exhibits(study),
        *extreme_exhibits(study),
        *_events(results),
    ]
    return Chapter("Back-test", _lead(study), tuple(exhibits), _early_stops(results))


def _without_flows(results: Mapping[str, Backtest]) -> str:
    """Say that deposits and withdrawals are not drawn, where there are some."""
    flows = any("deposits" in result.ledger for result in results.values())
    return " Deposits and withdrawals are left out: the lines are of the capital alone." if flows else ""


def _income(results: Mapping[str, Backtest]) -> list[Exhibit]:
    income = income_table(results)
    if len(income.columns) == 1:
        return []
    return [
        Exhibit(
            "Income, deposits and withdrawals",
            "Totals. Short positions pay dividends. Returns leave deposits and withdrawals out.",
            table=income,
            formats=dict.fromkeys(income.columns[1:], ",.0f"),
        )
    ]


def _events(results: Mapping[str, Backtest]) -> list[Exhibit]:
    counts = event_counts(results)
    if len(counts.columns) == 1:
        return [Exhibit("Events", "None: every decision was made, and every order was filled.", wide=True)]
    note = (
        "Number of fallbacks, notes on decisions, dates without factors, missing returns, unfilled orders, delistings "
        "and bankruptcies."
    )
    formats = dict.fromkeys(counts.columns[1:], ",.0f")
    every = sum(len(result.events) for result in results.values())
    listed = first_events(results)
    first = f"The first {len(listed)} of {every:,}, with some of each kind." if every > len(listed) else "All of them."
    return [
        Exhibit("Number of events", note, table=counts, formats=formats),
        Exhibit("Events", first, table=listed, wide=len(listed) > 5),
    ]


def _lead(study: StudyResults) -> str:
    """The dates, the conventions, and what limits the decisions."""
    first = next(iter(study.results.values()))
    start, end = first.value.index[0], first.value.index[-1]
    unit = f" {study.currency}" if study.currency else ""
    parts = [f"From {start:%Y-%m-%d} to {end:%Y-%m-%d}, with {first.capital:,.0f}{unit} at the start."]
    parts += [text.rstrip(".") + "." for text in (study.rebalance, study.costs) if text]
    parts.append(
        "Decisions are made at a close and traded on a later date; they never earn a return that they already knew."
    )
    if study.benchmark is not None:
        parts.append(f"Grey: the benchmark, {study.benchmark}.")
    parts += [*fallback_sentences(study.results), *note_sentences(study.results)]
    return " ".join(parts)


def _conventions(study: StudyResults) -> str:
    year = next(iter(study.results.values())).periods_per_year
    return (
        f"Of returns net of costs and fees. A year has {year:g} dates: annual returns are compounded; volatilities "
        "and ratios are multiplied by its square root. Sharpe and Sortino ratios use returns in excess of cash; "
        "Calmar is the annual return over the maximum drawdown. CVaR is the mean return of the worst 5 % of dates, "
        "the hit rate the share of dates with a return above cash; the kurtosis of a Gaussian is 3. Losses are "
        "negative."
    )


def _early_stops(results: Mapping[str, Backtest]) -> dict[str, str]:
    return {f"{name}, stopped early": result.stopped for name, result in results.items() if result.stopped}


def _log(results: Mapping[str, Backtest]) -> bool:
    lowest = min(float(result.growth.min()) for result in results.values())
    highest = max(float(result.growth.max()) for result in results.values())
    return lowest > 0.0 and highest > LOG_FROM * lowest
