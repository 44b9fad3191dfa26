"""Reads numbers as people and vendors write them: 1,234.56, 1.234,56, 0.53%, 1.2M, (5.00), $3."""

import re
import warnings
from collections.abc import Iterable
from typing import Literal

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio.data.missing import is_missing
from statefolio.exceptions import InputError, StatefolioWarning

Decimal = Literal[".", ","]

_POINT = r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}|\d+)?(?:\.\d*)?(?:[eE][-+]?\d+)?"
_COMMA = r"[-+]?(?:\d{1,3}(?:\.\d{3})+|\d+)?(?:,\d*)?(?:[eE][-+]?\d+)?"
_SAYS_COMMA = re.compile(
    r"[-+]?(?:\d*,(?:\d{1,2}|\d{4,})|0,\d+|\d{1,3}(?:\.\d{3})+,\d*|\d{4,},\d*|\d{1,3}(?:\.\d{3}){2,})"
)
_SAYS_POINT = re.compile(
    r"[-+]?(?:\d*\.(?:\d{1,2}|\d{4,})|0\.\d+|\d{1,3}(?:,\d{3})+\.\d*|\d{4,}\.\d*|\d{1,3}(?:,\d{3}){2,}"
    r"|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d*)?)"
)
_MARK = "[\\s\u00a0\u202f\u2009'\u2019]"
_GROUPS = re.compile(rf"(?<![\d.,])\d{{1,3}}(?:{_MARK}\d{{3}})+(?!\d)")
_LOOSE = re.compile(r"(?<!\d)\s+|\s+(?!\d)")
_SCALES = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
_SUFFIX = re.compile(r"[kmbt]", re.IGNORECASE)
_CURRENCY = "$€£¥"


def find_decimal(texts: Iterable[str], given: Decimal | None, source: str) -> Decimal:
    """Return the decimal mark of a file, judged on its cells that hold a comma or a point.

    Parameters
    ----------
    texts : iterable of str
        Cells that should be numbers.
    given : {".", ","}, optional
        What the caller says; then nothing is judged.
    source : str
        Name of the file, for messages.

    Raises
    ------
    InputError
        If cells contradict each other, or every one could be meant either way (1,234 is 1.234 or 1234).
    """
    if given is not None:
        return given
    comma: str | None = None
    point: str | None = None
    either: str | None = None
    for text in texts:
        cell = _bare(text)
        if "," not in cell and "." not in cell:
            continue
        if _SAYS_COMMA.fullmatch(cell):
            comma = comma or text
        elif _SAYS_POINT.fullmatch(cell):
            point = point or text
        elif "," in cell and re.fullmatch(r"[-+]?\d{1,3},\d{3}", cell):
            either = either or text
        if comma and point:
            raise InputError(
                f"{source} must use one decimal mark, got {comma!r} and {point!r}. Correct the cells, or set decimal."
            )
    if comma:
        return ","
    if either and not point:
        raise InputError(
            f"{source} must show which mark is the decimal one, got cells such as {either!r}, which can be "
            f"{either.replace(',', '.')} or {either.replace(',', '')}. Set decimal=',' or decimal='.'."
        )
    return "."


def check_points(texts: Iterable[str], source: str, *, commas_part_values: bool) -> None:
    """Refuse or warn where every point of a file could part thousands, as in 1.234 beside 987.

    Parameters
    ----------
    texts : iterable of str
    source : str
    commas_part_values : bool
        The file has commas between its values, as where points are decimal marks: then it is only warned of, unless
        some numbers have no point, as those below a thousand.
    """
    cells = [_bare(text) for text in texts]
    pointed = [cell for cell in cells if "." in cell]
    grouped = [cell for cell in pointed if re.fullmatch(r"[-+]?[1-9]\d{0,2}\.\d{3}", cell)]
    if not pointed or len(grouped) < len(pointed):
        return
    other = grouped[0].replace(".", "")
    if commas_part_values and len(cells) == len(pointed):
        warnings.warn(
            f"{source} writes numbers such as {grouped[0]!r}, which were read with a decimal point. Set decimal=',' if "
            f"it is {other}.",
            StatefolioWarning,
            stacklevel=2,
        )
        return
    raise InputError(
        f"{source} must show which mark is the decimal one, got cells such as {grouped[0]!r}, which can be "
        f"{grouped[0]} or {other}. Set decimal='.' or decimal=','."
    )


def warn_of_comma(texts: Iterable[str], source: str) -> None:
    """Warn that numbers with a decimal comma were recognised."""
    example = next(text for text in texts if "," in text)
    warnings.warn(
        f"{source} writes numbers with a decimal comma, e.g. {example!r}. Set decimal=',' to say so.",
        StatefolioWarning,
        stacklevel=2,
    )


def warn_of_percent_name(name: str, column: "pd.Series[str]", source: str) -> bool:
    """Warn of a column whose name says percent and whose cells have no percent sign; return whether it is one."""
    if "%" not in name or bool(column.astype("string").str.contains("%", regex=False).fillna(False).any()):
        return False
    warnings.warn(
        f"{source} has a column {name!r}, as of percent, whose values were read as decimals (1 is 100 %). Divide them "
        "by 100, or write percent signs in the cells.",
        StatefolioWarning,
        stacklevel=2,
    )
    return True


def check_no_money(column: "pd.Series[str]", source: str) -> None:
    """Raise InputError for a column with currency signs in a file of returns."""
    money = column.astype("string").str.contains(f"[{_CURRENCY}]").fillna(False).to_numpy(dtype=bool)
    if money.any():
        raise InputError(
            f"{source} must have returns, got an amount of money in the column {column.name!r}, "
            f"{str(column[money].iloc[0])!r}. Leave the column out, or set value to the column of returns."
        )


def numbers_of(column: "pd.Series[str]", decimal: Decimal, source: str) -> "pd.Series[float]":
    """Read a column of texts as numbers; texts for a missing value become NaN.

    Percent signs divide by 100, K, M, B and T multiply, parentheses are minus signs, currency signs go. A column has a
    percent sign in every number or in none.

    Raises
    ------
    InputError
        If a text is no number; the message names the column, the text and the row's date.
    """
    text = column.astype("string").str.strip()
    known = ~is_missing(text)
    cells = text[known].map(_compact)
    percent = cells.str.fullmatch(r".*%\)?").to_numpy(dtype=bool)
    cells = cells.str.replace(r"%(?=\)?$)", "", regex=True)
    negative = cells.str.fullmatch(r"\(.+\)").to_numpy(dtype=bool)
    cells = cells.str.strip("()") if negative.any() else cells
    cells = cells.str.replace(f"[{_CURRENCY}]", "", regex=True)
    if percent.any() and not percent.all():
        odd = column[known].iloc[int(np.argmin(percent))]
        raise InputError(
            f"{source} must have a percent sign in every number of the column {column.name!r} or in none, got {odd!r} "
            f"next to {column[known].iloc[int(np.argmax(percent))]!r}. Correct the column."
        )
    suffix = cells.str[-1:].str.lower()
    scale = suffix.map(_SCALES).to_numpy(dtype=float, na_value=np.nan)
    scaled = ~np.isnan(scale)
    cells = cells.where(~scaled, cells.str[:-1])
    pattern = _COMMA if decimal == "," else _POINT
    right = cells.str.fullmatch(pattern).to_numpy(dtype=bool) & cells.str.contains(r"\d").to_numpy(dtype=bool)
    if not right.all():
        row = int(np.argmin(right))
        raise _no_number(column[known], row, source)
    plain = cells.str.replace("." if decimal == "," else ",", "", regex=False).str.replace(",", ".", regex=False)
    values = plain.to_numpy(dtype=object).astype(np.float64)
    values = np.where(scaled, values * np.where(scaled, scale, 1.0), values)
    values = np.where(negative, -values, values)
    result = np.full(len(column), np.nan)
    result[known] = values / 100.0 if percent.any() else values
    if percent.any():
        warnings.warn(
            f"{source} writes the column {column.name!r} with percent signs, e.g. {column[known].iloc[0]!r}; its "
            "values were divided by 100.",
            StatefolioWarning,
            stacklevel=2,
        )
    return pd.Series(result, index=column.index, name=column.name)


def could_be_numbers(column: "pd.Series[str]") -> bool:
    """Return whether most of a column's first hundred known cells are numbers, however written."""
    known = column[~is_missing(column)].iloc[:100].astype(str)
    if not len(known):
        return True
    cells = known.map(_bare)
    right = cells.str.fullmatch(_POINT) | cells.str.fullmatch(_COMMA)
    infinite = cells.str.fullmatch(r"[-+]?inf(?:inity)?", case=False)
    return bool(((right & cells.str.contains(r"\d")) | infinite).mean() > 0.5)


def _bare(text: str) -> str:
    """A cell without spaces, currency, percent, scale and parentheses."""
    cell = _compact(str(text)).rstrip("%").strip("()").strip(_CURRENCY).rstrip("%")
    return cell[:-1] if cell[-1:] and _SUFFIX.fullmatch(cell[-1]) and cell[:-1][-1:].isdigit() else cell


def _compact(text: str) -> str:
    """A cell without the marks that part thousands and without spaces beside a number; minus signs are hyphens."""
    text = text.replace("\u2212", "-").replace("\u2013", "-")
    if text.isascii() and not (" " in text or "'" in text or "\t" in text):
        return text
    grouped = _GROUPS.sub(lambda found: re.sub(_MARK, "", found[0]), text)
    return _LOOSE.sub("", grouped)


def _no_number(column: "pd.Series[str]", row: int, source: str) -> InputError:
    label = column.index[row]
    place = show(label) if isinstance(label, pd.Timestamp) else f"row {row + 1} ({label})"
    return InputError(
        f"{source} must have numbers in the column {column.name!r}, got {column.iloc[row]!r} on {place}. Correct or "
        "drop the column; for a file with one row per asset and date, set layout='long' and name the columns with "
        "date, asset and value."
    )
