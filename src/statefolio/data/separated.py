"""Reads text with separators (CSV and its relatives) into a raw table of numbers and texts."""

import csv
import io
import itertools
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from statefolio.data.cells import Decimal, check_points, find_decimal, warn_of_comma
from statefolio.data.date_patterns import looks_like_a_date
from statefolio.data.encodings import decode
from statefolio.data.header import Header, read_header
from statefolio.data.line_widths import check_widths
from statefolio.data.missing import MISSING, na_values
from statefolio.data.reading import Reading
from statefolio.data.recognition import TextColumns, missing_words, text_columns
from statefolio.data.sources import PathName
from statefolio.exceptions import FileFormatError, InputError, StatefolioWarning

_SEPARATORS = (",", ";", "\t", "|")
_LINES_TO_JUDGE = 60
_MOST_COLUMNS = 200_000
_FOOTER_LINES = 20
_OTHER = re.compile(r"\s*(?:<(?:!doctype|\?xml|html|table|head|body)|\[\s*[\[{]|\{\s*[\"'\[{])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Text:
    """The lines under the header of a file, the separator of their values, and the header."""

    body: str
    separator: str
    header: Header
    path: PathName

    def rows(self) -> Iterator[list[str]]:
        """Return the rows under the header."""
        return csv.reader(_lines(self.body), delimiter=self.separator)


def text_table(content: bytes, reading: Reading, path: PathName) -> pd.DataFrame:
    """Read the bytes of a text file with a header; columns of plain numbers are numbers, others stay text.

    Raises
    ------
    FileFormatError
        If the file is no table of values under a line of names.
    """
    read = open_text(content, reading, path)
    header = read.header
    as_text = text_columns([key[-1] for key in header.keys], read.rows, reading)
    codes = missing_words(list(header.names))
    missing: dict[int, list[str]] | list[str] = na_values(reading.missing)  # one list is read faster than one a column
    if codes or as_text.labels:
        free = [k for k in range(header.width) if k not in as_text.labels]
        missing = {k: na_values((*reading.missing, *codes.get(k, ()))) for k in free}
    decimal = _decimal(read, reading, as_text)
    table = _frame(
        read,
        dtype=str if decimal is None else dict.fromkeys(as_text, object if as_text.labels else str),
        decimal=decimal or ".",
        keep_default_na=False,
        na_values=missing,
        low_memory=False,
    )
    if as_text.labels and decimal is not None:  # a long table repeats its dates and names: keep each once
        table = table.astype(dict.fromkeys(as_text, "category"))
    table.columns = pd.MultiIndex.from_tuples(header.keys) if header.levels > 1 else pd.Index(header.names)
    table.attrs |= {"decimal": decimal, "separator": read.separator}
    return table


def untyped_table(content: bytes, path: PathName, reading: Reading | None = None) -> pd.DataFrame:
    """Read the bytes of a text file with a header line; every cell stays text."""
    read = open_text(content, reading or Reading(), path, footer=False)
    return _frame(read, dtype=str, keep_default_na=False).set_axis(pd.Index(read.header.names), axis=1)


def open_text(content: bytes, reading: Reading, path: PathName, *, footer: bool = True) -> Text:
    """Find the separator and the header of a text file, and check that every line has as many values."""
    text = decode(content, path)
    if _OTHER.match(text):
        raise FileFormatError(
            f"{path} must be a table of values with separators, got {text.strip()[:20]!r}, as of a web page or JSON. "
            "Export it as CSV."
        )
    separator = reading.separator or find_separator(text)
    try:
        rows = _head(text, separator)
        header = read_header(rows, path)
        body = text[_offset(text, header.lines) :]
        body = _without_footer(body, separator, header, path) if footer else body
        header = check_widths(body, separator, header, path)
    except csv.Error as error:
        raise FileFormatError(
            f"{path} must be a table of values with separators, got something else ({error}). Correct the file, or get "
            "it again."
        ) from error
    return Text(body, separator, header, path)


def find_separator(text: str) -> str:
    """Return the character that most evenly parts the first lines of a text: comma, semicolon, tab or bar."""
    lines = list(itertools.islice((line for line in _lines(text) if line.strip()), _LINES_TO_JUDGE))

    def score(separator: str) -> tuple[bool, int, int]:
        counts = [_outside_quotes(line, separator) for line in lines]
        usual = max(set(counts), key=counts.count)
        alike = counts.count(usual) if usual else 0
        # Decimal commas may part a line more often than semicolons, which part every line alike.
        return separator != "," and alike >= 0.8 * len(lines), alike, usual

    return max(_SEPARATORS, key=score)


def _outside_quotes(line: str, separator: str) -> int:
    return sum(part.count(separator) for part in line.split('"')[::2])


def _head(text: str, separator: str) -> list[tuple[int, list[str]]]:
    """Return the first rows that are not blank, each with the number of lines up to its end."""
    reader = csv.reader(_lines(text[: 8 * 2**20]), delimiter=separator)
    rows: list[tuple[int, list[str]]] = []
    for row in reader:
        if any(cell.strip() for cell in row):
            rows.append((reader.line_num, row))
        if len(rows) == _LINES_TO_JUDGE or reader.line_num > 10 * _LINES_TO_JUDGE:
            break
        if len(row) > _MOST_COLUMNS:
            raise csv.Error(f"a line with {len(row):,} values; at most {_MOST_COLUMNS:,} are read")
    return rows


def _lines(text: str) -> Iterator[str]:
    """Return the lines one after the other, as `io.StringIO` does, without a copy of the text."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _offset(text: str, lines: int) -> int:
    """Return the position after so many lines."""
    position = 0
    for _ in range(lines):
        position = text.find("\n", position) + 1
        if position == 0:
            return len(text)
    return position


def _without_footer(body: str, separator: str, header: Header, path: PathName) -> str:
    """Drop lines of prose under the table: short ones that do not begin with a digit."""
    end = _end(body, len(body))
    dropped: list[str] = []
    while end > 0 and len(dropped) < _FOOTER_LINES:
        start = body.rfind("\n", 0, end) + 1
        cells = next(csv.reader([body[start:end]], delimiter=separator))
        text = cells[0].strip()
        blank = not any(cell.strip() for cell in cells)
        whole = len(cells) >= header.width and any(cell.strip() for cell in cells[1:])
        prose = (text[:1].isalpha() or text[:1] in ("\u00a9", "*", "#", "(")) and not looks_like_a_date(text)
        if not dropped if blank else whole or not prose:
            break
        dropped += [] if blank else [text]
        end = _end(body, start)
    if not dropped:
        return body
    _warn(f"{path} has lines of text under its table, e.g. {dropped[-1][:60]!r}; they were left out.")
    return body[:end] + "\n"


def _end(body: str, end: int) -> int:
    """Return the end of the last line before a position that is not blank."""
    while end > 0 and body[end - 1].isspace():
        end -= 1
    return end


def _decimal(read: Text, reading: Reading, as_text: TextColumns) -> Decimal | None:
    """Return the decimal mark where it is clear before all cells are seen; else None, and every cell stays text."""
    if reading.decimal is not None:
        return reading.decimal
    commas = ('"' if read.separator == "," else ",") in read.body
    if read.separator == ",":
        return None if commas else "."
    texts = set(as_text)
    rows = itertools.islice(read.rows(), _LINES_TO_JUDGE)
    cells = [cell for row in rows for k, cell in enumerate(row) if k not in texts and cell.strip() not in MISSING]
    if not commas:
        check_points(cells, str(read.path), commas_part_values=False)
        return "."
    if '"' in read.body:
        return None
    try:
        found = find_decimal(cells, None, str(read.path))
    except InputError:
        return None
    if found == ".":
        return None
    warn_of_comma(cells, str(read.path))
    return ","


def _frame(read: Text, **options: object) -> pd.DataFrame:
    try:
        return pd.read_csv(  # type: ignore[call-overload, no-any-return]
            io.StringIO(read.body),
            header=None,
            names=list(range(read.header.width)),
            index_col=False,
            sep=read.separator,
            **options,
        )
    except (ValueError, OverflowError) as error:  # pandas' own errors are among them
        mark = "commas" if read.separator == "," else repr(read.separator)
        raise FileFormatError(
            f"{read.path} must be a table of values separated by {mark} under a line of names, got something else "
            f"({str(error).strip()}). Correct the line, or get the file again."
        ) from error


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=2)
