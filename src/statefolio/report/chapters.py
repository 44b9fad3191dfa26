"""Defines chapters of a report, which hold figures and tables with titles, and writes them as HTML sections."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape

import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.report import tables
from statefolio.report.lights import Light, lights_list


@dataclass(frozen=True, eq=False)
class Exhibit:
    """A figure, a table or both, with a title and a note on how to read it.

    Parameters
    ----------
    title : str
        The heading; empty if the figure has its own title.
    note : str
        One or two sentences below the heading.
    figure : plotly Figure, optional
    table : DataFrame, optional
        Known column names become headings with units, e.g. "cvar_95" becomes "CVaR 95 %".
    wide : bool
        Whether the exhibit takes the whole width of the page instead of half.
    formats : mapping of str to str
        Python format specifications of the table's columns, e.g. ",.0f" or ".1%"; "p" formats p-values and ">" aligns
        text to the right.
    why_missing : str
        The sentence below a table that has missing values, which are shown as dashes.
    folded : Exhibit, optional
        Shown below the table when its title is opened, e.g. the rows that the table sums up.
    sorts : bool
        Whether readers can sort the table by its columns.

    Examples
    --------
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> costs = pd.DataFrame({"strategy": ["minimum variance"], "turnover": [0.42]})
    >>> exhibit = sf.report.Exhibit("Turnover", "Per year.", table=costs, formats={"turnover": ".0%"})
    >>> exhibit.title
    'Turnover'
    """

    title: str
    note: str = ""
    figure: go.Figure | None = None
    table: pd.DataFrame | None = None
    wide: bool = False
    formats: Mapping[str, str] = field(default_factory=dict)
    why_missing: str = tables.WHY_MISSING
    folded: "Exhibit | None" = None
    sorts: bool = False


@dataclass(frozen=True, eq=False)
class Chapter:
    """A section of a report: a title, an introduction, a row of tiles and exhibits.

    Parameters
    ----------
    title : str
        The heading, also used in the page's list of contents.
    lead : str
        The introduction.
    exhibits : tuple of Exhibit
        Shown two per row unless they are wide.
    tiles : mapping of str to str
        A few numbers shown large, by name.
    lights : tuple of Light
        What was checked, below the tiles.

    Examples
    --------
    A report of one chapter, with a figure and no model:

    >>> import tempfile
    >>> import plotly.graph_objects as go
    >>> import statefolio as sf
    >>> market = sf.load_demo().factors["market"].loc["2022"]
    >>> growth = go.Figure(go.Scatter(x=market.index, y=100 * market.cumsum()))
    >>> chapter = sf.report.Chapter(
    ...     "Market",
    ...     "The sum of daily returns, in percent.",
    ...     (sf.report.Exhibit("Market in 2022", figure=growth, wide=True),),
    ...     {"Return": f"{market.sum():.1%}"},
    ... )
    >>> chapter.tiles
    {'Return': '-20.2%'}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = sf.report.write_report(f"{folder}/market.html", None, chapters=[chapter], title="The market")
    ...     page.name, page.read_text(encoding="utf-8").count("<section")
    ('market.html', 1)
    """

    title: str
    lead: str
    exhibits: tuple[Exhibit, ...] = ()
    tiles: Mapping[str, str] = field(default_factory=dict)
    lights: tuple[Light, ...] = ()


def figure_exhibit(title: str, note: str, draw: Callable[[], go.Figure], wide: bool = False) -> Exhibit:
    """Return a figure as an exhibit, or the reason why it cannot be drawn."""
    try:
        return Exhibit(title, note, figure=draw(), wide=wide)
    except InputError as error:
        return Exhibit(title, str(error), wide=wide)


def full_rows(exhibits: Sequence[Exhibit]) -> tuple[Exhibit, ...]:
    """Widen exhibits that would otherwise have an empty place next to them."""
    shown: list[Exhibit] = []
    alone = False
    for exhibit in exhibits:
        if exhibit.wide and alone:
            shown[-1] = replace(shown[-1], wide=True)
        alone = not exhibit.wide and not alone
        shown.append(exhibit)
    if alone:
        shown[-1] = replace(shown[-1], wide=True)
    return tuple(shown)


def contents(chapters: Sequence[Chapter], loadings: bool = True) -> str:
    """Return links to the chapters and to the loadings after them; an empty text if there are no chapters."""
    if not chapters:
        return ""
    places = [(f"#{_place(number)}", chapter.title) for number, chapter in enumerate(chapters)]
    if loadings:
        places.append(("#one", "Loadings"))
    links = "".join(f'<a href="{place}">{escape(title)}</a>' for place, title in places)
    return f'<nav aria-label="Contents">{links}</nav>'


def places(chapters: Sequence[Chapter]) -> dict[str, str]:
    """Return the anchor of each chapter by its title."""
    return {chapter.title: _place(number) for number, chapter in enumerate(chapters)}


def sections(chapters: Sequence[Chapter]) -> str:
    """Return the chapters as HTML, with the figures' names as in `figures`."""
    return "".join(_section(chapter, number) for number, chapter in enumerate(chapters))


def figures(chapters: Sequence[Chapter]) -> dict[str, go.Figure]:
    """Return all figures of the chapters, keyed by their names in the page."""
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
    numbers += lights_list(chapter.lights, {}) if chapter.lights else ""
    exhibits = f'<div class="pair">{shown}</div>' if shown else ""
    return f'<section id="{_place(number)}">{opening}{numbers}{exhibits}</section>'


def _exhibit(exhibit: Exhibit, name: str) -> str:
    note = f'<p class="note">{escape(exhibit.note)}</p>' if exhibit.note else ""
    figure = f'<div class="figure" data-figure="{name}"></div>' if exhibit.figure is not None else ""
    table = _rows(exhibit)
    whole = ' class="whole"' if exhibit.wide else ""
    title = f"<h3>{escape(exhibit.title)}</h3>" if exhibit.title else ""
    folded = "" if exhibit.folded is None else _folded(exhibit.folded)
    return f"<div{whole}>{title}{note}{figure}{table}{folded}</div>"


def _folded(exhibit: Exhibit) -> str:
    """Return a table below a line that opens it."""
    note = f'<p class="note">{escape(exhibit.note)}</p>' if exhibit.note else ""
    return f"<details><summary>{escape(exhibit.title)}</summary>{note}{_rows(exhibit)}</details>"


def _rows(exhibit: Exhibit) -> str:
    """Return the table of an exhibit; an empty text if it has none."""
    if exhibit.table is None:
        return ""
    return tables.plain_table(exhibit.table, exhibit.formats, exhibit.why_missing, exhibit.sorts)


def _place(number: int) -> str:
    return f"chapter-{number + 1}"


def _figure_name(number: int, position: int) -> str:
    return f"chapter_{number + 1}_{position + 1}"
