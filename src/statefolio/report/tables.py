"""HTML tables. Everything that came from a file or a caller is escaped here."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import pandas as pd

MOST_ROWS = 25
BETTER_LOW = ("error_variance", "rmse")
SHARES = ("share", "coverage")
BETTER_HIGH = ("log_score", "share_best", "r_squared")


def facts(rows: Mapping[str, object]) -> str:
    """Return a two-column list of what is known about something."""
    cells = "".join(f"<dt>{escape(str(name))}</dt><dd>{escape(_text(value))}</dd>" for name, value in rows.items())
    return f'<dl class="facts">{cells}</dl>'


def tiles(rows: Mapping[str, str]) -> str:
    """Return the few numbers that open the page."""
    cells = "".join(
        f'<div class="tile"><span>{escape(name)}</span><b>{escape(value)}</b></div>' for name, value in rows.items()
    )
    return f'<div class="tiles">{cells}</div>'


def comparison_table(table: pd.DataFrame) -> str:
    """Return the table of models, the best of each column marked."""
    labelled = table if isinstance(table.index, pd.RangeIndex) else table.reset_index()
    return _table(labelled, {str(name): _best(labelled[name]) for name in labelled.columns})


def plain_table(table: pd.DataFrame, formats: Mapping[str, str] | None = None) -> str:
    """Return a table of at most `MOST_ROWS` rows, and how many were left out.

    `formats` are Python's, by column; a column that has one stands to the right.
    """
    shown = _table(table.head(MOST_ROWS), {}, formats or {})
    left = len(table) - MOST_ROWS
    return shown + (f'<p class="note">and {left:,} more.</p>' if left > 0 else "")


def words(name: object) -> str:
    """Return a column's name as words."""
    return str(name).replace("_", " ")


def number(value: float) -> str:
    """Return a number with four figures that count, never in more places than it needs."""
    if not np.isfinite(value):
        return "-"
    if value == 0.0:
        return "0"
    if 1e-3 <= abs(value) < 1e9:
        places = max(0, 3 - int(np.floor(np.log10(abs(value)))))
        return f"{value:,.{places}f}".replace("-", "\u2212")
    return f"{value:.3e}".replace("-", "\u2212")


def _table(table: pd.DataFrame, best: Mapping[str, set[int]], formats: Mapping[str, str] | None = None) -> str:
    given = formats or {}
    numeric = [pd.api.types.is_numeric_dtype(table[name]) or str(name) in given for name in table.columns]
    head = "".join(
        f"<th{_class('num' if is_number else '')}>{escape(words(name))}</th>"
        for name, is_number in zip(table.columns, numeric, strict=True)
    )
    body = "".join(
        f"<tr>{_cells(list(row), [str(name) for name in table.columns], numeric, best, position, given)}</tr>"
        for position, row in enumerate(table.itertuples(index=False))
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cells(
    row: Sequence[object],
    columns: Sequence[str],
    numeric: Sequence[bool],
    best: Mapping[str, set[int]],
    position: int,
    formats: Mapping[str, str],
) -> str:
    cells = []
    for value, name, is_number in zip(row, columns, numeric, strict=True):
        marks = ("num " if is_number else "day " if isinstance(value, pd.Timestamp) else "") + (
            "best" if position in best.get(name, set()) else ""
        )
        form = formats.get(name, ".1%" if is_number and name.startswith(SHARES) else "")
        text = _formatted(value, form) if form else _text(value)
        cells.append(f"<td{_class(marks.strip())}>{escape(text)}</td>")
    return "".join(cells)


def _best(column: "pd.Series[float]") -> set[int]:
    """Return the rows that are best in one column; none where it has no better or worse."""
    name = str(column.name)
    if not pd.api.types.is_numeric_dtype(column) or not column.min() < column.max():
        return set()
    if name.startswith(BETTER_LOW):
        return set(np.flatnonzero(column == column.min()).tolist())
    if any(mark in name for mark in BETTER_HIGH):
        return set(np.flatnonzero(column == column.max()).tolist())
    return set()


def _formatted(value: object, form: str) -> str:
    if value is None or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return "-"
    text = format(value, form)
    return text if isinstance(value, str) else text.replace("-", "\u2212")


def _text(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if isinstance(value, float | np.floating):
        return number(float(value))
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return "none" if value is None else str(value)


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""
