"""Reads a sheet of an Excel or OpenDocument workbook into a raw table."""

import datetime as dt
import io
import re
import warnings
import zipfile
from collections.abc import Sequence
from typing import Any

import pandas as pd

from statefolio._arrays.text import listed
from statefolio.data.date_patterns import looks_like_a_date
from statefolio.data.header import read_header
from statefolio.data.missing import na_values
from statefolio.data.reading import Reading
from statefolio.data.recognition import text_columns
from statefolio.data.sources import BROKEN, PathName, check_unpacked_size
from statefolio.exceptions import FileFormatError, InputError, StatefolioWarning, UnknownNameError

_ROWS_TO_JUDGE = 60
_MOST_CELLS, _FREE_CELLS = 100_000_000, 5_000_000
_PLACE = re.compile(rb"""\br=["']([A-Za-z]+)(\d+)["']""")
_LETTERS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"123456789ABCDEFGHIJKLMNOPQ")


def workbook_table(content: bytes, reading: Reading, path: PathName) -> pd.DataFrame:
    """Read one sheet: the one named, or the only one with a table.

    Raises
    ------
    FileFormatError
        If the file is no workbook, or is encrypted.
    InputError
        If several sheets have a table and none is named.
    UnknownNameError
        If no sheet has the name given.
    """
    rows = _rows(content, reading, path)
    texts = [(k + 1, row) for k, row in enumerate(rows) if any(cell != "" for cell in row)]
    if not texts:
        raise FileFormatError(f"{path} has an empty sheet. Check the file, or name another sheet with sheet.")
    used = max(max(k for k, cell in enumerate(row) if cell != "") for _, row in texts) + 1
    if used < 2:
        raise FileFormatError(
            f"{path} must have a column of dates and one of values in its sheet, got one column. Check the file, or "
            "name another sheet with sheet."
        )
    texts = [(line, row[:used]) for line, row in texts]
    header = read_header([(line, list(map(_text, row))) for line, row in texts[:_ROWS_TO_JUDGE]], path)
    body = [row for line, row in texts if line > header.lines]
    body = _without_footer(body, path)
    names = [key[-1] for key in header.keys]
    keep = text_columns(names, lambda: (list(map(_text, row)) for row in body), reading)
    missing = set(na_values(reading.missing))
    columns = {}
    for k in range(header.width):
        cells = [row[k] if k < len(row) else "" for row in body]
        columns[k] = _column(cells, missing, text=k in keep.labels, date=k in keep.dates)
    table = pd.DataFrame(columns)
    table.columns = pd.MultiIndex.from_tuples(header.keys) if header.levels > 1 else pd.Index(header.names)
    return table


def _rows(content: bytes, reading: Reading, path: PathName) -> Sequence[Sequence[object]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        if content.startswith(b"PK"):
            _check_parts(content, path)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        name = _sheet(book, reading, path)
        sheet = book.get_sheet_by_name(name)
        if sheet.total_height * sheet.total_width > _MOST_CELLS:
            raise FileFormatError(f"{path} must have at most {_MOST_CELLS:,} cells. Save the sheet as CSV.")
        return sheet.to_python(skip_empty_area=False)
    except (CalamineError, *BROKEN) as error:
        if isinstance(error, FileFormatError | InputError | UnknownNameError):
            raise
        raise FileFormatError(
            f"{path} is a workbook that cannot be read ({error}). Remove its password, or save the sheet as CSV."
        ) from error


def _check_parts(content: bytes, path: PathName) -> None:
    """Raise FileFormatError where the parts of a workbook unpack to too much, or a sheet has a far cell."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        check_unpacked_size(len(content), sum(each.file_size for each in archive.infolist()), path)
        for each in archive.namelist():
            if each.startswith("xl/worksheets/") and each.endswith(".xml"):
                _check_places(archive.read(each), path)


def _check_places(sheet: bytes, path: PathName) -> None:
    """Raise FileFormatError where one far cell would make calamine allocate a sheet far larger than its cells."""
    places = _PLACE.findall(sheet)
    if not places:
        return
    columns = {name: int(name.translate(_LETTERS), 27) for name in {name.upper()[:6] for name, _ in places}}
    rows = max(int(row[:9]) for _, row in places)
    if rows * max(columns.values()) > max(_FREE_CELLS, 100 * len(places)):
        raise FileFormatError(
            f"{path} must have its cells side by side, got {len(places):,} cells, some of them far away (row {rows:,})."
            " Delete the far ones, or save the sheet as CSV."
        )


def _sheet(book: object, reading: Reading, path: PathName) -> str:
    names: list[str] = list(book.sheet_names)  # type: ignore[attr-defined]
    if reading.sheet is not None:
        if reading.sheet not in names:
            raise UnknownNameError(
                f"sheet must name a sheet of {path} ({listed(names, 10)}), got {reading.sheet!r}. Use one of them."
            )
        return reading.sheet
    filled = [name for name in names if _is_table(book.get_sheet_by_name(name))]  # type: ignore[attr-defined]
    if len(filled) > 1:
        raise InputError(
            f"sheet must name one of the sheets of {path} that hold a table, {listed(filled, 10)}. Set sheet to one of "
            "them."
        )
    if not names:
        raise FileFormatError(f"{path} has no sheet. Check the file.")
    return filled[0] if filled else names[0]


def _is_table(sheet: object) -> bool:
    return bool(sheet.height >= 3 and sheet.width >= 2)  # type: ignore[attr-defined]


def _text(cell: object) -> str:
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ") if cell.time() != dt.time() else cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


def _column(cells: list[Any], missing: set[str], *, text: bool, date: bool) -> "pd.Series[Any]":
    """Return the cells of a column: texts where they name something, else numbers where all are numbers."""
    if text:
        return pd.Series(list(map(_text, cells)), dtype=object)
    if date:
        return pd.Series([None if _text(cell).strip() in missing else _text(cell) for cell in cells], dtype=object)
    known = [None if isinstance(cell, str) and cell in missing else cell for cell in cells]
    if all(cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool)) for cell in known):
        return pd.Series([float("nan") if cell is None else float(cell) for cell in known])
    return pd.Series([None if cell is None else _exact(cell) for cell in known], dtype=object)


def _exact(cell: object) -> str:
    return repr(cell) if isinstance(cell, float) else _text(cell)


def _without_footer(body: list[Sequence[object]], path: PathName) -> list[Sequence[object]]:
    """Drop rows of prose under the table: those with a text in the first cell alone."""
    end = len(body)
    while end and isinstance(body[end - 1][0], str) and not any(cell != "" for cell in body[end - 1][1:]):
        text = str(body[end - 1][0]).strip()
        if text[:1].isdigit() or looks_like_a_date(text):
            break
        end -= 1
    if end < len(body):
        warnings.warn(
            f"{path} has lines of text under its table, e.g. {str(body[end][0])[:60]!r}; they were left out.",
            StatefolioWarning,
            stacklevel=2,
        )
    return body[:end]
