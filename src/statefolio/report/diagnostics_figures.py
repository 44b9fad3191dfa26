"""Draws the findings of a `Diagnosis`: specification, estimation and multicollinearity."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from statefolio._arrays.text import listed, shown
from statefolio.diagnostics.collinearity.collinearity import CONDITION, INFLATION
from statefolio.diagnostics.finding import Diagnosis, Finding
from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.fitting import fitted

SMALLEST = 1e-6
MOST = 30
"""The most eigenvalues drawn."""


@fitted
def eigenvalue_figure(specification: Diagnosis) -> go.Figure:
    """Draw the largest eigenvalues of the residual correlations, with the limit for uncorrelated residuals."""
    finding = _finding(specification, "largest residual eigenvalue")
    table = finding.table.head(MOST)
    limit, edge = float(table["limit"].iloc[0]), float(table["marchenko_pastur_edge"].iloc[0])
    above = table["eigenvalue"] > limit
    figure = go.Figure()
    figure.add_bar(
        x=table.index,
        y=table["eigenvalue"],
        customdata=table["share"],
        showlegend=False,
        marker={"color": np.where(above, style.OTHER, style.ESTIMATE)},
        hovertemplate="Eigenvalue %{x}: %{y:.2f}, %{customdata:.1%} of residual variance<extra></extra>",
    )
    figure.add_hline(y=limit, **style.named_line(f"Limit without correlation: {limit:.2f}", dash="solid"))
    figure.add_hline(y=edge, **style.named_line(f"Marchenko-Pastur edge: {edge:.2f}"))
    return style.lay_out(
        figure,
        style.layout(
            showlegend=True,
            xaxis=style.axis(title=style.axis_title("Rank of the eigenvalue"), showgrid=False),
            yaxis=style.axis(title=style.axis_title("Eigenvalue"), rangemode="tozero"),
        ),
    )


@fitted
def component_figure(specification: Diagnosis) -> go.Figure:
    """Draw the mean loading of each sector on the first principal component of the residuals."""
    finding = _finding(specification, "first residual component")
    if "mean_loading" not in finding.table:
        raise InputError(
            "specification must be diagnosed with sectors, got a diagnosis without. Pass sectors=... to "
            "diagnose_specification."
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
    return style.lay_out(
        figure,
        style.layout(
            height=max(style.HEIGHT, 90 + 24 * len(table)),
            xaxis=style.axis(
                title=style.axis_title("Mean correlation of residuals with their first component"), zeroline=True
            ),
            yaxis=style.axis(type="category", showgrid=False),
        ),
    ).update_xaxes(zerolinecolor=style.MUTED)


@fitted
def halves_figure(estimation: Diagnosis, factor: str) -> go.Figure:
    """Draw each asset's loading from odd blocks of dates against its loading from even blocks."""
    finding = _finding(estimation, "split-half agreement")
    names = finding.table.index.get_level_values("factor")
    if factor not in names:
        known = list(dict.fromkeys(names))
        raise InputError(
            f"factor must be one of {listed(known, len(known))}, got {shown(factor)}. Pass e.g. factor={known[0]!r}."
        )
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
    title = f"{factor}: reliability {table['reliability'].iloc[0]:.0%}" if len(table) else ""
    return style.lay_out(
        figure,
        style.layout(
            title=title,
            xaxis=style.axis(title=style.axis_title("Loading, odd blocks of dates")),
            yaxis=style.axis(title=style.axis_title("Loading, even blocks of dates")),
        ),
    )


@fitted
def shrinkage_figure(estimation: Diagnosis) -> go.Figure:
    """Draw the held-out log-likelihood against the shrinkage of loadings towards their mean across assets."""
    finding = _finding(estimation, "shrinkage wanted")
    figure = go.Figure()
    for place, (name, curve) in enumerate(finding.table.items()):
        figure.add_scatter(
            x=finding.table.index,
            y=curve,
            mode="lines",
            name="All but alpha" if place == 0 else str(name),
            line=style.line(place, 3.0 if place == 0 else 1.3),
            hovertemplate="%{x:.0%}: %{y:.2f}<extra>" + str(name) + "</extra>",
        )
    if np.isfinite(finding.statistic):
        figure.add_vline(x=finding.statistic, **style.named_line(f"Best shrinkage: {finding.statistic:.0%}"))
    return style.lay_out(
        figure,
        style.layout(
            showlegend=True,
            xaxis=style.axis(title=style.axis_title("Shrinkage towards the mean across assets"), tickformat=".0%"),
            yaxis=style.axis(title=style.axis_title("Gain in log-likelihood per return, 1e-4")),
        ),
    )


@fitted
def inflation_figure(multicollinearity: Diagnosis) -> go.Figure:
    """Draw the variance inflation of each factor and the condition number through time."""
    finding = _finding(multicollinearity, "variance inflation")
    condition = multicollinearity["condition number"].table["condition_number"]
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08)
    for place, (name, path) in enumerate(finding.table.items()):
        figure.add_scatter(x=path.index, y=path, name=str(name), line=style.line(place), row=1, col=1)
    line = {"color": style.INK}
    figure.add_scatter(x=condition.index, y=condition, name="Condition number", line=line, row=2, col=1)
    for row, limit in ((1, INFLATION), (2, CONDITION)):
        figure.add_hline(y=limit, row=row, col=1, line={"color": style.MUTED, "dash": "dot", "width": 1})
    style.lay_out(figure, style.layout(height=style.HEIGHT + 120, showlegend=True))
    figure.update_xaxes(**style.axis())
    for row, values in ((1, finding.table), (2, condition)):
        figure.update_yaxes(**style.axis(**style.log_ticks(values)), row=row, col=1)
    figure.update_yaxes(title=style.axis_title("Variance inflation"), row=1, col=1)
    return figure.update_yaxes(title=style.axis_title("Condition number"), row=2, col=1)


def _finding(diagnosis: Diagnosis, name: str) -> Finding:
    """Return the finding of that name; raise an error if it has no table."""
    finding = diagnosis[name]
    if finding.table.empty:
        raise InputError(f"The finding {name!r} has no values to draw: {finding.verdict} Pass more data.")
    return finding


@fitted
def findings_figure(diagnosis: Diagnosis) -> go.Figure:
    """Draw the p-value of each finding that has a test, on a log axis, with the level below which a check fails."""
    tested = [finding for finding in diagnosis.findings if np.isfinite(finding.p_value)]
    if not tested:
        raise InputError(
            f"The diagnosis of {diagnosis.failure} has no p-values to draw, because its findings "
            "follow thresholds. Print summary()."
        )
    figure = go.Figure()
    for failed, label, colour in ((True, "Failed", style.OTHER), (False, "Passed", style.ESTIMATE)):
        part = [finding for finding in tested if (finding.rejected is True) == failed]
        figure.add_scatter(
            x=[max(finding.p_value, SMALLEST) for finding in part],
            y=[finding.name for finding in part],
            mode="markers",
            name=label,
            marker={"size": 10, "color": colour, "symbol": "x" if failed else "circle"},
            hovertemplate="%{y}: p = %{x:.3g}<extra></extra>",
        )
    levels = [finding.level for finding in tested if np.isfinite(finding.level)]
    if levels:
        figure.add_vline(x=levels[0], **style.named_line(f"Level {levels[0]:.0%}"))
    names = [finding.name for finding in tested]
    ticks = style.log_ticks([max(finding.p_value, SMALLEST) for finding in tested])
    return style.lay_out(
        figure,
        style.layout(
            height=110 + 30 * len(names),
            showlegend=True,
            xaxis=style.axis(title=style.axis_title("p-value (log axis)"), **ticks),
            yaxis=style.axis(type="category", showgrid=False, categoryorder="array", categoryarray=names[::-1]),
        ),
    )
