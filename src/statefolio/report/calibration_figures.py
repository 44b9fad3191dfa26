"""Calibration, drawn: coverage, the distribution of the innovations, and their memory."""

import numpy as np
import plotly.graph_objects as go

from statefolio.loadings.results import HALF_BAND
from statefolio.report import style
from statefolio.report.calibration import LAGS, Calibration, autocorrelation, calibrate, coverage
from statefolio.report.fitted import FittedLoadings, Floats

HEIGHT = 270
BINS = 20
COLOURS = {"in sample": "#a9b4bd", "out of sample": style.ESTIMATE, "all dates": style.ESTIMATE}


def coverage_figure(model: FittedLoadings) -> go.Figure:
    """Draw how far the coverage of the predicted bands lies from what they promise, level by level."""
    return coverage_of(calibrate(model))


def innovations_figure(model: FittedLoadings) -> go.Figure:
    """Draw the distribution of the probabilities the model gave to what came: flat where it is right."""
    return innovations_of(calibrate(model))


def autocorrelation_figure(model: FittedLoadings) -> go.Figure:
    """Draw the innovations' autocorrelations and those of their squares, averaged over the assets."""
    return autocorrelation_of(calibrate(model))


def coverage_of(calibration: Calibration) -> go.Figure:
    """Draw `coverage_figure` from innovations that are standardised already."""
    table = coverage(calibration)
    levels = [f"{level:.0%}" for level in table.index]
    figure = go.Figure()
    for name, column in table.items():
        off = 100 * (column.to_numpy() - table.index.to_numpy())
        came = [f"{value:.1%}" for value in column]
        figure.add_bar(
            x=levels,
            y=off,
            name=str(name),
            customdata=came,
            text=came if name == table.columns[-1] else None,
            textposition="outside",
            textangle=0,
            textfont={"size": 10.5, "color": style.INK},
            cliponaxis=False,
            marker={"color": COLOURS[str(name)]},
            hovertemplate="promised %{x}, came %{customdata}<extra>" + str(name) + "</extra>",
        )
    most = max(2.0, 1.35 * float(np.nanmax(np.abs([bar.y for bar in figure.data]), initial=0.0)))
    return figure.update_layout(
        _small(
            xaxis=style.axis(title=style.axis_title("promised coverage"), type="category", showgrid=False),
            yaxis=style.axis(title=style.axis_title("came less promised, points"), range=[-most, most], zeroline=True),
        )
    ).update_yaxes(zerolinecolor=style.MUTED)


def innovations_of(calibration: Calibration) -> go.Figure:
    """Draw `innovations_figure` from innovations that are standardised already."""
    figure = go.Figure()
    edges = np.linspace(0.0, 1.0, BINS + 1)
    for name, where in calibration.periods().items():
        u = calibration.probability[where]
        counts, _ = np.histogram(u[np.isfinite(u)], edges)
        density = counts * BINS / max(1, counts.sum())
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=density.round(4),
            name=name,
            marker={"color": COLOURS[name]},
            hovertemplate="%{x:.3f}: %{y:.2f}<extra>" + name + "</extra>",
        )
    figure.add_hline(y=1.0, line={"color": style.MUTED, "width": 1, "dash": "dot"})
    return figure.update_layout(
        _small(
            bargap=0.08,
            xaxis=style.axis(title=style.axis_title("probability of less than what came"), showgrid=False),
            yaxis=style.axis(title=style.axis_title("density (1 = right)"), rangemode="tozero"),
        )
    )


def autocorrelation_of(calibration: Calibration) -> go.Figure:
    """Draw `autocorrelation_figure` from innovations that are standardised already."""
    z = calibration.standardised[calibration.judged()]
    lags = np.arange(1, LAGS + 1)
    figure = go.Figure()
    for values, name, colour in (
        (z, "innovations", style.ESTIMATE),
        (np.minimum(z**2, 9.0), "their squares", style.OTHER),
    ):
        figure.add_bar(
            x=lags,
            y=_mean(autocorrelation(values)).round(4),
            name=name,
            marker={"color": colour},
            hovertemplate="lag %{x}: %{y:.3f}<extra>" + name + "</extra>",
        )
    edge = HALF_BAND / np.sqrt(max(1.0, float(np.median(np.isfinite(z).sum(axis=0))))) if z.size else 0.0
    for y in (-edge, edge):
        figure.add_hline(y=y, line={"color": style.MUTED, "width": 1, "dash": "dot"})
    most = max(0.1, 1.2 * float(np.nanmax(np.abs([bar.y for bar in figure.data]), initial=0.0)))
    return figure.update_layout(
        _small(
            bargap=0.25,
            xaxis=style.axis(title=style.axis_title("lag"), showgrid=False),
            yaxis=style.axis(title=style.axis_title("mean autocorrelation"), range=[-most, most], zeroline=True),
        )
    ).update_yaxes(zerolinecolor=style.MUTED)


def _mean(correlations: Floats) -> Floats:
    """Return the mean over the assets that have one."""
    known = np.isfinite(correlations)
    mean: Floats = np.where(known, correlations, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return mean


def _small(**changes: object) -> dict[str, object]:
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    return style.layout(
        height=HEIGHT, showlegend=True, legend=legend, margin={"l": 10, "r": 8, "t": 34, "b": 8}, **changes
    )
