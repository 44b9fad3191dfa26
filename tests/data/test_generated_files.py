"""Files written in the ways of vendors and programs, drawn at random with known contents: read right, or refused."""

import os
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from statefolio.data import read_prices, read_returns
from statefolio.exceptions import StatefolioError, StatefolioWarning

FILES = int(os.environ.get("STATEFOLIO_GENERATED_FILES", "150"))
DATES = {
    "%Y-%m-%d": 5,
    "%Y%m%d": 3,
    "%d.%m.%Y": 2,
    "%m/%d/%Y": 2,
    "%d/%m/%Y": 2,
    "%d-%b-%Y": 1,
    "%b %d, %Y": 1,
    "%Y/%m/%d": 1,
    "%Y-%m-%d 00:00:00-05:00": 1,
    "%Y-%m-%dT00:00:00Z": 1,
    "%m/%d/%Y %I:%M:%S %p": 1,
    "%y%m%d": 1,
    "%d%m%y": 1,
    "%d.%m.%y": 1,
    "%Y%m%d 000000": 1,
    "%d. %b %Y": 1,
}
NAMES = [
    "AAPL",
    "KO",
    "BRK.B",
    "S&P 500",
    "Société",
    "10001",
    "0005.HK",
    "A B",
    "OPEN",
    "Low",
    "x,y",
    "NA",
    "Cash",
    "TRUE",
]
MISSING = ["", "NA", "-", ".", "#N/A N/A", "null", "n.a."]


@st.composite
def written(draw):
    """Return the text of a file, its encoding, whether it holds returns, and the table it was made from."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    rows, columns = draw(st.integers(1, 40)), draw(st.integers(1, 5))
    names = list(rng.choice(NAMES, columns, replace=False))
    returns = draw(st.booleans())
    digits = draw(st.sampled_from([0, 1, 2, 3, 4, 6])) if not returns else draw(st.sampled_from([4, 6, 10]))
    values = rng.normal(0, 0.02, (rows, columns)) if returns else 10.0 ** rng.uniform(0, 4, (rows, columns))
    values = np.round(values, digits)
    values[rng.random(values.shape) < draw(st.sampled_from([0, 0, 0.1, 0.6]))] = np.nan
    start = pd.Timestamp("2019-12-20") + pd.Timedelta(days=int(rng.integers(0, 400)))
    table = pd.DataFrame(values, pd.bdate_range(start, periods=rows, name="date"), names)
    style = {
        "separator": draw(st.sampled_from([",", ",", ";", "\t", "|"])),
        "comma": draw(st.booleans()),
        "thousands": draw(st.booleans()),
        "mark": draw(st.sampled_from(["", "", "'", " ", "\u00a0"])),
        "minus": draw(st.sampled_from(["-", "-", "\u2212", "(", "-\u00a0"])),
        "percent": returns and draw(st.sampled_from([False, False, True])),
        "date": draw(st.sampled_from([each for each, weight in DATES.items() for _ in range(weight)])),
        "head": draw(st.sampled_from(["date", "Date", "", "Dates", "timestamp"])),
        "missing": draw(st.sampled_from(MISSING)),
        "newest_first": draw(st.booleans()),
        "quote_all": draw(st.booleans()),
        "end": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "prose": draw(
            st.sampled_from([(), (), ("Some export of prices",), ("Source: a vendor", "All rights reserved")])
        ),
        "footer": draw(st.sampled_from([(), (), ("Copyright of a vendor",)])),
        "layout": draw(st.sampled_from(["wide", "wide", "long", "blocks"])),
        "trailing": draw(st.sampled_from([False, False, True])),
        "digits": digits,
    }
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    return text_of(table, style), encoding, returns, table, style


def text_of(table, style):
    sep = style["separator"]
    comma = style["comma"] and (sep != "," or style["quote_all"])

    def cell(text):
        quote = style["quote_all"] or sep in text or '"' in text
        return f'"{text}"' if quote else text

    def number(value):
        if np.isnan(value):
            return style["missing"]
        scaled, digits = (value * 100, max(0, style["digits"] - 2)) if style["percent"] else (value, style["digits"])
        grouped = style["thousands"] and (comma or sep != "," or style["quote_all"])
        text = f"{scaled:,.{digits}f}" if grouped else f"{scaled:.{digits}f}"
        text = text.translate(str.maketrans(",.", ".,")) if comma else text
        if style["mark"] and grouped:
            text = text.replace("." if comma else ",", style["mark"])
        if text.startswith("-") and style["minus"] != "-":
            text = f"({text[1:]})" if style["minus"] == "(" else style["minus"] + text[1:]
        return f"{text}%" if style["percent"] else text

    order = table.iloc[::-1] if style["newest_first"] else table
    lines = []
    if style["layout"] == "wide":
        lines.append([style["head"], *table.columns])
        lines += [
            [day.strftime(style["date"]), *map(number, row)]
            for day, row in zip(order.index, order.to_numpy(), strict=True)
        ]
    elif style["layout"] == "blocks":
        known = [order[name].dropna() for name in table.columns]
        lines.append([cell for name in table.columns for cell in ("Date", name)])
        for k in range(max(map(len, known))):
            cells = [
                (each.index[k].strftime(style["date"]), number(each.iloc[k])) if k < len(each) else ("", "")
                for each in known
            ]
            lines.append([cell for pair in cells for cell in pair])
    else:
        lines.append([style["head"] or "date", "ticker", "value"])
        for name in table.columns:
            lines += [[day.strftime(style["date"]), name, number(value)] for day, value in order[name].items()]
    body = [sep.join(map(cell, line)) + sep * style["trailing"] for line in lines]
    return style["end"].join([*style["prose"], *body, *style["footer"], ""])


@settings(max_examples=FILES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=FILES <= 1000)
@given(written())
def test_files_are_read_right_or_refused(tmp_path_factory, made):
    text, encoding, returns, table, style = made
    path = tmp_path_factory.mktemp("files") / "table.csv"
    path.write_bytes(text.encode(encoding, errors="replace"))
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", StatefolioWarning)
            read = (read_returns if returns else read_prices)(path)
    except StatefolioError:
        return
    if any("were read with a decimal point" in str(each.message) for each in said):
        return
    dropped = style["layout"] in ("long", "blocks")
    expected = table.dropna(how="all") if dropped else table
    found = read.reindex(table.index).dropna(how="all") if dropped else read
    assert len(found) == len(expected), text[:400]
    assert set(found.columns) <= set(table.columns), text[:400]
    for name in table.columns:
        if name in found:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=1e-14, err_msg=text[:400])
        else:
            assert expected[name].isna().all(), text[:400]
    assert (found.index == expected.index).all(), text[:400]


@pytest.mark.parametrize("style_of_dates", ["%Y-%m-%d", "%d.%m.%Y"])
def test_most_files_are_read(tmp_path, style_of_dates):
    """The refusals above are few: a plain file of every style is read."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        rng.uniform(10, 100, (60, 3)).round(2), pd.bdate_range("2020", periods=60, name="date"), list("ABC")
    )
    plain = {"thousands": False, "percent": False, "head": "date", "missing": "", "newest_first": False, "end": "\n"}
    plain |= {
        "mark": "",
        "minus": "-",
        "prose": (),
        "footer": (),
        "layout": "wide",
        "trailing": False,
        "digits": 2,
        "date": style_of_dates,
    }
    for separator, comma, quote in [(",", False, False), (";", True, False), ("\t", True, False), ("|", False, True)]:
        path = tmp_path / "table.csv"
        path.write_text(text_of(table, plain | {"separator": separator, "comma": comma, "quote_all": quote}))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", StatefolioWarning)
            np.testing.assert_array_equal(read_prices(path), table)
