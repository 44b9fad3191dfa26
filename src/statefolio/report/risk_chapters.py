"""The chapters of a risk report: the portfolio's risk, the four failures, validation."""

from collections.abc import Callable, Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from numpy.typing import NDArray

from statefolio.diagnostics.finding import Diagnosis
from statefolio.exceptions import InputError
from statefolio.report.attributed_figures import earned_figure
from statefolio.report.change_figures import break_months_figure, cusum_figure, moving_share_figure
from statefolio.report.chapters import Chapter, Exhibit
from statefolio.report.diagnostics_figures import (
    component_figure,
    eigenvalue_figure,
    halves_figure,
    inflation_figure,
    shrinkage_figure,
)
from statefolio.report.risk_figures import asset_risk_figure, factor_correlation_figure, factor_risk_figure
from statefolio.report.validation_figures import (
    bias_figure,
    interval_coverage_figure,
    loss_difference_figure,
    mean_loss_figure,
    period_loss_figure,
    probability_figure,
)
from statefolio.risk.factor_risk import FactorRisk
from statefolio.validation.covariance_scores import CovarianceScores
from statefolio.validation.validation import Validation

DATES_A_YEAR = 252
FAILURES = {
    "specification": ("Are they the right factors?", "What the factors leave out stays in the residuals."),
    "estimation": ("How well are loadings known?", "A covariance is no better than the loadings in it."),
    "non-stationarity": ("Do the loadings move?", "A constant loading is an assumption that can be tested."),
    "multicollinearity": ("Can the factors be told apart?", "Factors that move together share their loadings badly."),
}


def risk_chapters(
    risk: FactorRisk,
    attribution: xr.Dataset,
    earned: xr.Dataset,
    diagnoses: Sequence[Diagnosis],
    validation: Validation,
    forecasts: CovarianceScores,
) -> list[Chapter]:
    """Put together what a report says of a portfolio's risk.

    Parameters
    ----------
    risk : FactorRisk
        Fitted.
    attribution, earned : Dataset
        From `attribute_risk` and `attribute_return`.
    diagnoses : sequence of Diagnosis
        Those of the failures to tell of.
    validation : Validation
        Of the loadings, out of sample.
    forecasts : CovarianceScores
        Of the covariances, out of sample.
    """
    return [
        risk_chapter(risk, attribution, earned),
        *(failure_chapter(diagnosis, risk) for diagnosis in diagnoses),
        validation_chapter(validation),
        forecasts_chapter(forecasts),
    ]


def risk_chapter(risk: FactorRisk, attribution: xr.Dataset, earned: xr.Dataset) -> Chapter:
    """The portfolio's risk on the next date, and what it earned so far."""
    daily, low, high = (float(attribution[f"volatility{end}"]) for end in ("", "_lower", "_upper"))
    share = attribution["share"].to_series()
    own = float(share.drop(list(risk.factors_)).sum())
    tiles = {
        "volatility a date": f"{daily:.3%}",
        f"a year of {DATES_A_YEAR}": f"{daily * np.sqrt(DATES_A_YEAR):.1%}",
        "95 % band, a year": " to ".join(f"{end * np.sqrt(DATES_A_YEAR):.1%}" for end in (low, high)),
        "share of the factors": f"{1.0 - own:.1%}",
        "residual and uncertainty": f"{own:.1%}",
        "weights, net and gross": _net_and_gross(attribution["weight"].to_numpy()),
        "assets, excluded": f"{len(risk.assets_):,}, {len(risk.excluded_):,}",
    }
    exhibits = [
        Exhibit("Risk by factor", "Contributions add up to the volatility.", factor_risk_figure(attribution)),
        Exhibit("Risk by asset", "Those that contribute most.", asset_risk_figure(attribution)),
        Exhibit(
            "How the factors move together",
            "Correlations forecast.",
            factor_correlation_figure(risk.factor_covariance_),
        ),
        Exhibit(
            "What each factor earned",
            "Summed, at the weights as they are now; nothing on dates without a return.",
            earned_figure(earned),
        ),
    ]
    if len(risk.excluded_):
        exhibits.append(Exhibit("Excluded", "They have no covariance.", table=risk.excluded_.reset_index()))
    lead = (
        f"For the first date after {risk.last_date_:%Y-%m-%d}: loadings predicted from data up to then, the factors' "
        "forecast covariance, idiosyncratic variances, and what the loadings are not sure of. Bands are 95 %, from the "
        "loadings' covariance."
    )
    return Chapter("Risk", lead, tuple(exhibits), tiles)


def _net_and_gross(weights: NDArray[np.float64]) -> str:
    return f"{weights.sum():.4g}, {np.abs(weights).sum():.4g}"


def failure_chapter(diagnosis: Diagnosis, risk: FactorRisk) -> Chapter:
    """One of the four failures: its findings, and a figure of each that has one."""
    question, why = FAILURES[diagnosis.failure]
    table = diagnosis.summary().reset_index()[["finding", "statistic", "p_value", "rejected", "verdict"]]
    table["rejected"] = [{True: "yes", False: "no"}.get(said, "-") for said in table["rejected"]]
    table = table.rename(columns={"rejected": "wrong"})
    exhibits = [Exhibit("", table=table, wide=True)]
    figures = _figures(diagnosis, risk)
    for title, draw in figures:
        try:
            exhibits.append(Exhibit(title, figure=draw(), wide=len(figures) == 1))
        except InputError as error:
            exhibits.append(Exhibit(title, str(error)))
    if len(diagnosis.excluded):
        exhibits.append(Exhibit("Nothing was asked of", table=diagnosis.excluded.reset_index()))
    bad = sum(finding.rejected is True for finding in diagnosis.findings)
    lead = f"{why} {bad} of {len(diagnosis.findings)} findings say that something is wrong."
    return Chapter(question, lead, tuple(exhibits))


def _figures(diagnosis: Diagnosis, risk: FactorRisk) -> list[tuple[str, Callable[[], go.Figure]]]:
    if [finding.name for finding in diagnosis.findings] == ["not asked"]:
        return []
    if diagnosis.failure == "specification":
        found: list[tuple[str, Callable[[], go.Figure]]] = [
            ("Residual eigenvalues", lambda: eigenvalue_figure(diagnosis))
        ]
        if "mean_loading" in diagnosis["first residual component"].table:
            found.append(("The first residual component by sector", lambda: component_figure(diagnosis)))
        return found
    if diagnosis.failure == "estimation":
        first = risk.factors_[0]
        return [
            (f"Two halves of the dates: {first}", lambda: halves_figure(diagnosis, first)),
            ("Shrinkage that held-out dates want", lambda: shrinkage_figure(diagnosis)),
        ]
    if diagnosis.failure == "non-stationarity":
        return [
            ("Assets whose loading moves", lambda: moving_share_figure(diagnosis)),
            ("When loadings broke", lambda: break_months_figure(diagnosis)),
            ("Drift of predictions, worst asset", lambda: cusum_figure(diagnosis, risk.model_)),
        ]
    return [("Through time", lambda: inflation_figure(diagnosis))]


def validation_chapter(validation: Validation) -> Chapter:
    """Loadings scored out of sample."""
    lead = (
        f"Each return predicted from data up to the date before, hyper-parameters learned up to "
        f"{validation.tuned_until:%Y-%m-%d} only. Those that may be the best cannot be told from it by "
        "their log scores."
    )
    table = validation.summary().reset_index()
    wanted = {
        "model": "model",
        "squared_error": "mean squared error",
        "squared_error_p_value": f"p, against {validation.benchmark}",
        "negative_log_score": "negative log score",
        "negative_log_score_p_value": f"its p, against {validation.benchmark}",
        "negative_log_score_included": "may be the best",
    }
    names = [*wanted, *(name for name in table if str(name).startswith("coverage"))]
    shown = table[names].assign(
        negative_log_score_included=["yes" if inside else "no" for inside in table["negative_log_score_included"]]
    )
    shown = shown.rename(columns=wanted)
    exhibits = (
        Exhibit("", table=shown, wide=True),
        Exhibit("", figure=mean_loss_figure(validation)),
        Exhibit("", figure=loss_difference_figure(validation)),
        Exhibit("", figure=period_loss_figure(validation)),
        Exhibit("", figure=probability_figure(validation)),
    )
    return Chapter("Loadings, validated", lead, exhibits)


def forecasts_chapter(forecasts: CovarianceScores) -> Chapter:
    """Covariances scored against the returns that came."""
    lead = (
        "The covariance as it would have been forecast through the test, held between refits, against what came. A "
        "bias of 1 says that risk was as forecast; QLIKE and distance are means over dates."
    )
    exhibits = (
        Exhibit("", table=forecasts.summary().reset_index(), wide=True),
        Exhibit("", figure=bias_figure(forecasts)),
        Exhibit("", figure=interval_coverage_figure(forecasts)),
        Exhibit("", figure=probability_figure(forecasts)),
    )
    return Chapter("Covariance, validated", lead, exhibits)
