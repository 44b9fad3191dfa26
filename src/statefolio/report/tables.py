"""Writes HTML tables; every text that comes from a file or a caller is escaped here."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from statefolio._display.headings import capitalised, heading
from statefolio._display.numbers import MISSING as MISSING
from statefolio._display.numbers import P_VALUE as P_VALUE
from statefolio._display.numbers import number, p_value

MOST_ROWS = 40
LONG_TEXT = 60
"""Cells with more characters get more room; a table with such cells becomes cards on a narrow screen."""
MOST_NARROW_COLUMNS = 3
"""A table with more columns becomes cards on a narrow screen: one card per row, one line per column."""
WHY_MISSING = "\u2013: no value, because there were too few data or the column does not apply to the row."
BETTER_LOW = ("error_variance", "rmse")
SHARES = ("share", "coverage")
BETTER_HIGH = ("log_score", "share_best", "r_squared")


def facts(rows: Mapping[str, object]) -> str:
    """Return a two-column list of names and values."""
    cells = "".join(
        f"<dt>{escape(capitalised(str(name)))}</dt><dd>{escape(_fact(value))}</dd>" for name, value in rows.items()
    )
    return f'<dl class="facts">{cells}</dl>'


def tiles(rows: Mapping[str, str]) -> str:
    """Return a row of tiles, each with a name and a value."""
    cells = "".join(
        f'<div class="tile"><span>{escape(name)}</span><b>{escape(value)}</b></div>' for name, value in rows.items()
    )
    return f'<div class="tiles">{cells}</div>'


def comparison_table(table: pd.DataFrame) -> str:
    """Return the table of models with the best value of each column marked."""
    labelled = table if isinstance(table.index, pd.RangeIndex) else table.reset_index()
    return _table(labelled, {str(name): _best(labelled[name]) for name in labelled.columns})


def plain_table(
    table: pd.DataFrame,
    formats: Mapping[str, str] | None = None,
    why_missing: str = WHY_MISSING,
    sorts: bool = False,
) -> str:
    """Return a table of at most `MOST_ROWS` rows, followed by the number of further rows.

    Parameters
    ----------
    table : DataFrame
    formats : mapping of str to str, optional
        Python's format specifications by column, or `P_VALUE`. Columns with a format are aligned to the right.
    why_missing : str
        The sentence below a table that has dashes.
    sorts : bool
        Whether a click on a heading sorts the rows by it.
    """
    first = table.head(MOST_ROWS)
    text = _table(first, {}, formats or {}, sorts)
    left = len(table) - MOST_ROWS
    notes = [why_missing] if f">{MISSING}<" in text and why_missing else []
    notes += [f"and {left:,} more."] if left > 0 else []
    return text + "".join(f'<p class="note">{escape(note)}</p>' for note in notes)


def _table(
    table: pd.DataFrame,
    best: Mapping[str, set[int]],
    formats: Mapping[str, str] | None = None,
    sorts: bool = False,
) -> str:
    given = formats or {}
    numeric = [pd.api.types.is_numeric_dtype(table[name]) or str(name) in given for name in table.columns]
    head = "".join(
        f"<th{_class('num' if is_number else '')}>{escape(_unbroken(heading(name)))}</th>"
        for name, is_number in zip(table.columns, numeric, strict=True)
    )
    whole = {str(name): ",.0f" for name in table.columns if not _format_of(str(name)) and _is_whole(table[name])}
    names, forms = [str(name) for name in table.columns], {**whole, **given}
    body = "".join(
        f"<tr>{_cells(list(row), names, numeric, best, position, forms)}</tr>"
        for position, row in enumerate(table.itertuples(index=False))
    )
    classes = _class(" ".join(["cards"] * _becomes_cards(table) + ["sorts"] * sorts))
    return f'<div class="wide"><table{classes}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _becomes_cards(table: pd.DataFrame) -> bool:
    """Return whether a narrow screen has too little room for a table: many columns, or long texts."""
    texts = (value for name in table for value in table[name] if isinstance(value, str))
    return len(table.columns) > MOST_NARROW_COLUMNS or any(len(text) > LONG_TEXT for text in texts)


def _is_whole(column: Any) -> bool:
    """Return whether all known numbers of a column are whole, as counts are."""
    if not isinstance(column, pd.Series) or not pd.api.types.is_float_dtype(column):
        return False
    values = column.to_numpy(dtype=float, na_value=np.nan)
    known = values[~np.isnan(values)]
    return bool(len(known)) and bool(np.all((np.abs(known) < 1e15) & (known == np.round(known))))


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
        marks += "long" if isinstance(value, str) and len(value) > LONG_TEXT else ""
        form = formats.get(name, _format_of(name) if is_number else "")
        text = MISSING if value is None or value is pd.NaT else _formatted(value, form)
        label = f' data-label="{escape(_unbroken(heading(name)))}"'
        cells.append(f"<td{_class(marks.strip())}{label}>{escape(text)}</td>")
    return "".join(cells)


def _format_of(name: str) -> str:
    """Return the format of a numeric column for which none is given."""
    if name.startswith(SHARES):
        return ".1%"
    return P_VALUE if name in ("p_value", "q_value") or name.endswith(" p-value") else ""


def _best(column: "pd.Series[float]") -> set[int]:
    """Return the best rows of one column; none if the column has no better or worse."""
    name = str(column.name)
    if not pd.api.types.is_numeric_dtype(column) or not column.min() < column.max():
        return set()
    if name.startswith(BETTER_LOW):
        return set(np.flatnonzero(column == column.min()).tolist())
    if any(mark in name for mark in BETTER_HIGH):
        return set(np.flatnonzero(column == column.max()).tolist())
    return set()


def _formatted(value: object, form: str) -> str:
    if not form:
        return _text(value)
    if isinstance(value, float | np.floating) and not np.isfinite(value):
        return MISSING
    if isinstance(value, str):
        return format(value, form if form == ">" else "")
    if form == P_VALUE:
        return p_value(float(value))  # type: ignore[arg-type]
    text = format(value, form)
    if text.startswith("-") and not text.strip("-0.,%"):
        text = text[1:]
    return text.replace("-", "\u2212")


def _fact(value: object) -> str:
    """Return a single value, a whole one without decimals."""
    if isinstance(value, float | np.floating) and float(value).is_integer() and abs(float(value)) < 1e15:
        return f"{value:,.0f}".replace("-", "\u2212")
    return _text(value)


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


def _unbroken(text: str) -> str:
    """Return a heading in which "p-value" and "95 %" stay on one line."""
    return text.replace("-value", "\u2011value").replace(" %", "\u00a0%")


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""
