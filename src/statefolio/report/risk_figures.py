"""Draws portfolio risk: contributions of factors and assets with bands, and factor correlations."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import xarray as xr

from statefolio.loadings.results import HALF_BAND
from statefolio.report import style
from statefolio.report.fitting import fitted

ROW = 22
TALLEST = 900.0
MOST_ASSETS = 30
MOST_NUMBERS = 6
"""The most factors with the correlations written into the cells: more do not fit on a phone."""


@fitted
def factor_risk_figure(attribution: xr.Dataset) -> go.Figure:
    """Draw the contribution of each factor to the portfolio's volatility with its 95 % band.

    Parameters
    ----------
    attribution : Dataset
        From `attribute_risk`.
    """
    names = attribution.indexes["factor"]
    return _bars(attribution, "contribution", names, np.arange(len(names)), attribution["share"].to_numpy())


@fitted
def asset_risk_figure(attribution: xr.Dataset, most: int = MOST_ASSETS) -> go.Figure:
    """Draw the largest contributions of assets to the portfolio's volatility with 95 % bands.

    Parameters
    ----------
    attribution : Dataset
        From `attribute_risk`.
    most : int
        The most assets drawn: those with the largest absolute contributions.
    """
    held = attribution["weight"].to_numpy() != 0.0
    size = np.where(held, np.abs(attribution["asset_contribution"].to_numpy()), -1.0)
    places = np.argsort(-size, kind="stable")[: min(most, max(1, int(held.sum())))]
    names = attribution.indexes["asset"]
    return _bars(attribution, "asset_contribution", names, places, attribution["asset_share"].to_numpy())


@fitted
def factor_correlation_figure(covariance: pd.DataFrame) -> go.Figure:
    """Draw the forecast correlations of the factors.

    Parameters
    ----------
    covariance : DataFrame (factor x factor)
        Omega, e.g. `FactorRisk.factor_covariance_`. Correlations of a factor without variance stay blank.
    """
    deviation = np.sqrt(np.diag(covariance))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = covariance.to_numpy() / np.outer(deviation, deviation)
    names = [str(name) for name in covariance.columns]
    text = [["" if np.isnan(value) else f"{value:.2f}" for value in row] for row in correlation]
    figure = go.Figure(
        go.Heatmap(
            z=correlation.round(4),
            x=names,
            y=names,
            zmin=-1.0,
            zmax=1.0,
            colorscale=style.DIVERGING,
            text=text if len(names) <= MOST_NUMBERS else None,
            texttemplate="%{text}" if len(names) <= MOST_NUMBERS else None,
            hovertemplate="%{y}, %{x}: %{z:.2f}<extra></extra>",
            colorbar={"thickness": 10, "outlinewidth": 0},
        )
    )
    return style.lay_out(
        figure,
        style.layout(
            height=max(280, 120 + ROW * len(names)),
            xaxis=style.axis(type="category", showgrid=False),
            yaxis=style.axis(type="category", showgrid=False, autorange="reversed"),
        ),
    )


def _bars(attribution: xr.Dataset, name: str, labels: pd.Index, places: Any, share: Any) -> go.Figure:
    """Draw one bar per label from the top down, in percent per date, with bands as error bars."""
    value, lower, upper = (100.0 * attribution[f"{name}{part}"].to_numpy()[places] for part in ("", "_lower", "_upper"))
    figure = go.Figure(
        go.Bar(
            x=value,
            y=[str(labels[place]) for place in places],
            orientation="h",
            marker={"color": np.where(value >= 0.0, style.ESTIMATE, style.OTHER)},
            error_x={
                "array": upper - value,
                "arrayminus": value - lower,
                "color": style.INK,
                "thickness": 1.2,
                "width": 3,
            },
            customdata=np.column_stack([100.0 * share[places], lower, upper]),
            hovertemplate="%{y}: %{x:.4f} % (%{customdata[0]:.1f} % of the variance), "
            "95 % band %{customdata[1]:.4f} to %{customdata[2]:.4f}<extra></extra>",
        )
    )
    title = style.axis_title("Contribution to volatility, % per date")
    return style.lay_out(
        figure,
        style.layout(
            height=90 + ROW * len(places),
            bargap=0.3,
            xaxis=style.axis(title=title, zeroline=True, zerolinecolor=style.MUTED),
            yaxis=style.axis(autorange="reversed", type="category", showgrid=False),
        ),
    )


@fitted
def portfolio_exposure_figure(attribution: xr.Dataset) -> go.Figure:
    """Draw a portfolio's exposure to each factor with its 95 % band.

    Parameters
    ----------
    attribution : Dataset
        From `attribute_risk`; residual factors have no band, and lines without an exposure are left out.
    """
    exposure, error = (attribution[f"exposure{part}"].to_numpy() for part in ("", "_standard_error"))
    known = np.isfinite(exposure)
    names = [str(name) for name in attribution.indexes["factor"][known]]
    figure = go.Figure(
        go.Bar(
            x=exposure[known],
            y=names,
            orientation="h",
            marker={"color": np.where(exposure[known] >= 0.0, style.ESTIMATE, style.OTHER)},
            error_x={"array": HALF_BAND * error[known], "color": style.INK, "thickness": 1.2, "width": 3},
            customdata=HALF_BAND * error[known],
            hovertemplate="%{y}: %{x:.3f} ± %{customdata:.3f}<extra></extra>",
        )
    )
    return style.lay_out(
        figure,
        style.layout(
            height=90 + ROW * len(names),
            bargap=0.3,
            xaxis=style.axis(title=style.axis_title("Exposure, with 95 % band"), zeroline=True),
            yaxis=style.axis(autorange="reversed", type="category", showgrid=False),
        ),
    )


@fitted
def exposure_heat_map(exposures: pd.DataFrame) -> go.Figure:
    """Draw the exposures of all assets, in the order of the first factor.

    Parameters
    ----------
    exposures : DataFrame (asset x factor)
    """
    ordered = exposures.sort_values(exposures.columns[0], kind="stable") if len(exposures.columns) else exposures
    values = ordered.to_numpy(dtype=float)
    limit = float(np.nanpercentile(np.abs(values), 98.0)) if np.isfinite(values).any() else 1.0
    heat = go.Heatmap(
        z=values.round(4),
        x=[str(name) for name in ordered.columns],
        y=[str(name) for name in ordered.index],
        zmin=-(limit or 1.0),
        zmax=limit or 1.0,
        colorscale=style.DIVERGING,
        hovertemplate="%{y}, %{x}: %{z:.3f}<extra></extra>",
        colorbar={"thickness": 10, "outlinewidth": 0},
    )
    return style.lay_out(
        go.Figure(heat),
        style.layout(
            height=int(70 + min(float(ROW), TALLEST / max(1, len(ordered))) * max(4, len(ordered))),
            xaxis=style.axis(side="top", type="category", showgrid=False),
            yaxis=style.axis(type="category", showgrid=False),
        ),
    )
