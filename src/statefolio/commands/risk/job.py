"""The job of `risk`: a portfolio's risk by factor, the four failures, the validation, and one folder."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import xarray as xr

from statefolio.commands.csv_tables import write_csv
from statefolio.commands.inputs import PanelInputs, read_panel
from statefolio.commands.loadings.job import split
from statefolio.commands.noted_warnings import noted_warnings
from statefolio.commands.output_folder import whole_folder
from statefolio.commands.progress import Progress
from statefolio.commands.risk.options import RiskOptions
from statefolio.commands.risk.tables import asset_table, factor_table
from statefolio.data import read_groups, read_weights
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
    "A portfolio's risk by factor and asset, tests for four failures of the model, the accuracy of its forecasts out "
    "of sample, and the loadings."
)
ROLLING_WINDOW = 250
"""Dates of the rolling regression that the loadings are compared with."""
TITLE = "Factor risk"


@dataclass(frozen=True)
class RiskInputs:
    """Returns and factors, the portfolio, and the sector of each asset where there is one."""

    panel: PanelInputs
    weights: "pd.Series[float]"
    groups: "pd.Series[str] | None"


@dataclass(frozen=True)
class RiskResult:
    """A portfolio's risk, the diagnosis and the validation of the model, with the folder they were written to."""

    folder: Path
    risk: FactorRisk
    attribution: xr.Dataset
    failures: pd.DataFrame
    validation: Validation
    forecasts: CovarianceScores
    test_from: pd.Timestamp


def read_risk_inputs(options: RiskOptions) -> RiskInputs:
    """Read the files."""
    weights = read_weights(options.weights)
    groups = None if options.groups is None else read_groups(options.groups)
    return RiskInputs(read_panel(options.files), weights, groups)


def run_risk(inputs: RiskInputs, options: RiskOptions, progress: Progress) -> RiskResult:
    """Fit, attribute, diagnose, validate, and write the folder whole or not at all."""
    returns, factors, weights = inputs.panel.returns, inputs.panel.factors, inputs.weights
    output = options.output
    check_weights(weights, pd.Index(returns.columns))
    with whole_folder(output.out, FILES, overwrite=output.overwrite) as folder, noted_warnings() as warned:
        tune_until, test_from = split(pd.DatetimeIndex(returns.index), options.dates)
        loadings = KalmanLoadings(tuning=options.tuning, progress=progress)
        risk = FactorRisk(loadings, groups=inputs.groups).fit(returns, factors, tune_until=tune_until)
        risk.model_.set_params(progress=None)
        for asset, reason in risk.excluded_["reason"].items():
            progress.say(f"  excluded: {asset}: {reason}")
        attribution = attribute_risk(risk, weights, options.weights_sum)
        earned = attribute_return(risk.model_, _weights_where_observed(weights, returns), returns, factors)
        diagnoses = _diagnose(risk, inputs, progress)
        validation, forecasts = _validate(inputs, options, test_from, progress)
        failures = pd.concat([diagnosis.summary() for diagnosis in diagnoses])
        progress("writing", 0, 2)
        _write_tables(folder, risk, attribution, failures, validation, options.dense)
        progress("writing", 1, 2)
        write_report(
            folder / "report.html",
            risk.model_,
            other=RollingLoadings(window=ROLLING_WINDOW).fit(returns, factors),
            other_name=f"rolling OLS, {ROLLING_WINDOW} dates",
            reading=_facts(inputs, options, warned),
            options={
                "tuned until": tune_until,
                "test from": test_from,
                "dates between forecasts": options.refit_every,
            },
            suspicious=inputs.panel.suspicious,
            lead=LEAD,
            chapters=[
                *risk_chapters(risk, attribution, earned, diagnoses, validation, forecasts),
                ranking_chapter(returns, factors, test_from),
            ],
            title=TITLE,
        )
        progress("writing", 2, 2)
    return RiskResult(output.out, risk, attribution, failures, validation, forecasts, test_from)


def check_weights(weights: "pd.Series[float]", assets: pd.Index) -> None:
    """Raise UnknownNameError if the weights name an asset without returns."""
    unknown = weights.index[~weights.index.isin(assets)]
    if len(unknown):
        raise UnknownNameError(
            f"--weights must name assets with returns, got {len(unknown)} without (first: {unknown[0]!r}). Drop "
            "them, or add their returns."
        )


def _weights_where_observed(weights: "pd.Series[float]", returns: pd.DataFrame) -> pd.DataFrame:
    """The weights by date, zero where an asset's return is missing."""
    given = weights.reindex(returns.columns, fill_value=0.0)
    return returns.notna().astype(float) * given


def _diagnose(risk: FactorRisk, inputs: RiskInputs, progress: Progress) -> tuple[Diagnosis, ...]:
    fitted = (risk.model_, inputs.panel.returns, inputs.panel.factors)
    diagnoses: dict[Failure, Callable[[], Diagnosis]] = {
        "specification": partial(diagnose_specification, *fitted, sectors=inputs.groups),
        "estimation": partial(diagnose_estimation, *fitted),
        "non-stationarity": partial(diagnose_change, *fitted),
        "multicollinearity": partial(diagnose_collinearity, *fitted),
    }
    found = []
    for number, (failure, diagnose) in enumerate(diagnoses.items()):
        progress("diagnosing", number, len(diagnoses))
        found.append(_diagnosis_or_reason(failure, diagnose))
    progress("diagnosing", len(diagnoses), len(diagnoses))
    return tuple(found)


def _diagnosis_or_reason(failure: Failure, diagnose: Callable[[], Diagnosis]) -> Diagnosis:
    """The diagnosis, or the reason why it cannot be computed from these data."""
    try:
        return diagnose()
    except InputError as error:
        reason = Finding("not asked", math.nan, math.nan, math.nan, None, str(error), pd.DataFrame())
        return Diagnosis(failure, (reason,))


def _validate(
    inputs: RiskInputs, options: RiskOptions, test_from: pd.Timestamp, progress: Progress
) -> tuple[Validation, CovarianceScores]:
    """Validate the loadings against other models, and the covariance forecasts, out of sample."""
    returns, factors = inputs.panel.returns, inputs.panel.factors
    progress("validating", 0, 2)
    models = {
        "Kalman": KalmanLoadings(tuning=options.tuning),
        "static": StaticLoadings(),
        f"rolling {ROLLING_WINDOW}": RollingLoadings(window=ROLLING_WINDOW),
        "exponential": ExponentialLoadings(),
    }
    validation = validate(models, returns, factors, test_from, benchmark="static")
    progress("validating", 1, 2)
    unfitted = FactorRisk(KalmanLoadings(tuning=options.tuning), groups=inputs.groups)
    portfolio = pd.DataFrame({"portfolio": inputs.weights}).T
    forecasts = validate_risk(unfitted, returns, factors, test_from, options.refit_every, portfolios=portfolio)
    progress("validating", 2, 2)
    return validation, forecasts


def _facts(inputs: RiskInputs, options: RiskOptions, warned: list[str]) -> dict[str, object]:
    groups = "none" if options.groups is None else options.groups.name
    notes = " ".join([*inputs.panel.notes, *warned])
    return {**inputs.panel.facts, "weights": options.weights.name, "groups": groups, "notes": notes}


def _write_tables(
    folder: Path,
    risk: FactorRisk,
    attribution: xr.Dataset,
    failures: pd.DataFrame,
    validation: Validation,
    dense: bool,
) -> None:
    write_csv(factor_table(attribution), folder / "portfolio_risk.csv", index_label="factor")
    write_csv(asset_table(risk, attribution), folder / "asset_risk.csv", index_label="asset")
    exposures = pd.concat([risk.exposures_, risk.residual_loadings_], axis=1)
    write_csv(exposures, folder / "exposures.csv", index_label="asset")
    write_csv(risk.factor_covariance_, folder / "factor_covariance.csv", index_label="factor")
    write_csv(failures, folder / "failures.csv")
    write_csv(validation.summary(), folder / "validation.csv")
    risk.model_.save(folder / "model.statefolio")
    if dense:
        risk.covariance_frame().to_parquet(folder / "covariance.parquet")
