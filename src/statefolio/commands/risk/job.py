"""The risk job: covariance today, a portfolio's risk by factor, the four failures, validation; one folder."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from statefolio.commands.inputs import Inputs
from statefolio.commands.listener import Listener
from statefolio.commands.loadings.job import split
from statefolio.commands.output_folder import whole_folder
from statefolio.commands.risk.tables import asset_table, factor_table
from statefolio.diagnostics import (
    Diagnosis,
    Finding,
    diagnose_change,
    diagnose_collinearity,
    diagnose_estimation,
    diagnose_specification,
)
from statefolio.diagnostics.finding import Failure
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings
from statefolio.report import write_report
from statefolio.report.ranking_chapter import ranking_chapter
from statefolio.report.risk_chapters import risk_chapters
from statefolio.risk.attribution import attribute_return, attribute_risk
from statefolio.risk.factor_risk import FactorRisk
from statefolio.validation.covariance_scores import CovarianceScores
from statefolio.validation.risk_walk import validate_risk
from statefolio.validation.validation import Validation, validate

FILES = frozenset(
    {
        "asset_risk.csv",
        "covariance.parquet",
        "exposures.csv",
        "factor_covariance.csv",
        "failures.csv",
        "model.statefolio",
        "portfolio_risk.csv",
        "report.html",
        "validation.csv",
    }
)
LEAD = (
    "A portfolio's risk by factor and asset; how the model behind it may fail; how its predictions and covariances did "
    "out of sample; and the loadings themselves."
)
BESIDE = 250
"""The rolling window that the loadings are compared with, in dates."""


@dataclass(frozen=True)
class RiskPlan:
    """Whose risk to measure, what to judge it by, and where to write."""

    out: Path
    overwrite: bool = False
    tune_until: datetime | None = None
    test_from: datetime | None = None
    expected_sum: float | None = None
    groups: "pd.Series[str] | None" = None
    refit_every: int = 21
    dense: bool = False
    model_options: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, object] = field(default_factory=dict)
    title: str = "Factor risk"


@dataclass(frozen=True)
class RiskOutcome:
    """What came of it."""

    folder: Path
    risk: FactorRisk
    attribution: xr.Dataset
    failures: pd.DataFrame
    validation: Validation
    forecasts: CovarianceScores
    test_from: pd.Timestamp


def run_risk(inputs: Inputs, weights: "pd.Series[float]", plan: RiskPlan, listener: Listener) -> RiskOutcome:
    """Fit, attribute, diagnose, validate, and write the folder whole or not at all."""
    returns, factors = inputs.returns, inputs.factors
    check_weights(weights, pd.Index(returns.columns))
    with whole_folder(plan.out, FILES, overwrite=plan.overwrite) as folder:
        tune_until, test_from = split(pd.DatetimeIndex(returns.index), plan.tune_until, plan.test_from)
        loadings = KalmanLoadings(**plan.model_options, progress=listener.progress)
        risk = FactorRisk(loadings, groups=plan.groups).fit(returns, factors, tune_until=tune_until)
        risk.model_.set_params(progress=None)
        for asset, reason in risk.excluded_["reason"].items():
            listener.say(f"  excluded: {asset}: {reason}")
        attribution = attribute_risk(risk, weights, plan.expected_sum)
        earned = attribute_return(risk.model_, _held_where_observed(weights, returns), returns, factors)
        diagnoses = _diagnose(risk, returns, factors, plan.groups, listener)
        listener.progress("validating", 0, 2)
        competitors = {
            "Kalman": KalmanLoadings(**plan.model_options),
            "static": StaticLoadings(),
            f"rolling {BESIDE}": RollingLoadings(window=BESIDE),
            "exponential": ExponentialLoadings(),
        }
        validation = validate(competitors, returns, factors, test_from, benchmark="static")
        listener.progress("validating", 1, 2)
        plain = FactorRisk(KalmanLoadings(**plan.model_options), groups=plan.groups)
        held = pd.DataFrame({"portfolio": weights}).T
        forecasts = validate_risk(plain, returns, factors, test_from, plan.refit_every, portfolios=held)
        listener.progress("validating", 2, 2)
        failures = pd.concat([diagnosis.summary() for diagnosis in diagnoses])
        listener.progress("writing", 0, 2)
        _write_tables(folder, risk, attribution, failures, validation, plan.dense)
        listener.progress("writing", 1, 2)
        write_report(
            folder / "report.html",
            risk.model_,
            other=RollingLoadings(window=BESIDE).fit(returns, factors),
            other_name=f"rolling OLS, {BESIDE} dates",
            reading={**inputs.about, **plan.about, "notes": " ".join(inputs.notes)},
            options={"tuned until": tune_until, "test from": test_from, "covariance held, dates": plan.refit_every},
            suspicious=inputs.suspicious,
            lead=LEAD,
            chapters=[
                *risk_chapters(risk, attribution, earned, diagnoses, validation, forecasts),
                ranking_chapter(returns, factors, test_from),
            ],
            title=plan.title,
        )
        listener.progress("writing", 2, 2)
    return RiskOutcome(plan.out, risk, attribution, failures, validation, forecasts, test_from)


def check_weights(weights: "pd.Series[float]", assets: pd.Index) -> None:
    """Say early that weights name assets there are no returns of."""
    unknown = weights.index[~weights.index.isin(assets)]
    if len(unknown):
        raise UnknownNameError(
            f"weights name {len(unknown)} assets that returns lacks (first: {unknown[0]!r}); assets with returns were "
            "expected. Drop them, or add their returns."
        )


def _held_where_observed(weights: "pd.Series[float]", returns: pd.DataFrame) -> pd.DataFrame:
    """Weights by date: those given, and none in an asset whose return is missing."""
    given = weights.reindex(returns.columns, fill_value=0.0)
    return returns.notna().astype(float) * given


def _diagnose(
    risk: FactorRisk, returns: pd.DataFrame, factors: pd.DataFrame, groups: Any, listener: Listener
) -> tuple[Diagnosis, ...]:
    asked = (risk.model_, returns, factors)
    jobs: dict[Failure, Callable[[], Diagnosis]] = {
        "specification": partial(diagnose_specification, *asked, sectors=groups),
        "estimation": partial(diagnose_estimation, *asked),
        "non-stationarity": partial(diagnose_change, *asked),
        "multicollinearity": partial(diagnose_collinearity, *asked),
    }
    found = []
    for number, (failure, job) in enumerate(jobs.items()):
        listener.progress("diagnosing", number, len(jobs))
        found.append(_told(failure, job))
    listener.progress("diagnosing", len(jobs), len(jobs))
    return tuple(found)


def _told(failure: Failure, job: Callable[[], Diagnosis]) -> Diagnosis:
    """The diagnosis, or why these data cannot be asked for it."""
    try:
        return job()
    except InputError as error:
        reason = Finding("not asked", math.nan, math.nan, math.nan, None, str(error), pd.DataFrame())
        return Diagnosis(failure, (reason,))


def _write_tables(
    folder: Path,
    risk: FactorRisk,
    attribution: xr.Dataset,
    failures: pd.DataFrame,
    validation: Validation,
    dense: bool,
) -> None:
    factor_table(attribution).to_csv(folder / "portfolio_risk.csv", index_label="factor")
    asset_table(risk, attribution).to_csv(folder / "asset_risk.csv", index_label="asset")
    exposures = pd.concat([risk.exposures_, risk.residual_loadings_], axis=1)
    exposures.to_csv(folder / "exposures.csv", index_label="asset")
    risk.factor_covariance_.to_csv(folder / "factor_covariance.csv", index_label="factor")
    failures.to_csv(folder / "failures.csv")
    validation.summary().to_csv(folder / "validation.csv")
    risk.model_.save(folder / "model.statefolio")
    if dense:
        risk.covariance_frame().to_parquet(folder / "covariance.parquet")
