"""Reads files of orders and of fills."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from statefolio.data.by_asset import read_columns
from statefolio.exceptions import InputError

NAMES: dict[str, tuple[str, ...]] = {
    "fill_id": ("execid", "17 execid", "tradeid", "id"),
    "order_id": ("clordid", "11 clordid", "orderref", "order reference", "baskettag"),
    "asset": ("symbol", "55 symbol", "ticker"),
    "side": ("action", "54 side", "buy/sell"),
    "shares": ("quantity", "lastqty", "32 lastqty", "lastshares", "qty"),
    "price": ("lastpx", "31 lastpx", "tradeprice", "fill price"),
    "commission": ("12 commission", "ibcommission", "fee", "fees"),
}
"""Columns of a file of fills, and other names that are read for them."""

BUYS, SELLS = ("BUY", "B", "BOT", "BOUGHT", "1"), ("SELL", "S", "SLD", "SOLD", "SHORT", "SSHORT", "2", "5")
_ORDERS = ("portfolio", "order_id", "asset", "shares", "price", "commission", "spread", "impact")


def read_fills(path: Path) -> pd.DataFrame:
    """Return the fills of a file: fill_id, order_id ("" without one), asset, shares (sold: below 0), price, commission.

    A commission is positive where it was paid; where a file has negative commissions alone, as some brokers write them,
    their sign is turned.

    Raises
    ------
    FileFormatError, InputError
        If a column is missing, or a value is not valid; the message names the row.
    """
    table = _named(read_columns(path))
    _check_columns(table, ("fill_id", "asset", "shares", "price"), path)
    ids = table["fill_id"].astype(str).str.strip()
    if (ids == "").any():
        raise InputError(f"{path} must have a fill_id in every row, got none in row {_row(ids == '')}. Fill it.")
    shares, price = (_numbers(table[name], name, path) for name in ("shares", "price"))
    paid = _numbers(table["commission"].replace("", "0"), "commission", path) if "commission" in table else shares * 0.0
    _check(path, "price", price, price > 0.0, "above 0")
    _check(path, "shares", shares, shares != 0.0, "other than 0")
    if "side" in table:
        _check(path, "shares", shares, shares > 0.0, "above 0 where there is a column side")
        shares = shares * _signs(table["side"], path)
    found = pd.DataFrame(
        {
            "fill_id": ids,
            "order_id": table["order_id"].astype(str).str.strip() if "order_id" in table else "",
            "asset": table["asset"].astype(str).str.strip(),
            "shares": shares,
            "price": price,
            "commission": -paid if (paid <= 0.0).all() else paid,
        }
    )
    _check(path, "commission", found["commission"], found["commission"] >= 0.0, "of one sign")
    return found


def read_orders(path: Path, portfolio: str | None) -> pd.DataFrame:
    """Return the orders of one portfolio from the file that `statefolio update --orders` wrote.

    Raises
    ------
    FileFormatError, InputError
        If it is another file, or has several portfolios and none is named.
    """
    table = read_columns(path)
    missing = [name for name in _ORDERS if name not in table]
    if missing:
        raise InputError(
            f"{path} must be a file of `statefolio update --orders`, in its own form, got no column {missing[0]!r}. "
            "Write it without --broker-format."
        )
    names = list(dict.fromkeys(table["portfolio"].astype(str)))
    if portfolio is None and len(names) > 1:
        raise InputError(f"{path} has the orders of {', '.join(names)}. Choose one with --portfolio.")
    chosen = portfolio or (names[0] if names else "")
    if chosen not in names:
        raise InputError(f"--portfolio must be one of {', '.join(names)}, got {chosen!r}. Correct it.")
    table = table[(table["portfolio"] == chosen).to_numpy()].reset_index(drop=True)
    numbers = {name: _numbers(table[name], name, path) for name in _ORDERS[3:]}
    return table[["order_id", "asset"]].assign(**numbers)


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Give columns their own names, whatever their case."""
    known = {other: name for name, others in NAMES.items() for other in (name, *others)}
    plain = {str(column): str(column).strip().lower() for column in table.columns}
    renamed, taken = {}, set(plain.values()) & set(NAMES)
    for column, text in plain.items():
        name = known.get(text)
        if name is not None and (text == name or name not in taken):
            renamed[column] = name
            taken.add(name)
    return table.rename(columns=renamed)


def _check_columns(table: pd.DataFrame, needed: Sequence[str], path: Path) -> None:
    missing = [name for name in needed if name not in table]
    if missing:
        others = ", ".join(NAMES[missing[0]])
        raise InputError(
            f"{path} must have a column {missing[0]} (or {others}), got {', '.join(map(str, table.columns))}. Add it."
        )
    if table.empty:
        raise InputError(f"{path} must have one row per fill, got none. Check the file.")


def _numbers(column: "pd.Series[str]", name: str, path: Path) -> "pd.Series[float]":
    numbers = pd.to_numeric(column.astype(str).str.strip(), errors="coerce").astype(float)
    wrong = numbers.isna() | (numbers.abs() == np.inf)
    if wrong.any():
        row = _row(wrong)
        raise InputError(
            f"{path} must have numbers in {name}, got {column.iloc[row - 2]!r} in row {row}. Write e.g. 1234.5."
        )
    return numbers


def _signs(sides: "pd.Series[str]", path: Path) -> "pd.Series[float]":
    words = sides.astype(str).str.strip().str.upper()
    wrong = ~words.isin((*BUYS, *SELLS))
    if wrong.any():
        row = _row(wrong)
        raise InputError(f"{path} must have BUY or SELL in side, got {sides.iloc[row - 2]!r} in row {row}. Correct it.")
    return pd.Series(np.where(words.isin(BUYS), 1.0, -1.0), index=sides.index)


def _check(path: Path, name: str, values: "pd.Series[float]", valid: "pd.Series[bool]", must: str) -> None:
    if not valid.all():
        row = _row(~valid)
        raise InputError(f"{path} must have {name} {must}, got {values.iloc[row - 2]:g} in row {row}. Correct it.")


def _row(wrong: "pd.Series[bool]") -> int:
    """Row of the first wrong value in the file, which has a line of names."""
    return int(np.argmax(wrong.to_numpy())) + 2
