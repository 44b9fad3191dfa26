"""Makes short tables for a terminal, of whatever width: no number is cut."""

import math
import re
from dataclasses import dataclass
from typing import Any

import pandas as pd
from rich import box
from rich.console import Console, ConsoleOptions, Group, JustifyMethod, RenderResult
from rich.markup import escape
from rich.table import Table

_NUMERIC = re.compile(r"[-+<]?\s*[\d.,]+(?:[eE][-+]?\d+)?\s*(?:%|bp)?|[-–]|inf|nan")
_NARROWEST_TEXT = 16
_PADDING = 3
_EDGE = 1


def table(frame: pd.DataFrame, title: str) -> Group:
    """Return a frame as a table below its title; numbers are right-aligned.

    A table that is wider than the terminal goes on below itself: its first column is repeated, and the columns that
    found no room follow. Texts wrap.
    """
    return Group(f"[bold]{escape(title)}[/bold]", _Fitted(frame))


@dataclass(frozen=True)
class _Column:
    """A column as text: its name, its cells, and whether they are numbers."""

    name: str
    cells: list[str]
    numeric: bool

    @property
    def width(self) -> int:
        """The narrowest width that cuts no number and no word of the name."""
        cells = max((len(cell) for cell in self.cells), default=0)
        words = max(map(len, self.name.split()), default=0)
        return max(words, cells if self.numeric else min(cells, _NARROWEST_TEXT))

    @property
    def whole(self) -> int:
        """The width that folds no cell."""
        return max([self.width, *map(len, self.cells)])

    @property
    def natural(self) -> int:
        """The width that folds nothing."""
        return max(self.whole, len(self.name))


class _Fitted:
    """A table that is laid out when the width of the terminal is known."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._columns = [_column(str(name), frame.iloc[:, k]) for k, name in enumerate(frame.columns)]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for columns in _parts(self._columns, options.max_width):
            made = Table(box=box.SIMPLE_HEAD)
            for column, width in zip(columns, _widths(columns, options.max_width), strict=True):
                justify: JustifyMethod = "right" if column.numeric else "left"
                made.add_column(escape(column.name), justify=justify, width=width, overflow="fold")
            for row in zip(*(column.cells for column in columns), strict=True):
                made.add_row(*map(escape, row))
            yield made


def _widths(columns: list[_Column], width: int) -> list[int]:
    """Share the width of a terminal out: each column gets its least width, and what is left goes where it is missing.

    Rich would take from the widest column first, below what its numbers need.
    """
    least = [column.width for column in columns]
    least[0] = columns[0].whole
    room = width - _PADDING * len(columns) - _EDGE
    if sum(least) > room:  # the names of rows, or a text, must fold
        least[0] = max(1, room - sum(least[1:]))
    while sum(least) < room:
        short = [k for k, column in enumerate(columns) if least[k] < column.natural]
        if not short:
            break
        least[min(short, key=lambda k: least[k])] += 1
    return least


def _parts(columns: list[_Column], width: int) -> list[list[_Column]]:
    """Share columns out to tables that fit; each begins with the first column."""
    if not columns:
        return []
    first, rest = columns[0], columns[1:]
    start = first.whole + _PADDING + _EDGE
    parts: list[list[_Column]] = [[first]]
    used = start
    for column in rest:
        if used + column.width + _PADDING > width and len(parts[-1]) > 1:
            parts.append([first])
            used = start
        parts[-1].append(column)
        used += column.width + _PADDING
    return parts


def _column(name: str, values: "pd.Series[Any]") -> _Column:
    cells = [_text(value) for value in values]
    numeric = bool(cells) and all(map(_NUMERIC.fullmatch, cells)) and not all(cell in "-–" for cell in cells)
    return _Column(name, cells, numeric or (pd.api.types.is_numeric_dtype(values) and bool(cells)))


def number(value: float, form: str) -> str:
    """Format a number; a missing or infinite one is a dash."""
    return form.format(value) if math.isfinite(value) else "-"


def p_value(value: float) -> str:
    """Format a p-value with three decimals; a missing one is a dash."""
    return "< .001" if value < 0.001 else number(value, "{:.3f}").replace("0.", ".", 1)


def _text(value: object) -> str:
    if isinstance(value, float):
        return number(
            value, "{:,.0f}" if value == 0.0 or (value.is_integer() and abs(value) < 1e6) else "{:#.3g}"
        ).rstrip(".")
    return f"{value:,}" if isinstance(value, int) else str(value)
