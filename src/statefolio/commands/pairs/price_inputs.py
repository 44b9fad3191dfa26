"""Prices from a file: read, cut, the wanted assets in the wanted order, and looked through for suspicious cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from statefolio._arrays.text import listed
from statefolio.data import find_suspicious_cells, read_prices
from statefolio.exceptions import InputError, UnknownNameError

MOST_NAMED = 9
"""So many assets are named; of more only their number is told."""


@dataclass(frozen=True)
class PriceSource:
    """Where prices come from, and which of them are wanted: all, or some in their order."""

    prices: Path
    assets: tuple[str, ...] | None = None
    first: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True)
class PriceInputs:
    """Prices (date x asset), and what is known about them."""

    prices: pd.DataFrame
    suspicious: pd.DataFrame
    about: Mapping[str, object]
    notes: tuple[str, ...] = ()


def read_price_inputs(source: PriceSource) -> PriceInputs:
    """Read a file of prices and keep what was asked for.

    Raises
    ------
    FileFormatError, InputError, UnknownNameError
        If the file is no table of prices, or lacks an asset or the dates.
    """
    table = read_prices(source.prices).rename(columns=str)
    if source.assets is not None:
        table = table[_wanted(source.assets, list(table.columns), source.prices)]
    kept = table.loc[source.first : source.last]
    if kept.empty:
        raise InputError(
            f"{source.prices} has dates from {table.index[0]:%Y-%m-%d} to {table.index[-1]:%Y-%m-%d} and none of those "
            "asked for with --from and --to. Choose dates that it has."
        )
    suspicious = find_suspicious_cells(kept, kind="prices")
    missing = int(kept.isna().to_numpy().sum())
    about: dict[str, object] = {
        "prices": source.prices.name,
        "dates": f"{len(kept):,}, {kept.index[0]:%Y-%m-%d} to {kept.index[-1]:%Y-%m-%d}",
        "assets": ", ".join(kept.columns) if kept.shape[1] <= MOST_NAMED else f"{kept.shape[1]:,}",
        "missing prices": f"{missing:,} ({missing / max(1, kept.size):.1%}), none of them filled",
        "cells that look wrong": len(suspicious),
    }
    return PriceInputs(kept, suspicious, about)


def _wanted(assets: Sequence[str], known: Sequence[str], file: Path) -> list[str]:
    """The assets that were asked for, or what is wrong with them."""
    if len(set(assets)) < len(assets):
        twice = sorted({name for name in assets if list(assets).count(name) > 1})
        raise InputError(f"--assets names {listed(twice)} more than once. Name each asset once.")
    absent = [name for name in assets if name not in known]
    if absent:
        close = [match for name in absent for match in get_close_matches(name, known, n=1)]
        meant = f" Did you mean {listed(close)}?" if close else ""
        raise UnknownNameError(f"{file} has no {listed(absent)}; it has {listed(list(known), 9)}.{meant}")
    return list(assets)
