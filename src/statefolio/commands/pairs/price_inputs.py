"""Reads prices from a file: the wanted assets in their order, cut to dates, with their suspicious cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from statefolio._arrays.text import listed, span
from statefolio.commands.file_forms import read_file
from statefolio.commands.inputs import cut_dates
from statefolio.commands.pairs.options import BasketFile, UniverseFile
from statefolio.data import find_suspicious_cells
from statefolio.exceptions import InputError, UnknownNameError

MOST_NAMED = 9
"""Up to this number of assets are named in the facts; of more, the facts give the number."""


@dataclass(frozen=True)
class PriceInputs:
    """Prices (date x asset), their suspicious cells, and facts about the file."""

    prices: pd.DataFrame
    suspicious: pd.DataFrame
    facts: Mapping[str, object]
    notes: tuple[str, ...] = ()


def read_price_inputs(files: BasketFile | UniverseFile) -> PriceInputs:
    """Read a file of prices and keep the wanted assets and dates.

    Raises
    ------
    FileFormatError, InputError, UnknownNameError
        If the file is not a table of prices, or lacks an asset or the dates.
    """
    table = read_file(files.prices, prices=True, form=files.form).rename(columns=str)
    if files.assets is not None:
        table = table[_wanted(files.assets, list(table.columns), files.prices)]
    kept = cut_dates(table, files.first, files.last, str(files.prices))
    suspicious = find_suspicious_cells(kept, kind="prices")
    missing = int(kept.isna().to_numpy().sum())
    facts: dict[str, object] = {
        "prices": files.prices.name,
        "dates": f"{len(kept):,}, {span(pd.DatetimeIndex(kept.index))}",
        "dates with a price of all assets": f"{int((kept > 0.0).all(axis=1).sum()):,}",
        "assets": ", ".join(kept.columns) if kept.shape[1] <= MOST_NAMED else f"{kept.shape[1]:,}",
        "missing prices": f"{missing:,} ({missing / max(1, kept.size):.1%}), none of them filled",
        "suspicious cells": len(suspicious),
    }
    return PriceInputs(kept, suspicious, facts)


def _wanted(assets: Sequence[str], known: Sequence[str], file: Path) -> list[str]:
    """The wanted assets, all of which are in the file."""
    if len(set(assets)) < len(assets):
        twice = sorted({name for name in assets if list(assets).count(name) > 1})
        raise InputError(f"--assets must name each asset once, got {listed(twice)} more than once.")
    if len(assets) < 2:
        raise InputError(f"--assets must name two assets or more, got {listed(assets)} alone. Add an asset.")
    absent = [name for name in assets if name not in known]
    if absent:
        close = [match for name in absent for match in get_close_matches(name, known, n=1)]
        meant = f" Did you mean {listed(close)}?" if close else ""
        raise UnknownNameError(f"--assets must name assets of {file}, {listed(known, 9)}, got {listed(absent)}.{meant}")
    return list(assets)
