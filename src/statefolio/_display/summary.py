"""Defines what `summary()` returns: a pandas table that prints as a report, whole, with facts above and notes below.

Both classes are pandas objects with the numbers themselves: they select, compute and save like any other, and what is
computed from them is a plain DataFrame or Series. Only the table itself prints in its own way.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from statefolio._display.headings import capitalised, heading
from statefolio._display.measures import measure
from statefolio._display.numbers import P_VALUE, cell
from statefolio._display.text_table import WIDTH, text_table, wrapped

MEASURES = "measure"
"""The format of a column whose cells get the unit that follows from the name of their row."""
NOTEBOOK_ROWS = 12
"""The most rows in a notebook; `summary()` prints all."""
NOTEBOOK_COLUMNS = 8
NOTEBOOK_NOTES = 4


class SummaryTable(pd.DataFrame):
    """A DataFrame that prints whole: a title, facts in two columns, the table with formats, and notes.

    Attributes
    ----------
    title : str
    facts : mapping of str to str
        Printed above the table.
    notes : sequence of str
        Whole sentences, printed below the table.
    formats : mapping of str to str
        Python's format specifications by column, or "p" for p-values.
    printed : sequence of str
        The columns that are printed; by default all.

    Examples
    --------
    >>> import pandas as pd
    >>> from statefolio._display.summary import SummaryTable
    >>> table = SummaryTable(pd.DataFrame({"share": [0.25]}, index=["market"]), "Shares", formats={"share": ".0%"})
    >>> print(table)
    Shares
    <BLANKLINE>
            Share
    ------  -----
    market    25%
    >>> table["share"].sum()
    np.float64(0.25)
    """

    _metadata = ["title", "facts", "notes", "formats", "printed"]  # noqa: RUF012  pandas declares it so

    def __init__(
        self,
        table: pd.DataFrame,
        title: str = "",
        facts: Mapping[str, str] | None = None,
        notes: Sequence[str] = (),
        formats: Mapping[str, str] | None = None,
        printed: Sequence[str] = (),
    ) -> None:
        super().__init__(table)  # type: ignore[call-arg]  # the stubs declare __new__ alone
        self.title, self.facts, self.notes, self.formats = title, dict(facts or {}), list(notes), dict(formats or {})
        self.printed = list(printed)

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame

    def __reduce__(self) -> Any:
        """Pickle the table and what is printed around it."""
        return type(self), (pd.DataFrame(self), self.title, self.facts, self.notes, self.formats, self.printed)

    def __repr__(self) -> str:
        heads, rows, right, labels = self._cells(len(self))
        body = text_table(heads, rows, right, labels) if len(self.columns) else ""
        return _joined(self.title, self.facts, body, self.notes)

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        heads, rows, right, labels = self._cells(NOTEBOOK_ROWS)
        kept = slice(0, labels + NOTEBOOK_COLUMNS)
        head = "".join(
            f"<th{_align(side)}>{escape(name)}</th>" for name, side in zip(heads[kept], right[kept], strict=True)
        )
        body = "".join(
            "<tr>"
            + "".join(
                f"<td{_align(side)}>{escape(text)}</td>" for text, side in zip(row[kept], right[kept], strict=True)
            )
            + "</tr>"
            for row in rows
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if len(self.columns) else ""
        hidden = [(len(self) - len(rows), "row"), (len(heads) - labels - NOTEBOOK_COLUMNS, "column")]
        more = " and ".join(f"{count:,} more {word}{'' if count == 1 else 's'}" for count, word in hidden if count > 0)
        return _html(self.title, self.facts, table, self.notes, more)

    def _label(self, value: Any) -> str:
        return _head(value) if MEASURES in self.formats.values() else _label(value)

    def _text(self, form: str, row: int, value: Any) -> str:
        return measure(str(self.index[row]), value) if form == MEASURES else cell(value, form)

    def _cells(self, most: int) -> tuple[list[str], list[list[str]], list[bool], int]:
        """Return headings, texts of the first rows, whether each column is aligned right, and the number of labels."""
        shown = pd.DataFrame(self).head(most)
        shown = shown[self.printed] if self.printed else shown
        labels = shown.index.to_frame(index=False)
        names = ["" if name is None else _head(name) for name in shown.index.names]
        if isinstance(shown.index, pd.RangeIndex):
            labels, names = labels.iloc[:, :0], []
        columns = [
            *(labels.iloc[:, i] for i in range(labels.shape[1])),
            *(shown.iloc[:, i] for i in range(shown.shape[1])),
        ]
        forms = [""] * len(names) + [self.formats.get(str(name), _form(name)) for name in shown.columns]
        texts = [
            [self._label(value) for value in column]
            if i < len(names)
            else [self._text(forms[i], place, value) for place, value in enumerate(column)]
            for i, column in enumerate(columns)
        ]
        right = [i >= len(names) and _is_numeric(column) for i, column in enumerate(columns)]
        rows = [list(row) for row in zip(*texts, strict=True)] if len(shown) else []
        return [*names, *map(_head, shown.columns)], rows, right, len(names)


class CallableSummary(SummaryTable):
    """A summary that is an attribute of its result and may be called like the method of other results."""

    def __call__(self) -> "CallableSummary":
        """Return the summary itself."""
        return self


class SummaryList(pd.Series):
    """A Series of measures that prints whole, each with the unit that follows from its name; see `SummaryTable`.

    Examples
    --------
    >>> import pandas as pd
    >>> from statefolio._display.summary import SummaryList
    >>> measures = SummaryList(pd.Series({"annual_return": 0.0534, "drawdown_dates": 504.0}), "Measures")
    >>> print(measures)
    Measures
    <BLANKLINE>
    Annual return                         5.34%
    Length of the maximum drawdown, dates   504
    """

    _metadata = ["_name", "title", "facts", "notes"]  # noqa: RUF012  pandas declares it so

    def __init__(
        self, values: pd.Series, title: str = "", facts: Mapping[str, str] | None = None, notes: Sequence[str] = ()
    ) -> None:
        super().__init__(values)  # type: ignore[call-arg]  # the stubs declare __new__ alone
        self.attrs = dict(values.attrs)
        self.title, self.facts, self.notes = title, dict(facts or {}), list(notes)

    @property
    def _constructor(self) -> Any:
        return pd.Series

    def __reduce__(self) -> Any:
        """Pickle the values and what is printed around them."""
        return type(self), (pd.Series(self), self.title, self.facts, self.notes)

    def __repr__(self) -> str:
        rows = self._rows()
        name = max((len(left) for left, _ in rows), default=0)
        value = max((len(right) for _, right in rows if len(right) <= WIDTH - name), default=0)
        lines = [f"{left.ljust(name)} {wrapped(right).rjust(min(value, WIDTH - name - 1))}" for left, right in rows]
        return _joined(self.title, self.facts, "\n".join(lines), self.notes)

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        rows = self._rows()
        half = -(-min(len(rows), 2 * NOTEBOOK_ROWS) // 2)
        cells = [f"<td>{escape(left)}</td><td{_align(True)}><b>{escape(right)}</b></td>" for left, right in rows]
        lines = [
            f"<tr>{cells[i]}{cells[half + i] if half + i < min(len(cells), 2 * half) else ''}</tr>" for i in range(half)
        ]
        more = len(rows) - 2 * half
        return _html(
            self.title,
            self.facts,
            f"<table><tbody>{''.join(lines)}</tbody></table>" if rows else "",
            self.notes,
            f"{more:,} more measures" if more > 0 else "",
        )

    def _rows(self) -> list[tuple[str, str]]:
        return [(_head(name), measure(str(name), value)) for name, value in self.items()]


def _head(name: object) -> str:
    if not isinstance(name, str):
        return str(name)
    if name.endswith("_p_value"):
        return f"{_head(name.removesuffix('_p_value'))}, p-value"
    text = heading(name).replace("_", " ")
    return text if text.startswith(("p-value", "q-value")) or len(text) == 1 else capitalised(text)


def _label(value: object) -> str:
    """Return the text of a label: a number is a name here, e.g. a year."""
    return str(value) if isinstance(value, int | np.integer) else cell(value)


def _form(name: object) -> str:
    """Return the format of a column for which none is given."""
    text = str(name)
    if text in ("p", "q", "p_value", "q_value") or text.endswith(("_p_value", "_q_value", "_p")):
        return P_VALUE
    return ".1%" if text.startswith(("share", "coverage")) else ""


def _is_numeric(column: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(column):
        return False
    return bool(pd.api.types.is_numeric_dtype(column)) or all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in column.dropna()
    )


def _joined(title: str, facts: Mapping[str, str], body: str, notes: Sequence[str]) -> str:
    """Return title, facts, table and notes with an empty line between them."""
    parts = [title, _facts(facts), body, *(wrapped(note) for note in notes)]
    return "\n\n".join(part for part in parts if part) or "Empty"


def _facts(facts: Mapping[str, str]) -> str:
    """Return facts in two columns where both fit, each of the others on a line of its own."""
    half = WIDTH // 2 - 1
    short = [f"{name}: {value}" for name, value in facts.items()]
    lines: list[str] = []
    waiting = ""
    for text in short:
        if len(text) > half:
            lines += [waiting] * bool(waiting) + [wrapped(text)]
            waiting = ""
        elif waiting:
            lines.append(f"{waiting.ljust(half)}  {text}")
            waiting = ""
        else:
            waiting = text
    return "\n".join([*lines, waiting] if waiting else lines)


def _align(right: bool) -> str:
    return f' style="text-align:{"right" if right else "left"};vertical-align:top"'


def _html(title: str, facts: Mapping[str, str], table: str, notes: Sequence[str], more: str) -> str:
    """Return HTML of at most one screen; it inherits the notebook's colours, so that it reads on light and dark."""
    parts = [f"<b>{escape(title)}</b>"] if title else []
    if facts:
        small = " &nbsp; ".join(f"{escape(name)}: <b>{escape(value)}</b>" for name, value in list(facts.items())[:8])
        parts.append(f'<div style="font-size:90%">{small}</div>')
    parts += [table] if table else []
    said = [*list(notes)[:NOTEBOOK_NOTES], *([f"{more}: print(result.summary()) shows all."] if more else [])]
    parts += [f'<div style="font-size:90%;max-width:60em">{escape(note)}</div>' for note in said]
    return f'<div class="statefolio">{"".join(parts)}</div>'
