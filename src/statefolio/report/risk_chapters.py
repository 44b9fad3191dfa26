"""Builds the chapters of a risk report: portfolio risk, the four possible failures of the model, validation."""

from collections.abc import Callable, Mapping, Sequence

import plotly.graph_objects as go

from statefolio._display.headings import capitalised
from statefolio.diagnostics.finding import Diagnosis
from statefolio.report import tables
from statefolio.report.attribution_chapter import attribution_chapter
from statefolio.report.change_figures import break_months_figure, cusum_figure, moving_share_figure
from statefolio.report.chapters import Chapter, Exhibit, figure_exhibit, full_rows
from statefolio.report.covariance_chapter import covariance_chapter
from statefolio.report.diagnostics_figures import (
    component_figure,
    eigenvalue_figure,
    halves_figure,
    inflation_figure,
    shrinkage_figure,
)
from statefolio.report.portfolio_chapter import portfolio_chapters
from statefolio.report.risk_overview import TITLES, VALIDATION
from statefolio.report.risk_results import PortfolioRisk
from statefolio.report.validation_figures import (
    loss_difference_figure,
    mean_loss_figure,
    period_loss_figure,
    probability_figure,
)
from statefolio.risk.factor_risk import FactorRisk
from statefolio.validation.covariance_scores import CovarianceScores
from statefolio.validation.validation import Validation

WHY = {
    "specification": "Factors that are missing from the model show in the residuals.",
    "estimation": "Errors of the loadings carry over to the covariance.",
    "non-stationarity": "Constant loadings are an assumption that can be tested.",
    "multicollinearity": "Loadings on highly correlated factors cannot be separated well.",
}


def risk_chapters(
    found: PortfolioRisk,
    diagnoses: Sequence[Diagnosis] = (),
    validation: Validation | None = None,
    forecasts: CovarianceScores | None = None,
    rivals: Mapping[str, CovarianceScores] | None = None,
) -> list[Chapter]:
    """Return the chapters of a report on a portfolio's risk.

    Parameters
    ----------
    found : PortfolioRisk
    diagnoses : sequence of Diagnosis
        One per failure to report.
    validation : Validation, optional
        Scores of the loadings out of sample.
    forecasts : CovarianceScores, optional
        Scores of the covariances out of sample.
    rivals : mapping of CovarianceScores, optional
        Scores of other covariances by name.
    """
    chapters = [*portfolio_chapters(found), attribution_chapter(found)]
    if forecasts is not None:
        chapters.append(covariance_chapter(found, forecasts, rivals or {}))
    chapters += [failure_chapter(diagnosis, found.risk) for diagnosis in diagnoses]
    return chapters if validation is None else [*chapters, validation_chapter(validation)]


def failure_chapter(diagnosis: Diagnosis, risk: FactorRisk) -> Chapter:
    """Return the chapter on one of the four possible failures, with its findings and figures."""
    title, why = TITLES[diagnosis.failure], WHY[diagnosis.failure]
    table = diagnosis.summary().reset_index()[["finding", "statistic", "p_value", "rejected", "verdict"]]
    table["finding"] = [capitalised(name).replace("Cusum", "CUSUM") for name in table["finding"]]
    table["rejected"] = [{True: "yes", False: "no"}.get(fault) for fault in table["rejected"]]
    table = table.rename(columns={"rejected": "Fault found"})
    why_missing = f"{tables.MISSING}: the finding has no test, or it cannot be computed; see the verdict."
    exhibits = [Exhibit("", table=table, wide=True, why_missing=why_missing)]
    figures = _figures(diagnosis, risk)
    exhibits += [figure_exhibit(name, "", draw) for name, draw in figures]
    if len(diagnosis.excluded):
        exhibits.append(Exhibit("Assets with too little data", table=diagnosis.excluded.reset_index()))
    bad = sum(finding.rejected is True for finding in diagnosis.findings)
    lead = f"{why} Findings that show a fault: {bad} of {len(diagnosis.findings)}."
    return Chapter(title, lead, full_rows(exhibits))


def _figures(diagnosis: Diagnosis, risk: FactorRisk) -> list[tuple[str, Callable[[], go.Figure]]]:
    if len(diagnosis.findings) == 1:  # the reason why the diagnosis was not computed
        return []
    if diagnosis.failure == "specification":
        found: list[tuple[str, Callable[[], go.Figure]]] = [
            ("Residual eigenvalues", lambda: eigenvalue_figure(diagnosis))
        ]
        if "mean_loading" in diagnosis["first residual component"].table:
            found.append(("First residual component by sector", lambda: component_figure(diagnosis)))
        return found
    if diagnosis.failure == "estimation":
        first = risk.factors_[0]
        return [
            (f"Split-half agreement: {first}", lambda: halves_figure(diagnosis, first)),
            ("Shrinkage preferred by held-out dates", lambda: shrinkage_figure(diagnosis)),
        ]
    if diagnosis.failure == "non-stationarity":
        return [
            ("Moving loadings by factor", lambda: moving_share_figure(diagnosis)),
            ("Breaks by month", lambda: break_months_figure(diagnosis)),
            ("CUSUM of the asset with the largest statistic", lambda: cusum_figure(diagnosis, risk.model_)),
        ]
    return [("Multicollinearity through time", lambda: inflation_figure(diagnosis))]


def validation_chapter(validation: Validation) -> Chapter:
    """Return the chapter on the validation of loadings out of sample."""
    lead = (
        f"Each return is predicted from data up to the previous date, with hyper-parameters learned up to "
        f"{validation.tuned_until:%Y-%m-%d}. The log scores of the models in the confidence set do not differ "
        "significantly from the best."
    )
    table = validation.summary().reset_index()
    wanted = {
        "model": "Model",
        "squared_error": "Mean squared error",
        "squared_error_p_value": f"p-value against {validation.benchmark}",
        "negative_log_score": "Negative log score",
        "negative_log_score_p_value": f"Its p-value against {validation.benchmark}",
        "negative_log_score_included": "In the confidence set",
    }
    coverage = [str(name) for name in table if str(name).startswith("coverage_")]
    wanted |= {name: f"Coverage of {name[9:-1]} % bands" for name in coverage}
    p_values = [wanted[name] for name in wanted if name.endswith("p_value")]
    formats = {**dict.fromkeys(p_values, tables.P_VALUE), **{wanted[name]: ".1%" for name in coverage}}
    shown = table[list(wanted)].assign(
        negative_log_score_included=["yes" if inside else "no" for inside in table["negative_log_score_included"]]
    )
    shown = shown.rename(columns=wanted)
    why_missing = f"{tables.MISSING}: {validation.benchmark} is the benchmark, or there is nothing to compare."
    exhibits = (
        Exhibit("", table=shown, formats=formats, wide=True, why_missing=why_missing),
        Exhibit("", figure=mean_loss_figure(validation)),
        Exhibit("", figure=loss_difference_figure(validation)),
        Exhibit("", figure=period_loss_figure(validation)),
        Exhibit("", figure=probability_figure(validation)),
    )
    return Chapter(VALIDATION, lead, exhibits)
