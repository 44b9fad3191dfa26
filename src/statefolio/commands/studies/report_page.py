"""Writes the report of a study: its back-tests, their significance, and the loadings they are based on."""

from pathlib import Path

import pandas as pd
import xarray as xr

from statefolio.backtest.result import BacktestResult
from statefolio.backtest.validation.holdout import Holdout
from statefolio.commands.studies.judging import LEVEL, Judgement
from statefolio.commands.studies.parts.market import StudyData
from statefolio.commands.studies.result import StudyResult
from statefolio.commands.studies.result_tables import trials_table
from statefolio.commands.studies.schema.backtest_tables import DriftTable
from statefolio.commands.studies.schema.study import Study
from statefolio.commands.studies.walking import OpenedHoldout, WalkedStudy
from statefolio.loadings.base import LoadingsModel
from statefolio.portfolio.budgets.risk_budget import RiskBudget
from statefolio.portfolio.budgets.tracker import RiskContributionTracker
from statefolio.portfolio.policies.model_policy import ModelPolicy
from statefolio.report import write_report
from statefolio.report.backtest_chapters import study_chapters, study_tiles
from statefolio.report.loadings_overview import data_light
from statefolio.report.study_overview import study_answer, study_lights
from statefolio.report.study_results import Evidence, HoldoutRecord, Selection, StudyResults
from statefolio.risk.attribution import UNATTRIBUTED, attribute_return

YEARLY = ("borrow", "financing", "short_rebate", "management_fee")
"""Costs that are rates per year."""

IN_CURRENCY = ("minimum_commission", "minimum_order", "lot_size")
IN_PERCENT = ("management_fee", "performance_fee")
"""Costs that are not in basis points: currency and shares, and percent."""


def write_study_report(path: Path, model: LoadingsModel | None, result: StudyResult) -> None:
    """Write the page. `model` is fitted to the dates that were walked; None without factors."""
    walked, judgement, results = result.walked, result.judgement, result.results
    study, data = walked.built.study, walked.built.data
    split = {} if model is None else {name: _attribution(model, each, data) for name, each in results.items()}
    found = StudyResults(
        results=results,
        benchmark=study.backtest.main_benchmark,
        rebalance=_rebalance_as_text(study),
        costs=_costs_as_text(study),
        cash_rate=data.market.cash_rate,
        measures=walked.measures,
        checks={name: each.causality for name, each in results.items() if each.causality is not None},
        attribution={name: contributions for name, (contributions, _) in split.items()},
        counted_from=None if not split else next(iter(split.values()))[1],
        tracked=_tracked(walked),
        evidence=_evidence(judgement),
        selection=Selection(
            measure=study.validation.measure,
            windows=judgement.windows,
            choices=judgement.choices,
            chosen_by=judgement.chosen_by,
            paths=judgement.paths,
        ),
        trials=trials_table(result.trials),
        holdout=None if result.holdout is None else _holdout(result.holdout, result.opened),
    )
    write_report(
        path,
        model,
        reading={
            **data.inputs.facts,
            "notes": " ".join([*data.inputs.notes, *data.missing["detail"], *result.warned]),
        },
        options={"study": study.study.name, "seed": study.study.seed, **study.loadings.model_dump(exclude_none=True)},
        suspicious=data.inputs.suspicious,
        chapters=study_chapters(found),
        tiles=study_tiles(found),
        lead=study_answer(found),
        lights=[*study_lights(found), data_light(data.inputs.suspicious)],
        title=study.report.title or study.study.name,
    )


def _attribution(
    model: LoadingsModel, result: BacktestResult, data: StudyData
) -> tuple[pd.DataFrame, "pd.Series[pd.Timestamp]"]:
    """The part of a portfolio's return before costs that each factor earned by date, and since when assets count.

    The return of dates and assets that the model does not see is unattributed.
    """
    dates = pd.DatetimeIndex(result.weights.index[1:])
    market = data.market.until(dates[-1])
    seen, factors = market.model_data()
    seen = seen.loc[seen.index >= dates[0]]
    held = result.weights.loc[seen.index].where(seen.notna(), 0.0)
    found = attribute_return(model, held, seen, None if factors is None else factors.loc[seen.index])
    parts = found["contribution"].to_series().unstack("factor")
    if len(seen) < len(dates) or market.tables.spans_gap is not None:
        everything = (market.excess_returns.loc[dates] * result.weights.loc[dates]).sum(axis=1)
        parts = parts.reindex(dates, fill_value=0.0)
        parts[UNATTRIBUTED] += everything - found["portfolio_return"].to_series().reindex(dates, fill_value=0.0)
    return parts, found["counted_from"].to_series()


def _tracked(walked: WalkedStudy) -> dict[str, xr.Dataset]:
    """Realised risk contributions of the portfolios with a risk budget over assets."""
    market = walked.built.market
    tracked = {}
    for name, result in walked.results.items():
        policy, dates = walked.built.policies[name], result.weights.index[1:]
        if not isinstance(policy, ModelPolicy) or not isinstance(policy.objective, RiskBudget):
            continue
        budget = result.details["risk_budget"].iloc[-1].reindex(market.assets, fill_value=0.0).fillna(0.0)
        tracker = RiskContributionTracker(budget / budget.sum())
        if len(dates) >= tracker.window:
            tracker.fit(market.returns.loc[dates], result.weights.loc[dates])
            tracked[name] = tracker.tracking_
    return tracked


def _evidence(judgement: Judgement) -> Evidence:
    return Evidence(
        scores=judgement.scores,
        trials=judgement.number,
        effective_trials=judgement.effective_number,
        overfitting=judgement.overfitting,
        reality_check=judgement.check,
        better=judgement.better,
        level=LEVEL,
        minimum_length=judgement.minimum_length,
    )


def _holdout(holdout: Holdout, opened: OpenedHoldout | None) -> HoldoutRecord:
    times = tuple(pd.Timestamp(time).tz_localize(None) for time in holdout.openings["opened"])
    return HoldoutRecord(
        start=holdout.start,
        end=holdout.end,
        seal=str(holdout.record["sha256"]),
        opened=times,
        results={} if opened is None else opened.results,
        measures=None if opened is None else opened.measures,
    )


def _rebalance_as_text(study: Study) -> str:
    given = study.backtest.rebalance
    when = {"daily": "every date", "weekly": "the first date of a week", "monthly": "the first date of a month"}
    if isinstance(given, DriftTable):
        return f"Decided when weights have drifted by {given.drift:g}"
    return f"Decided on {when[given]}" if isinstance(given, str) else f"Decided every {given} dates"


def _costs_as_text(study: Study) -> str:
    costs, flows = study.backtest.costs, study.backtest.flows
    parts = []
    for name, value in costs.model_dump().items():
        words = name.replace("_", " ")
        yearly = " a year" if name in YEARLY else ""
        if isinstance(value, dict):
            parts.append(f"{words}{yearly} by asset")
        elif isinstance(value, Path):
            parts.append(f"{words}{yearly} by asset and date")
        elif name not in ("impact_window", "crystallised") and value != 0.0:
            parts.append(_cost_as_text(name, words, value) + yearly)
    found = "Costs: " + (", ".join(parts) if parts else "none")
    found += " (1 bp = 0.01 %)" if any(part.split(" a year")[0].endswith(" bp") for part in parts) else ""
    if costs.performance_fee > 0.0:
        found += f". The performance fee is on gains over the high-water mark, kept {costs.crystallised}"
    if flows:
        paid = sum(amount for amount in flows.values() if amount > 0.0)
        taken = paid - sum(flows.values())
        found += f". Deposits of {paid:,.0f} and withdrawals of {taken:,.0f}, which returns leave out"
    return found


def _cost_as_text(name: str, words: str, value: float) -> str:
    """One cost with its unit: basis points, percent, currency or shares."""
    if name in IN_CURRENCY:
        return f"{words} {value:,.10g}"
    if name in IN_PERCENT:
        return f"{words} {100.0 * value:g} %"
    return f"{words} {value:g}" if name == "impact" else f"{words} {10_000 * value:g} bp"
