"""The chapters of a study's report: what came of it, and each strategy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import xarray as xr

from statefolio.exceptions import InputError
from statefolio.report.backtest.backtest_tables import (
    cost_table,
    event_counts,
    first_events,
    measures_table,
    right,
)
from statefolio.report.backtest.budget_figures import (
    budget_figure,
    contribution_figure,
    tracked_contribution_figure,
    tracking_error_figure,
)
from statefolio.report.backtest.exposure_figures import earned_by_factor_figure, exposure_figure
from statefolio.report.backtest.monthly import monthly_figure
from statefolio.report.backtest.rolling_sharpe import rolling_sharpe_figure
from statefolio.report.backtest.tested import Tested
from statefolio.report.backtest.trading_figures import trading_figure
from statefolio.report.backtest.value_figures import drawdown_figure, value_figure
from statefolio.report.backtest.weight_figures import expected_return_figure, weights_figure
from statefolio.report.chapters import Chapter, Exhibit
from statefolio.report.evidence_chapters import check_chapter, holdout_chapter, luck_chapter, trials_chapter
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
        The whole, each strategy, and what is known of luck, looking ahead, trials and the holdout.
    """
    chapters = [overview_chapter(study), *(strategy_chapter(study, name) for name in study.strategies)]
    if study.evidence is not None:
        chapters.append(luck_chapter(study.evidence, study.benchmark))
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
        _drawn(
            "Value",
            "After costs and fees, and what the same weights came to before them.",
            lambda: value_figure(results, benchmark, log=_log(results), currency=study.currency),
            wide=True,
        ),
        _drawn("Drawdown", "", lambda: drawdown_figure(results, benchmark), wide=True),
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


def strategy_chapter(study: StudyResults, name: str) -> Chapter:
    """One strategy: what it held, risked, traded, and earned. What its decisions did not tell is not drawn."""
    result = study.results[name]
    benchmark = None if study.benchmark in (None, name) else study.results[str(study.benchmark)]
    details, window = result.details, _window(result)
    exhibits = [
        _drawn(
            "Weights", "As held, drifting between trades; the largest on average.", lambda: weights_figure(result), True
        ),
        _drawn(
            "Turnover and cost",
            "Purchases and sales count both; costs are summed, nothing is charged twice.",
            lambda: trading_figure(result, currency=study.currency),
        ),
        _drawn(
            "Rolling Sharpe ratio",
            f"Net, over {window} dates, times the root of {result.periods_a_year:g}. Band: 95 % of the sampling error, "
            "with the window's skewness and kurtosis, returns taken as independent.",
            lambda: rolling_sharpe_figure(result, benchmark, window=window, cash_rate=study.cash_rate),
        ),
    ]
    if "risk_contribution" in details:
        exhibits += [
            _drawn(
                "Risk against its budget",
                "Forecast shares of risk as decided, at each decision.",
                lambda: contribution_figure(result),
            ),
            _drawn("On average", "Over all decisions.", lambda: budget_figure(result)),
        ]
    if name in study.tracked:
        exhibits += _tracked(study.tracked[name])
    if "exposure" in details:
        exhibits.append(
            _drawn(
                "Exposures",
                "Of the weights wanted, at each decision. Band: 95 %, from the loadings' own error.",
                lambda: exposure_figure(result),
            )
        )
    if name in study.attribution:
        exhibits.append(
            _drawn(
                "What earned the return",
                "Contributions summed, not compounded, before costs.",
                lambda: earned_by_factor_figure(study.attribution[name]),
            )
        )
    if "expected_return" in details:
        exhibits.append(
            _drawn(
                "Expected returns",
                f"As decisions saw them, times {result.periods_a_year:g}; the assets most held. Where there are many, "
                "shaded: the middle four fifths of all.",
                lambda: expected_return_figure(result),
            )
        )
    exhibits.append(
        _drawn("Months", "Returns net of costs, %, compounded.", lambda: monthly_figure(result.returns), True)
    )
    return Chapter(name, _told(result), _filled(exhibits))


def _filled(exhibits: Sequence[Exhibit]) -> tuple[Exhibit, ...]:
    """Return exhibits such that none has an empty place beside it: one left alone takes the whole width."""
    shown: list[Exhibit] = []
    alone = False
    for exhibit in exhibits:
        if exhibit.wide and alone:
            shown[-1] = replace(shown[-1], wide=True)
        alone = not exhibit.wide and not alone
        shown.append(exhibit)
    if alone:
        shown[-1] = replace(shown[-1], wide=True)
    return tuple(shown)


def _tracked(tracked: xr.Dataset) -> list[Exhibit]:
    return [
        _drawn(
            "Risk as it was realised",
            "Shares of risk tracked from the returns that came, in 95 % bands; dashed: the budget.",
            lambda: tracked_contribution_figure(tracked),
        ),
        _drawn(
            "Off its budget",
            "Root mean square of tracked shares less the budget; dotted: what sampling error alone would show.",
            lambda: tracking_error_figure(tracked),
        ),
    ]


def _drawn(title: str, note: str, draw: Callable[[], go.Figure], wide: bool = False) -> Exhibit:
    """Return a figure as an exhibit, or why there is none."""
    try:
        return Exhibit(title, note, figure=draw(), wide=wide)
    except InputError as error:
        return Exhibit(title, str(error), wide=wide)


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
    year = next(iter(study.results.values())).periods_a_year
    return (
        f"Of returns net of costs and fees. A year is {year:g} dates: means are compounded to it, volatilities and "
        "ratios are multiplied by its root. Lengths are in dates."
    )


def _told(result: Tested) -> str:
    count, assets = len(result.decisions), len(result.decisions.columns)
    parts = [f"{count:,} decision{'' if count == 1 else 's'} over {assets:,} assets."]
    fallbacks = int((result.events["kind"] == "fallback").sum())
    if fallbacks:
        parts.append(f"{fallbacks:,} of them fell back.")
    if result.stopped:
        parts.append(f"Stopped early: {result.stopped}.".replace("..", "."))
    return " ".join(parts)


def _stops(results: Mapping[str, Tested]) -> dict[str, str]:
    return {f"{name}, stopped": result.stopped for name, result in results.items() if result.stopped}


def _log(results: Mapping[str, Tested]) -> bool:
    lowest = min(float(result.value.min()) for result in results.values())
    highest = max(float(result.value.max()) for result in results.values())
    return lowest > 0.0 and highest > LOG_FROM * lowest


def _window(result: Tested) -> int:
    year, there = round(result.periods_a_year), len(result.returns)
    return year if there >= 2 * year else max(SHORTEST_WINDOW, there // 4)
