"""A study's report: its back-tests, how far they can be trusted, and the loadings behind them."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import xarray as xr

from statefolio.backtest.result import BacktestResult
from statefolio.backtest.validation.holdout import Holdout
from statefolio.commands.studies.backtest_tables import DriftTable
from statefolio.commands.studies.data import StudyData
from statefolio.commands.studies.holdout import Opened
from statefolio.commands.studies.judging import LEVEL, Judgement
from statefolio.commands.studies.outcome import StudyOutcome
from statefolio.commands.studies.schema import Study
from statefolio.commands.studies.tables import trials_table
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.portfolio.budgets.risk_budget import RiskBudget
from statefolio.portfolio.budgets.tracker import RiskContributionTracker
from statefolio.portfolio.policies.model_policy import ModelPolicy
from statefolio.portfolio.policy import Policy
from statefolio.report import write_report
from statefolio.report.backtest_chapters import study_chapters, study_tiles
from statefolio.report.study_results import Evidence, HoldoutRecord, Selection, StudyResults
from statefolio.risk.attribution import attribute_return

LEAD = (
    "Portfolios walked forward over data whose end they never saw: what they earned after costs, how they carried "
    "their risk, how far that is more than luck, and the loadings behind them."
)

YEARLY = ("borrow", "financing")
"""Costs that are rates a year; the others are shares of what is traded."""


def write_study_report(
    path: Path,
    study: Study,
    data: StudyData,
    model: KalmanLoadings,
    policies: Mapping[str, Policy],
    outcome: StudyOutcome,
) -> None:
    """Write the page; `data` ends where development did."""
    results, judgement = outcome.results, outcome.judgement
    told = StudyResults(
        results=results,
        benchmark=study.backtest.benchmark,
        rebalance=_rebalance(study),
        costs=_costs(study),
        cash_rate=data.market.cash_rate,
        measures=outcome.measures,
        checks={name: result.causality for name, result in results.items() if result.causality is not None},
        attribution={name: _earned(model, result, data) for name, result in results.items()},
        tracked=_tracked(policies, results, data),
        evidence=_evidence(judgement),
        selection=Selection(
            measure=study.validation.measure,
            windows=judgement.windows,
            choices=judgement.choices,
            chosen_by=judgement.chosen_by,
            paths=judgement.paths,
        ),
        trials=trials_table(outcome.trials),
        holdout=None if outcome.holdout is None else _holdout(outcome.holdout, outcome.opened),
    )
    write_report(
        path,
        model,
        reading={**data.inputs.about, "notes": " ".join(data.inputs.notes)},
        options={"study": study.study.name, "seed": study.study.seed, **study.loadings.model_dump(exclude_none=True)},
        suspicious=data.inputs.suspicious,
        chapters=study_chapters(told),
        tiles=study_tiles(told),
        lead=LEAD,
        title=study.report.title or study.study.name,
    )


def _earned(model: KalmanLoadings, result: BacktestResult, data: StudyData) -> pd.DataFrame:
    """What each factor earned of a portfolio's return before costs, by date."""
    dates = result.weights.index[1:]
    market = data.market.until(dates[-1])
    excess = market.excess_returns.loc[dates]
    held = result.weights.loc[dates].where(excess.notna(), 0.0)
    found = attribute_return(model, held, excess, market.factors.loc[dates] if market.factors is not None else None)
    return found["contribution"].to_series().unstack("factor")


def _tracked(
    policies: Mapping[str, Policy], results: Mapping[str, BacktestResult], data: StudyData
) -> dict[str, xr.Dataset]:
    """Realised shares of risk of the portfolios that have a budget over assets."""
    assets = data.market.assets
    tracked = {}
    for name, result in results.items():
        policy, dates = policies[name], result.weights.index[1:]
        if not isinstance(policy, ModelPolicy) or not isinstance(policy.objective, RiskBudget):
            continue
        budget = result.details["risk_budget"].iloc[-1].reindex(assets, fill_value=0.0).fillna(0.0)
        tracker = RiskContributionTracker(budget / budget.sum())
        if len(dates) >= tracker.window:
            tracker.fit(data.market.returns.loc[dates], result.weights.loc[dates])
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


def _holdout(holdout: Holdout, opened: Opened | None) -> HoldoutRecord:
    times = tuple(pd.Timestamp(time).tz_localize(None) for time in holdout.openings["opened"])
    return HoldoutRecord(
        start=holdout.start,
        end=holdout.end,
        seal=str(holdout.record["sha256"]),
        opened=times,
        results={} if opened is None else opened.results,
        measures=None if opened is None else opened.measures,
    )


def _rebalance(study: Study) -> str:
    given = study.backtest.rebalance
    when = {"daily": "every date", "weekly": "the first date of a week", "monthly": "the first date of a month"}
    if isinstance(given, DriftTable):
        return f"Decided when weights had drifted by {given.drift:g}"
    return f"Decided on {when[given]}" if isinstance(given, str) else f"Decided every {given} dates"


def _costs(study: Study) -> str:
    costs = study.backtest.costs
    parts = []
    for name, value in costs.model_dump().items():
        words = name.replace("_", " ")
        yearly = " a year" if name in YEARLY else ""
        if isinstance(value, dict):
            parts.append(f"{words}{yearly} by asset")
        elif name != "impact_window" and value > 0.0:
            parts.append(f"{words} {value:g}" if name == "impact" else f"{words} {10_000 * value:g} bp{yearly}")
    return "Costs: " + (", ".join(parts) if parts else "none") + (" (1 bp = 0.01 %)" if parts else "")
