"""Finds the line or lines of names of a table, under lines of prose and above the rows."""

import warnings
from dataclasses import dataclass, replace

from statefolio.data.date_patterns import looks_like_a_date
from statefolio.data.first_rows import (
    MOST_LEVELS,
    Rows,
    first_data_row,
    has_number,
    known_cells,
    repeats,
    usual_width,
)
from statefolio.data.reading import DATE_WORDS
from statefolio.data.sources import PathName
from statefolio.exceptions import FileFormatError, InputError, StatefolioWarning

_MOST_NUMBERS = 3
_LABELS = (
    "code", "name", "currency", "unit", "units", "start", "end", "frequency", "freq", "type", "mnemonic", "description",
    "datatype", "country", "source", "exchange", "sector",
)  # fmt: skip
"""Words in the first cell of a line about columns; the first two have names."""


@dataclass(frozen=True, slots=True)
class Header:
    """The names of a table's columns.

    Attributes
    ----------
    lines : int
        Lines of the file up to the end of the names.
    names : tuple of str
        The last line of names.
    keys : tuple of tuples of str
        For each column, its names from the first line of names to the last; one of each in an ordinary table.
    """

    lines: int
    names: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.names)

    @property
    def levels(self) -> int:
        """Number of lines of names."""
        return len(self.keys[0])

    def with_empty_columns(self, more: int) -> "Header":
        """Return the header with more columns without a name, for rows that end in separators."""
        empty = ("",) * self.levels
        return replace(self, names=(*self.names, *[""] * more), keys=(*self.keys, *[empty] * more))


def read_header(rows: Rows, path: PathName) -> Header:
    """Find the names among the first rows of a file.

    Parameters
    ----------
    rows : list of (lines up to the end of the row, cells)
        Rows that are not blank.
    path : path-like
        For messages.

    Raises
    ------
    FileFormatError
        If there is one column only.
    InputError
        If the first line holds data rather than names, or a name twice.
    """
    if not rows:
        raise FileFormatError(f"{path} has no value. Get the file again.")
    width = usual_width(rows)
    if width < 2:
        raise FileFormatError(
            f"{path} must have names separated by commas in its first line, got one column ({rows[0][1][0][:40]!r}). "
            "Save the file with commas, or set separator."
        )
    labelled = _labelled(rows, width, path)
    if labelled is not None:
        return labelled
    data = first_data_row(rows, width)
    if data == 0 and sum(map(looks_like_a_date, rows[0][1][1:])) > 1:
        dates = [cell for cell in rows[0][1][1:] if looks_like_a_date(cell)]
        raise InputError(
            f"{path} must have one row per date, got dates as names, {dates[0]!r} and {dates[1]!r}. Swap rows and "
            "columns, with the dates in the first column."
        )
    if data == 0:
        raise first_line_error(",".join(rows[0][1][:3]), "date,AAPL,KO", path)
    first, lines_of_names, named_index = _lines_of_names(rows, data)
    if first > 0:
        _check_are_prose([row for _, row in rows[:first] if len(row) == width], lines_of_names[-1], path)
        _warn_of_preamble(rows[0][1], path)
    cells = [[cell.strip() if len(lines_of_names) > 1 else cell for cell in row] for row in lines_of_names]
    columns = max(map(len, cells))
    cells = [[*row, *[""] * (columns - len(row))] for row in cells]
    if len(cells) > 1:
        cells = [_filled(row, named_index) for row in cells[:-1]] + [cells[-1]]
    header = Header(rows[data - 1][0], tuple(cells[-1]), tuple(zip(*cells, strict=True)))
    if header.levels == 1:
        check_unique(tuple(name for name in header.names if name.strip().lower() not in DATE_WORDS), path)
    return header


def _labelled(rows: Rows, width: int, path: PathName) -> Header | None:
    """Return the names of a table whose lines above the dates each begin with what they say, as Datastream writes."""
    dated = (k for k, (_, row) in enumerate(rows) if len(row) == width and looks_like_a_date(row[0]))
    data = next(dated, 0)
    lines = {row[0].strip().lower(): row for _, row in rows[:data]}
    label = next((word for word in _LABELS[:2] if word in lines), None)
    if label is None or len(lines) < 2 or not lines.keys() <= set(_LABELS):
        return None
    names = tuple(cell.strip() for cell in lines[label])
    errors = [name for name in names if name.startswith("#")]
    if errors:
        raise InputError(
            f"{path} must have a name for each column, got {errors[0]!r}, the vendor's error for a series it does not "
            "find. Delete the column."
        )
    _warn(f"{path} has several lines about its columns; their names were taken from the line {lines[label][0]!r}.")
    return Header(rows[data - 1][0], ("date", *names[1:]), tuple((name,) for name in ("date", *names[1:])))


def first_line_error(data: str, example: str, path: PathName) -> InputError:
    """Return the error for a file without a line of names."""
    return InputError(
        f"{path} must have names in its first line, got {data.strip()!r}, which is data. Put a line of names above it, "
        f"e.g. {example}."
    )


def _lines_of_names(rows: Rows, data: int) -> tuple[int, list[list[str]], bool]:
    """Return the position of the first line of names, these lines, and whether the last named the index alone."""
    last = data - 1
    row = rows[last][1]
    alone = last > 0 and known_cells(row) == 1 and bool(row[0].strip())
    lines = [[row[0], *rows[last - 1][1][1:]]] if alone else [row]
    first = last - 1 if alone else last
    while first > 0 and len(lines) < MOST_LEVELS:
        above = rows[first - 1][1]
        if len(above) < len(row) - 1 or known_cells(above) < 2 or not (alone or repeats(lines[0][1:])):
            break
        lines.insert(0, above)
        first -= 1
    return first, lines, alone


def _filled(row: list[str], whole: bool) -> list[str]:
    """Fill the empty cells of a line of names that a spreadsheet merged, from the left."""
    if whole:
        return row
    filled = row[:1]
    for cell in row[1:]:
        filled.append(cell or (filled[-1] if len(filled) > 1 else ""))
    return filled


def check_unique(names: tuple[str, ...], path: PathName) -> None:
    """Raise InputError for a name that is there twice."""
    repeated = (
        sorted({name for name in names if name and names.count(name) > 1}) if len(set(names)) < len(names) else []
    )
    if repeated:
        raise InputError(
            f"{path} must have each name once in its first line, got {repeated[0]!r} twice. Rename or drop one."
        )


def _check_are_prose(above: list[list[str]], names: list[str], path: PathName) -> None:
    """Raise InputError where lines above the supposed names have numbers, as rows of data have."""
    rows = [row for row in above if has_number(row)]
    if len(rows) >= _MOST_NUMBERS:
        raise InputError(
            f"{path} must have its line of names above all rows, got {len(rows)} rows such as "
            f"{','.join(rows[0])[:40]!r} above {','.join(names)[:40]!r}. Put one line of names above them, and write "
            "dates such as 2015-12-31."
        )


def _warn_of_preamble(row: list[str], path: PathName) -> None:
    text = " ".join(cell.strip() for cell in row if cell.strip())
    _warn(f"{path} has lines above its line of names, the first {text[:60]!r}; they were left out.")


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=2)
