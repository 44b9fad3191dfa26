"""Tells the first rows of a table apart: prose, lines of names, rows of data."""

import re

import pandas as pd

from statefolio.data.cells import could_be_numbers
from statefolio.data.date_patterns import looks_like_a_date
from statefolio.data.missing import MISSING
from statefolio.data.reading import DATE_WORDS

Rows = list[tuple[int, list[str]]]
MOST_LEVELS = 3
_PROSE, _CELLS = 12, 20


def usual_width(rows: Rows) -> int:
    """The number of cells that most of the later rows have; the first row's where several are as frequent."""
    first = len(rows[0][1])
    widths = [len(row) for _, row in rows[len(rows) // 2 :]]
    later = [width for width in widths if width > 1] or widths  # lines of prose have one cell
    return max([first, *later], key=lambda width: (later.count(width), width == first))


def first_data_row(rows: Rows, width: int) -> int:
    """Return the position of the first row of data."""
    first = rows[0][1]
    if len(first) == width and any(looks_like_a_date(cell) for cell in first[:2]):
        return 0
    if len(first) == width and _are_numbers(first):
        return 0
    full = len(first) in (width, width - 1) and known_cells(first) >= max(2, width - 1)
    if full and not _is_under_prose(rows, width):
        return next((k for k in range(1, len(rows)) if not _is_second_header(rows, k, width)), 1)
    dated = [k for _, row in rows if len(row) == width for k, cell in enumerate(row) if looks_like_a_date(cell)]
    position = max(set(dated), key=lambda k: (dated.count(k), -k), default=-1)
    for k, (_, row) in enumerate(rows[1:], start=1):
        if position >= 0 and len(row) == width and looks_like_a_date(row[position]):
            return _first_alike(rows, k, position)
    for k, (_, row) in enumerate(rows[1:], start=1):
        above = rows[k - 1][1]
        full = len(row) == width and len(above) in (width, width - 1) and known_cells(above) >= max(2, width - 1)
        if full and has_number(row) and not has_number(above):
            return k
    for k, (_, row) in enumerate(rows[1:], start=1):
        above = rows[k - 1][1]
        if len(row) == width and could_be_numbers(_series(row)) and not could_be_numbers(_series(above)):
            return k
    return 1


def _is_under_prose(rows: Rows, width: int) -> bool:
    """Return whether a later full line begins with a word for dates: a line of prose may have as many commas."""
    words = [row[0].strip().lower() if len(row) == width else "" for _, row in rows[:_PROSE]]
    found = next((k for k, word in enumerate(words) if word in DATE_WORDS), 0)
    if found == 0 or known_cells(rows[found][1]) < width:
        return False
    return not any(looks_like_a_date(row[0]) or repeats(row[1:]) for _, row in rows[:found])


def _first_alike(rows: Rows, k: int, position: int) -> int:
    """Return the first of the rows above whose date has as many digits: 200513 is no month, but 200512 below may be."""
    digits = rows[k][1][position].strip()
    while digits.isdigit() and k > 0 and len(rows[k - 1][1]) > position:
        above = rows[k - 1][1][position].strip()
        if not (above.isdigit() and len(above) == len(digits)):
            break
        k -= 1
    return k


def _are_numbers(row: list[str]) -> bool:
    """Return whether every cell of a row is a number, the first one too; 0, 1, 2, ... are names."""
    if not all(re.fullmatch(r"\s*[-+]?\d+(\.\d*)?\s*", cell) for cell in row):
        return False
    return [cell.strip() for cell in row] != [str(k) for k in range(len(row))]


def _is_second_header(rows: Rows, k: int, width: int) -> bool:
    """Return whether a row under a full line of names is another line of names."""
    above, row = rows[k - 1][1], rows[k][1]
    if k >= MOST_LEVELS or len(row) not in (width, width - 1) or k + 1 == len(rows):
        return False
    if known_cells(row) == 1 and row[0].strip().lower() in (*DATE_WORDS, "year", "month"):
        return True
    again = repeats(above[1:]) or repeats(row[1:])
    words = [cell for cell in row[1:] if cell.strip() not in MISSING]
    return again and bool(words) and not any(map(looks_like_a_date, row)) and not could_be_numbers(_series(words))


def repeats(names: list[str]) -> bool:
    """Return whether a name is there twice."""
    known = [name.strip() for name in names if name.strip()]
    return len(set(known)) < len(known)


def has_number(row: list[str]) -> bool:
    """Return whether one of the first cells after the first is a number."""
    return any(cell.strip() and could_be_numbers(_series([cell])) for cell in row[1:_CELLS])


def known_cells(row: list[str]) -> int:
    """Return the number of cells that are not empty."""
    return sum(1 for cell in row if cell.strip())


def _series(row: list[str]) -> "pd.Series[str]":
    return pd.Series(row, dtype=str)
