"""Factors, drawn: what they earned, and how a macro series surprised."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.factors.factor_returns import FactorReturns
from statefolio.report import style

HEIGHT = 360
ROW = 150
COLOURS = {
    "observed": (style.ESTIMATE, "#5595be", "#174f78", "#7fb0d1"),
    "statistical": (style.OTHER, "#a8481a", "#e3a878"),
    "characteristic": ("#4c7a4f", "#8aae8c", "#2f5232", "#b3ccb4"),
}
DASHES = ("solid", "dash", "dot", "dashdot")


def cumulative_factors_figure(factors: FactorReturns) -> go.Figure:
    """Draw the sum of each factor's returns so far, in percent; a line stops where its factor is not known.

    Sums, not products: a factor is an excess return on no capital of its own.
    """
    figure = go.Figure()
    drawn = dict.fromkeys(COLOURS, 0)
    for (name, column), kind in zip(factors.returns.items(), factors.kinds, strict=True):
        colours, place = COLOURS[kind], drawn[kind]
        drawn[kind] += 1
        total = (100.0 * column.cumsum()).round(3)
        figure.add_scatter(
            x=total.index,
            y=total,
            name=str(name),
            legendgroup=kind,
            legendgrouptitle={"text": kind, "font": {"size": 11, "color": style.MUTED}},
            mode="lines",
            connectgaps=False,
            line={
                "color": colours[place % len(colours)],
                "width": 1.4,
                "dash": DASHES[place // len(colours) % len(DASHES)],
            },
            hovertemplate="%{x|%Y-%m-%d}: %{y:.1f} %<extra>" + str(name) + "</extra>",
        )
    return figure.update_layout(
        style.layout(
            height=HEIGHT,
            showlegend=True,
            xaxis=style.axis(showgrid=False),
            yaxis=style.axis(title=style.axis_title("sum of returns, %"), zeroline=True, zerolinecolor=style.MUTED),
        )
    )


def surprises_figure(news: pd.DataFrame) -> go.Figure:
    """Draw each series' surprises on their publication dates, within twice the deviation their past promised.

    Parameters
    ----------
    news : DataFrame
        From `find_surprises`.
    """
    names = list(dict.fromkeys(news["series"]))
    figure = go.Figure()
    for place, name in enumerate(names):
        of = news[(news["series"] == name) & news["surprise"].notna()].sort_values("published")
        suffix = "" if place == 0 else str(place + 1)
        axes = {"xaxis": "x", "yaxis": f"y{suffix}"}
        edge = 2.0 * of["scale"].to_numpy(dtype=np.float64)
        for side, filled in ((edge, None), (-edge, "tonexty")):
            figure.add_scatter(
                x=of["published"],
                y=side,
                mode="lines",
                line={"width": 0},
                fill=filled,
                fillcolor=style.BAND,
                hoverinfo="skip",
                showlegend=False,
                **axes,
            )
        figure.add_scatter(
            x=of["published"],
            y=of["surprise"],
            name=str(name),
            mode="markers",
            marker={"size": 3, "color": style.ESTIMATE},
            hovertemplate="%{x|%Y-%m-%d}: %{y:.4g}<extra>" + str(name) + "</extra>",
            **axes,
        )
        figure.update_layout({f"yaxis{suffix}": _row(str(name), place, len(names))})
    xaxis = style.axis(showgrid=False, anchor=f"y{len(names)}" if len(names) > 1 else "y")
    return figure.update_layout(style.layout(height=60 + ROW * len(names), xaxis=xaxis))


def _row(name: str, place: int, count: int) -> dict[str, object]:
    top = 1.0 - place / count
    domain = [top - 0.88 / count, top]
    return style.axis(title=style.axis_title(name), domain=domain, zeroline=True, zerolinecolor=style.MUTED)
