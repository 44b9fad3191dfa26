"""Builds the chapter on one strategy of a study: weights, trading, risk, exposures and returns."""

import pandas as pd
import xarray as xr

from statefolio.report.backtest.budget_figures import (
    budget_figure,
    contribution_figure,
    tracked_contribution_figure,
    tracking_error_figure,
)
from statefolio.report.backtest.exposure_figures import UNATTRIBUTED, exposure_figure, return_by_source_figure
from statefolio.report.backtest.monthly import monthly_figure
from statefolio.report.backtest.protocols import Backtest
from statefolio.report.backtest.rolling_sharpe import rolling_sharpe_figure
from statefolio.report.backtest.trade_table import trades_exhibit
from statefolio.report.backtest.trading_figures import trading_figure
from statefolio.report.backtest.weight_figures import expected_return_figure, weights_figure
from statefolio.report.chapters import Chapter, Exhibit, figure_exhibit, full_rows
from statefolio.report.counted_from import counted_from_sentence
from statefolio.report.returns.relative import drawdown_table
from statefolio.report.study_results import StudyResults

SHORTEST_WINDOW = 20
MOST_DRAWDOWNS = 5
MISSED = 0.01
"""Distance of a risk contribution from its budget that counts as missed, as a share of the risk."""
MOST_MISSED = 4
NOT_RECOVERED = "\u2013: not recovered by the end."


def strategy_chapter(study: StudyResults, name: str) -> Chapter:
    """Return the chapter on one strategy; figures whose data its decisions did not record are left out."""
    result = study.results[name]
    benchmark = None if study.benchmark in (None, name) else study.results[str(study.benchmark)]
    details, window = result.details, _window(result)
    exhibits = [
        figure_exhibit(
            "Weights",
            "Held weights, drifting between trades: the largest on average, or groups, or fifths of positions by size.",
            lambda: weights_figure(result, groups=study.groups),
            True,
        ),
        figure_exhibit(
            "Turnover and costs",
            "Turnover counts purchases and sales. Costs are cumulative.",
            lambda: trading_figure(result, currency=study.currency),
        ),
        figure_exhibit(
            "Rolling Sharpe ratio",
            f"Annualised, net of costs, over {window} dates. Band: 95 %, from the sampling error with the window's "
            "skewness and kurtosis under independent returns.",
            lambda: rolling_sharpe_figure(result, benchmark, window=window, cash_rate=study.cash_rate),
        ),
    ]
    if "risk_contribution" in details:
        exhibits += [
            figure_exhibit(
                "Risk contributions and budget" if "risk_budget" in details else "Risk contributions",
                "Shares of forecast risk at each decision.",
                lambda: contribution_figure(result),
            ),
            figure_exhibit(
                "Mean risk contributions",
                "Mean over all decisions, from the 5th to the 95th percentile.",
                lambda: budget_figure(result),
            ),
        ]
    if name in study.tracked:
        exhibits += _tracked(study.tracked[name])
    if "exposure" in details:
        exhibits.append(
            figure_exhibit(
                "Exposures",
                "Factor exposures of the target weights at each decision. Band: 95 %, from the standard errors of "
                "loadings.",
                lambda: exposure_figure(result),
            )
        )
    if name in study.attribution:
        exhibits.append(
            figure_exhibit(
                "Return attribution",
                " ".join(
                    [
                        "Sum of contributions before costs, not compounded.",
                        *_unattributed(study, study.attribution[name]),
                    ]
                ),
                lambda: return_by_source_figure(study.attribution[name]),
            )
        )
    if "expected_return" in details:
        exhibits.append(
            figure_exhibit(
                "Expected returns",
                "Annualised forecasts at each decision for the assets with the largest weights. With many assets, "
                "shaded: 10th to 90th percentile of all assets.",
                lambda: expected_return_figure(result),
            )
        )
    exhibits.append(
        figure_exhibit("Monthly returns", "Net of costs, %, compounded.", lambda: monthly_figure(result.returns), True)
    )
    exhibits += _drawdowns(result)
    exhibits.append(trades_exhibit(result, study.currency))
    return Chapter(name, " ".join([_summary(result), *missed_budgets(result)]), full_rows(exhibits))


def _drawdowns(result: Backtest) -> list[Exhibit]:
    """Return the table of the deepest drawdowns; none without one."""
    table = drawdown_table(result.returns, MOST_DRAWDOWNS) if len(result.returns) else pd.DataFrame()
    if table.empty:
        return []
    shown = table.rename(columns=str.capitalize).reset_index(names="Rank")
    note = "Of returns net of costs and fees. Dates: from the peak to the recovery, or to the end."
    formats = {"Drawdown": ".1%", "Dates": ",.0f", "Dates to recover": ",.0f"}
    return [Exhibit("Deepest drawdowns", note, table=shown, formats=formats, wide=True, why_missing=NOT_RECOVERED)]


def missed_budgets(result: Backtest) -> list[str]:
    """Say by how much a risk budget is missed on average over the decisions; nothing where it is met."""
    got, budget = result.details.get("risk_contribution"), result.details.get("risk_budget")
    if got is None or budget is None:
        return []
    lines = [name for name in budget.columns if name in got.columns]
    gap = (got[lines] - budget[lines]).abs().mean()
    missed = gap[gap > MISSED].round(9).sort_values(ascending=False, kind="stable")
    if missed.empty:
        return []
    parts = [
        f"{name} has {got[name].mean():.0%} instead of {budget[name].mean():.0%}" for name in missed.index[:MOST_MISSED]
    ]
    more = f", and {len(missed) - MOST_MISSED} others miss theirs" if len(missed) > MOST_MISSED else ""
    dates = int(((got[lines] - budget[lines]).abs() > MISSED).any(axis=1).sum())
    return [
        f"The risk budget is missed at {dates:,} of {len(got):,} decisions, because the constraints, or the assets, do "
        f"not allow it: of the forecast risk, {'; '.join(parts)} on average{more}."
    ]


def _unattributed(study: StudyResults, attribution: pd.DataFrame) -> list[str]:
    """Say what the total leaves out, where it leaves something out."""
    if UNATTRIBUTED not in attribution or not attribution[UNATTRIBUTED].any():
        return []
    left, share = attribution[UNATTRIBUTED].sum(), (attribution[UNATTRIBUTED] != 0.0).mean()
    first = pd.Timestamp(attribution.index[0])
    since = "" if study.counted_from is None else counted_from_sentence(study.counted_from, first)
    return [f"The total leaves out {left:.1%} unattributed, on {share:.0%} of the dates.", since]


def _tracked(tracked: xr.Dataset) -> list[Exhibit]:
    return [
        figure_exhibit(
            "Realised risk contributions",
            "Shares of risk filtered from realised returns, with 95 % bands; dashed: the budget.",
            lambda: tracked_contribution_figure(tracked),
        ),
        figure_exhibit(
            "Distance from the risk budget",
            "Root mean square difference between realised shares and the budget; dotted: expected from sampling "
            "error alone.",
            lambda: tracking_error_figure(tracked),
        ),
    ]


def _summary(result: Backtest) -> str:
    count, assets = len(result.decisions), len(result.decisions.columns)
    parts = [f"{count:,} decision{'' if count == 1 else 's'} over {assets:,} assets."]
    fallbacks = int((result.events["kind"] == "fallback").sum())
    if fallbacks:
        parts.append(f"{fallbacks:,} used the fallback.")
    if result.stopped:
        parts.append(f"Stopped early: {result.stopped}.".replace("..", "."))
    return " ".join(parts)


def _window(result: Backtest) -> int:
    year, dates = round(result.periods_per_year), len(result.returns)
    return year if dates >= 2 * year else max(SHORTEST_WINDOW, dates // 4)
