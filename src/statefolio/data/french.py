"""Reads the text files of Kenneth R. French's data library, as published."""

import io
import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from statefolio.data.encodings import decode
from statefolio.data.sources import PathName, read_bytes
from statefolio.exceptions import FileFormatError, InputError, UnknownNameError

_ROW = re.compile(r"\s*(\d{8}|\d{6}|\d{4})\s*,\s*(?=[-+.,\d])")
_PUBLISHED = re.compile(rb"This file was created (by|using)|Kenneth R\. French|CRSP database")
_NAMES_AND_ROW = re.compile(rb"^[ \t]*,[^\r\n]*[A-Za-z][^\r\n]*\r?\n\s*(\d{8}|\d{6}|\d{4})\s*,", re.MULTILINE)
_MISSING = (-99.99, -999.0)
_PERCENT = re.compile(r"returns?\b|factors?\b", re.IGNORECASE)
_FREQUENCIES = {8: "Daily", 6: "Monthly", 4: "Annual"}  # by the number of digits of a date
_DATE_FORMATS = {8: "%Y%m%d", 6: "%Y%m", 4: "%Y"}


@dataclass(slots=True)
class _Block:
    """A header line and the rows under it; the lines above the header are the title."""

    title: str
    columns: list[str]
    digits: int
    rows: list[str] = field(default_factory=list)

    @property
    def frequency(self) -> str:
        return _FREQUENCIES[self.digits]

    @property
    def name(self) -> str:
        return self.title or self.frequency

    @property
    def in_percent(self) -> bool:
        """True where the values are percent: returns are, numbers of firms, sizes and ratios are not."""
        return not self.title or bool(_PERCENT.search(self.title))


def read_french(path: PathName, block: str | None = None) -> pd.DataFrame:
    r"""Read one block of a file of the Kenneth R. French data library.

    Parameters
    ----------
    path : path-like
        The publisher's own file: text, or packed with gzip or zip.
    block : str, optional
        The block's name, or a part of it that no other block has; case is ignored. Blocks without a title are
        named after their dates: ``"Daily"``, ``"Monthly"``, ``"Annual"``. Default: the file's first block.
        `french_blocks` lists the names.

    Returns
    -------
    DataFrame
        Returns as decimals (the files print percent); numbers of firms, sizes and ratios as printed.
        The codes -99.99 and -999 become NaN. Months are dated by their last day, years by 31 December.
        ``attrs`` has the ``block``'s name, its ``frequency`` and the ``units``.

    Raises
    ------
    FileFormatError
        If the file cannot be read as one of French's.
    UnknownNameError
        If no block has that name.
    InputError
        If several blocks have that name.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import statefolio as sf
    >>> text = ",Mkt-RF,SMB,RF\n20210104,-1.41,0.22,0.00\n20210105,0.86,1.23,0.00\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "F-F_Research_Data_Factors_daily.CSV")
    ...     _ = path.write_text(text)
    ...     factors = sf.read_french(path)
    >>> factors.round(4)
                Mkt-RF     SMB   RF
    date
    2021-01-04 -0.0141  0.0022  0.0
    2021-01-05  0.0086  0.0123  0.0
    >>> factors.attrs
    {'block': 'Daily', 'frequency': 'daily', 'units': 'decimals'}
    """
    chosen = _chosen(_blocks(path), block, path)
    table = _values(chosen, path)
    if chosen.in_percent:
        table = table / 100.0
    table.attrs = {
        "block": chosen.name,
        "frequency": chosen.frequency.lower(),
        "units": "decimals" if chosen.in_percent else "as printed",
    }
    return table


def french_blocks(path: PathName) -> list[str]:
    r"""Return the names of the blocks of a file of the French data library, in the file's order.

    Parameters
    ----------
    path : path-like
        The publisher's own file, as for `read_french`.

    Returns
    -------
    list of str

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from statefolio.data import french_blocks
    >>> text = "Average Returns -- Monthly\n,Food\n202101,1.2\n\nNumber of Firms\n,Food\n202101,50\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "industries.CSV")
    ...     _ = path.write_text(text)
    ...     french_blocks(path)
    ['Average Returns -- Monthly', 'Number of Firms']
    """
    return [block.name for block in _blocks(path)]


def is_french(content: bytes) -> bool:
    """Return whether the bytes begin or end as the files of the library do, and have a line of names and a row."""
    ends = content[:4096] + b"\n" + content[-1024:]
    return bool(_PUBLISHED.search(ends)) and bool(_NAMES_AND_ROW.search(content))


def _blocks(path: PathName) -> list[_Block]:
    blocks: list[_Block] = []
    above: list[str] = []  # lines since the last blank line or the last block
    block: _Block | None = None  # the block of the current line
    for number, line in enumerate(decode(read_bytes(path), path, say=False).splitlines(), start=1):
        row = _ROW.match(line)
        if row:
            if block is None:
                block = _open_block(above, len(row[1]), f"{path}, line {number}")
                blocks.append(block)
            _check_row(block, line, len(row[1]), f"{path}, line {number}")
            block.rows.append(line)
        elif block and line.lstrip()[:1].isdigit():
            raise _broken_row(line, f"{path}, line {number}")
        else:
            above = [*above, line] if line.strip() and not block else [line] * bool(line.strip())
            block = None
    if not blocks:
        raise FileFormatError(
            f"{path} must have a header line that starts with a comma, then rows that start with a date (YYYYMMDD, "
            "YYYYMM or YYYY), got no block of data. Use the publisher's own file, unchanged."
        )
    return blocks


def _open_block(above: list[str], digits: int, where: str) -> _Block:
    if not (above and above[-1].lstrip().startswith(",")):
        raise FileFormatError(
            f"{where} must follow a line of names that starts with a comma, got a row of data without a header. "
            "Use the publisher's own file, unchanged."
        )
    columns = [" ".join(name.split()) for name in above[-1].split(",")[1:]]
    return _Block(title=" ".join(" ".join(above[:-1]).split()), columns=columns, digits=digits)


def _check_row(block: _Block, line: str, digits: int, where: str) -> None:
    if digits != block.digits:
        raise _broken_row(line, where)
    values = sum(1 for value in line.split(",")[1:] if value.strip())
    if values != len(block.columns) or line.count(",") != len(block.columns):
        raise FileFormatError(
            f"{where} must have one value for each of {len(block.columns)} names, got {values} values. "
            "The file is probably truncated: get it again."
        )


def _broken_row(line: str, where: str) -> FileFormatError:
    return FileFormatError(
        f"{where} must be a date like those above it, a comma and values, got {line.strip()[:40]!r}. "
        "The file is probably truncated: get it again."
    )


def _chosen(blocks: list[_Block], name: str | None, path: PathName) -> _Block:
    if name is None:
        return blocks[0]
    wanted = " ".join(name.lower().split())
    found = [block for block in blocks if block.name.lower() == wanted]
    found = found or [block for block in blocks if wanted in block.name.lower()]
    if len(found) == 1:
        return found[0]
    names = "\n".join(f"  {block.name}" for block in (found or blocks))
    if not found:
        raise UnknownNameError(f"{path} has no block {name!r}. Use one of its blocks:\n{names}")
    raise InputError(
        f"block must be part of one name alone, got {name!r}, which is part of {len(found)} names in {path}. "
        f"Use one of them:\n{names}"
    )


def _values(block: _Block, path: PathName) -> pd.DataFrame:
    repeated = sorted({name for name in block.columns if block.columns.count(name) > 1})
    if repeated:
        raise FileFormatError(
            f"{path}, block {block.name!r}, must have each column once, got {repeated[0]!r} twice. "
            "Use the publisher's own file, unchanged."
        )
    text = io.StringIO("\n".join(block.rows))
    names = ["date", *block.columns]
    try:
        table = pd.read_csv(
            text,
            header=None,
            names=names,
            dtype={"date": str},
            skipinitialspace=True,
        )
        table.index = _dates(table.pop("date"), block.digits)
        table = table.astype(float)
        if np.isinf(table.to_numpy()).any():
            raise ValueError("an infinite number")
    except (ValueError, OverflowError) as error:
        raise FileFormatError(
            f"{path}, block {block.name!r}, must have dates and numbers, got something else ({error}). "
            "Use the publisher's own file, unchanged."
        ) from error
    if not (table.index.is_unique and table.index.is_monotonic_increasing):
        raise FileFormatError(
            f"{path}, block {block.name!r}, must have increasing dates, got repeated or unsorted ones. "
            "Use the publisher's own file, unchanged."
        )
    return table.mask(table.isin(_MISSING))


def _dates(written: "pd.Series[str]", digits: int) -> pd.DatetimeIndex:
    dates = pd.DatetimeIndex(pd.to_datetime(written.str.strip(), format=_DATE_FORMATS[digits]), name="date")
    if _FREQUENCIES[digits] == "Monthly":
        return dates + pd.offsets.MonthEnd(0)
    if _FREQUENCIES[digits] == "Annual":
        return dates + pd.offsets.YearEnd(0)
    return dates
