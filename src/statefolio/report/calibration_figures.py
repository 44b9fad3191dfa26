"""Draws the calibration of a model: coverage, probability integral transforms and autocorrelations."""

import numpy as np
import plotly.graph_objects as go

from statefolio.loadings.results import HALF_BAND
from statefolio.report import style
from statefolio.report.calibration import LAGS, Calibration, autocorrelation, calibrate, coverage
from statefolio.report.fitted_loadings import FittedLoadings, Floats
from statefolio.report.fitting import fitted
from statefolio.report.panels import below_each_other

HEIGHT = 270
BINS = 20
COLOURS = {"In sample": style.PALE, "Out of sample": style.ESTIMATE, "All dates": style.ESTIMATE}


def coverage_figure(model: FittedLoadings) -> go.Figure:
    """Draw the coverage of the predicted bands less their nominal coverage, by level.

    Parameters
    ----------
    model
        A fitted loadings model.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> model = sf.RollingLoadings(window=120).fit(demo.returns.loc["2021":], demo.factors.loc["2021":, ["market"]])
    >>> figure = sf.report.coverage_figure(model)
    >>> dict(zip(figure.data[0].x, figure.data[0].text))["95%"]  # of returns within the 95 % bands
    '94.9%'
    """
    return coverage_of(calibrate(model))


@fitted
def calibration_figure(model: FittedLoadings) -> go.Figure:
    """Draw coverage, probability integral transforms and autocorrelations, one below the other."""
    calibration = calibrate(model)
    parts = [coverage_of(calibration), innovations_of(calibration), autocorrelation_of(calibration)]
    titles = ["Coverage of predicted bands", "Probability integral transforms", "Autocorrelation"]
    return below_each_other(parts, titles)


def innovations_figure(model: FittedLoadings) -> go.Figure:
    """Draw the density of the probability integral transforms, which is flat under a correct model.

    Parameters
    ----------
    model
        A fitted loadings model.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> model = sf.RollingLoadings(window=120).fit(demo.returns.loc["2021":], demo.factors.loc["2021":, ["market"]])
    >>> figure = sf.report.innovations_figure(model)
    >>> density = figure.data[0].y
    >>> len(density), round(float(density.mean()), 3)
    (20, 1.0)
    """
    return innovations_of(calibrate(model))


def autocorrelation_figure(model: FittedLoadings) -> go.Figure:
    """Draw the autocorrelations of the innovations and of their squares, averaged over assets.

    Parameters
    ----------
    model
        A fitted loadings model.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> model = sf.RollingLoadings(window=120).fit(demo.returns.loc["2021":], demo.factors.loc["2021":, ["market"]])
    >>> figure = sf.report.autocorrelation_figure(model)
    >>> [(bars.name, round(float(bars.y[0]), 2)) for bars in figure.data]  # at lag 1
    [('Innovations', 0.02), ('Squared innovations', 0.1)]
    """
    return autocorrelation_of(calibrate(model))


@fitted
def coverage_of(calibration: Calibration) -> go.Figure:
    """Draw `coverage_figure` from standardised innovations."""
    table = coverage(calibration)
    levels = [f"{level:.0%}" for level in table.index]
    figure = go.Figure()
    for name, column in table.items():
        difference = 100 * (column.to_numpy() - table.index.to_numpy())
        realised = [f"{value:.1%}" for value in column]
        figure.add_bar(
            x=levels,
            y=difference,
            name=str(name),
            customdata=realised,
            text=realised if name == table.columns[-1] else None,
            textposition="outside",
            textangle=0,
            textfont={"size": 10.5, "color": style.INK},
            cliponaxis=False,
            marker={"color": COLOURS[str(name)]},
            hovertemplate="Nominal %{x}, realised %{customdata}<extra>" + str(name) + "</extra>",
        )
    most = max(2.0, 1.35 * float(np.nanmax(np.abs([bar.y for bar in figure.data]), initial=0.0)))
    return style.lay_out(
        figure,
        _small(
            xaxis=style.axis(title=style.axis_title("Nominal coverage"), type="category", showgrid=False),
            yaxis=style.axis(
                title=style.axis_title("Realised less nominal, points"), range=[-most, most], zeroline=True
            ),
        ),
    ).update_yaxes(zerolinecolor=style.MUTED)


@fitted
def innovations_of(calibration: Calibration) -> go.Figure:
    """Draw `innovations_figure` from standardised innovations."""
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
    figure.add_hline(y=1.0, **style.named_line("Calibrated"))
    return style.lay_out(
        figure,
        _small(
            bargap=0.08,
            xaxis=style.axis(title=style.axis_title("Probability integral transform"), showgrid=False),
            yaxis=style.axis(title=style.axis_title("Density (1 if calibrated)"), rangemode="tozero"),
        ),
    )


@fitted
def autocorrelation_of(calibration: Calibration) -> go.Figure:
    """Draw `autocorrelation_figure` from standardised innovations."""
    z = calibration.standardised[calibration.evaluated()]
    lags = np.arange(1, LAGS + 1)
    figure = go.Figure()
    for values, name, colour in (
        (z, "Innovations", style.ESTIMATE),
        (np.minimum(z**2, 9.0), "Squared innovations", style.OTHER),
    ):
        figure.add_bar(
            x=lags,
            y=_mean(autocorrelation(values)).round(4),
            name=name,
            marker={"color": colour},
            hovertemplate="lag %{x}: %{y:.3f}<extra>" + name + "</extra>",
        )
    edge = HALF_BAND / np.sqrt(max(1.0, float(np.median(np.isfinite(z).sum(axis=0))))) if z.size else 0.0
    figure.add_hline(y=edge, **style.named_line("95 % limits for one asset"))
    figure.add_hline(y=-edge, line=style.REFERENCE_LINE)
    most = max(0.1, 1.2 * float(np.nanmax(np.abs([bar.y for bar in figure.data]), initial=0.0)))
    return style.lay_out(
        figure,
        _small(
            bargap=0.25,
            xaxis=style.axis(title=style.axis_title("Lag, dates"), showgrid=False),
            yaxis=style.axis(title=style.axis_title("Mean autocorrelation"), range=[-most, most], zeroline=True),
        ),
    ).update_yaxes(zerolinecolor=style.MUTED)


def _mean(correlations: Floats) -> Floats:
    """Return the mean over assets with an autocorrelation."""
    known = np.isfinite(correlations)
    mean: Floats = np.where(known, correlations, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return mean


def _small(**changes: object) -> dict[str, object]:
    return style.layout(height=HEIGHT, showlegend=True, **changes)
