"""Draws the findings on non-stationarity: moving loadings, breaks and drifting predictions."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio._arrays.text import listed, shown
from statefolio._display.numbers import equals_p
from statefolio.diagnostics.change.cusum import boundary, crossing_level, cusum
from statefolio.diagnostics.finding import Diagnosis
from statefolio.exceptions import UnknownNameError
from statefolio.loadings.base import LoadingsModel
from statefolio.report import style
from statefolio.report.fitting import fitted, short

HEIGHT = 300


@fitted
def moving_share_figure(diagnosis: Diagnosis) -> go.Figure:
    """Draw the share of assets whose loading moves, by factor and test."""
    figure = go.Figure()
    for name, label, colour in (
        ("moving loadings", "Likelihood ratio", style.ESTIMATE),
        ("unstable loadings", "Nyblom", style.OTHER),
    ):
        finding = diagnosis[name]
        table = finding.table
        factors = list(dict.fromkeys(table["factor"]))
        by_factor = table.groupby("factor", sort=False)
        share = by_factor["moves"].mean().reindex(factors)
        count = by_factor["moves"].sum().reindex(factors)
        figure.add_bar(
            x=[str(factor) for factor in factors],
            y=(100 * share).round(2),
            name=label,
            customdata=count,
            marker={"color": colour},
            hovertemplate="%{x}: %{customdata} assets, %{y:.1f} %<extra>" + label + "</extra>",
        )
    level = diagnosis["moving loadings"].level
    title = f"Moving loadings, % of assets (false discovery rate {level:.0%})"
    return style.lay_out(figure, _layout(title, xaxis=style.axis(showgrid=False, type="category"), bargap=0.3))


@fitted
def break_months_figure(diagnosis: Diagnosis) -> go.Figure:
    """Draw the number of assets with a break in each month."""
    table = diagnosis["breaks by month"].table
    months = pd.PeriodIndex(table.index)
    figure = go.Figure()
    figure.add_bar(
        x=months.to_timestamp(),
        y=table["assets"].to_numpy(),
        customdata=[[str(month), share] for month, share in zip(months, table["share"], strict=True)],
        marker={"color": style.ESTIMATE},
        hovertemplate="%{customdata[0]}: %{y} assets, %{customdata[1]:.1%}<extra></extra>",
    )
    return style.lay_out(
        figure,
        _layout(
            "Number of assets whose loadings break",
            xaxis=style.axis(showgrid=False),
            bargap=0.05,
            showlegend=False,
        ),
    )


@fitted
def cusum_figure(diagnosis: Diagnosis, model: LoadingsModel, asset: Any = None) -> go.Figure:
    """Draw the CUSUM of an asset's innovations with its bounds; by default of the asset with the largest statistic."""
    finding = diagnosis["cusum"]
    table = finding.table.set_index("asset")
    asset = table["statistic"].idxmax() if asset is None else asset
    if asset not in table.index:
        raise UnknownNameError(
            f"asset must be one of those tested ({listed(table.index)}), got {shown(asset)}. Pass e.g. "
            f"asset={table.index[0]!r}."
        )
    innovations = model.innovations_.sel(asset=asset)
    z = (innovations["innovation"] / np.sqrt(innovations["innovation_variance"])).to_numpy()[:, None]
    line = boundary(z, crossing_level(finding.level))[:, 0]
    dates = innovations.indexes["date"]
    figure = go.Figure()
    for side in (1.0, -1.0):
        figure.add_scatter(
            x=dates,
            y=side * line,
            mode="lines",
            hoverinfo="skip",
            name=f"Bounds at {finding.level:.0%}",
            showlegend=side > 0.0,
            line=style.REFERENCE_LINE,
        )
    figure.add_scatter(
        x=dates,
        y=cusum(z).path[:, 0].round(4),
        mode="lines",
        name="CUSUM",
        line={"color": style.ESTIMATE, "width": 1.5},
        hovertemplate="%{x|%Y-%m-%d}: %{y:.1f}<extra></extra>",
    )
    p = float(table.loc[asset, "p_value"])
    title = f"{short(asset)}: CUSUM, p {equals_p(p)}"
    return style.lay_out(figure, _layout(title, xaxis=style.axis(showgrid=False)))


def _layout(title: str, **changes: Any) -> dict[str, Any]:
    return style.layout(**{"height": HEIGHT, "title": title, "showlegend": True, "yaxis": style.axis(), **changes})
