"""Counts the values of each line of a text table, and checks that there is one for each name."""

import csv
import io

import numpy as np
from numpy.typing import NDArray

from statefolio.data.header import Header
from statefolio.data.sources import PathName
from statefolio.exceptions import FileFormatError

_MOST_EMPTY = 20


def check_widths(body: str, separator: str, header: Header, path: PathName) -> Header:
    """Check that every line has one value per name; pandas would fill or cut it. Separators may end every line."""
    if '"' in body:
        widths = np.array([len(row) for row in csv.reader(io.StringIO(body), delimiter=separator)], dtype=np.int64)
    elif _are_all_whole(body, separator, header.width):
        return header
    else:
        widths = _widths(body, separator)
    width = header.width
    wrong = np.flatnonzero((widths != 0) & (widths != width))
    if not len(wrong):
        return header
    more = int(widths[wrong[0]]) - width
    ends = separator * more
    if 0 < more <= _MOST_EMPTY and bool((widths[widths != 0] == width + more).all()):
        lines = (line.rstrip("\n").rstrip(" ") for line in io.StringIO(body) if line.strip())
        if all(line.endswith(ends) for line in lines):
            return header.with_empty_columns(more)
    number = int(wrong[0])
    last = number == len(widths) - 1
    advice = "The file is probably truncated: get" if last else "Correct the line, or get"
    raise FileFormatError(
        f"{path}, line {header.lines + number + 1} must have one value for each of {width} names, got "
        f"{widths[number]} values. {advice} the file again."
    )


def _are_all_whole(body: str, separator: str, width: int) -> bool:
    """Return whether every line of a text without quotes has `width` values, at one pass and with few arrays."""
    data = np.frombuffer((body if body.endswith("\n") else body + "\n").encode(), dtype=np.uint8)
    ends = data == ord("\n")
    marked = ends[ends | (data == ord(separator))]
    if len(marked) % width:
        return False
    lines = marked.reshape(-1, width)
    return width > 1 and bool(lines[:, -1].all()) and not bool(lines[:, :-1].any())


def _widths(body: str, separator: str) -> NDArray[np.int64]:
    """Return the number of values of each line of a text without quotes, 0 for a blank one."""
    data = np.frombuffer(body.encode(), dtype=np.uint8)
    ends = np.flatnonzero(data == ord("\n"))
    ends = ends if body.endswith("\n") else np.append(ends, len(data))
    starts = np.append(0, ends[:-1] + 1)
    marks = np.flatnonzero(data == ord(separator))
    widths = np.searchsorted(marks, ends) - np.searchsorted(marks, starts) + 1
    for k in np.flatnonzero(widths == 1):
        widths[k] = int(bool(data[starts[k] : ends[k]].tobytes().strip()))
    if separator == "\t":  # a line of tabs is blank
        widths[ends - starts == widths - 1] = 0
    return widths
