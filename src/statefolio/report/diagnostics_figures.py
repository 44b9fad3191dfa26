"""The failures of a factor model, drawn: one figure a question, each of a `Diagnosis`."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from statefolio.diagnostics.collinearity.collinearity import CONDITION, INFLATION
from statefolio.diagnostics.finding import Diagnosis, Finding
from statefolio.exceptions import InputError
from statefolio.report import style

HEIGHT = 320
MOST = 30
"""Eigenvalues that are drawn."""


def eigenvalue_figure(specification: Diagnosis) -> go.Figure:
    """Draw the residuals' largest eigenvalues, and how large uncorrelated residuals' largest becomes."""
    finding = _finding(specification, "largest residual eigenvalue")
    table = finding.table.head(MOST)
    limit, edge = float(table["limit"].iloc[0]), float(table["marchenko_pastur_edge"].iloc[0])
    above = table["eigenvalue"] > limit
    figure = go.Figure()
    figure.add_bar(
        x=table.index,
        y=table["eigenvalue"],
        customdata=table["share"],
        marker={"color": np.where(above, style.OTHER, style.ESTIMATE)},
        hovertemplate="eigenvalue %{x}: %{y:.2f}, %{customdata:.1%} of residual variance<extra></extra>",
    )
    _line(figure, limit, f"uncorrelated residuals stay below {limit:.2f}", "solid")
    _line(figure, edge, f"Marchenko-Pastur edge {edge:.2f}", "dot", below=True)
    return figure.update_layout(
        _layout(
            finding,
            xaxis=style.axis(title="eigenvalue, largest first", showgrid=False),
            yaxis=style.axis(title="eigenvalue", rangemode="tozero"),
        )
    )


def component_figure(specification: Diagnosis) -> go.Figure:
    """Draw what the residuals' first component looks like: its mean loading by sector."""
    finding = _finding(specification, "first residual component")
    if "mean_loading" not in finding.table:
        raise InputError(
            "the specification was diagnosed without sectors; some were expected. "
            "Pass sectors to diagnose_specification."
        )
    table = finding.table.sort_values("mean_loading")
    figure = go.Figure()
    figure.add_bar(
        x=table["mean_loading"],
        y=table.index.astype(str),
        orientation="h",
        customdata=table[["assets", "share_of_component", "variance_explained"]],
        marker={"color": np.where(table["mean_loading"] < 0.0, style.OTHER, style.ESTIMATE)},
        hovertemplate="%{y}: %{x:+.2f}, %{customdata[0]} assets, %{customdata[1]:.0%} of the component, "
        "which explains %{customdata[2]:.0%} of their residual variance<extra></extra>",
    )
    return figure.update_layout(
        _layout(
            finding,
            height=max(HEIGHT, 90 + 24 * len(table)),
            xaxis=style.axis(title="mean correlation of residuals with their first component", zeroline=True),
            yaxis=style.axis(showgrid=False),
        )
    ).update_xaxes(zerolinecolor=style.MUTED)


def halves_figure(estimation: Diagnosis, factor: str) -> go.Figure:
    """Draw each asset's loading from odd blocks of dates against that from even ones: a line where both agree."""
    finding = _finding(estimation, "split-half agreement")
    names = finding.table.index.get_level_values("factor")
    if factor not in names:
        raise InputError(f"factor={factor!r}; one of {', '.join(map(repr, dict.fromkeys(names)))} was expected.")
    table = finding.table[names == factor].droplevel("factor").dropna(subset=["odd", "even"])
    both = table[["odd", "even"]].to_numpy()
    ends = [both.min(initial=np.inf), both.max(initial=-np.inf)] if len(both) else []
    figure = go.Figure()
    figure.add_scatter(x=ends, y=ends, mode="lines", line={"color": style.MUTED, "dash": "dot"}, hoverinfo="skip")
    figure.add_scatter(
        x=table["odd"],
        y=table["even"],
        mode="markers",
        text=table.index.astype(str),
        marker={"color": style.ESTIMATE, "size": 6, "opacity": 0.7},
        hovertemplate="%{text}: %{x:.2f} and %{y:.2f}<extra></extra>",
    )
    said = (
        f"{factor}: {table['reliability'].iloc[0]:.0%} of the variance across assets is no noise" if len(table) else ""
    )
    return figure.update_layout(
        _layout(
            finding,
            title=_title(said),
            xaxis=style.axis(title="loading, odd blocks of dates"),
            yaxis=style.axis(title="loading, even blocks"),
        )
    )


def shrinkage_figure(estimation: Diagnosis) -> go.Figure:
    """Draw the held-out log-likelihood against how far loadings move towards their mean across assets."""
    finding = _finding(estimation, "shrinkage wanted")
    figure = go.Figure()
    for place, (name, curve) in enumerate(finding.table.items()):
        figure.add_scatter(
            x=finding.table.index,
            y=curve,
            mode="lines",
            name="all but alpha" if place == 0 else str(name),
            line={"color": _colour(place), "width": 3 if place == 0 else 1.3},
            hovertemplate="%{x:.0%}: %{y:.2f}<extra>" + str(name) + "</extra>",
        )
    if np.isfinite(finding.statistic):
        figure.add_vline(x=finding.statistic, line={"color": style.MUTED, "dash": "dot"})
    return figure.update_layout(
        _layout(
            finding,
            showlegend=True,
            xaxis=style.axis(title="shrinkage towards the mean across assets", tickformat=".0%"),
            yaxis=style.axis(title="log-likelihood gained, 1e-4 a return"),
        )
    )


def inflation_figure(multicollinearity: Diagnosis) -> go.Figure:
    """Draw variance inflation of each factor, and below it the condition number, through time."""
    finding = _finding(multicollinearity, "variance inflation")
    condition = multicollinearity["condition number"].table["condition_number"]
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08)
    for place, (name, path) in enumerate(finding.table.items()):
        figure.add_scatter(x=path.index, y=path, name=str(name), line={"color": _colour(place)}, row=1, col=1)
    line = {"color": style.INK}
    figure.add_scatter(x=condition.index, y=condition, name="condition number", line=line, row=2, col=1)
    for row, limit in ((1, INFLATION), (2, CONDITION)):
        figure.add_hline(y=limit, row=row, col=1, line={"color": style.MUTED, "dash": "dot", "width": 1})
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    figure.update_layout(_layout(finding, height=HEIGHT + 120, showlegend=True, legend=legend, title=None))
    figure.update_xaxes(**style.axis())
    figure.update_yaxes(**style.axis(type="log"))
    figure.update_yaxes(title="variance inflation", row=1, col=1)
    return figure.update_yaxes(title="condition number", row=2, col=1)


def _finding(diagnosis: Diagnosis, name: str) -> Finding:
    """The finding of that name, which must have something to draw."""
    finding = diagnosis[name]
    if finding.table.empty:
        raise InputError(f"{name!r} has nothing to draw: {finding.verdict} Another panel was expected.")
    return finding


def _colour(place: int) -> str:
    return style.LINES[place % len(style.LINES)]


def _line(figure: go.Figure, y: float, text: str, dash: str, below: bool = False) -> None:
    where = "bottom right" if below else "top right"
    line = {"color": style.MUTED, "width": 1, "dash": dash}
    figure.add_hline(y=y, line=line, annotation={"text": text, "font": {"size": 11}}, annotation_position=where)


def _title(text: str) -> dict[str, Any]:
    return {"text": text, "font": {"size": 13}, "x": 0.0, "xanchor": "left"}


def _layout(finding: Finding, **changes: Any) -> dict[str, Any]:
    margin = {"l": 10, "r": 10, "t": 44, "b": 10}
    return style.layout(**{"height": HEIGHT, "margin": margin, "title": _title(finding.name), **changes})
