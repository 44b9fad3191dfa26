"""Recognises the fields (open, high, low, close, ...) of one asset or of several, and keeps one of them."""

import re
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pandas as pd

from statefolio._arrays.text import listed
from statefolio.data.cells import warn_of_percent_name
from statefolio.data.reading import DATE_WORDS, Reading, no_column
from statefolio.data.sources import PathName
from statefolio.exceptions import InputError, StatefolioWarning, UnknownNameError

What = Literal["prices", "returns"]

PRICES = (
    "adj close", "adj_close", "adjclose", "adj. close", "adjusted close", "adjusted_close", "adjusted closing price",
    "closeadj", "close_adj", "adjusted", "adj_price", "total return index", "tot_return_index_gross_dvds",
    "close", "close/last", "closing price", "close price", "price close",
    "price", "px_last", "last price", "last", "prc", "dlyprc", "mthprc", "settle",
    "zuletzt", "schlusskurs", "schluss", "dernier", "clôture", "cloture", "último", "ultimo", "cierre", "fechamento",
    "chiusura", "zamknięcie", "zamkniecie", "slotkoers", "laatste", "obs_value", "value",
)  # fmt: skip
"""Names of prices in lower case, the better ones first."""
RETURNS = (
    "ret", "return", "returns", "total_return", "total return", "ret_exc", "dlyret", "mthret", "change %", "% change",
    "change%", "%chg", "% chg", "chg %",
    "+/- %", "variation %", "% var.", "var%", "var. %", "% variación", "value",
)  # fmt: skip
"""Names of returns in lower case."""
_OPEN = {
    "open", "1. open", "px_open", "open price", "price open", "eröffn.", "eröffnung", "erster", "ouv.", "ouverture",
    "apertura", "abertura", "otwarcie",
}  # fmt: skip
_HIGH = {
    "high", "2. high", "px_high", "price high", "hoch", "plus haut", "máximo", "maximo", "máxima", "maxima", "massimo",
    "najwyższy", "najwyzszy",
}  # fmt: skip
_LOW = {
    "low", "3. low", "px_low", "price low", "tief", "plus bas", "mínimo", "minimo", "mínima", "minima", "najniższy",
    "najnizszy",
}  # fmt: skip
_VOLUME = {
    "volume", "vol", "vol.", "px_volume", "tickvol", "volumen", "wolumen", "5. volume", "6. volume", "total_volume",
    "vwap", "trades", "trade_count", "transactions", "number of trades", "turnover", "umsatz", "stuecke", "stücke",
    "market_cap", "marketcap", "market cap", "market capitalization", "dividends", "stock splits", "ex-dividend",
}  # fmt: skip
_ANY = {"value", "obs_value", "last", "settle", "return", "returns"}
"""Names of prices and returns that assets and factors have too."""
_JOINED = (
    re.compile(r"\(\s*'(?P<a>[^']*)',\s*'(?P<b>[^']*)'\s*\)"),
    re.compile(r"(?P<a>.+)[._](?P<b>[^._]+)"),
    re.compile(r"(?P<a>[^_.]+)[._](?P<b>.+)"),
)


def plain(name: str) -> str:
    """Return a name in lower case, without brackets, number signs and spaces around it."""
    return name.strip().strip("<>#").strip().lower()


def by_word(names: list[str], what: What) -> str | None:
    """Return the name that says most clearly that it holds prices, or returns."""
    lower = {plain(name): name for name in reversed(names)}
    numbered = {name.split(". ", 1)[-1]: full for name, full in lower.items() if name[:1].isdigit()}
    for word in PRICES if what == "prices" else RETURNS:
        if word in lower or word in numbered:
            return lower.get(word) or numbered[word]
    return None


def are_of_one_asset(names: list[str], layout: str) -> bool:
    """Return whether the columns are a price or a return of one asset and what goes with it, rather than assets."""
    lower = {plain(name) for name in names}
    whole = layout == "auto" or by_word(names, "prices") is not None
    if whole and all(lower & words for words in (_OPEN, _HIGH, _LOW)):
        return True
    prices, returns = (lower & (set(words) - _ANY) for words in (PRICES, RETURNS))
    beside = lower & (_OPEN | _HIGH | _LOW | _VOLUME)
    quotes = {"bid", "ask"} <= lower or set("ohlc") <= lower <= {*"ohlcvnt", "vw", *DATE_WORDS}
    return layout == "auto" and bool(((prices or returns) and beside) or (prices and returns) or quotes)


def with_two_lines_of_names(raw: pd.DataFrame, date: str | None) -> pd.DataFrame:
    """Split names such as AAPL.Close, Close_AAPL and ('Close', 'AAPL') where every column has one."""
    names = [str(name) for name in raw.columns]
    for pattern in _JOINED:
        keys = [("Date", "") if name == date else _parts(name, pattern) for name in names]
        whole = [key for key in keys if key is not None]
        pairs = [key for key, name in zip(keys, names, strict=True) if key is not None and name != date]
        if len(pairs) < 2 or len(whole) < len(keys):
            continue
        for level in (0, 1):
            fields = {pair[level] for pair in pairs}
            if all(map(_is_field, fields)) and are_of_one_asset(list(fields), "auto"):
                return raw.set_axis(pd.MultiIndex.from_tuples(whole), axis=1)
    return raw


def _parts(name: str, pattern: "re.Pattern[str]") -> tuple[str, str] | None:
    found = pattern.fullmatch(name.strip())
    return None if found is None else (found["a"].strip(), found["b"].strip())


def several_dates(names: list[str], source: str) -> InputError:
    """Return the error for tables side by side, each with its own dates."""
    return InputError(
        f"{source} must have one column of dates, got {listed(names, 4)}: several tables side by side. Give each its "
        "own file, or write the dates once, with one column per asset."
    )


def one_field(raw: pd.DataFrame, what: What, reading: Reading, source: str) -> pd.DataFrame:
    """Keep one field of a table that has one column per field and asset."""
    columns = [tuple(str(part).strip() for part in key) for key in raw.columns]
    dated = [k for k, key in enumerate(columns) if any(plain(part) in DATE_WORDS for part in key)]
    if not dated and not any(columns[0]):
        dated = [0]  # the index of pandas without a name
    if len(dated) > 1:
        raise several_dates([" ".join(filter(None, columns[k])) for k in dated], source)
    rest = [k for k in range(len(columns)) if k not in dated]
    levels = range(raw.columns.nlevels)
    named = {level: list(dict.fromkeys(columns[k][level] for k in rest)) for level in levels}
    if reading.value is not None:
        level = next((level for level in levels if reading.value in named[level]), None)
        if level is None:
            fields = listed(sorted({part for key in columns for part in key if part}), 8)
            raise UnknownNameError(
                f"value must name a field of {source} ({fields}), got {reading.value!r}. Use one of them."
            )
        field = reading.value
    else:
        level = max(levels, key=lambda level: sum(_is_field(name) for name in named[level]))
        fields_of = [name for name in named[level] if name]
        found = fields_of[0] if len(fields_of) == 1 else by_word(fields_of, what)
        if found is None or not any(map(_is_field, fields_of)):
            raise InputError(
                f"{source} must have one value per asset and date, got the names {listed(fields_of, 6)} in several "
                "lines. Set value to the field to read, or delete a line under the names, as one of units."
            )
        field = found
        others = [name for name in fields_of if name != field]
        if others:
            _warn(f"{source} has the fields {listed(fields_of, 8)}; {field!r} was taken. Set value for another.")
    asset_level = next((each for each in reversed(levels) if each != level and len(named[each]) > 1), None)
    asset_level = next(each for each in levels if each != level) if asset_level is None else asset_level
    kept = [k for k in rest if columns[k][level] == field]
    names = ["Date" for _ in dated[:1]] + [columns[k][asset_level] for k in kept]
    if len(set(names)) < len(names):
        again = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{source} must have each name once, got {again!r} twice. Rename or drop one.")
    table = raw.iloc[:, [*dated[:1], *kept]]
    return table.set_axis(pd.Index(names), axis=1)


def one_asset(
    raw: pd.DataFrame, names: list[str], what: What, reading: Reading, path: PathName
) -> tuple[pd.DataFrame, Reading]:
    """Keep the price of a table of opens, highs, lows and closes of one asset, and name it after the file."""
    date = reading.date_column(names)
    free = [name for name in names if name != date]
    value = reading.value or by_word(free, what)
    source = f"{path} ({what})"
    if value is None and what == "returns":
        raise InputError(
            f"{source} must have a column of returns, got the prices {listed(free, 6)}. Read it with read_prices, or "
            "pass --prices, or set value to the column of returns."
        )
    if value is None:
        raise InputError(
            f"{source} must have a column of {what}, got {listed(free, 8)}. Set value to one of them, or layout='wide' "
            "if each is an asset."
        )
    if value not in names:
        raise no_column("value", value, free, source)
    asset = _stem(path)
    if what == "returns":
        warn_of_percent_name(value, raw[value], source)
    _warn(f"{source} has the fields {listed(free, 8)} of one asset; {value!r} was taken as {asset!r}.")
    kept = [name for name in names if name in (date, value)]
    return raw[kept].rename(columns={value: asset}), replace(reading, value=None, layout="wide")


def _is_field(name: str) -> bool:
    low = plain(name)
    low = low.split(". ", 1)[-1] if low[:1].isdigit() else low
    return low in PRICES or low in RETURNS or any(low in words for words in (_OPEN, _HIGH, _LOW, _VOLUME))


def _stem(path: PathName) -> str:
    name = Path(path).name
    for ending in (".gz", ".zip", ".csv", ".txt", ".parquet", ".xlsx", ".xls", ".tsv"):
        name = name[: -len(ending)] if name.lower().endswith(ending) else name
    return name or "asset"


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=2)
