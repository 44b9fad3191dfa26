"""Recognises data by their content: marks after numbers of dates, which later dates do not change.

Names of files, their form, the order of columns and rounding below 1e-9 do not matter. Data that were continued have
the marks of the former ones; where any value of the past changed, they differ.
"""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio.backtest.market import Market

Marks = list[tuple[int, str]]
DECIMALS = 9
_EVERY = 250
_FIRST = tuple(2**power for power in range(8))


def marks_of(market: Market, parts: Sequence[str], others: Sequence[str], also: Sequence[int] = ()) -> Marks:
    """Return marks of a market's first dates.

    Parameters
    ----------
    market
        The data.
    parts
        Of "returns", "factors", "cash_rate", "dollar_volumes": the tables that count.
    others
        The further tables that count, by name.
    also
        Numbers of dates to mark as well, e.g. those of an earlier record.

    Returns
    -------
    list of (number of dates, hash)
        After 1, 2, 4, ... 128 dates, every 250 dates, and all.
    """
    dates, count = market.dates, len(market.dates)
    counts = sorted({n for n in (*_FIRST, *range(_EVERY, count, _EVERY), *also) if 0 < n < count} | {count})
    tables = {name: _table(market, name) for name in parts}
    tables |= {f"others {name}": market.others[name] for name in others}
    chained: list[dict[int, bytes]] = []
    for name, table in sorted(tables.items()):
        ends = {n: int(table.index.searchsorted(dates[n - 1], side="right")) for n in counts}
        chained.append(_chain(name.split()[0], table, ends))
    return [(n, hashlib.sha256(b"".join(part[n] for part in chained)).hexdigest()[:16]) for n in counts]


def continues(former: Sequence[Sequence[object]], market_marks: Mapping[int, str]) -> bool:
    """Return whether data with given marks are those of a former record, continued or cut."""
    known = {int(str(n)): str(mark) for n, mark in former}
    common = sorted(set(known) & set(market_marks))
    return bool(common) and known[common[-1]] == market_marks[common[-1]]


def _table(market: Market, name: str) -> pd.DataFrame:
    found = getattr(market, name)
    if found is None:
        return pd.DataFrame(index=market.dates)
    return found.to_frame(name) if isinstance(found, pd.Series) else found


def _chain(name: str, table: pd.DataFrame, ends: Mapping[int, int]) -> dict[int, bytes]:
    """Return a hash of the first rows of a table for each number of rows."""
    rows = np.column_stack([pd.DatetimeIndex(table.index).as_unit("ns").asi8.view(np.uint64), _row_sums(table)])
    found, running, done = {}, hashlib.sha256(name.encode()), 0
    for count, end in sorted(ends.items()):
        running.update(np.ascontiguousarray(rows[done:end]).astype("<u8").tobytes())
        found[count], done = running.copy().digest(), end
    return found


def _row_sums(table: pd.DataFrame) -> npt.NDArray[np.uint64]:
    """Return one number per row that depends on its known values and their columns' names, not on their order."""
    values = np.round(table.to_numpy(dtype=np.float64), DECIMALS) + 0.0
    names = [hashlib.sha256(str(column).encode()).digest()[:8] for column in table.columns]
    keys = np.array([int.from_bytes(name, "little") for name in names], dtype=np.uint64)
    mixed = _mixed(_mixed(values.view(np.uint64)) ^ keys)
    sums: npt.NDArray[np.uint64] = np.where(np.isnan(values), np.uint64(0), mixed).sum(axis=1, dtype=np.uint64)
    return sums


def _mixed(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Scramble 64 bits (the finaliser of splitmix64)."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
