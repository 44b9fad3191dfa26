"""Builds the chapters of a risk report: portfolio risk, the four possible failures of the model, validation."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import xarray as xr
from numpy.typing import NDArray

from statefolio._arrays.frequency import count_per_year
from statefolio._display.headings import capitalised
from statefolio.diagnostics.finding import Diagnosis
from statefolio.report import tables
from statefolio.report.attribution_figures import return_attribution_figure
from statefolio.report.change_figures import break_months_figure, cusum_figure, moving_share_figure
from statefolio.report.chapters import Chapter, Exhibit, figure_exhibit, full_rows
from statefolio.report.counted_from import counted_from_sentence
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

FAILURES = {
    "specification": ("Factor specification", "Factors that are missing from the model show in the residuals."),
    "estimation": ("Estimation of the loadings", "Errors of the loadings carry over to the covariance."),
    "non-stationarity": ("Stationarity of the loadings", "Constant loadings are an assumption that can be tested."),
    "multicollinearity": (
        "Multicollinearity of the factors",
        "Loadings on highly correlated factors cannot be separated well.",
    ),
}

FORECAST_COLUMNS = {
    "kind": "Kind of portfolio",
    "bias": "Mean bias",
    "coverage_90%": "Coverage of 90 % intervals",
    "coverage_95%": "Coverage of 95 % intervals",
    "coverage_99%": "Coverage of 99 % intervals",
    "largest_bias": "Largest bias",
    "least_bias": "Smallest bias",
    "share_inside": "Share with bias within limits",
    "count": "Portfolios",
}


def risk_chapters(
    risk: FactorRisk,
    attribution: xr.Dataset,
    earned: xr.Dataset,
    diagnoses: Sequence[Diagnosis],
    validation: Validation,
    forecasts: CovarianceScores,
) -> list[Chapter]:
    """Return the chapters of a report on a portfolio's risk.

    Parameters
    ----------
    risk : FactorRisk
        Fitted.
    attribution, earned : Dataset
        From `attribute_risk` and `attribute_return`.
    diagnoses : sequence of Diagnosis
        One per failure to report.
    validation : Validation
        Scores of the loadings out of sample.
    forecasts : CovarianceScores
        Scores of the covariances out of sample.
    """
    return [
        risk_chapter(risk, attribution, earned),
        *(failure_chapter(diagnosis, risk) for diagnosis in diagnoses),
        validation_chapter(validation),
        forecasts_chapter(forecasts),
    ]


def risk_chapter(risk: FactorRisk, attribution: xr.Dataset, earned: xr.Dataset) -> Chapter:
    """Return the chapter on the portfolio's risk on the next date and the attribution of its return."""
    daily, low, high = (float(attribution[f"volatility{end}"]) for end in ("", "_lower", "_upper"))
    share = attribution["share"].to_series()
    specific = float(share.drop(list(risk.factors_)).sum())
    year = count_per_year(pd.DatetimeIndex(earned.indexes["date"]))
    tiles = {
        "Volatility per date": f"{daily:.3%}",
        f"Volatility per year of {year:.4g} dates": f"{daily * np.sqrt(year):.1%}",
        "95 % band per year": " to ".join(f"{end * np.sqrt(year):.1%}" for end in (low, high)),
        "Factor share of variance": f"{1.0 - specific:.1%}",
        "Residual and uncertainty share": f"{specific:.1%}",
        "Net / gross weight": _net_and_gross(attribution["weight"].to_numpy()),
        "Assets / excluded": f"{len(risk.assets_):,} / {len(risk.excluded_):,}",
    }
    exhibits = [
        Exhibit("Risk by factor", "Contributions to the volatility; they sum to it.", factor_risk_figure(attribution)),
        Exhibit("Risk by asset", "The largest contributions.", asset_risk_figure(attribution)),
        Exhibit(
            "Factor correlations",
            "Forecast for the next date.",
            factor_correlation_figure(risk.factor_covariance_),
        ),
        Exhibit(
            "Return attribution by factor",
            " ".join(
                [
                    "Cumulative sum of contributions with the current weights; zero on dates without a return.",
                    counted_from_sentence(earned["counted_from"].to_series(), earned.indexes["date"][0]),
                ]
            ).strip(),
            return_attribution_figure(earned),
        ),
    ]
    if len(risk.excluded_):
        exhibits.append(Exhibit("Excluded assets", "Assets without a covariance.", table=risk.excluded_.reset_index()))
    lead = (
        f"For the first date after {risk.last_date_:%Y-%m-%d}: predicted loadings, the forecast covariance of the "
        "factors, idiosyncratic variances and the uncertainty of the loadings. Bands are 95 %, from the covariance of "
        "the loadings."
    )
    return Chapter("Risk", lead, tuple(exhibits), tiles)


def _net_and_gross(weights: NDArray[np.float64]) -> str:
    return f"{weights.sum():.4g} / {np.abs(weights).sum():.4g}"


def failure_chapter(diagnosis: Diagnosis, risk: FactorRisk) -> Chapter:
    """Return the chapter on one of the four possible failures, with its findings and figures."""
    title, why = FAILURES[diagnosis.failure]
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
    return Chapter("Validation of the loadings", lead, exhibits)


def forecasts_chapter(forecasts: CovarianceScores) -> Chapter:
    """Return the chapter on the validation of covariance forecasts out of sample."""
    lead = (
        "Covariance forecasts on the test dates, kept between refits, compared with realised returns. A bias of 1 "
        "means that realised volatility equals its forecast; QLIKE and distance are means over dates."
    )
    table = forecasts.summary().reset_index().rename(columns=FORECAST_COLUMNS)
    shares = [str(name) for name in table if str(name).startswith(("Coverage", "Share"))]
    formats = {"Portfolios": ",.0f", **dict.fromkeys(shares, ".1%")}
    exhibits = (
        Exhibit("", table=table, formats=formats, wide=True),
        Exhibit("", figure=bias_figure(forecasts)),
        Exhibit("", figure=interval_coverage_figure(forecasts)),
        Exhibit("", figure=probability_figure(forecasts)),
    )
    return Chapter("Validation of the covariance", lead, full_rows(exhibits))
