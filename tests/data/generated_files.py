"""Draws files in the ways of vendors and programs, each with the table that it was made from."""

import gzip
import io
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
from hypothesis import strategies as st

DAYS = {
    "%Y-%m-%d": 5,
    "%Y%m%d": 3,
    "%d.%m.%Y": 2,
    "%m/%d/%Y": 2,
    "%d/%m/%Y": 2,
    "%d-%b-%Y": 1,
    "%b %d, %Y": 1,
    "%Y/%m/%d": 1,
    "%Y-%m-%d 00:00:00-05:00": 1,
    "%Y-%m-%d 16:00:00": 1,
    "%Y-%m-%dT00:00:00Z": 1,
    "%m/%d/%Y %I:%M:%S %p": 1,
    "%y%m%d": 1,
    "%d%m%y": 1,
    "%d.%m.%y": 1,
    "%Y%m%d 000000": 1,
    "%d. %b %Y": 1,
    "%d%b%Y": 1,
    "%m/%d/%y": 1,
    "serial": 1,
    "seconds": 1,
    "milliseconds": 1,
}
MONTHS = ["%Y%m", "%Y-%m", "%m/%Y", "%b %Y", "%b-%y", "%YM%m", "%Y-%m-%d", "%d/%m/%Y", "year, month"]
NAMES = ["AAPL", "KO", "BRK.B", "S&P 500", "Société", "10001", "0005.HK", "A B", "OPEN", "Low"]
NAMES += ["x,y", "NA", "Cash", "TRUE", "^GSPC", "A|B", "-X", "2020", "id", "A;B", "NaN", "1e5"]
MISSING = ["", "NA", "-", ".", "#N/A N/A", "null", "n.a.", "NaN", "#N/A", "nan", "n/a", "\u2013"]
LAYOUTS = ["wide", "wide", "wide", "long", "long", "blocks", "fields", "one asset", "permno"]


@dataclass(frozen=True)
class File:
    """A file's name and bytes, its table, and whether they are returns."""

    name: str
    content: bytes
    table: pd.DataFrame
    returns: bool
    sparse: bool
    shown: str


@st.composite
def files(draw: Any) -> File:
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    style = draw(styles())
    rows, columns = draw(st.integers(1, 40)), draw(st.integers(1, 5))
    returns, layout = style["returns"], style["layout"]
    names = [str(name) for name in rng.choice(NAMES, columns, replace=False)]
    if layout == "one asset":
        names = ["vendor"]
    elif layout == "fields":
        names[0] = names[0].replace("AAPL", "Close")  # an asset may be called as fields are
    elif layout == "permno":
        names = [str(10001 + 7 * k) for k in range(columns)]
    shape = (rows, len(names))
    values = rng.normal(0, style["scale"], shape) if returns else 10.0 ** rng.uniform(0, 4, shape)
    values = np.round(values, style["digits"])
    values[rng.random(values.shape) < style["share missing"]] = np.nan
    start = pd.Timestamp("2019-12-20") + pd.Timedelta(days=int(rng.integers(0, 400)))
    dates = pd.date_range(start, periods=rows, freq="ME") if style["months"] else pd.bdate_range(start, periods=rows)
    table = pd.DataFrame(values, dates.rename("date"), names)
    cells = cells_of(table, style, rng)
    sparse = layout in ("long", "blocks", "permno")
    if style["container"] == "xlsx":
        return File("vendor.xlsx", workbook(cells, style), table, returns, sparse, f"{style} {cells[:4]}")
    text = text_of(cells, style)
    content = text.encode(style["encoding"], errors="replace")
    if style["container"] == "gz":
        content = gzip.compress(content)
    elif style["container"] == "zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("some name.csv", content)
        content = buffer.getvalue()
    return File("vendor.csv", content, table, returns, sparse, f"{text[:600]}\n{style}")


@st.composite
def styles(draw: Any) -> dict[str, Any]:
    def one(*choices: Any) -> Any:
        return draw(st.sampled_from(choices))

    returns, months = draw(st.booleans()), one(False, False, False, True)
    layout = one(*LAYOUTS)
    returns = returns and layout not in ("fields", "one asset")
    days = [each for each, weight in DAYS.items() for _ in range(weight)]
    prose = [(), (), ("Some export of prices",), ("Source: a vendor", "All rights reserved"), ("Prices, daily", "")]
    return {
        "returns": returns,
        "months": months,
        "layout": layout,
        "digits": one(4, 6, 10) if returns else one(0, 1, 2, 2, 3, 4, 6),
        "scale": one(0.02, 0.02, 0.2),
        "share missing": one(0, 0, 0.1, 0.6),
        "separator": one(",", ",", ";", "\t", "|"),
        "comma": draw(st.booleans()),
        "thousands": draw(st.booleans()),
        "mark": one("", "", "'", " ", "\u00a0", "\u2019"),
        "minus": one("-", "-", "\u2212", "(", "-\u00a0"),
        "percent": returns and one(False, False, True),
        "money": not returns and one(False, False, False, "$", "\u20ac"),
        "date": one(*MONTHS) if months else one(*days),
        "head": one("date", "Date", "", "Dates", "timestamp", "DATE", "<DATE>", "Datum"),
        "missing": one(*MISSING),
        "newest_first": draw(st.booleans()),
        "quote_all": draw(st.booleans()),
        "end": one("\n", "\r\n", "\r"),
        "prose": one(*prose),
        "footer": one((), (), ("Copyright of a vendor",), ("", "* adjusted for splits", "Source: a vendor")),
        "trailing": one(0, 0, 0, 1, 2),
        "repeated": one(False, False, True),
        "empty rows": one(False, False, True),
        "empty column": one(False, False, False, True),
        "counter": one(False, False, False, True),
        "field": one("Close", "Adj Close", "Price", "PX_LAST"),
        "lines of names": one(2, 3),
        "typed": draw(st.booleans()),
        "encoding": one("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"),
        "container": one("plain", "plain", "plain", "gz", "zip", "xlsx"),
    }


def cells_of(table: pd.DataFrame, style: dict[str, Any], rng: np.random.Generator) -> list[list[Any]]:
    """Return rows of texts, dates and numbers."""
    order = table.iloc[::-1] if style["newest_first"] else table
    head, layout = style["head"] or "", style["layout"]
    heads = ["year", "month"] if style["date"] == "year, month" else [head]
    if layout in ("long", "permno"):
        heads = heads if style["date"] == "year, month" else [head or "date"]
        names = ["PERMNO", "RET" if style["returns"] else "PRC"] if layout == "permno" else ["ticker", "value"]
        rows = [[*heads, *names]]
        rows += [[*dated(day, style), name, value] for name in table for day, value in order[name].items()]
    elif layout == "blocks":
        known = [order[name].dropna() for name in table]
        rows = [[cell for name in table for cell in ("Date", name)]]
        for k in range(max(map(len, known))):
            pairs = [(each.index[k], each.iloc[k]) if k < len(each) else ("", "") for each in known]
            rows.append([cell for pair in pairs for cell in pair])
        return rows
    elif layout in ("fields", "one asset"):
        others = ["Open", "High", "Low", style["field"], "Volume"]
        beside = rng.uniform(1, 9, (len(order), len(others), table.shape[1])).round(2)
        beside[:, 3] = order.to_numpy()
        if layout == "one asset":
            rows = [[head or "Date", *others]]
        else:
            rows = [["Price", *(field for field in others for _ in table)], ["Ticker", *list(table) * len(others)]]
            rows = rows if style["lines of names"] == 3 else [["", *rows[0][1:]], [head or "Date", *rows[1][1:]]]
            rows += [["Date", *[""] * (len(rows[0]) - 1)]] * (style["lines of names"] == 3)
        day_of = [day if style["date"] == "year, month" else dated(day, style)[0] for day in order.index]
        return rows + [[day, *row.ravel().tolist()] for day, row in zip(day_of, beside, strict=True)]
    else:
        rows = [[*heads, *table.columns]]
        rows += [[*dated(day, style), *row] for day, row in zip(order.index, order.to_numpy(), strict=True)]
    if style["repeated"]:
        rows.insert(2, rows[1])
    if style["counter"]:
        rows = [["", *rows[0]], *([k, *row] for k, row in enumerate(rows[1:]))]
    if style["empty column"]:
        rows = [[*row[:-1], "", row[-1]] for row in rows]
    if style["empty rows"]:
        rows.insert(len(rows) // 2 + 1, [""] * len(rows[0]))
    return rows


def dated(day: pd.Timestamp, style: dict[str, Any]) -> list[Any]:
    return [day.year, day.month] if style["date"] == "year, month" else [day]


def text_of(cells: list[list[Any]], style: dict[str, Any]) -> str:
    separator = style["separator"]

    def written(cell: Any) -> str:
        text = text_of_cell(cell, style)
        quote = style["quote_all"] or any(mark in text for mark in (separator, '"', "\n"))
        return f'"{text}"' if quote else text

    body = [separator.join(map(written, row)) + separator * style["trailing"] for row in cells]
    return style["end"].join([*style["prose"], *body, *style["footer"], ""])


def text_of_cell(cell: Any, style: dict[str, Any]) -> str:
    if isinstance(cell, pd.Timestamp):
        return text_of_date(cell, style["date"])
    return number(float(cell), style) if isinstance(cell, float) else str(cell)


def text_of_date(day: pd.Timestamp, form: str) -> str:
    if form == "serial":
        return str((day - pd.Timestamp("1899-12-30")).days)
    if form in ("seconds", "milliseconds"):
        return f"{int(day.timestamp())}{'000' * (form == 'milliseconds')}"
    return day.strftime("%Y-%m-%d" if form == "year, month" else form)


def number(value: float, style: dict[str, Any]) -> str:
    if np.isnan(value):
        return style["missing"]
    comma = style["comma"] and (style["separator"] != "," or style["quote_all"])
    scaled, digits = (value * 100, max(0, style["digits"] - 2)) if style["percent"] else (value, style["digits"])
    grouped = style["thousands"] and (comma or style["separator"] != "," or style["quote_all"])
    text = f"{scaled:,.{digits}f}" if grouped else f"{scaled:.{digits}f}"
    text = text.translate(str.maketrans(",.", ".,")) if comma else text
    if style["mark"] and grouped:
        text = text.replace("." if comma else ",", style["mark"])
    if text.startswith("-") and style["minus"] != "-":
        text = f"({text[1:]})" if style["minus"] == "(" else style["minus"] + text[1:]
    text = f"{style['money']}{text}" if style["money"] else text
    return f"{text}%" if style["percent"] else text


def workbook(cells: list[list[Any]], style: dict[str, Any]) -> bytes:
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    for line in style["prose"]:
        book.active.append([line])
    for row in cells:
        book.active.append([typed(cell, style) for cell in row])
    for line in style["footer"]:
        book.active.append([line])
    book.save(buffer)
    return buffer.getvalue()


def typed(cell: Any, style: dict[str, Any]) -> Any:
    """Return a number or a day as programs write them into workbooks, or as people type them."""
    if not style["typed"]:
        return text_of_cell(cell, style) or None
    if isinstance(cell, float):
        return (style["missing"] or None) if np.isnan(cell) else float(cell)
    return cell.to_pydatetime() if isinstance(cell, pd.Timestamp) else cell if cell != "" else None
