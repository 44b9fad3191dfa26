"""Turns a market and its windows into plain arrays for a file, and back."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio.backtest.market_tables import MarketTables, Table
from statefolio.challenge.rules.windows import RoundWindows

_FORMAT = 1


def to_arrays(tables: MarketTables, windows: RoundWindows) -> dict[str, Any]:
    """Return arrays for `numpy.savez`."""
    about = {"format": _FORMAT, "windows": windows.to_json(), "delisted_after": tables.delisted_after}
    arrays: dict[str, Any] = {"about": np.array(json.dumps(about))}
    for name, table in dated(tables).items():
        if table is not None:
            arrays[name] = table.values
            arrays[f"{name}_names"] = np.array([str(each) for each in table.names], dtype=np.str_)
            arrays[f"{name}_dates"] = table.dates.to_numpy().astype("datetime64[ns]")
    return arrays | {name: values for name, values in undated(tables).items() if values is not None}


def of_arrays(arrays: Mapping[str, Any]) -> tuple[MarketTables, RoundWindows]:
    """Return what `to_arrays` described; any other arrays raise KeyError, ValueError or TypeError."""
    about = json.loads(str(arrays["about"]))
    if about["format"] != _FORMAT:
        raise ValueError("another format")

    def table(name: str) -> Table | None:
        if name not in arrays:
            return None
        dates = pd.DatetimeIndex(arrays[f"{name}_dates"], name="date")
        names = pd.Index([str(each) for each in arrays[f"{name}_names"]])
        return Table(np.ascontiguousarray(arrays[name]), dates, names)

    returns = table("returns")
    if returns is None:
        raise KeyError("returns")
    tables = MarketTables(
        returns=returns,
        cash_rate=arrays["cash_rate"],
        factors=table("factors"),
        dollar_volumes=table("dollar_volumes"),
        last_dates=arrays["last_dates"],
        delisting_return=arrays["delisting_return"],
        delisted_after=int(about["delisted_after"]),
        spans_gap=arrays.get("spans_gap"),
    )
    return tables, RoundWindows.of_json(about["windows"])


def dated(tables: MarketTables) -> dict[str, Table | None]:
    """Return the tables of a market that have a row per date."""
    return {"returns": tables.returns, "factors": tables.factors, "dollar_volumes": tables.dollar_volumes}


def undated(tables: MarketTables) -> dict[str, Any]:
    """Return the other arrays of a market."""
    return {
        "cash_rate": tables.cash_rate,
        "last_dates": tables.last_dates,
        "delisting_return": tables.delisting_return,
        "spans_gap": tables.spans_gap,
    }
