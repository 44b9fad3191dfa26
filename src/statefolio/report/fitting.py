"""Makes the texts of a figure fit at any width: shortens names, wraps axis titles, and leaves room for the legend."""

import functools
import textwrap
from collections.abc import Callable, Iterable
from typing import ParamSpec

import plotly.graph_objects as go

from statefolio.report import style

P = ParamSpec("P")
LONGEST_NAME = 34
"""Characters of a name in a legend."""
LONGEST_LABEL = 22
"""Characters of a category on an axis."""
NARROW = 350.0
"""Width in pixels of a figure on a phone, without its margins."""
LETTER = 6.3
"""Width in pixels of a letter."""
LEGEND_LINE = 19
LEAST_ROW = 13.0
"""Least height in pixels of a row with a label."""
CATEGORIES_ACROSS = 24


def fitted(draw: Callable[P, go.Figure]) -> Callable[P, go.Figure]:
    """Decorate a function that draws a figure: its texts then fit, whatever the names are."""

    @functools.wraps(draw)
    def fitting(*args: P.args, **options: P.kwargs) -> go.Figure:
        return fit_texts(draw(*args, **options))

    return fitting


def short(text: object, most: int = LONGEST_LABEL) -> str:
    """Return a name with its middle left out if it is long.

    >>> short("Consumer Discretionary and Services", 22)
    'Consumer Disc…Services'
    >>> short("AAPL")
    'AAPL'
    """
    name = str(text)
    if len(name) <= most:
        return name
    tail = (most - 1) * 2 // 5
    return f"{name[: most - 1 - tail].rstrip()}…{name[len(name) - tail :].lstrip()}"


def fit_texts(figure: go.Figure) -> go.Figure:
    """Shorten names, wrap titles of axes and make room for the legend; changes the figure and returns it.

    Parameters
    ----------
    figure : Figure
        In the layout of `style.layout`.
    """
    for name in _axes(figure):
        _fit_axis(figure, name)
    entries = _legend_entries(figure)
    for trace in figure.data:
        if trace.name is not None:
            trace.name = short(trace.name, LONGEST_NAME)
    for shape in figure.layout.shapes:
        if shape.name is not None:
            shape.name = short(shape.name, LONGEST_NAME)
    if figure.layout.showlegend and figure.layout.legend.yref == "container" and figure.layout.height:
        lines = _legend_lines(short(entry, LONGEST_NAME) for entry in entries)
        figure.layout.height = int(figure.layout.height + LEGEND_LINE * max(0, lines - 1))
    return figure


def _axes(figure: go.Figure) -> list[str]:
    return [name for name in figure.layout.to_plotly_json() if name.startswith(("xaxis", "yaxis"))]


def _fit_axis(figure: go.Figure, name: str) -> None:
    axis = figure.layout[name]
    if axis.title.text:
        room = int((_across(figure) if name.startswith("x") else _length(figure, name, style.ON_PAPER)) / LETTER)
        axis.title.text = "<br>".join(textwrap.wrap(axis.title.text.replace("<br>", " "), max(14, room)))
    if axis.type == "category":
        _fit_categories(figure, name, _length(figure, name))


def _across(figure: go.Figure) -> float:
    """Return the pixels along a horizontal axis on a phone: the names of categories at its left take some."""
    if figure.layout.yaxis.type != "category":
        return NARROW - 40.0
    longest = max((len(str(label)) for trace in figure.data if trace.y is not None for label in trace.y), default=0)
    return NARROW - LETTER * min(longest, LONGEST_LABEL) - 10.0


def _length(figure: go.Figure, name: str, share: float = 1.0) -> float:
    """Return the pixels along a vertical axis, about, where the figure has this share of its height."""
    low, high = figure.layout[name].domain or (0.0, 1.0)
    margin = figure.layout.margin
    inner = share * (figure.layout.height or 450) - (margin.t or 0) - (margin.b or 0) - 40
    return float(max(60.0, (high - low) * inner))


def _fit_categories(figure: go.Figure, name: str, pixels: float) -> None:
    """Shorten the labels of categories; of very many, label only as many as have room."""
    letter, number = name[0], name[5:]
    categories: dict[str, None] = {}
    for trace in figure.data:
        values = getattr(trace, letter, None)
        if values is not None and (getattr(trace, f"{letter}axis", None) or letter) == f"{letter}{number}":
            categories |= dict.fromkeys(str(value) for value in values)
    names = list(categories)
    room = pixels / LEAST_ROW if letter == "y" else CATEGORIES_ACROSS
    step = max(1, -(-len(names) // max(1, int(room))))
    most = LONGEST_LABEL if letter == "y" else LONGEST_LABEL - 4
    if step == 1 and all(len(label) <= most for label in names):
        return
    kept = names[::step]
    figure.layout[name].update(tickmode="array", tickvals=kept, ticktext=_distinct(kept, most))


def _distinct(names: list[str], most: int) -> list[str]:
    """Return shortened names; names that would then be equal keep more of their letters."""
    texts = [short(name, most) for name in names]
    return [text if texts.count(text) == 1 else short(name, most + 10) for name, text in zip(names, texts, strict=True)]


def _legend_entries(figure: go.Figure) -> list[str]:
    shapes = [shape for shape in figure.layout.shapes if shape.showlegend]
    shown = [*(trace for trace in figure.data if trace.showlegend is not False), *shapes]
    groups: dict[object, str] = {}
    for place, part in enumerate(shown):
        if part.name:
            groups.setdefault((part.legendgroup, part.name) if part.legendgroup else place, str(part.name))
    return list(groups.values())


def _legend_lines(entries: Iterable[str]) -> int:
    """Return about how many lines a legend has on a phone: entries are in columns as wide as the longest."""
    widths = [45.0 + LETTER * len(entry) for entry in entries]
    if not widths or sum(widths) <= NARROW:
        return 1
    return -(-len(widths) // max(1, int(NARROW // max(widths))))
