"""Writes the report of a study: its back-tests, their significance, and the loadings they are based on."""

from pathlib import Path

import pandas as pd

from statefolio.backtest.validation.holdout import Holdout
from statefolio.commands.studies.result import StudyResult
from statefolio.commands.studies.result_tables import trials_table
from statefolio.commands.studies.schema.backtest_tables import DriftTable
from statefolio.commands.studies.schema.study import Study
from statefolio.commands.studies.walking import OpenedHoldout
from statefolio.loadings.base import LoadingsModel
from statefolio.report import write_report
from statefolio.report.backtest_chapters import study_chapters, study_tiles
from statefolio.report.loadings_overview import data_light
from statefolio.report.study_of_backtests import study_of_backtests
from statefolio.report.study_overview import study_answer, study_lights
from statefolio.report.study_results import HoldoutRecord

YEARLY = ("borrow", "financing", "short_rebate", "management_fee")
"""Costs that are rates per year."""

IN_CURRENCY = ("minimum_commission", "minimum_order", "lot_size")
IN_PERCENT = ("management_fee", "performance_fee", "most_commission")
"""Costs that are not in basis points: currency and shares, and percent."""


def write_study_report(path: Path, model: LoadingsModel | None, result: StudyResult) -> None:
    """Write the page. `model` is fitted to the dates that were walked; None without factors."""
    walked, judgement, results = result.walked, result.judgement, result.results
    study, data = walked.built.study, walked.built.data
    found = study_of_backtests(
        results,
        benchmarks=study.backtest.benchmarks,
        model=model,
        market=data.market,
        measures=walked.measures,
        judgement=judgement,
        measure=study.validation.measure,
        rebalance=_rebalance_as_text(study),
        costs=_costs_as_text(study),
        trials=trials_table(result.trials),
        holdout=None if result.holdout is None else _holdout(result.holdout, result.opened),
        groups=walked.built.groups,
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
        elif name not in ("impact_window", "crystallised") and value not in (0.0, None):
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
