"""The words with which a caller says how a file is written; every reader and every door takes the same ones."""

from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

from statefolio._arrays.text import listed
from statefolio._options import Kind, OneOf, check
from statefolio.data.cells import Decimal
from statefolio.exceptions import InputError, UnknownNameError

Layout = Literal["auto", "wide", "long"]
_TEXT = Kind(str, "a text", "'Close'") | None
_SEPARATORS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is written, as far as the caller says it.

    Attributes
    ----------
    layout : {"auto", "wide", "long"}
    date, asset, value : str, optional
        Names of columns; `value` also names the field of a table with one column per field and asset.
    date_format : str, optional
        As in ``strptime``.
    decimal : {".", ","}, optional
    separator : str, optional
        The character between values.
    sheet : str, optional
        The sheet of a workbook.
    missing : tuple of str
        Texts for a missing value, beside the usual ones.
    """

    layout: Layout = "auto"
    date: str | None = None
    asset: str | None = None
    value: str | None = None
    date_format: str | None = None
    decimal: Decimal | None = None
    separator: str | None = None
    sheet: str | None = None
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check("layout", self.layout, OneOf(*get_args(Layout)))
        for name in ("date", "asset", "value", "date_format", "sheet"):
            check(name, getattr(self, name), _TEXT)
        check("decimal", self.decimal, OneOf(*get_args(Decimal)) | None)
        separator = {"tab": "\t", "\\t": "\t"}.get(self.separator or "", self.separator)
        if separator is not None and separator not in _SEPARATORS:
            raise InputError(f"separator must be ',', ';', '|' or 'tab', got {self.separator!r}. Pass one of them.")
        object.__setattr__(self, "separator", separator)
        for text in self.missing:
            check("missing", text, Kind(str, "a text, or a list of texts", "['-9.99']"))

    @property
    def must_be_long(self) -> bool:
        """True where the caller's options allow a long table only."""
        named = self.asset is not None or self.value is not None
        return self.layout == "long" or (self.layout == "auto" and named)

    def dated(self, raw: pd.DataFrame) -> str | None:
        """Return the column of dates of a raw table, or None if its index has them."""
        indexed = self.date is None and isinstance(raw.index, pd.DatetimeIndex | pd.PeriodIndex)
        return None if indexed or raw.shape[1] == 0 else self.date_column([str(name) for name in raw.columns])

    def date_column(self, names: list[str]) -> str:
        """Return the column of dates: the one named, else "date" or another usual name, else the first."""
        if self.date is not None:
            return self.date
        lower = {name.strip().strip("<>#").strip().lower(): name for name in reversed(names)}
        return next((lower[word] for word in DATE_WORDS if word in lower), names[0])


def no_column(word: str, name: str, columns: list[str], source: object) -> UnknownNameError:
    """Return the error for an option (`word`) that names a column which a file does not have."""
    return UnknownNameError(
        f"{word} must name a column of {source}, got {name!r}. It has: {listed(columns, 10)}. Use one of them."
    )


DATE_WORDS = (
    "date", "datetime", "timestamp", "observation_date", "caldt", "dates", "trade_date", "data_date", "datadate",
    "dlycaldt", "mthcaldt", "dtyyyymmdd", "yyyymmdd", "yyyymm", "eom", "date-time", "date_time", "date time",
    "exchange date", "trade date", "trading date", "trading_date", "price date", "price_date", "pricedate",
    "time_period", "window_start", "trddt", "datum", "fecha",
)  # fmt: skip
"""Usual names of the column of dates, in lower case."""
ASSET_WORDS = (
    "permno", "ticker", "symbol", "asset", "name", "tic", "ric", "isin", "cusip", "sedol", "gvkey", "figi",
    "instrument", "security", "ts_code", "secucode", "stock_id", "secid", "security_id", "asset_id", "instrument_id",
    "stkcd", "id",
)  # fmt: skip
"""Usual names of the column of assets in a long table, in lower case; CRSP's numbers first, as tickers are reused."""
