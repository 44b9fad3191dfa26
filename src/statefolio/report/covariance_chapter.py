"""Builds the chapter on covariance forecasts: through time, against other methods, and by kind of portfolio."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.report import style, tables
from statefolio.report.chapters import Chapter, Exhibit, full_rows
from statefolio.report.risk_overview import COVARIANCE, PORTFOLIO, exceedances
from statefolio.report.risk_results import PortfolioRisk
from statefolio.report.validation_figures import bias_figure, interval_coverage_figure, probability_figure
from statefolio.validation.covariance_scores import CovarianceScores

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
REALISED_WINDOW = 63
HEIGHT = 320


def covariance_chapter(
    found: PortfolioRisk, forecasts: CovarianceScores, rivals: Mapping[str, CovarianceScores]
) -> Chapter:
    """Return the chapter on the validation of covariance forecasts out of sample.

    Parameters
    ----------
    found : PortfolioRisk
    forecasts : CovarianceScores
        Of the model.
    rivals : mapping of CovarianceScores
        Of other methods, by name.
    """
    lead = (
        "Covariance forecasts on the test dates, kept between refits, compared with realised returns. A bias of 1 "
        "means that realised volatility equals its forecast; QLIKE and distance are means over dates."
    )
    table = forecasts.summary().reset_index().rename(columns=FORECAST_COLUMNS)
    shares = [str(name) for name in table if str(name).startswith(("Coverage", "Share"))]
    formats = {"Portfolios": ",.0f", **dict.fromkeys(shares, ".1%")}
    exhibits = [*_of_portfolio(found, forecasts)]
    if rivals:
        exhibits.append(_comparison({"statefolio": forecasts, **rivals}))
    exhibits += [
        Exhibit("By kind of portfolio", table=table, formats=formats, wide=True),
        Exhibit("", figure=bias_figure(forecasts)),
        Exhibit("", figure=interval_coverage_figure(forecasts)),
        Exhibit("", figure=probability_figure(forecasts)),
    ]
    return Chapter(COVARIANCE, lead, full_rows(exhibits))


def forecast_history_figure(forecasts: CovarianceScores, year: float, portfolio: str = PORTFOLIO) -> go.Figure:
    """Draw a portfolio's forecast volatility and its realised volatility on the last 63 dates, per year."""
    forecast = 100.0 * np.sqrt(year) * forecasts.volatility[portfolio]
    earned = forecasts.standardised[portfolio] * forecasts.volatility[portfolio]
    realised = 100.0 * np.sqrt(year) * np.sqrt((earned**2).rolling(REALISED_WINDOW).mean())
    figure = go.Figure()
    for values, name, colour in ((realised, "Realised", style.OTHER), (forecast, "Forecast", style.ESTIMATE)):
        figure.add_scatter(
            x=values.index,
            y=values.round(3),
            name=name,
            mode="lines",
            line={"width": 1.6, "color": colour},
            hovertemplate="%{x|%Y-%m-%d}: %{y:.1f} %<extra>" + name + "</extra>",
        )
    return style.lay_out(
        figure,
        style.layout(
            height=HEIGHT,
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            xaxis=style.axis(showgrid=False),
            yaxis=style.axis(title=style.axis_title("Volatility, % a year"), rangemode="tozero"),
        ),
    )


def _of_portfolio(found: PortfolioRisk, forecasts: CovarianceScores) -> list[Exhibit]:
    if PORTFOLIO not in forecasts.portfolios.index:
        return []
    row: Any = forecasts.portfolios.loc[PORTFOLIO]
    inside = "within" if bool(row["inside"]) else "outside"
    note = (
        f"Realised: root mean square of the last {REALISED_WINDOW} returns. Bias {row['bias']:.2f} "
        f"\u00b1 {1.96 * row['standard_error']:.2f} on {int(row['dates']):,} dates: {inside} the limits of a correct "
        f"Gaussian forecast, {row['lower']:.2f} to {row['upper']:.2f}."
    )
    counts = exceedances(found, forecasts).reset_index()
    counts["level"] = [f"{level:.0%}".replace("%", " %") for level in counts["level"]]
    names = ("Level", "Dates", "Expected", "Losses beyond", "Share", "p-value")
    counts.columns = pd.Index(names)
    return [
        Exhibit(
            "Forecast and realised volatility of the portfolio",
            note,
            forecast_history_figure(forecasts, found.year),
            wide=True,
        ),
        Exhibit(
            "Losses beyond the value at risk",
            "Of the portfolio, one date ahead, with the Student-t's quantiles. p-value: Kupiec's test of their number.",
            table=counts,
            formats={"Level": ">", "Expected": ",.1f", "Share": ".2%", "p-value": tables.P_VALUE},
        ),
    ]


def _comparison(scores: Mapping[str, CovarianceScores]) -> Exhibit:
    rows = []
    for name, one in scores.items():
        summary, kinds = one.summary(), one.portfolios["kind"]
        random = one.portfolios.loc[kinds == "random long-only", "bias"]
        own = one.portfolios.loc[PORTFOLIO] if PORTFOLIO in one.portfolios.index else None
        rows.append(
            {
                "Covariance": name,
                "Bias of the portfolio": np.nan if own is None else own["bias"],
                "Coverage of its 95 % intervals": np.nan if own is None else own["coverage_95%"],
                "Distance of the bias from 1, long-only portfolios": (random - 1.0).abs().mean(),
                "Bias of the minimum-variance portfolio": one.portfolios.loc["minimum variance", "bias"],
                "QLIKE": summary["qlike"].iloc[0],
            }
        )
    formats = {
        "Bias of the portfolio": ".2f",
        "Coverage of its 95 % intervals": ".1%",
        "Distance of the bias from 1, long-only portfolios": ".2f",
        "Bias of the minimum-variance portfolio": ".2f",
        "QLIKE": ".3f",
    }
    note = (
        "The same dates and refits. Ledoit-Wolf: 504 dates; exponentially weighted: half-life of 40 dates, shrunk by "
        "10 %; rolling OLS: loadings on 250 dates, uncorrelated residuals. A bias above 1 means that risk was "
        "underestimated; a lower QLIKE is better."
    )
    return Exhibit("Comparison with other covariances", note, table=pd.DataFrame(rows), formats=formats, wide=True)
