"""Pictures that the examples share, and the page they are written to."""

from collections.abc import Mapping
from html import escape
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from statefolio.report import style


def lines(frame: pd.DataFrame) -> go.Figure:
    """A line for each column."""
    figure = go.Figure(layout=style.layout(height=300, showlegend=True))
    for color, (name, values) in zip(style.LINES, frame.items(), strict=False):
        figure.add_scatter(x=frame.index, y=values, name=str(name), line={"color": color, "width": 1.4})
    figure.update_xaxes(style.axis())
    return figure.update_yaxes(style.axis())


def add_band(figure: go.Figure, low: "pd.Series[float]", high: "pd.Series[float]", color: str) -> None:
    """A band around a line that is there already."""
    figure.add_scatter(x=low.index, y=low, line={"width": 0}, showlegend=False, hoverinfo="skip")
    fill = f"rgba({int(color[1:3], 16)}, {int(color[3:5], 16)}, {int(color[5:], 16)}, 0.12)"
    figure.add_scatter(
        x=high.index, y=high, line={"width": 0}, fill="tonexty", fillcolor=fill, showlegend=False, hoverinfo="skip"
    )


def stacked_areas(frame: pd.DataFrame) -> go.Figure:
    """Columns stacked through time."""
    figure = go.Figure(layout=style.layout(height=300, showlegend=True))
    for color, (name, values) in zip(style.LINES, frame.items(), strict=False):
        line = {"width": 0, "color": color, "shape": "hv"}
        figure.add_scatter(x=frame.index, y=values, name=str(name), stackgroup="one", line=line)
    figure.update_xaxes(style.axis())
    return figure.update_yaxes(style.axis())


def stacked_bars(frame: pd.DataFrame) -> go.Figure:
    """A bar for each row, made of the columns."""
    figure = go.Figure(layout=style.layout(height=300, showlegend=True, barmode="relative"))
    for color, (name, values) in zip(style.LINES, frame.items(), strict=False):
        figure.add_bar(x=frame.index, y=values, name=str(name), marker={"color": color})
    figure.update_xaxes(style.axis())
    return figure.update_yaxes(style.axis())


def write(file: Path, title: str, figures: Mapping[str, go.Figure]) -> None:
    """Write the figures under each other, with plotly inside: the page needs nothing else."""
    parts = [
        f"<h2>{escape(name)}</h2>" + figure.to_html(full_html=False, include_plotlyjs=number == 0)
        for number, (name, figure) in enumerate(figures.items())
    ]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>body {{font: 15px {style.FONT}}}</style>'
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"<!doctype html>{head}<h1>{escape(title)}</h1>{''.join(parts)}", encoding="utf-8")
