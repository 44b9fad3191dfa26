"""Chapters of a report beside the loadings: figures and tables with titles, in sections of the same page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.report import tables


@dataclass(frozen=True, eq=False)
class Exhibit:
    """A figure or a table, or both, with a title (unless the figure has its own) and a sentence on how to read it.

    `formats` are those of the table's columns, e.g. ",.0f" or ".1%"; ">" sets text to the right.
    """

    title: str
    note: str = ""
    figure: go.Figure | None = None
    table: pd.DataFrame | None = None
    wide: bool = False
    formats: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Chapter:
    """A section of the page: what it says first, a few numbers, and its exhibits."""

    title: str
    lead: str
    exhibits: tuple[Exhibit, ...] = ()
    tiles: Mapping[str, str] = field(default_factory=dict)


def drawn(title: str, note: str, draw: Callable[[], go.Figure], wide: bool = False) -> Exhibit:
    """Return a figure as an exhibit, or why there is none."""
    try:
        return Exhibit(title, note, figure=draw(), wide=wide)
    except InputError as error:
        return Exhibit(title, str(error), wide=wide)


def contents(chapters: Sequence[Chapter], loadings: bool = True) -> str:
    """Return the links to the chapters and to the loadings after them; nothing where there are no chapters."""
    if not chapters:
        return ""
    places = [(f"#{_place(number)}", chapter.title) for number, chapter in enumerate(chapters)]
    if loadings:
        places.append(("#one", "Loadings"))
    links = "".join(f'<a href="{place}">{escape(title)}</a>' for place, title in places)
    return f"<nav>{links}</nav>"


def sections(chapters: Sequence[Chapter]) -> str:
    """Return the chapters as HTML; figures are named as `figures` names them."""
    return "".join(_section(chapter, number) for number, chapter in enumerate(chapters))


def figures(chapters: Sequence[Chapter]) -> dict[str, go.Figure]:
    """Return every figure of the chapters under the name the page knows it by."""
    return {
        _figure_name(number, position): exhibit.figure
        for number, chapter in enumerate(chapters)
        for position, exhibit in enumerate(chapter.exhibits)
        if exhibit.figure is not None
    }


def _section(chapter: Chapter, number: int) -> str:
    shown = "".join(_exhibit(exhibit, _figure_name(number, i)) for i, exhibit in enumerate(chapter.exhibits))
    opening = f'<h2>{escape(chapter.title)}</h2><p class="note">{escape(chapter.lead)}</p>'
    numbers = tables.tiles(chapter.tiles) if chapter.tiles else ""
    exhibits = f'<div class="pair">{shown}</div>' if shown else ""
    return f'<section id="{_place(number)}">{opening}{numbers}{exhibits}</section>'


def _exhibit(exhibit: Exhibit, name: str) -> str:
    note = f'<p class="note">{escape(exhibit.note)}</p>' if exhibit.note else ""
    figure = f'<div class="figure" data-figure="{name}"></div>' if exhibit.figure is not None else ""
    table = tables.plain_table(exhibit.table, exhibit.formats) if exhibit.table is not None else ""
    whole = ' class="whole"' if exhibit.wide else ""
    title = f"<h3>{escape(exhibit.title)}</h3>" if exhibit.title else ""
    return f"<div{whole}>{title}{note}{figure}{table}</div>"


def _place(number: int) -> str:
    return f"chapter-{number + 1}"


def _figure_name(number: int, position: int) -> str:
    return f"chapter_{number + 1}_{position + 1}"
