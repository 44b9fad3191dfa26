"""The chapter on one strategy of a study: what it held, risked, traded, and earned."""

from collections.abc import Sequence
from dataclasses import replace

import xarray as xr

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
from statefolio.report.backtest.weight_figures import expected_return_figure, weights_figure
from statefolio.report.chapters import Chapter, Exhibit, drawn
from statefolio.report.study_results import StudyResults

SHORTEST_WINDOW = 20


def strategy_chapter(study: StudyResults, name: str) -> Chapter:
    """One strategy: what it held, risked, traded, and earned. What its decisions did not tell is not drawn."""
    result = study.results[name]
    benchmark = None if study.benchmark in (None, name) else study.results[str(study.benchmark)]
    details, window = result.details, _window(result)
    exhibits = [
        drawn(
            "Weights", "As held, drifting between trades; the largest on average.", lambda: weights_figure(result), True
        ),
        drawn(
            "Turnover and cost",
            "Purchases and sales count both; costs are summed, nothing is charged twice.",
            lambda: trading_figure(result, currency=study.currency),
        ),
        drawn(
            "Rolling Sharpe ratio",
            f"Net, over {window} dates, times the root of {result.periods_per_year:g}. Band: 95 % of the sampling "
            "error, with the window's skewness and kurtosis, returns taken as independent.",
            lambda: rolling_sharpe_figure(result, benchmark, window=window, cash_rate=study.cash_rate),
        ),
    ]
    if "risk_contribution" in details:
        exhibits += [
            drawn(
                "Risk against its budget" if "risk_budget" in details else "Contributions to risk",
                "Forecast shares of risk as decided, at each decision.",
                lambda: contribution_figure(result),
            ),
            drawn("On average", "Over all decisions.", lambda: budget_figure(result)),
        ]
    if name in study.tracked:
        exhibits += _tracked(study.tracked[name])
    if "exposure" in details:
        exhibits.append(
            drawn(
                "Exposures",
                "Of the weights wanted, at each decision. Band: 95 %, from the loadings' own error.",
                lambda: exposure_figure(result),
            )
        )
    if name in study.attribution:
        exhibits.append(
            drawn(
                "What earned the return",
                "Contributions summed, not compounded, before costs.",
                lambda: earned_by_factor_figure(study.attribution[name]),
            )
        )
    if "expected_return" in details:
        exhibits.append(
            drawn(
                "Expected returns",
                f"As decisions saw them, times {result.periods_per_year:g}; the assets most held. Where there are "
                "many, shaded: the middle four fifths of all.",
                lambda: expected_return_figure(result),
            )
        )
    exhibits.append(
        drawn("Months", "Returns net of costs, %, compounded.", lambda: monthly_figure(result.returns), True)
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
        drawn(
            "Risk as it was realised",
            "Shares of risk tracked from the returns that came, in 95 % bands; dashed: the budget.",
            lambda: tracked_contribution_figure(tracked),
        ),
        drawn(
            "Off its budget",
            "Root mean square of tracked shares less the budget; dotted: what sampling error alone would show.",
            lambda: tracking_error_figure(tracked),
        ),
    ]


def _told(result: Tested) -> str:
    count, assets = len(result.decisions), len(result.decisions.columns)
    parts = [f"{count:,} decision{'' if count == 1 else 's'} over {assets:,} assets."]
    fallbacks = int((result.events["kind"] == "fallback").sum())
    if fallbacks:
        parts.append(f"{fallbacks:,} of them fell back.")
    if result.stopped:
        parts.append(f"Stopped early: {result.stopped}.".replace("..", "."))
    return " ".join(parts)


def _window(result: Tested) -> int:
    year, there = round(result.periods_per_year), len(result.returns)
    return year if there >= 2 * year else max(SHORTEST_WINDOW, there // 4)
