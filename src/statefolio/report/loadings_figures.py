"""Draws the loadings of one asset through time, with bands and optionally another estimate.

A figure is made in two steps: `empty_figure` returns the layout and traces without data, and `trace_values` returns the
values of the traces. A report stores the first step once; the page's script fills in the values of the asset chosen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import plotly.graph_objects as go

from statefolio._arrays.text import listed, shown
from statefolio._options import Number, check
from statefolio.exceptions import UnknownNameError
from statefolio.loadings.results import HALF_BAND
from statefolio.report import style
from statefolio.report.fitted_loadings import (
    AssetLoadings,
    FittedLoadings,
    Floats,
    asset_loadings,
    loadings_at,
    view_range,
)
from statefolio.report.fitting import fitted, short
from statefolio.report.loadings_panels import axis_number, empty_figure, factor_scales


@fitted
def loadings_figure(
    model: FittedLoadings,
    asset: str,
    other: FittedLoadings | Mapping[str, FittedLoadings] | None = None,
    *,
    other_name: str = "Other estimate",
    columns: int = 2,
    factor: str | None = None,
    band: float = 0.95,
) -> go.Figure:
    """Draw the filtered loadings of one asset with their bands.

    Parameters
    ----------
    model
        A fitted loadings model.
    asset
        The asset's name.
    other
        Another fitted model whose filtered loadings are drawn too, e.g. rolling least squares; or several, by name.
    other_name
        Its name in the legend, where it is one model.
    columns
        Number of panels in a row.
    factor
        The factor to draw; by default all.
    band
        Probability of the band under the model.

    Returns
    -------
    plotly.graph_objects.Figure
        One panel per factor; the constant ("alpha") is in basis points per period. Dates in sample are shaded.

    Raises
    ------
    UnknownNameError
        If the model does not have the asset or the factor.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.loc["2020":, ["AAPL", "XOM"]], demo.factors.loc["2020":, ["market", "value"]]
    >>> model = sf.RollingLoadings(window=120).fit(returns, factors)
    >>> figure = sf.report.loadings_figure(model, "XOM")
    >>> [note.text for note in figure.layout.annotations]
    ['<b>market</b>', '<b>value</b>', '<b>alpha, bp per day</b>']
    >>> round(float(figure.data[2].y[-1]), 2)  # the last filtered loading on the market
    0.8
    """
    check("band", band, Number(above=0.0, below=1.0, example=0.95))
    others = dict(other) if isinstance(other, Mapping) else {} if other is None else {other_name: other}
    series = one_factor(asset_loadings(model, asset), factor)
    about = style.layout(title=short(asset, 48))
    figure = go.Figure(
        empty_figure(
            series.factors,
            series.dates,
            series.tuned_until,
            other_name=None,
            columns=1 if factor is not None else columns,
            band=band,
        )
    )
    beside = {
        name: loadings_at(each, series.dates, [series.asset], series.factors)[:, 0] for name, each in others.items()
    }
    half = normal_half_width(band)
    for position, (values, limits) in enumerate(panels(series, half, list(beside.values()))):
        first = position * len(values)
        for trace, y in zip(figure.data[first : first + len(values)], values, strict=True):
            trace.update(x=series.dates, y=y)
        figure.layout[f"yaxis{axis_number(position)}"].range = limits
    _add_others(figure, series, beside)
    room = about["margin"]["t"] - 14
    figure.layout.margin.t += room
    figure.layout.height += room
    return figure.update_layout(title=about["title"])


def one_factor(series: AssetLoadings, factor: str | None) -> AssetLoadings:
    """Return the loadings on one factor, or on all."""
    if factor is None:
        return series
    if factor not in series.factors:
        raise UnknownNameError(
            f"factor must be one of the model's ({listed(series.factors)}), got {shown(factor)}. Pass e.g. "
            f"factor={series.factors[0]!r}."
        )
    k = [series.factors.index(factor)]
    return replace(series, factors=[factor], mean=series.mean[:, k], standard_error=series.standard_error[:, k])


def normal_half_width(band: float) -> float:
    """Return how many standard errors a band is wide on each side."""
    return HALF_BAND if band == 0.95 else float(NormalDist().inv_cdf(0.5 + band / 2.0))


def _add_others(figure: go.Figure, series: AssetLoadings, beside: Mapping[str, Floats]) -> None:
    """Draw the loadings of other models below those of the model, in every panel."""
    scales = factor_scales(series.factors)
    traces = []
    for place, (name, values) in enumerate(beside.items(), start=1):
        for position, scale in enumerate(scales):
            number = axis_number(position)
            traces.append(
                go.Scatter(
                    x=series.dates,
                    y=values[:, position] * scale,
                    mode="lines",
                    name=name,
                    legendgroup=f"other {place}",
                    showlegend=position == 0,
                    line=style.line(place, 1.2),
                    xaxis=f"x{number}",
                    yaxis=f"y{number}",
                    hovertemplate="%{y:.3g}",
                )
            )
    figure.add_traces(traces)


def panels(
    series: AssetLoadings, half: float, beside: Sequence[Floats]
) -> Iterator[tuple[list[Floats], tuple[float, float]]]:
    """Yield the values of the traces and the range of the axis of each factor."""
    for k, scale in enumerate(factor_scales(series.factors)):
        mean, standard_error = series.mean[:, k] * scale, series.standard_error[:, k] * scale
        others = np.concatenate([each[:, k] * scale for each in beside]) if beside else None
        yield trace_values(mean, standard_error, None, half), view_range(mean, standard_error, others)


def trace_values(mean: Floats, standard_error: Floats, other: Floats | None, half: float = HALF_BAND) -> list[Floats]:
    """Return the values of one panel's traces in the order of `empty_figure`."""
    band = [mean - half * standard_error, mean + half * standard_error]
    return [*band, mean] if other is None else [*band, other, mean]
