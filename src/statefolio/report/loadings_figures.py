"""Draws the loadings of one asset through time, with bands and optionally another estimate.

A figure is made in two steps: `empty_figure` returns the layout and traces without data, and `trace_values` returns the
values of the traces. A report stores the first step once; the page's script fills in the values of the asset chosen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio._arrays.text import listed, shown
from statefolio._options import Number, check
from statefolio.exceptions import UnknownNameError
from statefolio.loadings.results import HALF_BAND
from statefolio.report import style
from statefolio.report.fitted_loadings import (
    ALPHA,
    AssetLoadings,
    FittedLoadings,
    Floats,
    asset_loadings,
    loadings_at,
    view_range,
)
from statefolio.report.fitting import LONGEST_NAME, fitted, short

PANEL_HEIGHT = 215
TOP, BOTTOM = 30, 66
LONGEST_TITLE = 20
"""Characters of a panel's title with two panels in a row."""
ALPHA_UNIT = 1e4
"""Alpha is drawn in basis points, because its values in decimals are too small for an axis."""
PERIODS = (
    (0.9, "period"),
    (4.0, "day"),
    (10.0, "week"),
    (45.0, "month"),
    (120.0, "quarter"),
    (400.0, "year"),
)
"""The most days between dates for each name of a period."""


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


def factor_scales(factors: Sequence[str]) -> Floats:
    """Return the factor by which each loading is multiplied for the figure."""
    return np.array([ALPHA_UNIT if factor == ALPHA else 1.0 for factor in factors])


def empty_figure(
    factors: Sequence[str],
    dates: pd.DatetimeIndex,
    tuned_until: pd.Timestamp | None,
    *,
    other_name: str | None,
    columns: int,
    band: float = 0.95,
) -> dict[str, Any]:
    """Return the figure of one asset without data."""
    rows = -(-len(factors) // columns)
    height = TOP + BOTTOM + rows * PANEL_HEIGHT
    page = style.layout(
        height=height,
        margin={"l": 44, "r": 10, "t": TOP, "b": 10},
        showlegend=True,
        hovermode="x",
        annotations=[],
        shapes=[],
    )
    data: list[dict[str, Any]] = []
    longest = LONGEST_TITLE if columns > 1 else 2 * LONGEST_TITLE
    for position, factor in enumerate(factors):
        row, column = divmod(position, columns)
        x_domain, y_domain = _domains(row, column, rows, columns)
        number = axis_number(position)
        page[f"xaxis{number}"] = style.axis(
            domain=x_domain,
            anchor=f"y{number}",
            type="date",
            showgrid=False,
            nticks=4,
            tickangle=0,
        )
        if position:
            page[f"xaxis{number}"]["matches"] = "x"
        page[f"yaxis{number}"] = style.axis(domain=y_domain, anchor=f"x{number}", nticks=6)
        page["annotations"].append(_label(short(label(factor, dates), longest), number))
        _mark_in_sample(page, number, dates, tuned_until)
        data.extend(_traces(number, other_name, band, named=position == 0))
    return {"data": data, "layout": page}


def axis_number(position: int) -> str:
    """Return plotly's number of a panel's axes: "", "2", "3", ..."""
    return "" if position == 0 else str(position + 1)


def label(factor: str, dates: pd.DatetimeIndex) -> str:
    """Return the title of a panel."""
    return f"alpha, bp per {period(dates)}" if factor == ALPHA else factor


def period(dates: pd.DatetimeIndex) -> str:
    """Return the word for the median distance between dates."""
    if len(dates) < 2:
        return "period"
    days = float(np.median(np.diff(dates.to_numpy()) / np.timedelta64(1, "D")))
    return next((word for most, word in PERIODS if days <= most), "period")


def _domains(row: int, column: int, rows: int, columns: int) -> tuple[list[float], list[float]]:
    gap_x, gap_y = 0.07, 52 / (rows * PANEL_HEIGHT)
    width = (1 - gap_x * (columns - 1)) / columns
    height = (1 - gap_y * (rows - 1)) / rows
    left, top = column * (width + gap_x), 1 - row * (height + gap_y)
    return [left, min(1.0, left + width)], [max(0.0, top - height), top]


def _label(text: str, number: str) -> dict[str, Any]:
    return {
        "text": f"<b>{text}</b>",
        "xref": f"x{number} domain",
        "yref": f"y{number} domain",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12},
    }


def _mark_in_sample(
    page: dict[str, Any], number: str, dates: pd.DatetimeIndex, tuned_until: pd.Timestamp | None
) -> None:
    """Shade the dates that the hyper-parameters were learned from."""
    if tuned_until is None or not len(dates) or tuned_until < dates[0]:
        return
    end = min(tuned_until, dates[-1])
    where = {"xref": f"x{number}", "yref": f"y{number} domain", "x0": dates[0].isoformat(), "y0": 0, "y1": 1}
    page["shapes"].append(
        {
            **where,
            "type": "rect",
            "x1": end.isoformat(),
            "fillcolor": style.IN_SAMPLE,
            "line": {"width": 0},
            "layer": "below",
            "name": "In sample",
            "legendgroup": "in sample",
            "showlegend": number == "",
        }
    )


def _traces(number: str, other_name: str | None, probability: float, *, named: bool) -> list[dict[str, Any]]:
    """Return one panel's traces: lower edge, upper edge, the other estimate if there is one, the estimate."""
    shared = {
        "type": "scatter",
        "mode": "lines",
        "xaxis": f"x{number}",
        "yaxis": f"y{number}",
        "x": [],
        "y": [],
    }
    edge = {**shared, "line": {"width": 0}, "hoverinfo": "skip", "legendgroup": "band"}
    band = {"fill": "tonexty", "fillcolor": style.BAND, "name": f"{100 * probability:g} % band", "showlegend": named}
    traces = [{**edge, "showlegend": False}, {**edge, **band}]
    hover = "%{y:.3g}"
    if other_name is not None:
        line = {"width": 1.2, "color": style.OTHER}
        name = short(other_name, LONGEST_NAME)
        about = {"name": name, "legendgroup": "other", "showlegend": named, "hovertemplate": hover}
        traces.append({**shared, **about, "line": line})
    line = {"width": 1.8, "color": style.ESTIMATE}
    about = {
        "name": "Filtered loading",
        "legendgroup": "estimate",
        "showlegend": named,
        "hovertemplate": hover,
    }
    return [*traces, {**shared, **about, "line": line}]
